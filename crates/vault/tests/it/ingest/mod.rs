//! Ingest from the outside: raw folders in, releases and reports out.

mod bad_input;
pub(crate) mod cohort;
mod folders;
mod layout;
mod release;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int32Type, Int64Type, UInt32Type, UInt64Type,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;
use vault::ingest::{DEFAULT_RECIPE, IngestError, Ingested, Report, Request, ingest};
use vault::release::{Manifest, PERSON};

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
            kms: None,
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

    /// All rows of a published table, each value as text, after the person. Reads the release as its manifest says, with
    /// nothing of the engine.
    pub(crate) fn rows(&self, release: &str, table: &str) -> Vec<(u32, Vec<String>)> {
        let dir = self.path("releases").join(release);
        let (manifest, _) = Manifest::load(&dir).unwrap();
        let table = &manifest.tables[table];
        let mut columns: HashMap<String, Vec<String>> = HashMap::new();
        let mut persons: Option<Vec<u32>> = None;
        for family in &table.families {
            let mut found = Vec::new();
            for file in &family.files {
                for (name, cells) in self.cells(&dir.join(&file.path)) {
                    if name == PERSON {
                        found.extend(cells.iter().map(|p| p.parse::<u32>().unwrap()));
                    } else {
                        columns.entry(name).or_default().extend(cells);
                    }
                }
            }
            assert_eq!(persons.get_or_insert_with(|| found.clone()), &found);
        }
        for (name, entry) in &table.dimensions {
            let class = &table
                .columns
                .iter()
                .find(|c| c.name == *name)
                .unwrap()
                .class;
            let list = match entry.values {
                0 => Vec::new(),
                _ => lists(&dir.join(&table.dimension_files[class].path))
                    .swap_remove(entry.row_group as usize),
            };
            assert_eq!(list.len(), entry.values as usize);
            for cell in columns.get_mut(name).unwrap() {
                if cell != "-" {
                    *cell = list[cell.parse::<usize>().unwrap()].0.clone();
                }
            }
        }
        let persons = persons.unwrap();
        let row = |row: usize| {
            let cells = table.columns.iter().map(|c| columns[&c.name][row].clone());
            (persons[row], cells.collect())
        };
        (0..persons.len()).map(row).collect()
    }

    /// The columns of a file, each value as text.
    pub(crate) fn cells(&self, file: &Path) -> Vec<(String, Vec<String>)> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(file).unwrap());
        let mut out: Vec<(String, Vec<String>)> = Vec::new();
        for batch in reader.unwrap().build().unwrap() {
            let batch = batch.unwrap();
            assert_eq!(batch.schema().field(0).name(), PERSON);
            for (place, (field, array)) in batch
                .schema()
                .fields()
                .iter()
                .zip(batch.columns())
                .enumerate()
            {
                if out.len() == place {
                    out.push((field.name().clone(), Vec::new()));
                }
                out[place].1.extend(texts(array));
            }
        }
        out
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

/// The lists of a file of dimensions: values with the number of their rows, by row group.
pub(crate) fn lists(file: &Path) -> Vec<Vec<(String, u64)>> {
    let open = || ParquetRecordBatchReaderBuilder::try_new(fs::File::open(file).unwrap()).unwrap();
    let groups = 0..open().metadata().num_row_groups();
    let list = |group| {
        let mut list = Vec::new();
        for batch in open().with_row_groups(vec![group]).build().unwrap() {
            let batch = batch.unwrap();
            let ids = batch.column(1).as_primitive::<Int32Type>();
            let rows = batch.column(3).as_primitive::<UInt64Type>();
            for (row, value) in batch.column(2).as_string::<i32>().iter().enumerate() {
                assert_eq!(ids.value(row) as usize, list.len());
                list.push((value.unwrap().to_owned(), rows.value(row)));
            }
        }
        list
    };
    groups.map(list).collect()
}

fn texts(array: &ArrayRef) -> Vec<String> {
    let text = |row: usize| {
        if array.is_null(row) {
            return "-".to_owned();
        }
        match array.data_type() {
            DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).to_string(),
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
    };
    (0..array.len()).map(text).collect()
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
