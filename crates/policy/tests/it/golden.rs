//! The four cases of the demonstration, as their explanation is printed. `UPDATE_GOLDEN=1` writes the file.

use governance::{Mode, Time};
use serde_json::Value;

use crate::world::{World, between, from, gates, open_world};

const NOW: &str = "2026-11-21";

fn demonstration() -> World {
    let mut world = open_world();
    world.0.clear();
    world
        .institution("northfield", "GB")
        .institution("rheintal", "DE")
        .institution("eastbridge-labs", "GB")
        .institution("eastbridge-group", "CN")
        .owns(
            "eastbridge-group",
            "eastbridge-labs",
            Some(100),
            from("2019-01-01"),
        )
        .listed("eastbridge-group", from("2023-03-02"))
        .release("spring-2026")
        .direct("primary-care", from("2026-04-01"))
        .direct("genomic", from("2027-01-01"));
    for class in ["baseline", "primary-care", "genomic"] {
        world.approve(class, "GB", Mode::Enclave, from("2026-01-01"));
    }
    world
        .approve("baseline", "DE", Mode::Enclave, from("2026-01-01"))
        .approve(
            "primary-care",
            "DE",
            Mode::Aggregate,
            between("2026-01-01", "2027-06-30"),
        );
    for (project, lead, institution, class) in [
        ("heart", "r-heart", "northfield", "primary-care"),
        ("lungs", "r-lungs", "rheintal", "primary-care"),
        ("labs", "r-labs", "eastbridge-labs", "baseline"),
        ("genes", "r-genes", "northfield", "genomic"),
    ] {
        let place = if institution == "rheintal" {
            "DE"
        } else {
            "GB"
        };
        world
            .researcher(lead, institution, from("2020-01-01"))
            .trained(lead, between("2026-01-01", "2029-01-01"))
            .apply(
                project,
                (lead, institution),
                &[],
                &[(class, Mode::Enclave)],
                &[place],
            )
            .run(project, &[institution]);
    }
    world
}

#[test]
fn the_four_cases_are_explained_as_before() {
    let world = demonstration();
    let cases = [
        (
            "heart",
            "primary-care",
            Mode::Enclave,
            &[][..],
            "2029-01-01",
        ),
        (
            "lungs",
            "primary-care",
            Mode::Aggregate,
            &["territory-approved"][..],
            "2027-06-30",
        ),
        (
            "labs",
            "baseline",
            Mode::Deny,
            &["listed-owner"][..],
            "2029-01-01",
        ),
        (
            "genes",
            "genomic",
            Mode::Deny,
            &["direction-in-force"][..],
            "2027-01-01",
        ),
    ];
    let mut found = Vec::new();
    for (project, class, mode, failed, until) in cases {
        let access = world.ask(project, class, NOW);
        assert_eq!(
            (access.mode, gates(&access)),
            (mode, failed.to_vec()),
            "{project}"
        );
        assert_eq!(access.valid_until, until.parse::<Time>().ok(), "{project}");
        let mut json = serde_json::to_value(&access).unwrap();
        // The policies' digest changes with every comment in them; it has a test of its own.
        json["policy_sha256"] = Value::Null;
        json["plain"] = access
            .plain()
            .lines()
            .filter(|l| !l.starts_with("  policy "))
            .map(|l| Value::String(l.to_owned()))
            .collect();
        found.push(json);
    }
    let found = serde_json::to_string_pretty(&found).unwrap() + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/explain.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        expected == found,
        "explanations differ from {path}; found:\n{found}"
    );
}
