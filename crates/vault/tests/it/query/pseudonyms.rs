//! What stands for a person: the project's pseudonym, and nothing that links two projects.

use std::collections::BTreeSet;

use governance::Mode;
use privacy::pseudonym::ProjectKey;
use vault::query::QueryLimits;

use super::town::{MASTER, code, nobody, town};

fn ids(project: &str, sql: &str) -> Vec<String> {
    let answer = town()
        .ask_as(
            project,
            Mode::Enclave,
            sql,
            &nobody(),
            QueryLimits::default(),
        )
        .unwrap();
    answer
        .table()
        .into_iter()
        .map(|row| row[0].clone().unwrap())
        .collect()
}

/// "two projects' pseudonyms for the same people share nothing"
#[test]
fn two_projects_share_no_pseudonym_and_each_knows_its_own() {
    let one = ids("p1", "SELECT eid FROM main");
    let two = ids("p2", "SELECT eid FROM main");
    let distinct: BTreeSet<&String> = one.iter().chain(&two).collect();
    assert_eq!(distinct.len(), 120);
    let key = ProjectKey::derive(&MASTER, "p1");
    let people: BTreeSet<u32> = one.iter().map(|id| key.index(id).unwrap()).collect();
    assert_eq!(people, (0..60).collect());
}

/// Attack 16: the order of rows must not say who is who. Without ORDER BY rows come in the order of what they show.
#[test]
fn the_order_of_rows_does_not_follow_the_internal_index() {
    for sql in [
        "SELECT eid, p54 FROM main",
        "SELECT eid, p54 FROM main LIMIT 60",
        "SELECT eid FROM main ORDER BY p31",
    ] {
        let (one, two) = (ids("p1", sql), ids("p2", sql));
        let index = |project: &str, ids: &[String]| -> Vec<u32> {
            let key = ProjectKey::derive(&MASTER, project);
            ids.iter().map(|id| key.index(id).unwrap()).collect()
        };
        assert_ne!(index("p1", &one), (0..60).collect::<Vec<_>>(), "{sql}");
        assert_ne!(index("p1", &one), index("p2", &two), "{sql}");
    }
}

/// LIMIT without ORDER BY takes the same rows each time, and not the first by internal index.
#[test]
fn limit_is_repeatable() {
    let first = ids("p1", "SELECT eid FROM main LIMIT 10");
    assert_eq!(first, ids("p1", "SELECT eid FROM main LIMIT 10"));
    let all = ids("p1", "SELECT eid FROM main");
    assert_eq!(first, all[..10]);
}

#[test]
fn pseudonyms_join_within_a_project() {
    let release = town();
    let sql = "SELECT count(*) FROM main m JOIN gp_clinical g ON m.eid = g.eid";
    let answer = release.ask(Mode::Enclave, sql, &nobody()).unwrap();
    assert_eq!(answer.table(), vec![vec![Some("130".to_owned())]]); // 15·(0+1+2+3) + 40
    let one = ids("p1", "SELECT eid FROM main").remove(0);
    let sql = format!("SELECT eid FROM main WHERE eid = '{one}'");
    assert_eq!(release.ask(Mode::Enclave, &sql, &nobody()).unwrap().rows, 1);
}

#[test]
fn the_index_cannot_be_named() {
    let release = town();
    for sql in [
        "SELECT __person FROM main",
        "SELECT \"__person\" FROM main",
        "SELECT m.\"__person\" FROM main m",
    ] {
        for mode in [Mode::Enclave, Mode::Aggregate] {
            assert_eq!(
                code(&release.ask(mode, sql, &nobody())),
                "name-not-allowed",
                "{sql}"
            );
        }
    }
    let all = release
        .ask(Mode::Enclave, "SELECT * FROM main LIMIT 1", &nobody())
        .unwrap();
    let names: Vec<&str> = all.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        names,
        ["eid", "p31", "p34", "p54", "p4080", "p20400", "p53"]
    );
}
