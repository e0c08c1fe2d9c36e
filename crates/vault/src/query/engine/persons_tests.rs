//! Tests of [`super::persons`]: random questions give the same bytes in both forms, and bad plans do not pass the fence.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray, UInt32Array};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNode;
use datafusion::datasource::provider_as_source;
use datafusion::functions_aggregate::expr_fn::{count, min};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, col, lit};
use governance::Mode;
use parquet::arrow::ArrowWriter;
use privacy::pseudonym::ProjectKey;
use proptest::prelude::*;
use roaring::RoaringBitmap;
use tempfile::TempDir;

use super::catalogue::Table;
use super::persons;
use super::persons_fence;
use super::persons_functions;
use super::session;
use crate::query::answer::{About, Answer};
use crate::query::sql;
use crate::query::{GrantedTable, Used};
use crate::release::{ColumnEntry, Family, FileEntry, LAYOUT, Manifest, PERSON, TableEntry};

const PEOPLE: u32 = 24;

/// Two tables `main` and `gp`, each with `num` and `note`; a note is at times somebody's pseudonym.
struct Town {
    dir: TempDir,
    manifest: Manifest,
    key: ProjectKey,
}

static TOWN: LazyLock<Town> = LazyLock::new(|| {
    let key = ProjectKey::derive(&[7; 32], "p1");
    let dir = tempfile::tempdir().unwrap();
    let once: Vec<u32> = (0..PEOPLE).collect();
    let often: Vec<u32> = (0..PEOPLE)
        .flat_map(|p| vec![p; (p % 4) as usize])
        .collect();
    let mut tables = BTreeMap::new();
    for (name, people) in [("main", once), ("gp", often)] {
        let num: Int32Array = people
            .iter()
            .enumerate()
            .map(|(row, p)| (p % 5 != 3).then_some(((row as u32 * 7 + p) % 6) as i32))
            .collect();
        let note: StringArray = people
            .iter()
            .enumerate()
            .map(|(row, p)| match row % 4 {
                0 => Some(key.pseudonym(*p)),
                1 => Some(key.pseudonym((p * 5 + 1) % PEOPLE)),
                2 => Some(format!("note {}", p % 3)),
                _ => None,
            })
            .collect();
        let batch = RecordBatch::try_from_iter_with_nullable([
            (
                PERSON,
                Arc::new(UInt32Array::from(people)) as ArrayRef,
                false,
            ),
            ("num", Arc::new(num) as ArrayRef, true),
            ("note", Arc::new(note) as ArrayRef, true),
        ])
        .unwrap();
        let path = format!("{name}.parquet");
        let file = File::create(dir.path().join(&path)).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let column = |name: &str, kind: &str| ColumnEntry {
            name: name.to_owned(),
            class: "baseline".to_owned(),
            kind: kind.to_owned(),
            title: String::new(),
            field: None,
            missing_permille: 0,
        };
        let entry = TableEntry {
            rows: batch.num_rows() as u64,
            columns: vec![column("num", "int32"), column("note", "text")],
            clustered: None,
            dimensions: BTreeMap::new(),
            dimension_files: BTreeMap::new(),
            families: vec![Family {
                class: "baseline".to_owned(),
                columns: vec!["num".to_owned(), "note".to_owned()],
                files: vec![FileEntry {
                    bytes: std::fs::metadata(dir.path().join(&path)).unwrap().len(),
                    path,
                    rows: batch.num_rows() as u64,
                    sha256: String::new(),
                    first_person: 0,
                    last_person: PEOPLE - 1,
                }],
            }],
        };
        tables.insert(name.to_owned(), Arc::new(entry));
    }
    let manifest = Manifest {
        layout: LAYOUT,
        release: "persons".to_owned(),
        participants: PEOPLE,
        recipe_sha256: String::new(),
        tables,
    };
    Town { dir, manifest, key }
});

fn tables() -> BTreeMap<String, Arc<dyn TableProvider>> {
    let masked: Arc<RoaringBitmap> = Arc::new([5, 6, 17].into_iter().collect());
    let table = |name: &str| {
        let granted = GrantedTable {
            name: name.to_owned(),
            columns: vec!["num".to_owned(), "note".to_owned()],
            masked: Arc::clone(&masked),
        };
        let table = Table::new(&granted, &TOWN.manifest, |_| true, Some(&TOWN.key)).unwrap();
        (name.to_owned(), Arc::new(table) as Arc<dyn TableProvider>)
    };
    [table("main"), table("gp")].into()
}

/// The answer in text form and by index, as CSV; `None` for a form that there is not.
fn both(sql: &str) -> (Option<String>, Option<Option<String>>) {
    let query = sql::text::read(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    let ordered = query.order_by.is_some();
    let names = ["gp".to_owned(), "main".to_owned()];
    let (query, _) =
        sql::enclave::rewrite(&query, &names).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    let env = session::environment(TOWN.dir.path(), None, None, 1 << 30).unwrap();
    let state = session::session(&env, tables());
    session::runtime().unwrap().block_on(async {
        let checked = session::plan_in_texts(&state, query.clone())
            .await
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
        let indexed = persons::by_index(checked.plan_for_tests()).map(|plan| {
            persons_fence::check(&plan).unwrap();
            checked.with_plan_for_tests(plan)
        });
        let mut out = Vec::new();
        for checked in std::iter::once(&checked).chain(&indexed) {
            let csv = match session::run(&state, checked, 100_000, 1 << 30).await {
                Ok(rows) => {
                    let about = About {
                        mode: Mode::Enclave,
                        ordered,
                        withheld_rows: None,
                        withheld_cells: 0,
                        used: Used::new(),
                        plan_sha256: String::new(),
                    };
                    let answer = Answer::new(&rows.schema, &rows.batches, about).unwrap();
                    Some(format!("{:?}\n{}", answer.columns, answer.to_csv()))
                }
                Err(e) => {
                    println!("{e:?}");
                    None
                }
            };
            out.push(csv);
        }
        let mut out = out.into_iter();
        (out.next().unwrap(), out.next())
    })
}

/// Draws parts of a question from a list of numbers.
struct Draw {
    numbers: Vec<u32>,
    at: usize,
}

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        let number =
            self.numbers[self.at % self.numbers.len()] as usize + self.at / self.numbers.len();
        self.at += 1;
        number % n
    }

    fn literal(&mut self) -> String {
        match self.below(6) {
            0 => TOWN.key.pseudonym(999),
            1 => "note 1".to_owned(),
            2 => String::new(),
            _ => TOWN.key.pseudonym(self.below(PEOPLE as usize) as u32),
        }
    }

    /// Something that gives (eid, num, note).
    fn source(&mut self, depth: usize) -> String {
        let n = if depth == 0 { 2 } else { 15 };
        match self.below(n) {
            0 => "main".to_owned(),
            1 => "gp".to_owned(),
            2 => format!(
                "(SELECT eid, num, note FROM {} x WHERE {})",
                self.source(depth - 1),
                self.predicate("x", depth - 1)
            ),
            3 => format!(
                "(SELECT eid, num, note FROM {} x UNION ALL SELECT eid, num, note FROM {} y)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
            4 => format!(
                "(SELECT eid, num, note FROM {} x UNION SELECT note AS eid, num, eid AS note FROM {} y)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
            5 => format!(
                "(SELECT DISTINCT eid, num, eid AS note FROM {} x)",
                self.source(depth - 1)
            ),
            6 => format!(
                "(SELECT x.eid, max(y.num) AS num, min(y.eid) AS note FROM {} x LEFT JOIN {} y ON x.eid = y.eid GROUP BY x.eid)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
            7 => format!(
                "(SELECT eid, num, note FROM {} x ORDER BY {} LIMIT 7)",
                self.source(depth - 1),
                ["eid", "num, eid DESC", "lower(eid)", "num"][self.below(4)]
            ),
            8 => format!(
                "(SELECT eid, rank() OVER (PARTITION BY eid ORDER BY num, note) AS num, note FROM {} x)",
                self.source(depth - 1)
            ),
            9 => format!(
                "(SELECT y.eid AS eid, x.num AS num, x.eid AS note FROM {} x FULL JOIN {} y ON x.eid = y.eid AND x.num > 2)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
            10 => format!(
                "(SELECT eid, num, note FROM {} x EXCEPT SELECT eid, num, note FROM {} y)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
            11 => format!(
                "(SELECT lower(eid) AS eid, num, eid AS note FROM {} x)",
                self.source(depth - 1)
            ),
            12 => format!(
                "(SELECT x.eid AS eid, count(DISTINCT y.eid) AS num, max(y.note) AS note FROM {} x JOIN {} y ON x.num = y.num GROUP BY x.eid)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
            13 => format!(
                "(SELECT eid, count(*) AS num, max(eid) AS note FROM {} x GROUP BY 1)",
                self.source(depth - 1)
            ),
            _ => format!(
                "(SELECT coalesce(x.eid, y.eid) AS eid, y.num AS num, y.eid AS note FROM {} x RIGHT JOIN {} y ON x.eid = y.note)",
                self.source(depth - 1),
                self.source(depth - 1)
            ),
        }
    }

    fn predicate(&mut self, t: &str, depth: usize) -> String {
        let n = if depth == 0 { 15 } else { 22 };
        match self.below(n) {
            0 | 1 => format!("{t}.eid = '{}'", self.literal()),
            2 => format!("{t}.eid <> '{}'", self.literal()),
            3 => format!(
                "{t}.eid IN ('{}', '{}', '{}', '{}')",
                self.literal(),
                self.literal(),
                self.literal(),
                self.literal()
            ),
            4 => format!(
                "{t}.eid NOT IN ('{}', '{}')",
                self.literal(),
                self.literal()
            ),
            5 => format!("{t}.eid IS NULL"),
            6 => format!("{t}.eid < '{}'", self.literal()),
            7 => format!("{t}.eid LIKE '{}%'", ["0", "1", "5", "7"][self.below(4)]),
            8 => format!("{t}.eid = {t}.note"),
            9 => format!("{t}.eid BETWEEN '1' AND '{}'", self.literal()),
            10 => format!("coalesce({t}.eid, 'x') = '{}'", self.literal()),
            11 => format!("{t}.eid IS DISTINCT FROM '{}'", self.literal()),
            12 => format!(
                "CASE WHEN {t}.eid = '{}' THEN 1 ELSE {t}.num END >= 1",
                self.literal()
            ),
            13 => format!("{t}.eid IN ('{}', {t}.note)", self.literal()),
            14 => format!("{t}.num > 2"),
            15 => format!("{t}.eid IN (SELECT eid FROM {} q)", self.source(depth - 1)),
            16 => format!(
                "{t}.eid NOT IN (SELECT note FROM {} q WHERE note IS NOT NULL)",
                self.source(depth - 1)
            ),
            17 => format!(
                "EXISTS (SELECT 1 FROM {} q WHERE q.eid = {t}.eid)",
                self.source(depth - 1)
            ),
            18 => format!(
                "{t}.eid = (SELECT max(eid) FROM {} q)",
                self.source(depth - 1)
            ),
            19 => format!(
                "({}) OR ({})",
                self.predicate(t, depth - 1),
                self.predicate(t, depth - 1)
            ),
            20 => format!("NOT ({})", self.predicate(t, depth - 1)),
            _ => format!(
                "({}) AND ({})",
                self.predicate(t, depth - 1),
                self.predicate(t, depth - 1)
            ),
        }
    }

    fn question(&mut self) -> String {
        let (s, u, p) = (self.source(2), self.source(1), self.predicate("x", 1));
        match self.below(14) {
            0 => format!("SELECT * FROM {s} x WHERE {p}"),
            1 => format!(
                "SELECT x.eid, count(*) AS n, count(DISTINCT y.eid) AS d, min(y.note) AS m FROM {s} x JOIN {u} y ON x.eid = y.eid WHERE {p} GROUP BY x.eid"
            ),
            2 => format!(
                "SELECT num, count(DISTINCT eid) AS n, count(eid) AS c, max(eid) AS m FROM {s} x GROUP BY num HAVING count(DISTINCT eid) > 1 ORDER BY n DESC, num"
            ),
            3 => format!("SELECT count(DISTINCT eid) AS n FROM {s} x WHERE {p}"),
            4 => format!("SELECT num, count(DISTINCT eid) AS n FROM {s} x GROUP BY num"),
            5 => format!(
                "SELECT x.eid, x.note, dense_rank() OVER (PARTITION BY x.num ORDER BY x.eid) AS r FROM {s} x WHERE {p}"
            ),
            6 => format!("SELECT eid FROM {s} x WHERE {p} UNION SELECT note FROM {u} y"),
            7 => format!(
                "SELECT x.eid AS a, y.eid AS b FROM {s} x JOIN {u} y ON x.eid = y.note WHERE {p}"
            ),
            8 => format!(
                "SELECT x.eid = '{}' AS q, count(*) AS n FROM {s} x GROUP BY 1",
                self.literal()
            ),
            9 => format!("SELECT eid, num FROM {s} x LIMIT 3"),
            10 => format!("SELECT num, eid FROM {s} x WHERE {p} ORDER BY eid DESC, num LIMIT 5"),
            11 => format!(
                "SELECT count(DISTINCT CASE WHEN {p} THEN x.eid END) AS n, count(DISTINCT eid) FILTER (WHERE num > 1) AS k FROM {s} x"
            ),
            12 => format!(
                "WITH c AS (SELECT eid, num FROM {s} x WHERE {p}) SELECT a.eid, b.num, count(*) OVER (PARTITION BY a.eid) AS n FROM c a LEFT JOIN c b ON a.eid = b.eid AND a.num < b.num"
            ),
            _ => format!("SELECT x.eid FROM {s} x, {u} y WHERE x.eid = y.eid AND ({p}) ORDER BY 1"),
        }
    }
}

static SAME: AtomicUsize = AtomicUsize::new(0);
static TEXTS: AtomicUsize = AtomicUsize::new(0);

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]
    /// The same bytes with and without the pass.
    #[test]
    fn both_forms_give_the_same_bytes(numbers in prop::collection::vec(0_u32..1_000, 48)) {
        let sql = Draw { numbers, at: 0 }.question();
        let (texts, indices) = both(&sql);
        match indices {
            Some(indices) => {
                prop_assert_eq!(&texts, &indices, "{}", sql);
                prop_assert!(texts.is_some(), "{}", sql);
                SAME.fetch_add(1, Ordering::Relaxed);
            }
            None => {
                println!("in texts: {sql}");
                TEXTS.fetch_add(1, Ordering::Relaxed);
            }
        }
        let (same, texts) = (SAME.load(Ordering::Relaxed), TEXTS.load(Ordering::Relaxed));
        prop_assert!(same + texts < 100 || texts * 10 < same, "{texts} of {} stayed in texts", same + texts);
    }
}

fn planned(sql: &str) -> LogicalPlan {
    let query = sql::text::read(sql).unwrap();
    let (query, _) = sql::enclave::rewrite(&query, &["gp".to_owned(), "main".to_owned()]).unwrap();
    let env = session::environment(TOWN.dir.path(), None, None, 1 << 30).unwrap();
    let state = session::session(&env, tables());
    let checked = session::runtime()
        .unwrap()
        .block_on(session::plan_in_texts(&state, query))
        .unwrap();
    persons::by_index(checked.plan_for_tests()).unwrap()
}

/// How often the text is made, and where at first: 0 is the root.
fn named(plan: &LogicalPlan) -> Vec<usize> {
    fn walk(plan: &LogicalPlan, depth: usize, out: &mut Vec<usize>) {
        plan.apply_expressions(|e| {
            e.apply(|e| {
                if matches!(e, Expr::ScalarFunction(f) if f.name() == persons_functions::PSEUDONYM)
                {
                    out.push(depth);
                }
                Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
            })
        })
        .unwrap();
        for input in plan.inputs() {
            walk(input, depth + 1, out);
        }
    }
    let mut out = Vec::new();
    walk(plan, 0, &mut out);
    out
}

#[test]
fn joins_groups_and_counts_make_no_text() {
    for sql in [
        "SELECT count(*) AS n FROM main m JOIN gp g ON m.eid = g.eid",
        "SELECT m.num, count(DISTINCT g.eid) AS n FROM main m LEFT JOIN gp g ON m.eid = g.eid GROUP BY m.num",
        "SELECT count(*) AS n FROM main WHERE eid NOT IN (SELECT eid FROM gp)",
        "SELECT avg(n) AS n FROM (SELECT eid, count(*) AS n FROM gp GROUP BY eid) x",
        "SELECT num, rank() OVER (PARTITION BY eid ORDER BY num) AS r FROM gp",
    ] {
        assert_eq!(named(&planned(sql)), Vec::<usize>::new(), "{sql}");
    }
    let sql = "SELECT m.eid, min(g.num) AS n FROM main m JOIN gp g ON m.eid = g.eid GROUP BY m.eid";
    assert_eq!(named(&planned(sql)), [0]);
}

/// `WHERE eid = …` reaches the scan as an index.
#[test]
fn the_scan_is_told_which_people() {
    for (sql, told) in [
        (
            format!("SELECT num FROM gp WHERE eid = '{}'", TOWN.key.pseudonym(9)),
            "eid = UInt32(9)",
        ),
        (
            format!(
                "SELECT num FROM gp WHERE num > 1 AND eid = '{}'",
                TOWN.key.pseudonym(9)
            ),
            "eid = UInt32(9)",
        ),
        (
            "SELECT num FROM gp WHERE eid = 'nobody'".to_owned(),
            "eid = UInt32(4294967295)",
        ),
    ] {
        let mut filters = Vec::new();
        planned(&sql)
            .apply(|node| {
                if let LogicalPlan::TableScan(scan) = node {
                    filters.extend(scan.filters.iter().map(ToString::to_string));
                }
                Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
            })
            .unwrap();
        assert!(
            filters.iter().any(|f| f.contains(told)),
            "{sql}: {filters:?}"
        );
    }
}

/// Everything that would tell more of an index than "the same or not".
#[test]
fn the_fence_stops_every_other_use() {
    let scan = || {
        let granted = GrantedTable {
            name: "main".to_owned(),
            columns: vec!["num".to_owned(), "note".to_owned()],
            masked: Arc::default(),
        };
        let table = Table::new(&granted, &TOWN.manifest, |_| true, Some(&TOWN.key)).unwrap();
        let (table, _) = table.by_index().unwrap();
        LogicalPlanBuilder::scan("main", provider_as_source(Arc::new(table)), None).unwrap()
    };
    let done = |plan: LogicalPlanBuilder| {
        persons_fence::check(&plan.project([lit(1)]).unwrap().build().unwrap())
    };
    let eid = || col("main.eid");
    assert!(done(scan()).is_ok());
    assert!(done(scan().filter(eid().eq(lit(3_u32))).unwrap()).is_ok());
    assert!(done(scan().aggregate([eid()], [count(eid())]).unwrap()).is_ok());
    // shown
    assert!(persons_fence::check(&scan().build().unwrap()).is_err());
    let bad = [
        scan().filter(eid().lt(lit(3_u32))),
        scan().filter(eid().between(lit(3_u32), lit(5_u32))),
        scan().filter(eid().eq(eid() + lit(1_u32))),
        scan().filter(eid().in_list(vec![eid() + lit(1_u32)], false)),
        scan().filter((eid() % lit(2_u32)).is_null()),
        scan().sort([eid().sort(true, true)]),
        scan().aggregate(Vec::<Expr>::new(), [min(eid())]),
        scan().aggregate([eid() % lit(2_u32)], Vec::<Expr>::new()),
        scan().project([datafusion::logical_expr::cast(
            eid(),
            arrow::datatypes::DataType::Int64,
        )]),
        scan().project([datafusion::logical_expr::try_cast(
            eid(),
            arrow::datatypes::DataType::Utf8,
        )]),
        scan().project(
            [datafusion::logical_expr::when(col("num").gt(lit(1)), eid())
                .otherwise(lit(0_u32))
                .unwrap()],
        ),
    ];
    for (i, plan) in bad.into_iter().enumerate() {
        assert!(done(plan.unwrap()).is_err(), "{i}");
    }
}
