//! A town of 60 people whose every number can be worked out by hand, and a maker of small releases.
//!
//! Person i (0 to 59): sex p31 = i mod 2; birth year p34 = 1940, 1950 or 1960 by i mod 3; centre p54 = Leeds (30 people:
//! i below 30), York (21: below 51), Hull (9); blood pressure p4080 = 100 + i, missing where i mod 10 is 9 (6 people); rare
//! value p20400 = i for the first nine only; date p53 = 1 January 2006 + i days; p99 is never granted.
//! GP events: i mod 4 of them, on 1 January 2010 + i + 10k days, code C10 for the first and H33 for the others, value k.
//! Person 3 has forty more with code `rare`. Table `hesin` exists in the release and is never granted.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int32Array, RecordBatch, StringArray, UInt32Array,
};
use arrow::compute::filter_record_batch;
use parquet::arrow::ArrowWriter;
use privacy::pseudonym::ProjectKey;
use roaring::RoaringBitmap;
use tempfile::TempDir;
use vault::query::{Answer, GrantedTable, QueryError, QueryLimits, Question, ask};
use vault::release::{ColumnEntry, Family, FileEntry, LAYOUT, Manifest, PERSON, TableEntry};

pub const MASTER: [u8; 32] = [42; 32];

/// A column of a test table: name, kind, values.
pub type Col = (&'static str, ArrayRef);

/// A table of a test release: the person of each row (sorted), and the columns.
pub struct TestTable {
    pub name: &'static str,
    pub people: Vec<u32>,
    pub columns: Vec<Col>,
}

/// A release in a temporary folder.
pub struct Release {
    pub dir: TempDir,
    pub manifest: Manifest,
}

fn kind(array: &ArrayRef) -> &'static str {
    use arrow::datatypes::DataType as T;
    match array.data_type() {
        T::Int32 => "int32",
        T::Int64 => "int64",
        T::Float64 => "float64",
        T::Date32 => "date",
        _ => "text",
    }
}

impl Release {
    /// Writes tables into files cut at these people (at the first row of each), without the people of `without`.
    pub fn write(tables: &[TestTable], cuts: &[u32], without: &RoaringBitmap) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut entries = BTreeMap::new();
        for table in tables {
            std::fs::create_dir_all(dir.path().join(table.name)).unwrap();
            let person: ArrayRef = Arc::new(UInt32Array::from(table.people.clone()));
            let nullable = table.columns.iter().map(|(n, c)| (*n, c.clone(), true));
            let all = RecordBatch::try_from_iter_with_nullable(
                std::iter::once((PERSON, person, false)).chain(nullable),
            )
            .unwrap();
            let mut files = Vec::new();
            let mut rows = 0;
            let edges: Vec<u32> = std::iter::once(0)
                .chain(cuts.iter().copied())
                .chain(std::iter::once(u32::MAX))
                .collect();
            for (part, edge) in edges.windows(2).enumerate() {
                let keep = table
                    .people
                    .iter()
                    .map(|p| Some((edge[0]..edge[1]).contains(p) && !without.contains(*p)))
                    .collect();
                let batch = filter_record_batch(&all, &keep).unwrap();
                if batch.num_rows() == 0 {
                    continue;
                }
                let path = format!("{}/part-{part:03}.parquet", table.name);
                let file = File::create(dir.path().join(&path)).unwrap();
                let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
                writer.write(&batch).unwrap();
                writer.close().unwrap();
                let bytes = std::fs::metadata(dir.path().join(&path)).unwrap().len();
                rows += batch.num_rows() as u64;
                files.push(FileEntry {
                    path,
                    rows: batch.num_rows() as u64,
                    bytes,
                    sha256: String::new(),
                    first_person: edge[0],
                    last_person: edge[1] - 1,
                });
            }
            let columns = table
                .columns
                .iter()
                .map(|(name, array)| ColumnEntry {
                    name: (*name).to_owned(),
                    class: "baseline".to_owned(),
                    kind: kind(array).to_owned(),
                    title: String::new(),
                    field: None,
                    missing_permille: 0,
                })
                .collect();
            let family = Family {
                class: "baseline".to_owned(),
                columns: table.columns.iter().map(|(n, _)| (*n).to_owned()).collect(),
                files,
            };
            let entry = TableEntry {
                rows,
                columns,
                families: vec![family],
                clustered: None,
                dimensions: BTreeMap::new(),
                dimension_files: BTreeMap::new(),
            };
            entries.insert(table.name.to_owned(), Arc::new(entry));
        }
        let manifest = Manifest {
            layout: LAYOUT,
            release: "town".to_owned(),
            participants: 60,
            recipe_sha256: String::new(),
            tables: entries,
        };
        Self { dir, manifest }
    }

    /// Asks with all tables granted but `hesin`, and all columns but `p99`.
    pub fn ask(
        &self,
        mode: governance::Mode,
        sql: &str,
        masked: &RoaringBitmap,
    ) -> Result<Answer, QueryError> {
        self.ask_as("p1", mode, sql, masked, QueryLimits::default())
    }

    pub fn ask_as(
        &self,
        project: &str,
        mode: governance::Mode,
        sql: &str,
        masked: &RoaringBitmap,
        limits: QueryLimits,
    ) -> Result<Answer, QueryError> {
        ask(self.question(project, mode, sql, masked, limits))
    }

    pub fn question<'a>(
        &'a self,
        project: &str,
        mode: governance::Mode,
        sql: &'a str,
        masked: &RoaringBitmap,
        limits: QueryLimits,
    ) -> Question<'a> {
        let masked = Arc::new(masked.clone());
        let tables = self
            .manifest
            .tables
            .iter()
            .filter(|(name, _)| *name != "hesin")
            .map(|(name, entry)| GrantedTable {
                name: name.clone(),
                columns: entry
                    .columns
                    .iter()
                    .map(|c| c.name.clone())
                    .filter(|c| c != "p99")
                    .collect(),
                masked: Arc::clone(&masked),
            })
            .collect();
        Question {
            sql,
            mode,
            tables,
            manifest: &self.manifest,
            release_dir: self.dir.path(),
            keyring: None,
            spill: None,
            key: ProjectKey::derive(&MASTER, project),
            limits,
        }
    }
}

/// The town's tables.
pub fn tables() -> Vec<TestTable> {
    let people: Vec<u32> = (0..60).collect();
    let int = |f: &dyn Fn(i32) -> Option<i32>| {
        Arc::new((0..60).map(f).collect::<Int32Array>()) as ArrayRef
    };
    let main = TestTable {
        name: "main",
        people: people.clone(),
        columns: vec![
            ("p31", int(&|i| Some(i % 2))),
            ("p34", int(&|i| Some(1940 + i % 3 * 10))),
            (
                "p54",
                Arc::new(
                    (0..60)
                        .map(|i| {
                            Some(if i < 30 {
                                "Leeds"
                            } else if i < 51 {
                                "York"
                            } else {
                                "Hull"
                            })
                        })
                        .collect::<StringArray>(),
                ),
            ),
            ("p4080", int(&|i| (i % 10 != 9).then_some(100 + i))),
            ("p20400", int(&|i| (i < 9).then_some(i))),
            (
                "p53",
                Arc::new((0..60).map(|i| Some(13_149 + i)).collect::<Date32Array>()),
            ),
            ("p99", int(&Some)),
        ],
    };
    let mut events: Vec<(u32, i32, &str, f64)> = Vec::new();
    for i in 0..60_i32 {
        for k in 0..i % 4 {
            events.push((
                i as u32,
                14_610 + i + 10 * k,
                if k == 0 { "C10" } else { "H33" },
                f64::from(k),
            ));
        }
        if i == 3 {
            events.extend((0..40).map(|k| (3, 14_610 + k, "rare", 5.0)));
        }
    }
    let gp = TestTable {
        name: "gp_clinical",
        people: events.iter().map(|e| e.0).collect(),
        columns: vec![
            (
                "event_dt",
                Arc::new(events.iter().map(|e| Some(e.1)).collect::<Date32Array>()),
            ),
            (
                "read_2",
                Arc::new(events.iter().map(|e| Some(e.2)).collect::<StringArray>()),
            ),
            (
                "value1",
                Arc::new(events.iter().map(|e| Some(e.3)).collect::<Float64Array>()),
            ),
        ],
    };
    let hesin = TestTable {
        name: "hesin",
        people,
        columns: vec![(
            "epistart",
            Arc::new((0..60).map(|i| Some(i + 1)).collect::<Date32Array>()),
        )],
    };
    vec![main, gp, hesin]
}

/// The town as a release of three files a table.
pub fn town() -> Release {
    Release::write(&tables(), &[20, 40], &RoaringBitmap::new())
}

/// Nobody.
pub fn nobody() -> RoaringBitmap {
    RoaringBitmap::new()
}

/// What an error is called, for comparisons.
pub fn code(result: &Result<Answer, QueryError>) -> String {
    match result {
        Ok(_) => "answered".to_owned(),
        Err(QueryError::Refusal(r)) => r.code.to_string(),
        Err(QueryError::Fault(f)) => format!("fault: {f}"),
        Err(QueryError::Again(_)) => "again".to_owned(),
    }
}

/// Whether a folder exists beside the tests.
pub fn beside(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(path)
}
