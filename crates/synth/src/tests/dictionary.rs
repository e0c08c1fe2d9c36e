//! The catalogue against itself, against what is written, and against the real dictionary.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::PathBuf;

use super::*;
use crate::catalogue::{Catalogue, Kind};
use crate::disease::Medicopoeia;

#[test]
fn every_coded_value_is_in_its_coding() {
    let files = &usual().0;
    let catalogue = Catalogue::load().unwrap();
    let names = header(files, "main.csv");
    let mut checks = Vec::new();
    for (name, at) in &names {
        let Some((id, _)) = name.split_once('-') else {
            continue;
        };
        let field = catalogue
            .fields
            .iter()
            .find(|f| f.id == id.parse::<u32>().unwrap())
            .unwrap();
        let Some(values) = catalogue.codings.get(field.coding) else {
            continue;
        };
        let values: HashSet<&str> = values.iter().map(|(v, _)| *v).collect();
        // Numbers may have any value that is not negative; only their special values are coded.
        let numeric = values.iter().all(|v| v.starts_with('-'));
        checks.push((*name, *at, values, numeric));
    }
    assert!(checks.len() > 100);
    for row in rows(files, "main.csv") {
        for (name, at, values, numeric) in &checks {
            let value = row[*at];
            let fine =
                value.is_empty() || values.contains(value) || *numeric && !value.starts_with('-');
            assert!(fine, "{name}: a value outside its coding");
        }
    }
}

#[test]
fn special_values_occur() {
    let files = &usual().0;
    let mut negative = HashMap::new();
    for row in rows(files, "main.csv") {
        for cell in row.iter().filter(|c| ["-1", "-3", "-7", "-10"].contains(c)) {
            *negative.entry((*cell).to_owned()).or_insert(0) += 1;
        }
    }
    assert!(
        negative.len() == 4 && negative.values().all(|n| *n > 50),
        "{negative:?}"
    );
}

#[test]
fn every_field_has_values_and_a_rule() {
    let (files, _) = usual();
    let text = std::str::from_utf8(&files["fields.csv"]).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    assert_eq!(names.len(), 17);
    let mut count = 0;
    for record in reader.records() {
        let record = record.unwrap();
        assert_ne!(&record[4], "0", "field {} has no value at all", &record[2]);
        count += 1;
    }
    assert_eq!(count, Catalogue::load().unwrap().fields.len());
    assert!(count >= 150);
}

#[test]
fn choices_and_specials_are_in_their_codings() {
    let catalogue = Catalogue::load().unwrap();
    for f in &catalogue.fields {
        let values: HashSet<&[u8]> = catalogue
            .codings
            .get(f.coding)
            .map(|v| v.iter().map(|(value, _)| value.as_bytes()).collect())
            .unwrap_or_default();
        for (value, _) in &f.specials {
            assert!(values.contains(value), "field {}: special value", f.id);
        }
        if let Kind::Choice { bounds, .. } = &f.kind {
            for (_, value) in bounds {
                assert!(values.contains(value), "field {}: choice", f.id);
            }
            assert_eq!(bounds.last().unwrap().0, 65_536, "field {}", f.id);
        }
    }
}

fn shared(path: &str) -> Option<String> {
    let file =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(path);
    let bytes = std::fs::read(file).ok()?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    Some(text)
}

#[test]
fn the_catalogue_has_the_facts_of_the_real_dictionary() {
    let Some(text) = shared("ukb/showcase-2022-12/Data_Dictionary_Showcase.csv.gz") else {
        // Straight to standard error: the harness keeps what a passing test prints to itself.
        std::io::Write::write_all(&mut std::io::stderr(), b"skipped: the_catalogue_has_the_facts_of_the_real_dictionary: ../shared/data is absent\n").unwrap();
        return;
    };
    let real: HashMap<String, csv::StringRecord> = csv::Reader::from_reader(text.as_bytes())
        .records()
        .map(|r| r.unwrap())
        .map(|r| (r[2].to_owned(), r))
        .collect();
    let ours = &usual().0["fields.csv"];
    for record in csv::Reader::from_reader(ours.as_slice()).records() {
        let record = record.unwrap();
        let theirs = real
            .get(&record[2])
            .unwrap_or_else(|| panic!("field {} is not real", &record[2]));
        // Category, FieldID, Stability to Coding; not the title, the counts, the notes.
        for column in [1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14] {
            assert_eq!(
                record[column], theirs[column],
                "field {}, column {column}",
                &record[2]
            );
        }
        assert!(
            record[15] != theirs[15] || theirs[15].is_empty(),
            "field {}: notes copied",
            &record[2]
        );
    }
}

#[test]
fn codings_are_those_of_the_real_dictionary() {
    let Some(text) = shared("ukb/showcase-2022-12/Codings_Showcase.csv.gz") else {
        // Straight to standard error: the harness keeps what a passing test prints to itself.
        std::io::Write::write_all(
            &mut std::io::stderr(),
            b"skipped: codings_are_those_of_the_real_dictionary: ../shared/data is absent\n",
        )
        .unwrap();
        return;
    };
    let mut real: HashMap<String, HashSet<String>> = HashMap::new();
    for record in csv::Reader::from_reader(text.as_bytes()).records() {
        let record = record.unwrap();
        real.entry(record[0].to_owned())
            .or_default()
            .insert(record[1].to_owned());
    }
    let catalogue = Catalogue::load().unwrap();
    for (coding, values) in &catalogue.codings {
        let ours: HashSet<String> = values.iter().map(|(v, _)| (*v).to_owned()).collect();
        assert_eq!(ours.len(), values.len(), "coding {coding}: a value twice");
        assert!(
            ours.is_subset(&real[*coding]),
            "coding {coding}: a value that is not real"
        );
        // The long lists (cancers, medicines, illnesses, ICD-10) are cut to what occurs here.
        if !["3", "4", "6", "19"].contains(coding) {
            assert_eq!(ours, real[*coding], "coding {coding}");
        }
    }
    let m = Medicopoeia::load().unwrap();
    let written: HashSet<&str> = rows(&usual().0, "hesin_diag.csv")
        .map(|r| r[6])
        .chain(rows(&usual().0, "death_cause.csv").map(|r| r[4]))
        .collect();
    assert!(
        written.iter().all(|c| real["19"].contains(*c)),
        "an ICD-10 code that is not real"
    );
    let done: HashSet<&str> = rows(&usual().0, "hesin_oper.csv").map(|r| r[7]).collect();
    let unreal: Vec<&&str> = done.iter().filter(|c| !real["240"].contains(**c)).collect();
    assert!(unreal.is_empty(), "no OPCS-4 codes: {unreal:?}");
    assert!(m.procedures.len() > 40);
}
