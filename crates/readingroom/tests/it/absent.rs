//! Withdrawal is absence: whatever is asked afterwards, the answers are those of a release that was built without the people
//! who withdrew.
//!
//! Where something was shown before, an aggregate answer leaves out others with them, so that nobody is singled out by the
//! difference (docs/adr/0012): then it is that of a release built without them, of which they have withdrawn as well.

use std::collections::HashSet;

use crate::program::{Seeded, ok, text};
use crate::room::Room;

/// Questions in each mode.
const QUESTIONS: u64 = 12;
/// People who withdraw.
const PEOPLE: usize = 17;

fn one<'a>(seed: &mut Seeded, of: &[&'a str]) -> &'a str {
    let last = u64::try_from(of.len()).unwrap();
    of[usize::try_from(seed.below(last)).unwrap()]
}

/// A random question about people and their records.
fn question(seed: &mut Seeded) -> String {
    let group = one(seed, &["p31", "p54_i0", "p1558_i0", "p20116_i0"]);
    let number = one(seed, &["p21001_i0", "p48_i0", "p50_i0", "p34"]);
    let year = 1938 + seed.below(30);
    let code = one(seed, &["C", "G", "H", "b", "X", "6", "9"]);
    let letter = one(seed, &["I", "E", "J", "K", "M", "N"]);
    let measure = one(seed, &["avg", "sum", "stddev", "median"]);
    let side = one(seed, &["<", ">="]);
    match seed.below(6) {
        0 => format!(
            "SELECT {group} AS g, count(*) AS people, {measure}({number}) AS m FROM main WHERE p34 {side} {year} GROUP BY {group}"
        ),
        1 => format!("SELECT count(*) AS people FROM main WHERE p34 {side} {year}"),
        2 => format!(
            "SELECT m.{group} AS g, count(DISTINCT e.eid) AS people FROM gp_clinical e JOIN main m ON e.eid = m.eid \
             WHERE e.read_2 LIKE '{code}%' OR e.read_3 LIKE '{code}%' GROUP BY m.{group}"
        ),
        3 => format!(
            "SELECT count(DISTINCT eid) AS people FROM hesin_diag WHERE diag_icd10 LIKE '{letter}%'"
        ),
        4 => format!(
            "SELECT m.p31 AS sex, avg(m.{number}) AS m, count(*) AS people FROM main m \
             LEFT JOIN death d ON m.eid = d.eid WHERE d.eid IS NULL AND m.p34 {side} {year} GROUP BY m.p31"
        ),
        _ => format!(
            "SELECT count(DISTINCT s.eid) AS people FROM gp_scripts s JOIN hesin_diag h ON s.eid = h.eid \
             WHERE h.diag_icd10 LIKE '{letter}%'"
        ),
    }
}

/// A random question that only rows answer.
fn rows(seed: &mut Seeded) -> String {
    let number = one(seed, &["p21001_i0", "p48_i0", "p50_i0"]);
    let year = 1938 + seed.below(30);
    let code = one(seed, &["C", "G", "H", "X", "6", "9"]);
    match seed.below(5) {
        0 => format!("SELECT eid, p31, {number} FROM main WHERE p34 < {year}"),
        1 => format!(
            "SELECT eid, min(event_dt) AS first, count(*) AS n FROM gp_clinical WHERE read_3 LIKE '{code}%' GROUP BY eid"
        ),
        2 => "SELECT diag_icd10, count(*) AS n, min(eid) AS least FROM hesin_diag GROUP BY diag_icd10 ORDER BY n DESC, 1 LIMIT 25".to_owned(),
        3 => format!(
            "SELECT eid, {number}, rank() OVER (PARTITION BY p31 ORDER BY {number}) AS place FROM main ORDER BY place DESC, eid LIMIT 40"
        ),
        _ => question(seed),
    }
}

/// The same folder of raw data, without some people.
fn filter(raw: &std::path::Path, people: &HashSet<String>) {
    for file in crate::program::files(raw) {
        let text = std::fs::read_to_string(&file).unwrap();
        if !text.starts_with("eid,") {
            continue;
        }
        let kept = text.split_inclusive('\n').filter(|line| {
            let id = line.split(',').next().unwrap();
            !people.contains(id)
        });
        std::fs::write(&file, kept.collect::<String>()).unwrap();
    }
}

/// Some people, and the same folder without them.
fn leave(room: &Room, seed: &mut Seeded) -> Vec<String> {
    let mut everybody = room.people();
    let mut people = Vec::new();
    while people.len() < PEOPLE {
        let last = u64::try_from(everybody.len()).unwrap();
        people.push(everybody.swap_remove(usize::try_from(seed.below(last)).unwrap()));
    }
    people
}

/// Takes in a release as if these people had never been.
fn build_without(room: &Room, people: &[String]) {
    filter(&room.raw, &people.iter().cloned().collect());
    assert_eq!(room.people().len(), 400 - people.len());
    let (dir, raw) = (text(&room.dir), text(&room.raw));
    ok(&["ingest", "--release", "r2", "--dir", dir, raw]);
}

/// Asks both the same, and says how many were answered of those for rows and of those for groups.
fn compare(one: &Room, other: &Room, seed: &mut Seeded) -> [u64; 2] {
    let mut answered = [0, 0];
    for number in 0..2 * QUESTIONS {
        let (place, mode, sql) = match number % 2 {
            0 => (0, "enclave", rows(seed)),
            _ => (1, "aggregate", question(seed)),
        };
        let ours = one.bytes(mode, &sql);
        assert_eq!(ours, other.bytes(mode, &sql), "{mode}: {sql}");
        answered[place] += u64::from(ours.is_ok());
    }
    answered
}

/// Invariant 5 through the whole product: raw files, ingest, ledger, consent, comparison with earlier answers.
#[test]
fn invariant_5_after_a_withdrawal_answers_are_those_of_a_release_without_them() {
    let mut seed = Seeded(2026);
    let withdrawn = Room::new();
    // the same keys and the same internal indices, hence the same pseudonyms and the same noise
    let without = withdrawn.twin();
    let people = leave(&withdrawn, &mut seed);
    withdrawn.withdraw(&people);
    build_without(&without, &people);
    let answered = compare(&withdrawn, &without, &mut seed);
    assert_eq!(
        answered[0], QUESTIONS,
        "every question for rows is answered"
    );
    assert!(answered[1] >= QUESTIONS / 3, "{answered:?}");
}

/// Where something was shown before, others are left out together with those who withdrew: who, and what is refused, is the
/// same whether the data of those who withdrew is there or not.
#[test]
fn invariant_5_stand_ins_do_not_depend_on_the_data_of_those_who_left() {
    let mut seed = Seeded(7);
    let withdrawn = Room::new();
    let before = "SELECT p31 AS g, count(*) AS people, avg(p21001_i0) AS m FROM main GROUP BY p31";
    let shown = withdrawn.bytes("aggregate", before).unwrap();
    let people = leave(&withdrawn, &mut seed);
    withdrawn.withdraw(&people[..1]);
    let without = withdrawn.twin();
    build_without(&without, &people[..1]);
    let again = withdrawn.bytes("aggregate", before);
    assert_eq!(again, without.bytes("aggregate", before));
    let again = again.unwrap();
    assert_ne!(again, shown, "others are left out with them");
    let answered = compare(&withdrawn, &without, &mut seed);
    assert_eq!(answered[0], QUESTIONS);
}
