//! The synthetic folders of ../shared/data/ukb with the default recipe and the default limit; the real dictionaries.

use std::fs;
use std::path::Path;

use vault::catalogue::{Catalogue, FieldColumn};
use vault::ingest::IngestError;
use vault::release::{Manifest, verify_files};

use super::{World, shared};

fn world(test: &str) -> Option<World> {
    Some(World {
        catalogue: Some(shared(test, "ukb/showcase-2022-12")?),
        ..World::empty()
    })
}

/// Ingests and publishes a folder; rows in and out by table.
fn ingest_folder(world: &World, dir: &Path) -> Vec<(String, u64, u64)> {
    let ingested = world
        .ingest_from(dir, "r1")
        .unwrap_or_else(|error| match error {
            IngestError::Refused { report, .. } => panic!("{}", report.to_text()),
            IngestError::Fault(fault) => panic!("{fault}"),
        });
    let report = ingested.report.clone();
    let to = ingested.publish(&world.path("releases")).unwrap();
    let (manifest, _) = Manifest::load(&to).unwrap();
    assert_eq!(verify_files(&to, &manifest), []);
    let tables = report.tables.into_iter();
    tables
        .map(|(name, table)| (name, table.rows_in, table.rows_out))
        .collect()
}

fn counts(tables: &[(String, u64, u64)]) -> Vec<(&str, u64, u64)> {
    tables
        .iter()
        .map(|(name, rows_in, rows_out)| (name.as_str(), *rows_in, *rows_out))
        .collect()
}

#[test]
fn the_real_dictionaries_load() {
    let Some(dir) = shared("the_real_dictionaries_load", "ukb/showcase-2022-12") else {
        return;
    };
    let catalogue = Catalogue::load(&dir).unwrap();
    assert_eq!(catalogue.field_count(), 7_460);
    // The folder's notes count 87,258 codes in 461 codings; a few values are listed twice in a hierarchy.
    assert!(
        catalogue.code_count() <= 87_258 && catalogue.code_count() > 86_000,
        "{}",
        catalogue.code_count()
    );
    let name = |raw: &str| catalogue.sql_name(FieldColumn::parse(raw).unwrap());
    assert_eq!(name("31-0.0"), "p31");
    assert_eq!(name("f.4080.0.1"), "p4080_i0_a1");
    assert_eq!(name("x41270_0_12"), "p41270_a12");
    assert_eq!(name("53-2.0"), "p53_i2");
    assert!(catalogue.coding(19).unwrap().holds("E119"));
    assert_eq!(catalogue.coding(9).unwrap().integers(), Some(vec![0, 1]));
    assert_eq!(catalogue.coding(87).unwrap().integers(), None);
}

#[test]
fn every_column_of_the_widest_header_is_understood() {
    let Some(path) = shared(
        "every_column_of_the_widest_header_is_understood",
        "ukb/funpack/scripts_demo_ukbcols.csv.gz",
    ) else {
        return;
    };
    let reader = vault::ingest::reader::RowReader::open(&path, None).unwrap();
    assert_eq!(reader.header().len(), 25_198);
    assert!(
        reader.header()[1..]
            .iter()
            .all(|name| FieldColumn::parse(name).is_some())
    );
}

#[test]
fn the_small_linked_folder_is_taken() {
    let test = "the_small_linked_folder_is_taken";
    let (Some(world), Some(dir)) = (world(test), shared(test, "ukb/synthetic-linked-small")) else {
        return;
    };
    let tables = ingest_folder(&world, &dir);
    // Rows in as the folder's notes count them. hesin_oper: each of 258 rows stands twice; death_cause: two repeated rows.
    assert_eq!(
        counts(&tables),
        [
            ("death", 42, 42),
            ("death_cause", 79, 77),
            ("gp_clinical", 831, 831),
            ("gp_registrations", 227, 227),
            ("gp_scripts", 846, 846),
            ("hesin", 268, 268),
            ("hesin_diag", 270, 270),
            ("hesin_oper", 516, 258),
            ("main", 100, 100),
        ]
    );
}

#[test]
fn the_wide_main_table_is_taken() {
    let test = "the_wide_main_table_is_taken";
    let (Some(world), Some(dir)) = (world(test), shared(test, "ukb/synthetic-main")) else {
        return;
    };
    assert_eq!(counts(&ingest_folder(&world, &dir)), [("main", 100, 100)]);
}

#[test]
fn the_tiny_complete_folder_is_taken() {
    let test = "the_tiny_complete_folder_is_taken";
    let (Some(world), Some(dir)) = (world(test), shared(test, "ukb/dummy-ukbwranglr")) else {
        return;
    };
    assert_eq!(
        counts(&ingest_folder(&world, &dir)),
        [
            ("gp_clinical", 12, 12),
            ("gp_scripts", 6, 6),
            ("main", 10, 10)
        ]
    );
}

#[test]
fn the_tiny_folders_own_sample_of_codings_is_told_to_be_too_small() {
    let test = "the_tiny_folders_own_sample_of_codings_is_told_to_be_too_small";
    let Some(dir) = shared(test, "ukb/dummy-ukbwranglr") else {
        return;
    };
    // Its codings hold 7 codes of ICD-9; the main table uses more in 2 of its 10 rows.
    let mut world = World::empty();
    let Err(error) = world.ingest_from(&dir, "r1") else {
        panic!("expected a refusal");
    };
    assert!(error.to_string().contains("found 2 of 10"), "{error}");
    world.limit = 0.2;
    assert_eq!(counts(&ingest_folder(&world, &dir))[2], ("main", 10, 8));
}

#[test]
fn extracts_in_other_column_forms_are_taken() {
    let test = "extracts_in_other_column_forms_are_taken";
    let Some(funpack) = shared(test, "ukb/funpack") else {
        return;
    };
    for (file, rows) in [
        ("scripts_demo_data_01.tsv", 10),
        ("scripts_demo_data_03.tsv", 5),
        ("scripts_demo_data_12.tsv", 10),
        ("tests_example_data_data1.tsv", 10),
    ] {
        let Some(world) = world(test) else {
            return;
        };
        world.put("main.tsv", fs::read(funpack.join(file)).unwrap());
        let tables = ingest_folder(&world, &world.path("raw"));
        assert_eq!(counts(&tables), [("main", rows, rows)], "{file}");
    }
}

#[test]
fn the_simulated_extract_has_more_bad_rows_than_the_default_limit() {
    let test = "the_simulated_extract_has_more_bad_rows_than_the_default_limit";
    let (Some(mut world), Some(dir)) = (world(test), shared(test, "ukb/extract-ukbtools")) else {
        return;
    };
    // 10 of 100 rows name an assessment centre (field 54) that coding 10 does not have.
    assert!(world.ingest_from(&dir, "r1").is_err());
    world.limit = 0.1;
    assert_eq!(counts(&ingest_folder(&world, &dir)), [("main", 100, 90)]);
}
