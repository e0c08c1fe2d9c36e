//! Ingest from the outside: raw folders in, releases and reports out.

mod bad_input;
mod cohort;
mod folders;
mod release;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type, UInt32Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;
use vault::ingest::{DEFAULT_RECIPE, IngestError, Ingested, Report, Request, ingest};

/// A dictionary of a few real fields, in the columns of UK Biobank's.
pub(crate) const FIELDS: &str = "\
Path,Category,FieldID,Field,Participants,Items,Stability,ValueType,Units,ItemType,Strata,Sexed,Instances,Array,Coding,Notes,Link
Population characteristics > Baseline characteristics,1,31,Sex,1,1,Complete,Categorical single,,Data,Primary,Unisex,1,1,9,,
Population characteristics > Baseline characteristics,1,34,Year of birth,1,1,Complete,Integer,years,Data,Primary,Unisex,1,1,,,
Population characteristics > Baseline characteristics,1,33,Date of birth,1,1,Complete,Date,,Data,Primary,Unisex,1,1,,,
UK Biobank Assessment Centre > Recruitment > Reception,1,53,Date of attending assessment centre,1,1,Complete,Date,,Data,Primary,Unisex,4,1,,,
UK Biobank Assessment Centre > Physical measures > Blood pressure,1,4080,\"Systolic blood pressure, automated reading\",1,1,Complete,Integer,mmHg,Data,Primary,Unisex,4,2,,,
UK Biobank Assessment Centre > Touchscreen,1,845,Age completed full time education,1,1,Complete,Integer,years,Data,Primary,Unisex,3,1,100306,,
UK Biobank Assessment Centre > Physical measures,1,21001,Body mass index (BMI),1,1,Complete,Continuous,Kg/m2,Data,Primary,Unisex,4,1,,,
Genomics > Genotypes,1,22001,Genetic sex,1,1,Complete,Categorical single,,Data,Derived,Unisex,1,1,9,,
UK Biobank Assessment Centre > Verbal interview,1,132,Job code,1,1,Complete,Text,,Data,Primary,Unisex,3,1,,,
";

/// Codings of those fields, and a few codes of ICD-10.
pub(crate) const CODINGS: &str = "\
Coding,Value,Meaning
9,0,Female
9,1,Male
100306,-2,Never went to school
100306,-1,Do not know
100306,-3,Prefer not to answer
19,E11,Type 2 diabetes
19,E119,\"E11.9 Without complications\"
19,I10,Hypertension
";

pub(crate) const MAIN: &str = "\
eid,31-0.0,34-0.0,53-0.0,4080-0.0,4080-0.1,845-0.0,21001-0.0,22001-0.0
1000012,1,1950,2007-03-01,140,138,16,27.5,1
1000025,0,1943,2008-05-02,120,NA,-3,22.25,0
fake3,0,1960,2009-10-31,,,21,,
";

/// A raw folder and an instance's folders, all temporary.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) recipe: String,
    pub(crate) limit: f64,
    pub(crate) people: HashMap<String, u32>,
    pub(crate) catalogue: Option<PathBuf>,
    pub(crate) key: Option<[u8; 32]>,
}

impl World {
    /// A folder with the dictionary, codings and main table above.
    pub(crate) fn small() -> Self {
        let world = Self::empty();
        world.put("fields.csv", FIELDS);
        world.put("codings.csv", CODINGS);
        world.put("main.csv", MAIN);
        world
    }

    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("raw")).unwrap();
        Self {
            dir,
            recipe: DEFAULT_RECIPE.to_owned(),
            limit: vault::limits::QUARANTINE_SHARE,
            people: HashMap::new(),
            catalogue: None,
            key: None,
        }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path("raw").join(name), bytes).unwrap();
    }

    pub(crate) fn ingest_as(&self, release: &str) -> Result<Ingested, IngestError> {
        self.ingest_from(&self.path("raw"), release)
    }

    pub(crate) fn ingest_from(
        &self,
        source: &Path,
        release: &str,
    ) -> Result<Ingested, IngestError> {
        ingest(&Request {
            source,
            release,
            releases: &self.path("releases"),
            staging: &self.path("staging"),
            reports: &self.path("reports"),
            catalogue: self.catalogue.as_deref(),
            recipe: &self.recipe,
            quarantine_limit: self.limit,
            participants: &self.people,
            shift_key: self.key.as_ref(),
            progress: &|_| {},
        })
    }

    pub(crate) fn sealed(&self) -> Ingested {
        self.ingest_as("r1")
            .unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn refused(&self) -> Box<Report> {
        match self.ingest_as("r1") {
            Err(IngestError::Refused { report, .. }) => report,
            Err(IngestError::Fault(fault)) => panic!("{fault}"),
            Ok(_) => panic!("expected a refusal"),
        }
    }

    /// All rows of a published table, each value as text, after the person.
    pub(crate) fn rows(&self, release: &str, table: &str) -> Vec<(u32, Vec<String>)> {
        let dir = self.path("releases").join(release).join(table);
        let mut files: Vec<_> = fs::read_dir(dir)
            .unwrap()
            .map(|f| f.unwrap().path())
            .collect();
        files.sort();
        let mut rows = Vec::new();
        for file in files {
            let file = fs::File::open(file).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file)
                .unwrap()
                .build()
                .unwrap();
            for batch in reader {
                rows.extend(texts(&batch.unwrap()));
            }
        }
        rows
    }

    /// Every file below the instance's folders, as paths.
    pub(crate) fn left(&self) -> Vec<String> {
        let mut found = Vec::new();
        for below in ["releases", "staging", "reports"] {
            walk(&self.path(below), below, &mut found);
        }
        found.sort();
        found
    }
}

fn walk(dir: &Path, name: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            walk(&entry.path(), &name, found);
        } else {
            found.push(name);
        }
    }
}

fn texts(batch: &RecordBatch) -> Vec<(u32, Vec<String>)> {
    assert_eq!(batch.schema().field(0).name(), vault::release::PERSON);
    let persons = batch.column(0).as_primitive::<UInt32Type>();
    (0..batch.num_rows())
        .map(|row| {
            let cells = batch.columns()[1..].iter().map(|array| {
                if array.is_null(row) {
                    return "-".to_owned();
                }
                match array.data_type() {
                    DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
                    DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
                    DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
                    DataType::Date32 => {
                        let day = array.as_primitive::<Date32Type>().value(row);
                        let (y, m, d) = privacy::deid::civil_from_days(day);
                        format!("{y:04}-{m:02}-{d:02}")
                    }
                    DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
                    other => panic!("{other}"),
                }
            });
            (persons.value(row), cells.collect())
        })
        .collect()
}

/// The folder of shared data, or a message that the test was skipped.
pub(crate) fn shared(test: &str, below: &str) -> Option<PathBuf> {
    let dir = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(below);
    if dir.exists() {
        return Some(dir);
    }
    // Straight to standard error: the harness keeps what a passing test prints to itself.
    std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("skipped: {test}: ../shared/data is absent\n").as_bytes(),
    )
    .unwrap();
    None
}
