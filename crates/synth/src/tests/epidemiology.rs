//! Do diseases, measurements, medicines, stays and deaths go together as they should?

use std::collections::{HashMap, HashSet};

use super::*;
use crate::disease::Medicopoeia;

/// First GP date of each disease (by key) for each participant.
fn onsets(files: &Bytes) -> HashMap<(String, &'static str), String> {
    let m = Medicopoeia::load().unwrap();
    let mut by_code = HashMap::new();
    for d in &m.diseases {
        by_code.insert(std::str::from_utf8(d.read2).unwrap(), d.key);
        by_code.insert(std::str::from_utf8(d.ctv3).unwrap(), d.key);
    }
    let mut first: HashMap<(String, &'static str), String> = HashMap::new();
    for row in rows(files, "gp_clinical.csv") {
        let key = by_code.get(row[3]).or_else(|| by_code.get(row[4]));
        if let (Some(key), Some(at)) = (key, when(row[2])) {
            let slot = first
                .entry((row[0].to_owned(), *key))
                .or_insert_with(|| at.clone());
            if at < *slot {
                *slot = at;
            }
        }
    }
    first
}

/// People of main with the cells asked for.
fn people(files: &Bytes, columns: &[&str]) -> Vec<Vec<String>> {
    let names = header(files, "main.csv");
    rows(files, "main.csv")
        .map(|r| columns.iter().map(|c| r[names[c]].to_owned()).collect())
        .collect()
}

fn share(all: impl Iterator<Item = bool>) -> f64 {
    let (mut yes, mut count) = (0.0, 0.0);
    for is in all {
        yes += f64::from(u8::from(is));
        count += 1.0;
    }
    yes / f64::max(count, 1.0)
}

fn mean(values: impl Iterator<Item = String>) -> f64 {
    let values: Vec<f64> = values.filter_map(|v| v.parse().ok()).collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn diabetes_rises_with_age_and_with_weight() {
    let p = people(&usual().0, &["21022-0.0", "2443-0.0", "21001-0.0"]);
    let aged = |from: i32, to: i32| {
        share(
            p.iter()
                .filter(|r| (from..to).contains(&r[0].parse().unwrap()))
                .map(|r| r[1] == "1"),
        )
    };
    assert!(aged(40, 50) < aged(50, 60) && aged(50, 60) < aged(60, 70));
    let heavy = |f: fn(f64) -> bool| {
        share(
            p.iter()
                .filter(|r| r[2].parse().is_ok_and(f))
                .map(|r| r[1] == "1"),
        )
    };
    assert!(heavy(|b| b > 31.0) > 1.5 * heavy(|b| b < 26.0));
    let all = share(p.iter().map(|r| r[1] == "1"));
    assert!((0.03..0.10).contains(&all), "{all}");
}

#[test]
fn men_have_more_heart_disease_and_women_more_thyroid_disease() {
    let files = &usual().0;
    let first = onsets(files);
    let p = people(files, &["eid", "31-0.0"]);
    let rate = |sex: &str, key: &'static str| {
        share(
            p.iter()
                .filter(|r| r[1] == sex)
                .map(|r| first.contains_key(&(r[0].clone(), key))),
        )
    };
    assert!(rate("1", "ihd") > 1.4 * rate("0", "ihd"));
    assert!(rate("0", "hypothyroid") > 2.0 * rate("1", "hypothyroid"));
    assert_eq!(
        rate("1", "breastca") + rate("0", "prostateca") + rate("1", "ovaryca"),
        0.0
    );
}

#[test]
fn smoke_brings_lung_disease() {
    let files = &usual().0;
    let first = onsets(files);
    let p = people(files, &["eid", "20116-0.0"]);
    let rate = |smoking: &str| {
        share(
            p.iter()
                .filter(|r| r[1] == smoking)
                .map(|r| first.contains_key(&(r[0].clone(), "copd"))),
        )
    };
    assert!(rate("2") > 2.0 * rate("0"), "{} {}", rate("2"), rate("0"));
}

#[test]
fn measurements_follow_diagnoses() {
    let p = people(
        &usual().0,
        &[
            "2443-0.0",
            "30750-0.0",
            "6150-0.0",
            "4080-0.0",
            "31-0.0",
            "30850-0.0",
        ],
    );
    let pick = |at: usize, is: &'static str, want: usize| {
        mean(
            p.iter()
                .filter(move |r| r[at] == is)
                .map(move |r| r[want].clone()),
        )
    };
    assert!(pick(0, "1", 1) > pick(0, "0", 1) + 8.0, "HbA1c");
    assert!(
        pick(2, "4", 3) > pick(2, "-7", 3) + 4.0,
        "systolic pressure"
    );
    assert!(pick(4, "1", 5) > 8.0 * pick(4, "0", 5), "testosterone");
}

#[test]
fn no_medicine_comes_before_the_disease_it_treats() {
    let files = &usual().0;
    let first = onsets(files);
    let m = Medicopoeia::load().unwrap();
    let mut treats: HashMap<&str, Vec<Option<&'static str>>> = HashMap::new();
    for medicine in &m.medicines {
        let key = medicine.treats.map(|d| m.diseases[d].key);
        treats
            .entry(std::str::from_utf8(medicine.name).unwrap())
            .or_default()
            .push(key);
    }
    let mut checked = 0;
    for row in rows(files, "gp_scripts.csv") {
        let (Some(keys), Some(at)) = (treats.get(row[6]), when(row[2])) else {
            continue;
        };
        if keys.contains(&None) {
            continue;
        }
        let before = |key: &Option<&'static str>| {
            key.and_then(|k| first.get(&(row[0].to_owned(), k)))
                .is_some_and(|onset| *onset <= at)
        };
        // A diagnosis whose own row got a special date is not in `first`: allow those few.
        let undated = keys
            .iter()
            .flatten()
            .all(|k| !first.contains_key(&(row[0].to_owned(), *k)));
        assert!(undated || keys.iter().any(before), "{} at {at}", row[6]);
        checked += usize::from(!undated);
    }
    assert!(checked > 100_000, "{checked}");
}

#[test]
fn nothing_happens_after_death_or_before_birth() {
    let files = &usual().0;
    let died: HashMap<_, _> = rows(files, "death.csv")
        .map(|r| (r[0], r[4].to_owned()))
        .collect();
    let born: HashMap<_, _> = rows(files, "identity.csv")
        .map(|r| (r[0], r[8].to_owned()))
        .collect();
    assert!((120..600).contains(&died.len()), "{}", died.len());
    let dated = [
        ("gp_clinical.csv", 2),
        ("gp_scripts.csv", 2),
        ("gp_registrations.csv", 2),
        ("gp_registrations.csv", 3),
        ("hesin.csv", 4),
        ("hesin.csv", 5),
        ("hesin_oper.csv", 4),
    ];
    for (name, column) in dated {
        for row in rows(files, name) {
            let Some(at) = when(row[column]) else {
                continue;
            };
            assert!(at >= born[row[0]], "{name}: before birth");
            assert!(
                died.get(row[0]).is_none_or(|d| at <= *d),
                "{name}: after death"
            );
        }
    }
    let mut caused: HashSet<&str> = HashSet::new();
    for row in rows(files, "death_cause.csv") {
        assert!(died.contains_key(row[0]));
        if row[3] == "1" {
            assert!(caused.insert(row[0]), "two underlying causes");
        }
    }
    assert_eq!(caused.len(), died.len());
}

#[test]
fn the_main_table_and_the_linked_tables_agree() {
    let files = &usual().0;
    let died: HashMap<_, _> = rows(files, "death.csv").map(|r| (r[0], r[4])).collect();
    let names = header(files, "main.csv");
    for row in rows(files, "main.csv") {
        assert_eq!(
            died.get(row[0]).copied().unwrap_or(""),
            row[names["40000-0.0"]]
        );
    }
    let born: HashMap<_, _> = rows(files, "identity.csv").map(|r| (r[0], r[8])).collect();
    for row in rows(files, "main.csv") {
        assert_eq!(born[row[0]].get(..4), Some(row[names["34-0.0"]]));
        let age: i32 = row[names["21022-0.0"]].parse().unwrap();
        assert!((40..70).contains(&age), "{age}");
    }
    let stays: HashSet<_> = rows(files, "hesin.csv").map(|r| (r[0], r[1])).collect();
    assert_eq!(
        stays.len() as u64,
        usual().1.file("hesin.csv").unwrap().rows
    );
    for name in ["hesin_diag.csv", "hesin_oper.csv"] {
        assert!(
            rows(files, name).all(|r| stays.contains(&(r[0], r[1]))),
            "{name}"
        );
    }
}

/// Showcase, record tables, May 2026: 118 million GP events, 56 million prescriptions, 18 million
/// hospital diagnoses for 500,000 participants.
#[test]
fn sizes_are_those_of_the_real_tables() {
    let written = &usual().1;
    let each = |name: &str| written.file(name).unwrap().rows as f64 / 4_000.0;
    for (name, expected) in [
        ("gp_clinical.csv", 236.0),
        ("gp_scripts.csv", 112.0),
        ("hesin_diag.csv", 36.7),
        ("hesin.csv", 8.7),
        ("hesin_oper.csv", 18.0),
    ] {
        let found = each(name);
        assert!(
            (found / expected - 1.0).abs() < 0.2,
            "{name}: {found} for {expected}"
        );
    }
}

#[test]
fn missingness_is_like_a_real_visit() {
    let files = &usual().0;
    let names = header(files, "main.csv");
    let first: Vec<usize> = names
        .iter()
        .filter(|(n, _)| n.ends_with("-0.0"))
        .map(|(_, i)| *i)
        .collect();
    let empty = share(rows(files, "main.csv").flat_map(|r| {
        first
            .iter()
            .map(move |i| r[*i].is_empty())
            .collect::<Vec<_>>()
    }));
    assert!((0.12..0.24).contains(&empty), "{empty}");
    for row in rows(files, "main.csv") {
        for (visit, day) in [("1", "53-1.0"), ("2", "53-2.0"), ("3", "53-3.0")] {
            if row[names[day]].is_empty() {
                let of_visit = names
                    .iter()
                    .filter(|(n, _)| n.contains(&format!("-{visit}.")));
                assert!(of_visit.into_iter().all(|(_, i)| row[*i].is_empty()));
            }
        }
    }
}
