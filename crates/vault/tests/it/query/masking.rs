//! Invariant 5: a withdrawn person changes no later answer; with them and without them, the same bytes.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int32Array, StringArray};
use governance::Mode;
use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::town::{Release, TestTable, code, nobody, town};

/// "The same question asked before and after a withdrawal differs by exactly that person, and in no other way"
#[test]
fn before_and_after_a_withdrawal_the_answer_differs_by_exactly_that_person() {
    let release = town();
    let sql = "SELECT p31, count(*) AS n, sum(p4080) AS s FROM main GROUP BY p31 ORDER BY p31";
    let before = release.ask(Mode::Aggregate, sql, &nobody()).unwrap();
    // person 7: male, 107. Thirty men with 100 + i over odd i, without the six whose value is missing (i mod 10 = 9)
    let after = release
        .ask(Mode::Aggregate, sql, &[7].into_iter().collect())
        .unwrap();
    assert_eq!(before.to_csv(), "p31,n,s\n0,30,3870\n1,30,3096\n");
    // 29 men, shown as 30: counts are rounded to five
    assert_eq!(after.to_csv(), "p31,n,s\n0,30,3870\n1,30,2989\n");
    // the event tables forget them too
    let sql = "SELECT count(*) AS n, count(DISTINCT eid) AS people FROM gp_clinical";
    assert_eq!(
        release
            .ask(Mode::Aggregate, sql, &nobody())
            .unwrap()
            .to_csv(),
        "n,people\n130,45\n"
    );
    let after = release
        .ask(Mode::Aggregate, sql, &[7].into_iter().collect())
        .unwrap();
    // 127 and 44
    assert_eq!(after.to_csv(), "n,people\n125,45\n");
}

/// A masked person is absent from the table in which they are masked, whatever the predicate.
#[test]
fn a_masked_person_is_not_found_by_anything() {
    let release = town();
    let masked: RoaringBitmap = [7].into_iter().collect();
    for sql in [
        "SELECT eid FROM main WHERE p4080 = 107",
        "SELECT eid FROM main WHERE CASE WHEN p4080 = 107 THEN 1 / (p31 - 1) = 1 ELSE false END",
        "SELECT min(eid) FROM main WHERE p53 = DATE '2006-01-08' HAVING count(*) > 0",
        "SELECT eid FROM gp_clinical WHERE event_dt = DATE '2010-01-08' AND read_2 = 'C10'",
    ] {
        assert_eq!(
            release.ask(Mode::Enclave, sql, &masked).unwrap().rows,
            0,
            "{sql}"
        );
    }
}

const AGGREGATE: &[&str] = &[
    "SELECT count(*), count(x), sum(x), avg(x), stddev(x), var_pop(x) FROM main",
    "SELECT k, count(*) AS n, avg(x) AS m, sum(y) AS s FROM main GROUP BY k",
    "SELECT t, count(DISTINCT eid) AS n, avg(x) FILTER (WHERE k > 0) AS m FROM main GROUP BY t ORDER BY n DESC LIMIT 2",
    "SELECT m.k, count(*) AS n, sum(e.v) AS s FROM main m JOIN ev e ON m.eid = e.eid GROUP BY m.k",
    "SELECT count(*) AS n, avg(f.first) AS a FROM main m LEFT JOIN (SELECT eid, min(v) AS first FROM ev GROUP BY eid) f \
     USING (eid) GROUP BY m.t",
    "SELECT k, stddev(x) AS s FROM main WHERE eid NOT IN (SELECT eid FROM ev WHERE c = 'a') GROUP BY k HAVING count(*) > 10",
    "SELECT year(d) AS y, count(*) AS n, 100.0 * count(*) FILTER (WHERE k = 1) / count(*) AS pct FROM main GROUP BY 1",
];

const ENCLAVE: &[&str] = &[
    "SELECT * FROM main",
    "SELECT eid, x FROM main WHERE x > 0 ORDER BY t LIMIT 7",
    "SELECT k, t, sum(x), avg(y), median(x), stddev(y) FROM main GROUP BY k, t",
    "SELECT m.eid, e.v, count(*) OVER (PARTITION BY m.k) AS n FROM main m LEFT JOIN ev e ON m.eid = e.eid",
    "SELECT c, count(DISTINCT eid) AS n, min(v), max(v) FROM ev GROUP BY c LIMIT 2",
    "SELECT t FROM main UNION SELECT c FROM ev",
    "SELECT eid, sum(v) AS s FROM ev GROUP BY eid HAVING count(*) > 1 ORDER BY s DESC LIMIT 5",
];

#[derive(Debug, Clone)]
struct Person {
    k: i32,
    t: u8,
    x: Option<f64>,
    y: Option<i32>,
    d: i32,
    events: Vec<(u8, f64)>,
}

fn person() -> impl Strategy<Value = Person> {
    let value =
        prop_oneof![1 => Just(None), 4 => (-1e6_f64..1e6).prop_map(Some), 1 => Just(Some(0.1))];
    let events = prop::collection::vec((0_u8..3, -10.0_f64..10.0), 0..4);
    (
        0..3,
        0_u8..3,
        value,
        prop::option::of(-100..100),
        0..3_000,
        events,
    )
        .prop_map(|(k, t, x, y, d, events)| Person {
            k,
            t,
            x,
            y,
            d,
            events,
        })
}

fn tables(people: &[Person]) -> Vec<TestTable> {
    let letter = |n: u8| ["a", "b", "c"][usize::from(n)];
    let index: Vec<u32> = (0..people.len() as u32).collect();
    let events: Vec<(u32, u8, f64)> = people
        .iter()
        .zip(&index)
        .flat_map(|(p, i)| p.events.iter().map(|(c, v)| (*i, *c, *v)))
        .collect();
    vec![
        TestTable {
            name: "main",
            people: index,
            columns: vec![
                (
                    "k",
                    Arc::new(people.iter().map(|p| Some(p.k)).collect::<Int32Array>()) as ArrayRef,
                ),
                (
                    "t",
                    Arc::new(
                        people
                            .iter()
                            .map(|p| Some(letter(p.t)))
                            .collect::<StringArray>(),
                    ),
                ),
                (
                    "x",
                    Arc::new(people.iter().map(|p| p.x).collect::<Float64Array>()),
                ),
                (
                    "y",
                    Arc::new(people.iter().map(|p| p.y).collect::<Int32Array>()),
                ),
                (
                    "d",
                    Arc::new(people.iter().map(|p| Some(p.d)).collect::<Date32Array>()),
                ),
            ],
        },
        TestTable {
            name: "ev",
            people: events.iter().map(|e| e.0).collect(),
            columns: vec![
                (
                    "c",
                    Arc::new(
                        events
                            .iter()
                            .map(|e| Some(letter(e.1)))
                            .collect::<StringArray>(),
                    ) as ArrayRef,
                ),
                (
                    "v",
                    Arc::new(events.iter().map(|e| Some(e.2)).collect::<Float64Array>()),
                ),
            ],
        },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Invariant 5, over random people, random withdrawals and every kind of question: the answer of a release from which
    /// people are masked is, byte for byte, the answer of a release that was built without them.
    #[test]
    fn invariant_5_masking_is_absence(
        people in prop::collection::vec(person(), 25..70),
        masked in prop::collection::btree_set(0_u32..70, 0..12),
        cuts in prop::collection::btree_set(1_u32..70, 0..3),
    ) {
        let masked: RoaringBitmap = masked.into_iter().collect();
        let cuts: Vec<u32> = cuts.into_iter().collect();
        let tables = tables(&people);
        let with = Release::write(&tables, &cuts, &nobody());
        let without = Release::write(&tables, &[], &masked);
        let all = AGGREGATE.iter().map(|q| (Mode::Aggregate, q)).chain(ENCLAVE.iter().map(|q| (Mode::Enclave, q)));
        for (mode, sql) in all {
            let (a, b) = (with.ask(mode, sql, &masked), without.ask(mode, sql, &nobody()));
            prop_assert_eq!(code(&a), "answered", "{}", sql);
            prop_assert_eq!(code(&b), "answered", "{}", sql);
            let (a, b) = (a.unwrap(), b.unwrap());
            prop_assert_eq!(a.to_csv(), b.to_csv(), "{}", sql);
            prop_assert_eq!(a.to_json(), b.to_json(), "{}", sql);
        }
    }
}
