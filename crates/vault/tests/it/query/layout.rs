//! Answers do not depend on how a release is laid out: the same people and records, once ingested (families, lists of codes,
//! a copy sorted by codes, page indexes) and once as plain files, give the same bytes to the same question.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, StringArray};
use governance::Mode;
use privacy::pseudonym::ProjectKey;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use roaring::RoaringBitmap;
use vault::query::{GrantedTable, QueryError, QueryLimits, Question, ask};
use vault::release::Manifest;

use super::town::{MASTER, Release, TestTable, nobody};
use crate::ingest::{FIELDS, World};

/// Two files of participants each, so that people, files and pages are cut in different places.
const PEOPLE: u32 = 17_000;
const EVENTS: u32 = 60_000;

/// One event: person, practice, day, code in either coding, value.
type Event = (
    u32,
    i32,
    Option<i32>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// Numbers that look as if they were drawn at random, the same each time (Steele, Lea and Flood 2014: SplitMix64).
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn events() -> Vec<Event> {
    let mut out: Vec<Event> = (0..EVENTS)
        .map(|n| {
            let r = |k: u64| mix(u64::from(n) * 16 + k);
            let code =
                |k: u64, prefix: &str| Some(format!("{prefix}{:02}", r(k) % 50 * (r(k + 1) % 2)));
            (
                (r(0) % u64::from(PEOPLE)) as u32,
                (r(1) % 3) as i32 + 1,
                (r(2) % 20 != 0).then(|| 12_000 + (r(3) % 4_000) as i32),
                if r(4) % 3 == 0 { code(5, "C") } else { None },
                if r(7) % 3 == 0 { code(8, "X") } else { None },
                (r(10) % 2 == 0).then(|| format!("{}.5", r(11) % 40)),
            )
        })
        .collect();
    out.sort_by_key(|e| (e.0, e.2));
    out
}

struct Both {
    /// The folder of the ingested release, and its manifest.
    world: World,
    laid_out: Manifest,
    plain: Release,
}

static BOTH: LazyLock<Both> = LazyLock::new(|| {
    let world = World::empty();
    world.put("fields.csv", FIELDS);
    world.put(
        "codings.csv",
        "Coding,Value,Meaning\n9,0,Female\n9,1,Male\n",
    );
    let (mut main, mut gp) = (
        "eid,31-0.0,34-0.0,21001-0.0,22001-0.0\n".to_owned(),
        "eid,data_provider,event_dt,read_2,read_3,value1,value2,value3\n".to_owned(),
    );
    for i in 0..PEOPLE {
        main.push_str(&format!(
            "{},{},{},{}.25,{}\n",
            1_000_000 + i,
            i % 2,
            1940 + i % 30,
            20 + i % 15,
            i % 2
        ));
    }
    let events = events();
    for (person, practice, day, read_2, read_3, value) in &events {
        let day = day.map_or(String::new(), |day| {
            let (y, m, d) = privacy::deid::civil_from_days(day);
            format!("{y:04}-{m:02}-{d:02}")
        });
        let text = |t: &Option<String>| t.clone().unwrap_or_default();
        gp.push_str(&format!(
            "{},{practice},{day},{},{},{},,\n",
            1_000_000 + person,
            text(read_2),
            text(read_3),
            text(value)
        ));
    }
    world.put("main.csv", main);
    world.put("gp_clinical.csv", gp);
    let ingested = world.sealed();
    let laid_out = ingested.manifest.clone();
    ingested.publish(&world.path("releases")).unwrap();

    let people: Vec<u32> = (0..PEOPLE).collect();
    let long = |f: &dyn Fn(i64) -> i64| {
        Arc::new((0..i64::from(PEOPLE)).map(f).collect::<Int64Array>()) as ArrayRef
    };
    let text = |f: &dyn Fn(&Event) -> Option<String>| {
        Arc::new(events.iter().map(f).collect::<StringArray>()) as ArrayRef
    };
    let plain = Release::write(
        &[
            TestTable {
                name: "main",
                people: people.clone(),
                columns: vec![
                    ("p31", long(&|i| i % 2)),
                    ("p34", long(&|i| 1940 + i % 30)),
                    (
                        "p21001_i0",
                        Arc::new(
                            (0..PEOPLE)
                                .map(|i| f64::from(20 + i % 15) + 0.25)
                                .collect::<Float64Array>(),
                        ),
                    ),
                    ("p22001", long(&|i| i % 2)),
                ],
            },
            TestTable {
                name: "gp_clinical",
                people: events.iter().map(|e| e.0).collect(),
                columns: vec![
                    (
                        "data_provider",
                        Arc::new(events.iter().map(|e| Some(e.1)).collect::<Int32Array>()),
                    ),
                    (
                        "event_dt",
                        Arc::new(events.iter().map(|e| e.2).collect::<Date32Array>()),
                    ),
                    ("read_2", text(&|e| e.3.clone())),
                    ("read_3", text(&|e| e.4.clone())),
                    ("value1", text(&|e| e.5.clone())),
                ],
            },
        ],
        &[5_000],
        &nobody(),
    );
    Both {
        world,
        laid_out,
        plain,
    }
});

impl Both {
    /// The answer of the laid-out release, which must be that of the plain one.
    fn ask(
        &self,
        mode: Mode,
        sql: &str,
        masked: &RoaringBitmap,
    ) -> Result<Vec<Vec<Option<String>>>, TestCaseError> {
        let masked = Arc::new(masked.clone());
        let answer = |manifest: &Manifest, dir: &std::path::Path| {
            let tables = self
                .plain
                .manifest
                .tables
                .iter()
                .map(|(name, entry)| GrantedTable {
                    name: name.clone(),
                    columns: entry.columns.iter().map(|c| c.name.clone()).collect(),
                    masked: Arc::clone(&masked),
                });
            ask(Question {
                sql,
                mode,
                tables: tables.collect(),
                manifest,
                release_dir: dir,
                keyring: None,
                spill: None,
                key: ProjectKey::derive(&MASTER, "p1"),
                limits: QueryLimits::default(),
            })
        };
        let laid_out = answer(&self.laid_out, &self.world.path("releases/r1"));
        let plain = answer(&self.plain.manifest, self.plain.dir.path());
        match (laid_out, plain) {
            (Ok(a), Ok(b)) => {
                prop_assert_eq!(&a.used, &b.used, "{}", sql);
                prop_assert_eq!(a.to_csv(), b.to_csv(), "{}", sql);
                Ok(a.table())
            }
            (a, b) => Err(TestCaseError::fail(format!("{sql}: {a:?}, {b:?}"))),
        }
    }
}

#[test]
fn the_release_of_these_tests_is_laid_out() {
    let gp = &BOTH.laid_out.tables["gp_clinical"];
    let names: Vec<_> = gp.dimensions.keys().map(String::as_str).collect();
    assert_eq!(names, ["read_2", "read_3", "value1"]);
    assert_eq!(gp.clustered.as_ref().unwrap().files.len(), 2);
    assert_eq!(BOTH.laid_out.tables["main"].families.len(), 2);
}

/// A condition on one column of text, as the gate lets it through.
fn about_text() -> impl Strategy<Value = String> {
    let column = prop_oneof![Just("read_2"), Just("read_3"), Just("value1")];
    let value = prop_oneof![
        (0..50).prop_map(|n| format!("C{n:02}")),
        (0..50).prop_map(|n| format!("X{n:02}")),
        (0..40).prop_map(|n| format!("{n}.5")),
        Just("nothing".to_owned()),
    ];
    (column, value.clone(), value, 0..10).prop_map(|(column, a, b, form)| match form {
        0 => format!("{column} = '{a}'"),
        1 => format!("{column} IN ('{a}', '{b}', 'X00')"),
        2 => format!("{column} NOT IN ('{a}', '{b}')"),
        3 => format!("{column} LIKE '{}%'", &a[..2]),
        4 => format!("{column} IS NULL"),
        5 => format!("substr({column}, 2, 1) = '{}'", &b[1..2]),
        6 => format!("{column} > '{a}'"),
        7 => format!("coalesce({column}, 'none') <> '{a}'"),
        8 => format!("(CASE WHEN {column} = '{a}' THEN NULL ELSE {column} >= '{b}' END)"),
        _ => format!("TRY_CAST({column} AS double precision) BETWEEN 3 AND 9.5"),
    })
}

fn about_others() -> impl Strategy<Value = String> {
    prop_oneof![
        (1..5).prop_map(|n| format!("data_provider = {n}")),
        (1996..2016).prop_map(|y| format!("event_dt >= DATE '{y}-06-01'")),
        (1996..2016).prop_map(|y| format!(
            "event_dt BETWEEN DATE '{y}-01-01' AND DATE '{}-01-01'",
            y + 2
        )),
        (1..4).prop_map(|n| format!("data_provider IN ({n}, 9)")),
        Just("read_2 < read_3".to_owned()),
        Just("event_dt IS NULL".to_owned()),
        (0..PEOPLE).prop_map(|i| format!("eid = '{}'", name(i))),
        prop::collection::vec(0..PEOPLE, 1..40).prop_map(|people| {
            let names: Vec<_> = people.iter().map(|i| format!("'{}'", name(*i))).collect();
            format!("eid IN ({})", names.join(", "))
        }),
    ]
}

fn name(person: u32) -> String {
    ProjectKey::derive(&MASTER, "p1").pseudonym(person)
}

fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![4 => about_text(), 1 => about_others()];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} AND {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            inner.prop_map(|a| format!("NOT ({a})")),
        ]
    })
}

fn masks() -> impl Strategy<Value = RoaringBitmap> {
    prop_oneof![
        Just(RoaringBitmap::new()),
        prop::collection::vec(0..PEOPLE, 1..50).prop_map(|people| people.into_iter().collect()),
        (0..PEOPLE, 1_u32..8_000).prop_map(|(low, n)| (low..low.saturating_add(n)).collect()),
    ]
}

#[test]
fn rows_do_not_depend_on_the_layout() {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let found = std::cell::Cell::new(0);
    let question = (condition(), masks());
    runner
        .run(&question, |(condition, masked)| {
            let sql = format!(
                "SELECT eid, data_provider, event_dt, read_2, read_3, value1 FROM gp_clinical WHERE {condition} \
                 ORDER BY eid, event_dt, read_2, read_3, value1, data_provider LIMIT 2000"
            );
            let rows = BOTH.ask(Mode::Enclave, &sql, &masked)?;
            found.set(found.get() + rows.len());
            // Counted alone, no column comes out of the scan at all.
            let sql = format!("SELECT count(*) AS n, count(DISTINCT eid) AS people FROM gp_clinical WHERE {condition}");
            BOTH.ask(Mode::Enclave, &sql, &masked)?;
            Ok(())
        })
        .unwrap();
    assert!(found.get() > 0);
}

#[test]
fn groups_do_not_depend_on_the_layout() {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 20,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let question = (about_text(), about_text(), masks());
    runner
        .run(&question, |(a, b, masked)| {
            for sql in [
                format!("SELECT read_2, count(DISTINCT eid) AS people FROM gp_clinical WHERE {a} OR {b} GROUP BY read_2 ORDER BY read_2"),
                format!(
                    "SELECT m.p31, m.p22001, count(DISTINCT g.eid) AS people, avg(m.p21001_i0) AS bmi FROM main m JOIN gp_clinical g \
                     ON g.eid = m.eid WHERE {a} AND m.p34 < 1960 AND m.p21001_i0 <= 30.25 GROUP BY m.p31, m.p22001 ORDER BY 1, 2"
                ),
                format!(
                    "SELECT p31, count(*) AS n FROM main WHERE eid IN (SELECT eid FROM gp_clinical WHERE NOT ({a} AND {b})) \
                     GROUP BY p31 ORDER BY p31"
                ),
            ] {
                BOTH.ask(Mode::Aggregate, &sql, &masked)?;
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn families_that_do_not_fit_together_are_a_fault() {
    let release = |people: Vec<u32>| {
        let column = |name| {
            (
                name,
                Arc::new((0..people.len() as i32).collect::<Int32Array>()) as ArrayRef,
            )
        };
        let table = |name, column: (&'static str, ArrayRef), people: &[u32]| TestTable {
            name,
            people: people.to_vec(),
            columns: vec![column],
        };
        let main: Vec<u32> = (0..people.len() as u32).collect();
        let mut release = Release::write(
            &[
                table("main", column("p31"), &main),
                table("other", column("p34"), &people),
            ],
            &[20],
            &nobody(),
        );
        let other = Arc::unwrap_or_clone(release.manifest.tables.remove("other").unwrap());
        let main = Arc::make_mut(release.manifest.tables.get_mut("main").unwrap());
        main.families.extend(other.families);
        main.columns.extend(other.columns);
        release
    };
    let sql = "SELECT p31, p34 FROM main ORDER BY p31";
    let same = release((0..40).collect());
    assert_eq!(same.ask(Mode::Enclave, sql, &nobody()).unwrap().rows, 40);
    // Another person in one row; a row in another file.
    let mut swapped: Vec<u32> = (0..40).collect();
    swapped[7] = 8;
    let mut shifted: Vec<u32> = (0..40).collect();
    shifted[20] = 19;
    for people in [swapped, shifted] {
        let error = release(people)
            .ask(Mode::Enclave, sql, &nobody())
            .unwrap_err();
        assert!(matches!(error, QueryError::Fault(_)), "{error}");
    }
}

#[test]
fn a_table_of_11_800_fields_is_asked_like_a_small_one() {
    const FIELDS: u32 = 11_800;
    let world = World::empty();
    let header = FIELDS_HEADER;
    let mut fields = header.to_owned();
    let mut main = "eid".to_owned();
    for field in 1..=FIELDS {
        let path = if field % 2 == 0 {
            "Genomics"
        } else {
            "Touchscreen"
        };
        fields.push_str(&format!(
            "{path},1,{},Number {field},1,1,Complete,Integer,,Data,Primary,Unisex,1,1,,,\n",
            100_000 + field
        ));
        main.push_str(&format!(",{}-0.0", 100_000 + field));
    }
    main.push('\n');
    for person in 0..30 {
        main.push_str(&format!("{}", 1_000_000 + person));
        for field in 1..=FIELDS {
            main.push_str(&format!(",{}", (person + field) % 10));
        }
        main.push('\n');
    }
    world.put("fields.csv", fields);
    world.put("main.csv", main);
    let ingested = world.sealed();
    let manifest = ingested.manifest.clone();
    ingested.publish(&world.path("releases")).unwrap();
    let table = &manifest.tables["main"];
    assert_eq!(table.columns.len(), FIELDS as usize);
    // 5,900 columns of each of two classes, 300 in a family.
    assert_eq!(table.families.len(), 40);
    assert!(table.families.iter().all(|f| f.columns.len() <= 300));
    let granted = || {
        vec![GrantedTable {
            name: "main".to_owned(),
            columns: table.columns.iter().map(|c| c.name.clone()).collect(),
            masked: Arc::new(nobody()),
        }]
    };
    let dir = world.path("releases/r1");
    let one = |sql: &str| {
        let tables = granted();
        let start = Instant::now();
        let answer = ask(Question {
            sql,
            mode: Mode::Enclave,
            tables,
            manifest: &manifest,
            release_dir: &dir,
            keyring: None,
            spill: None,
            key: ProjectKey::derive(&MASTER, "p1"),
            limits: QueryLimits::default(),
        });
        (answer.unwrap(), start.elapsed())
    };
    // Fields 1, 302, 5,903 and 11,800 are in four families.
    let sql = "SELECT sum(p100001) AS a, sum(p100302) AS b, sum(p105903) AS c, sum(p111800) AS d FROM main";
    let (answer, first) = one(sql);
    // Each digit three times: 3 * 45.
    assert_eq!(answer.table(), [[(); 4].map(|()| Some("135".to_owned()))]);
    let (_, again) = one(sql);
    println!("one question of 11,800 fields: {first:?}, then {again:?}");
    // Milliseconds in truth; a planner that sees all columns takes seconds even in a build for use.
    assert!(again.as_secs_f64() < 2.0, "{again:?}");
}

const FIELDS_HEADER: &str = "Path,Category,FieldID,Field,Participants,Items,Stability,ValueType,Units,ItemType,Strata,Sexed,Instances,Array,Coding,Notes,Link\n";
