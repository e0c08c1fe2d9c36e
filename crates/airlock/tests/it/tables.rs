//! Files of tables and of saved objects that other programs wrote: read exactly, judged as the same table in CSV would be.

use crate::containers::fixture;
use crate::{People, expect, expect_rule, one};
use airlock::{Colour, Level};
use proptest::prelude::*;
use std::path::Path;

fn all(folder: &str) -> Vec<String> {
    let path = format!("{}/tests/fixtures/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            !Path::new(name)
                .extension()
                .is_some_and(|e| e == "py" || e == "R" || e == "sh" || e == "md")
        })
        .collect();
    names.sort();
    names
}

/// `safe-…` is green, `amber-…` amber and `red-…` red, in each folder of files by one family of programs.
#[test]
fn as_other_programs_write_them() {
    for folder in ["python", "genotypes", "r", "stata"] {
        for name in all(folder) {
            let verdict = one("x", &fixture(&format!("{folder}/{name}")));
            let expected = match name.split('-').next() {
                Some("safe") => Colour::Green,
                Some("amber") => Colour::Amber,
                _ => Colour::Red,
            };
            assert_eq!(verdict.verdict, expected, "{folder}/{name} {verdict:#?}");
        }
    }
}

/// The same table in each form: safe, with one small count, and rows of people.
#[test]
fn one_table_in_many_forms() {
    let forms = [
        ".parquet",
        "-zstd-index.parquet",
        "-gzip.parquet",
        ".feather",
        ".arrows",
        ".sqlite",
        ".npz",
    ];
    for form in forms {
        let verdict = expect(Colour::Green, "x", &fixture(&format!("tables/safe{form}")));
        assert!(verdict.confidence > 0.95, "{verdict:?}");
        let verdict = expect(Colour::Red, "x", &fixture(&format!("tables/small{form}")));
        expect_rule(&verdict, "small-count", Level::Red);
        let verdict = expect(Colour::Red, "x", &fixture(&format!("tables/rows{form}")));
        expect_rule(&verdict, "participant-id", Level::Red);
    }
}

/// Categories that no row shows, a note among the metadata, attributes of a table.
#[test]
fn what_no_row_shows_is_searched() {
    for name in [
        "categories.parquet",
        "categories.feather",
        "metadata.parquet",
        "attrs.parquet",
    ] {
        let verdict = expect(Colour::Red, "x", &fixture(&format!("tables/{name}")));
        expect_rule(&verdict, "participant-id", Level::Red);
    }
    expect(Colour::Amber, "x", &fixture("tables/deleted.sqlite"));
}

#[test]
fn arrays() {
    for name in ["rows.npy", "records.npy", "objects.npy"] {
        expect(Colour::Red, "x", &fixture(&format!("tables/{name}")));
    }
    assert_ne!(
        one("x", &fixture("tables/floats.npy")).verdict,
        Colour::Green
    );
}

/// Ids put over the end, the middle and the padding of each form are never let out.
#[test]
fn nothing_appended_is_green() {
    for folder in ["tables", "python", "genotypes", "r", "stata"] {
        for name in all(folder) {
            let mut bytes = fixture(&format!("{folder}/{name}"));
            bytes.extend(People::raw_id(9).bytes());
            let verdict = one("x", &bytes);
            assert_ne!(verdict.verdict, Colour::Green, "{name} {verdict:#?}");
        }
    }
}

#[test]
fn nothing_cut_short_is_green() {
    for folder in ["tables", "python", "genotypes", "r", "stata"] {
        for name in all(folder)
            .iter()
            .filter(|name| folder != "genotypes" || name.starts_with("red"))
        {
            if name.contains(".0.") || name.contains(".1.") {
                continue; // The beginning of an old pickle is any short text.
            }
            let bytes = fixture(&format!("{folder}/{name}"));
            for eighth in 1..8 {
                let verdict = one("x", &bytes[..bytes.len() * eighth / 8]);
                assert_ne!(
                    verdict.verdict,
                    Colour::Green,
                    "{name} {eighth} {verdict:#?}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any bytes over any place of any of these files: no panic, and no reason that repeats an id.
    #[test]
    fn no_damage_panics(which in 0_usize..1_000, at in 0_usize..100_000, with in proptest::collection::vec(any::<u8>(), 1..8)) {
        let names: Vec<String> = ["tables", "python", "genotypes", "r", "stata"]
            .into_iter()
            .flat_map(|folder| all(folder).into_iter().map(move |name| format!("{folder}/{name}")))
            .collect();
        let mut bytes = fixture(&names[which % names.len()]);
        let at = at % bytes.len();
        let end = (at + with.len()).min(bytes.len());
        bytes.splice(at..end, with);
        let _ = one("x", &bytes);
    }

    /// Any program for the pickle machine.
    #[test]
    fn no_pickle_panics(mut code in proptest::collection::vec(prop::sample::select(b"(.012FIJKLMNPQRSTUVXabcdegijlopqrstu})]\x80\x81\x82\x85\x86\x87\x88\x8a\x8b\x8c\x8d\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\n\x01\x02\x00a".to_vec()), 0..200)) {
        code.insert(0, 0x80);
        code.insert(1, 4);
        let _ = one("x", &code);
    }
}
