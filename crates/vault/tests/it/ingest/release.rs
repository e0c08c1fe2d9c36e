//! What a sealed release holds, and what it must not.

use std::collections::HashMap;
use std::fs;

use vault::ingest::clean_staging;
use vault::release::{Finding, Manifest, verify_files};

use super::World;

const GP: &str = "eid,data_provider,event_dt,read_2,read_3,value1,value2,value3\n";

fn with_events() -> World {
    let world = World::small();
    world.put(
        "gp_clinical.txt",
        format!(
            "{GP}fake3,1,03/02/2001,C10..,,,,\n01000012,2,2005-01-01,,X40J4,7.5,,%\n1000012,2,2001-01-01,G20..,,,,\n1000012,2,07/07/2037,H33..,,,,\n"
        )
        .replace(',', "\t"),
    );
    world.put("notes.docx", "not data");
    world.put("diary.csv", "eid,text\n1,x\n");
    world
}

#[test]
fn a_folder_becomes_a_release_in_participant_order() {
    let world = with_events();
    let ingested = world.sealed();
    let people: Vec<_> = ingested.new_participants.clone();
    assert_eq!(
        people,
        [
            ("1000012".to_owned(), 0),
            ("1000025".to_owned(), 1),
            ("fake3".to_owned(), 2)
        ]
    );
    let report = ingested.report.clone();
    assert_eq!(report.files_left_out, ["diary.csv", "notes.docx"]);
    assert_eq!(report.tables["gp_clinical"].special_dates, 1);
    let digest = ingested.manifest_sha256.clone();
    let dir = ingested.publish(&world.path("releases")).unwrap();
    let (manifest, found) = Manifest::load(&dir).unwrap();
    assert_eq!(found, digest);
    assert_eq!(verify_files(&dir, &manifest), []);
    let names: Vec<_> = manifest.tables["main"]
        .columns
        .iter()
        .map(|c| (c.name.as_str(), c.class.as_str(), c.kind.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("p31", "baseline", "int64"),
            ("p34", "baseline", "int64"),
            ("p53_i0", "baseline", "date"),
            ("p4080_i0_a0", "baseline", "int64"),
            ("p4080_i0_a1", "baseline", "int64"),
            ("p845_i0", "baseline", "int64"),
            ("p21001_i0", "baseline", "float64"),
            ("p22001", "genomic", "int64"),
        ]
    );
    let title = &manifest.tables["main"].columns[4].title;
    assert_eq!(
        title,
        "Systolic blood pressure, automated reading (mmHg), instance 0, item 1"
    );
    let row = |person, cells: &[&str]| {
        (
            person,
            cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        world.rows("r1", "main"),
        [
            row(
                0,
                &["1", "1950", "2007-03-01", "140", "138", "16", "27.5", "1"]
            ),
            row(
                1,
                &["0", "1943", "2008-05-02", "120", "-", "-3", "22.25", "0"]
            ),
            row(2, &["0", "1960", "2009-10-31", "-", "-", "21", "-", "-"]),
        ]
    );
    // Sorted by person and date; the placeholder date is missing and sorts first.
    assert_eq!(
        world.rows("r1", "gp_clinical"),
        [
            row(0, &["2", "-", "H33..", "-", "-", "-", "-"]),
            row(0, &["2", "2001-01-01", "G20..", "-", "-", "-", "-"]),
            row(0, &["2", "2005-01-01", "-", "X40J4", "7.5", "-", "%"]),
            row(2, &["1", "2001-02-03", "C10..", "-", "-", "-", "-"]),
        ]
    );
}

#[test]
fn no_identifier_reaches_a_release_or_a_report() {
    let world = World::small();
    let header = "eid,nhs_number,surname,forename,address_1,address_2,town,postcode,date_of_birth,sex,phone,email\n";
    let secrets = [
        "9434765919",
        "Featherstone",
        "Ottilie",
        "17 Kestrel Way",
        "Little Hampden",
        "ZZ99 3VZ",
        "1950-07-19",
        "o.f@example.org",
    ];
    world.put(
        "identity.csv",
        format!("{header}1000012,9434765919,Featherstone,Ottilie,17 Kestrel Way,,Little Hampden,ZZ99 3VZ,1950-07-19,F,01632960001,o.f@example.org\n5550001,9434765919,Featherstone,Ottilie,17 Kestrel Way,,Little Hampden,ZZ99 3VZ,1950-07-19,F,01632960001,o.f@example.org\n"),
    );
    world.put("main.csv", "eid,31-0.0,33-0.0,132-0.0\n1000012,1,1950-07-19,Featherstone\nnot an id,1,1950-07-19,Featherstone\n");
    let world = World {
        limit: 1.0,
        ..world
    };
    let ingested = world.sealed();
    // Somebody of the identity file without a main row is a participant too.
    assert_eq!(ingested.new_participants.len(), 2);
    let removed = &ingested.report.identifiers_removed;
    assert!(
        removed.contains(&"identity.nhs_number".to_owned()),
        "{removed:?}"
    );
    ingested.publish(&world.path("releases")).unwrap();
    for path in world.left() {
        let bytes = fs::read(world.path(&path)).unwrap();
        for secret in secrets.iter().chain(&["1000012", "5550001", "not an id"]) {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {path}");
        }
    }
    assert!(!world.path("releases/r1/identity").exists());
}

#[test]
fn the_same_input_gives_the_same_manifest() {
    let digest = |release: &str| {
        let world = with_events();
        let ingested = world.ingest_as(release).unwrap();
        ingested.manifest_sha256.clone()
    };
    assert_eq!(digest("r1"), digest("r1"));
    assert_ne!(digest("r1"), digest("r2"));
}

#[test]
fn only_a_published_release_leaves_a_trace() {
    let world = with_events();
    drop(world.sealed());
    assert_eq!(world.left(), ["reports/r1.json", "reports/r1.txt"]);
    // Killed: what a process that cannot clean up leaves behind.
    fs::create_dir_all(world.path("staging/r1.partial/main/baseline")).unwrap();
    fs::write(
        world.path("staging/r1.partial/main/baseline/part-000.parquet"),
        "half",
    )
    .unwrap();
    assert_eq!(
        clean_staging(&world.path("staging")).unwrap(),
        ["r1.partial"]
    );
    assert_eq!(world.left(), ["reports/r1.json", "reports/r1.txt"]);
    assert_eq!(
        clean_staging(&world.path("nowhere")).unwrap(),
        Vec::<String>::new()
    );
    // A leftover does not disturb the next ingest either.
    fs::create_dir_all(world.path("staging/r1.partial/main/baseline")).unwrap();
    fs::write(
        world.path("staging/r1.partial/main/baseline/part-000.parquet"),
        "half",
    )
    .unwrap();
    world.sealed().publish(&world.path("releases")).unwrap();
    let report = fs::read(world.path("reports/r1.json")).unwrap();
    // A sealed release is never replaced, and its report stays.
    assert_eq!(world.refused().refusals[0].code, "release-exists");
    assert_eq!(fs::read(world.path("reports/r1.json")).unwrap(), report);
    assert!(!world.left().iter().any(|path| path.starts_with("staging")));
}

#[test]
fn participants_keep_their_index_from_release_to_release() {
    let mut world = with_events();
    world.people = HashMap::from([("1000025".to_owned(), 0), ("4444".to_owned(), 1)]);
    let ingested = world.sealed();
    assert_eq!(
        ingested.new_participants,
        [("1000012".to_owned(), 2), ("fake3".to_owned(), 3)]
    );
    assert_eq!(ingested.manifest.participants, 4);
    assert_eq!(ingested.report.participants, 3);
    ingested.publish(&world.path("releases")).unwrap();
    let persons: Vec<u32> = world
        .rows("r1", "main")
        .iter()
        .map(|(person, _)| *person)
        .collect();
    assert_eq!(persons, [0, 2, 3]);
    // Somebody of an earlier release who is not in this one is unknown here.
    world.put("gp_clinical.txt", format!("{GP}4444,1,2001-01-01,,,,,\n"));
    world.limit = 1.0;
    let ingested = world.ingest_as("r2").unwrap();
    assert_eq!(ingested.report.tables["gp_clinical"].rows_out, 0);
}

#[test]
fn a_shift_moves_all_dates_of_a_person_alike() {
    let mut world = with_events();
    world.key = Some([7; 32]);
    world.recipe = world
        .recipe
        .replace(
            "\"Date\" = \"keep\"",
            "\"Date\" = { shift = { max_days = 1000 } }",
        )
        .replace(
            "event_dt = { type = \"date\", rule = \"keep\"",
            "event_dt = { type = \"date\", rule = { shift = { max_days = 1000 } }",
        );
    world.sealed().publish(&world.path("releases")).unwrap();
    let day = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
    let visit = |person: usize| day(&world.rows("r1", "main")[person].1[2]);
    let events = world.rows("r1", "gp_clinical");
    // Before: visit 2007-03-01 and events 2001-01-01 and 2005-01-01 of person 0; 2009-10-31 and 2001-02-03 of person 2.
    let since = |a: jiff::civil::Date, b: jiff::civil::Date| a.until(b).unwrap().get_days();
    assert_eq!(
        since(day(&events[1].1[1]), day(&events[2].1[1])),
        since(day("2001-01-01"), day("2005-01-01"))
    );
    assert_eq!(
        since(day(&events[1].1[1]), visit(0)),
        since(day("2001-01-01"), day("2007-03-01"))
    );
    assert_eq!(
        since(day(&events[3].1[1]), visit(2)),
        since(day("2001-02-03"), day("2009-10-31"))
    );
    let moved = since(visit(0), day("2007-03-01"));
    assert!((1..=1000).contains(&moved));
    assert_ne!(moved, since(visit(2), day("2009-10-31")));
}

#[test]
fn rules_of_a_recipe_do_what_they_say() {
    let mut world = World::small();
    world.recipe = world.recipe.replace(
        "[[tables.main.fields]]\nfields = \"22011\"",
        "[[tables.main.fields]]\nfields = \"34\"\nrule = { generalise = { step = 5 } }\nwhy = \"test\"\n\n\
         [[tables.main.fields]]\nfields = \"4080\"\nrule = { band = { edges = [130, 140] } }\nwhy = \"test\"\n\n\
         [[tables.main.fields]]\nfields = \"53\"\nrule = { truncate = \"month\" }\nwhy = \"test\"\n\n\
         [[tables.main.fields]]\nfields = \"21001\"\nrule = { generalise = { decimals = 1 } }\nwhy = \"test\"\n\n\
         [[tables.main.fields]]\nfields = \"22011\"",
    );
    world.sealed().publish(&world.path("releases")).unwrap();
    let rows = world.rows("r1", "main");
    assert_eq!(
        rows[0].1[..7],
        ["1", "1950", "2007-03-01", ">=140", "130-<140", "16", "27.5"]
    );
    assert_eq!(
        rows[1].1[..7],
        ["0", "1940", "2008-05-01", "<130", "-", "-3", "22.3"]
    );
    let mut world = World::small();
    world.recipe = world.recipe.replace(
        "\"Continuous\" = \"keep\"",
        "\"Continuous\" = { truncate = \"year\" }",
    );
    assert_eq!(world.refused().refusals[0].code, "recipe-invalid");
}

#[test]
fn the_report_counts_groups_missing_values_and_ranges() {
    let world = World::small();
    let mut main = "eid,31-0.0,34-0.0,21001-0.0\n".to_owned();
    // By hand: 20 women born 1950 to 1969, one each year, and 12 men born 1950.
    for i in 0..20 {
        main.push_str(&format!("{},0,{},{}\n", 100 + i, 1950 + i, 20 + i));
    }
    for i in 0..12 {
        main.push_str(&format!("{},1,1950,\n", 200 + i));
    }
    world.put("main.csv", main);
    let report = world.sealed().report;
    let k = report.k_anonymity.clone().unwrap();
    assert_eq!(k.quasi_identifiers, ["p34", "p31"]);
    assert_eq!(
        (k.summary.people, k.summary.groups, k.summary.smallest),
        (32, 21, 1)
    );
    assert_eq!((k.summary.below[0].k, k.summary.below[0].people), (5, 20));
    assert_eq!((k.summary.below[1].k, k.summary.below[1].people), (10, 20));
    let columns = &report.tables["main"].columns;
    assert_eq!(columns[2].missing, 12);
    // The 10th lowest of 20 to 39 is 29, the 10th highest 30.
    assert_eq!(columns[2].range, Some(("29".to_owned(), "30".to_owned())));
    let text = report.to_text();
    assert!(text.contains("the smallest has 1"), "{text}");
}

#[test]
fn verify_finds_any_changed_missing_or_added_file() {
    let world = with_events();
    let dir = world.sealed().publish(&world.path("releases")).unwrap();
    let (manifest, _) = Manifest::load(&dir).unwrap();
    let file = dir.join("main/genomic/part-000.parquet");
    let bytes = fs::read(&file).unwrap();
    for at in [0, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        fs::write(&file, changed).unwrap();
        assert!(matches!(
            verify_files(&dir, &manifest)[..],
            [Finding::Digest { .. }]
        ));
    }
    fs::write(&file, &bytes[1..]).unwrap();
    assert!(matches!(
        verify_files(&dir, &manifest)[..],
        [Finding::Size { .. }]
    ));
    fs::remove_file(&file).unwrap();
    assert!(matches!(
        verify_files(&dir, &manifest)[..],
        [Finding::Missing { .. }]
    ));
    fs::write(&file, &bytes).unwrap();
    fs::write(dir.join("main/extra"), "x").unwrap();
    assert_eq!(
        verify_files(&dir, &manifest),
        [Finding::Stray {
            path: "main/extra".to_owned()
        }]
    );
    let mut outside = manifest.clone();
    let main = std::sync::Arc::make_mut(outside.tables.get_mut("main").unwrap());
    main.families[0].files[0].path = "../../raw/main.csv".to_owned();
    assert!(
        verify_files(&dir, &outside)
            .iter()
            .any(|f| matches!(f, Finding::Outside { .. }))
    );
}
