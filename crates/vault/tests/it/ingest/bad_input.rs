//! Every kind of bad input: the exact place, what was expected, what was found, and never the value.

use std::io::Write;

use vault::ingest::Reason;

use super::World;

const GP: &str = "eid,data_provider,event_dt,read_2,read_3,value1,value2,value3\n";

/// The problems of a table after ingest with a limit that lets everything pass.
fn problems(world: &World, table: &str) -> Vec<String> {
    let ingested = world
        .ingest_as("r1")
        .unwrap_or_else(|error| panic!("{error}"));
    let table = &ingested.report.tables[table];
    assert_eq!(
        table.rows_in - table.rows_out,
        table.refused_total() + table.repeated
    );
    table.problems.iter().map(ToString::to_string).collect()
}

fn lenient() -> World {
    World {
        limit: 1.0,
        ..World::small()
    }
}

/// A main table with one row more, which is bad.
fn main_with(row: &[u8]) -> Vec<String> {
    let mut world = lenient();
    world.recipe = world.recipe.replace(
        "uncoded_negatives = \"warn\"",
        "uncoded_negatives = \"quarantine\"",
    );
    let mut bytes = super::MAIN.as_bytes().to_vec();
    bytes.extend_from_slice(row);
    world.put("main.csv", bytes);
    problems(&world, "main")
}

#[test]
fn bad_cells_of_the_main_table_are_told_by_place_and_shape() {
    let cases: [(&[u8], &str); 12] = [
        (b"7,1,1950\n", "main.csv:5: expected 9 columns, found 3"),
        (
            b"7,1,1950,2007-03-01,1,1,1,1,1,1\n",
            "main.csv:5: expected 9 columns, found 10",
        ),
        (
            b"7,1,1950,31/02/2007,140,138,16,27.5,1\n",
            "main.csv:5:4 (53-0.0): expected a date (YYYY-MM-DD or DD/MM/YYYY, 1880 to 2099), found 10 characters (digits, punctuation)",
        ),
        (
            b"7,3,1950,2007-03-01,140,138,16,27.5,1\n",
            "main.csv:5:2 (31-0.0): expected a code of the column's coding, found 1 character (digits)",
        ),
        (
            b"7,1,195o,2007-03-01,140,138,16,27.5,1\n",
            "main.csv:5:3 (34-0.0): expected a whole number, found 4 characters (digits, letters)",
        ),
        (
            b"7,1,1950,2007-03-01,140,138,-7,27.5,1\n",
            "main.csv:5:7 (845-0.0): expected a code of the column's coding, found 2 characters (digits, punctuation)",
        ),
        (
            b"7,1,1950,2007-03-01,140,138,16,inf,1\n",
            "main.csv:5:8 (21001-0.0): expected a number, found 3 characters (letters)",
        ),
        (
            b"01000012,1,1950,2007-03-01,140,138,16,27.5,1\n",
            "main.csv:5:1 (eid): expected an id that no earlier row has, found one that an earlier row has",
        ),
        (
            b"-1,1,1950,2007-03-01,140,138,16,27.5,1\n",
            "main.csv:5:1 (eid): expected a participant's id, found 2 characters (digits, punctuation)",
        ),
        (
            b"7,1,1950,2007-03-01,140,13\xff8,16,27.5,1\n",
            "main.csv:5:6 (4080-0.1): expected text in UTF-8, found byte 3 that is not",
        ),
        (
            b"7,1,19\x0050,2007-03-01,140,138,16,27.5,1\n",
            "main.csv:5:3 (34-0.0): expected text in UTF-8, found a NUL byte",
        ),
        (
            b"eid,31-0.0,34-0.0,53-0.0,4080-0.0,4080-0.1,845-0.0,21001-0.0,22001-0.0\n",
            "main.csv:5:1 (eid): expected a row, found the header again",
        ),
    ];
    for (row, expected) in cases {
        assert_eq!(
            main_with(row),
            [expected],
            "{}",
            String::from_utf8_lossy(row)
        );
    }
}

#[test]
fn a_cell_split_by_broken_utf8_on_both_sides_is_still_found() {
    // C3 at the end of one cell and A9 at the beginning of the next make a valid letter when joined.
    let found = main_with(b"7,1,1950,2007-03-01,1\xc3,\xa91,16,27.5,1\n");
    assert_eq!(
        found,
        ["main.csv:5:5 (4080-0.0): expected text in UTF-8, found byte 2 that is not"]
    );
}

#[test]
fn linked_rows_need_a_participant_a_date_and_a_known_code() {
    let world = lenient();
    world.put("gp_clinical.csv", format!("{GP}1000012,1,2001-02-03,C10..,,,,\r\n\r\n999,1,2001-02-03,C10..,,,,\n1000025,x,2001-02-03,,,,,\nfake3,1,03.02.2001,,,,,\n"));
    assert_eq!(
        problems(&world, "gp_clinical"),
        [
            "gp_clinical.csv:4:1 (eid): expected the id of a participant in the main or identity table, found 3 characters (digits)",
            "gp_clinical.csv:5:2 (data_provider): expected a whole number of 32 bits, found 1 character (letters)",
            "gp_clinical.csv:6:3 (event_dt): expected a date (YYYY-MM-DD or DD/MM/YYYY, 1880 to 2099), found 10 characters (digits, punctuation)",
        ]
    );
    let world = lenient();
    world.put(
        "death_cause.csv",
        "eid,ins_index,arr_index,level,cause_icd10\n1000012,0,0,1,Q999\n1000012,0,1,2,I10\n",
    );
    assert_eq!(
        problems(&world, "death_cause"),
        [
            "death_cause.csv:2:5 (cause_icd10): expected a code of the column's coding, found 4 characters (digits, letters)"
        ]
    );
}

#[test]
fn repeated_keys_are_told_by_line_and_the_same_row_is_kept_once() {
    let world = lenient();
    let death = "eid,ins_index,dsource,source,date_of_death\n\
        1000012,0,E/W,2,2015-01-01\n1000012,0,E/W,2,2015-01-01\n1000012,0,E/W,2,2016-01-01\n1000012,1,E/W,2,2016-01-01\n";
    world.put("death.csv", death);
    let ingested = world.sealed();
    let table = &ingested.report.tables["death"];
    assert_eq!((table.rows_in, table.rows_out, table.repeated), (4, 2, 1));
    assert_eq!(table.refused[&Reason::DuplicateKey], 1);
    assert_eq!(
        table.problems[0].to_string(),
        "death.csv:4: expected a participant and ins_index that no other row has, found those of another row with other values"
    );
    // In hospital tables a conflict is counted and nothing is taken away.
    let world = lenient();
    world.put("hesin.csv", "eid,ins_index,epistart,epiend\n1000012,0,01/02/2010,01/01/2010\n1000012,0,01/02/2011,02/02/2011\n1000012,0,01/02/2011,02/02/2011\n");
    let ingested = world.sealed();
    let table = &ingested.report.tables["hesin"];
    assert_eq!(
        (table.rows_out, table.repeated, table.key_conflicts),
        (2, 1, 1)
    );
    assert_eq!(table.out_of_order["epistart > epiend"], 1);
}

#[test]
fn headers_are_judged_before_any_row() {
    let cases = [
        (
            "main.csv",
            "31-0.0,34-0.0\n1,1950\n",
            "header-missing-column",
            "main.csv:1: expected a column eid or f.eid (table main)",
        ),
        (
            "main.csv",
            "eid,31-0.0,31-0.0\n1,1,1\n",
            "header-duplicate-column",
            "main.csv:1:3 (31-0.0)",
        ),
        (
            "main.csv",
            "eid,31-0.0,f.31.0.0\n1,1,1\n",
            "header-duplicate-column",
            "main.csv:1:3 (31-0.0 and f.31.0.0)",
        ),
        (
            "main.csv",
            "eid,31-0.0,\n1,1,1\n",
            "header-bad-name",
            "main.csv:1:3",
        ),
        (
            "main.csv",
            "eid,31-0.0,smoker\n1,1,1\n",
            "column-without-rule",
            "main.csv:1:3 (smoker)",
        ),
        (
            "gp_clinical.csv",
            "eid,data_provider\n1,1\n",
            "header-missing-column",
            "gp_clinical.csv:1: expected a column event_dt",
        ),
        (
            "gp_clinical.csv",
            "eid,event_dt,practice\n1,2001-01-01,9\n",
            "column-without-rule",
            "gp_clinical.csv:1:3 (practice)",
        ),
        ("main.csv", "", "header-unreadable", "an empty file"),
    ];
    for (file, text, code, place) in cases {
        let world = World::small();
        world.put(file, text);
        let report = world.refused();
        let refusal = &report.refusals[0];
        assert_eq!(
            (report.refusals.len(), refusal.code.as_ref()),
            (1, code),
            "{text} {:?}",
            report.refusals
        );
        assert!(refusal.reason.contains(place), "{refusal}");
    }
    let world = World::small();
    world.put("gp_clinical.csv", "eid,event_dt,practice\n1,2001-01-01,9\n");
    let fix = &world.refused().refusals[0].fix;
    assert!(
        fix.contains("[tables.gp_clinical.columns] the line practice = { rule = \"drop\" }"),
        "{fix}"
    );
}

#[test]
fn a_file_without_header_does_not_put_its_first_row_into_the_report() {
    let world = World::small();
    world.put("gp_clinical.csv", "1000012,3,1999-12-31,SECRETCODE,,,,\n");
    let report = world.refused();
    assert!(!report.to_json().contains("SECRETCODE"));
    assert!(!report.to_text().contains("1000012"));
}

#[test]
fn fields_that_the_catalogue_does_not_list_are_dropped_and_named_or_refused() {
    let world = World::small();
    world.put("main.csv", "eid,31-0.0,99999-0.0\n1,1,1\n");
    let ingested = world.sealed();
    let dropped = &ingested.report.tables["main"].dropped;
    assert_eq!(
        dropped["fields that the catalogue does not list"],
        ["99999-0.0"]
    );
    let mut world = World::small();
    world.put("main.csv", "eid,31-0.0,99999-0.0\n1,1,1\n");
    world.recipe = world.recipe.replace("unlisted_fields = \"drop\"\n", "");
    let report = world.refused();
    assert_eq!(report.refusals[0].code, "field-unlisted");
    assert!(
        report.refusals[0]
            .fix
            .contains("unlisted_fields = \"drop\"")
    );
}

#[test]
fn unknown_codes_are_kept_and_counted_where_the_recipe_says_so() {
    let world = World::small();
    world.put("main.csv", "eid,845-0.0\n1,-3\n2,-7\n3,-8\n");
    let table = world.sealed().report.tables["main"].clone();
    assert_eq!((table.rows_out, table.unknown_codes["p845_i0"]), (3, 2));
    let world = World::small();
    world.put(
        "hesin_diag.csv",
        "eid,ins_index,arr_index,level,diag_icd10\n1000012,0,0,1,Q999\n",
    );
    let table = world.sealed().report.tables["hesin_diag"].clone();
    assert_eq!((table.rows_out, table.unknown_codes["diag_icd10"]), (1, 1));
}

#[test]
fn a_cut_gzip_file_refuses_the_release_whatever_the_limit() {
    let world = lenient();
    let mut text = GP.to_owned();
    for day in 1..=28 {
        text.push_str(&format!("1000012,1,2001-02-{day:02},C10..,,,,\n"));
    }
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(text.as_bytes()).unwrap();
    let bytes = gz.finish().unwrap();
    world.put("gp_clinical.csv.gz", &bytes);
    assert_eq!(world.sealed().report.tables["gp_clinical"].rows_out, 28);
    world.put("gp_clinical.csv.gz", &bytes[..bytes.len() - 9]);
    let report = world.refused();
    assert_eq!(report.refusals[0].code, "file-truncated");
    assert!(
        report.refusals[0]
            .reason
            .starts_with("gp_clinical.csv.gz: after line ")
    );
    assert_eq!(world.left(), ["reports/r1.json", "reports/r1.txt"]);
}

#[test]
fn the_limit_decides_between_quarantine_and_refusal() {
    let mut world = World::small();
    let mut text = GP.to_owned();
    for row in 0..100 {
        let day = if row < 5 { "no date" } else { "2001-02-03" };
        text.push_str(&format!("1000012,1,{day},C10..,,,,\n"));
    }
    world.put("gp_clinical.csv", &text);
    let table = world.sealed().report.tables["gp_clinical"].clone();
    assert_eq!(
        (table.rows_in, table.rows_out, table.refused_total()),
        (100, 95, 5)
    );
    world.put("gp_clinical.csv", format!("{text}1000012,1,no date,,,,,\n"));
    let report = world.refused();
    assert_eq!(report.refusals[0].code, "too-many-bad-rows");
    assert!(
        report.refusals[0].reason.contains("found 6 of 101"),
        "{:?}",
        report.refusals
    );
    world.limit = 0.1;
    assert_eq!(world.sealed().report.tables["gp_clinical"].rows_out, 95);
    world.limit = 0.0;
    assert_eq!(world.refused().refusals[0].code, "too-many-bad-rows");
}

#[test]
fn consent_and_withdrawals_are_read_whole_or_not_at_all() {
    let world = World::small();
    world.put("consent.csv", "eid,recorded_on,level,scopes\n01000012,2006-05-01,full,health-records|genomics\n77,2006-05-01,no-further-use,\n");
    world.put("w123_20260131.csv", "1000025\n0099\n");
    let ingested = world.sealed();
    let consent = &ingested.consents[0];
    assert_eq!(
        (consent.participant.as_str(), consent.person),
        ("1000012", Some(0))
    );
    assert_eq!(consent.scopes, ["health-records", "genomics"]);
    assert_eq!(ingested.consents[1].person, None);
    let list = &ingested.withdrawals[0];
    assert_eq!(
        (list.project.as_str(), list.date.to_string()),
        ("123", "2026-01-31".to_owned())
    );
    assert_eq!(
        list.ids,
        [("1000025".to_owned(), Some(1)), ("99".to_owned(), None)]
    );
    assert_eq!(ingested.report.withdrawals_unknown, 1);
    for (file, bad) in [
        ("w123_20260131.csv", "1000025\nno id at all\n"),
        ("w123_20260231.csv", "1000025\n"),
        (
            "consent.csv",
            "eid,recorded_on,level,scopes\n1,2006-05-01,maybe,\n",
        ),
        (
            "consent.csv",
            "eid,recorded_on,level,scopes\n1,1/5/2006,full,\n",
        ),
    ] {
        let world = World::small();
        world.put(file, bad);
        let report = world.refused();
        assert_eq!(report.refusals[0].code, "consent-unreadable", "{bad}");
        assert!(!report.to_json().contains("no id at all"));
    }
}

#[test]
fn names_sources_and_recipes_that_cannot_be_used() {
    let world = World::small();
    for name in ["", "Upper", "../up", "a b", ".hidden", &"x".repeat(65)] {
        assert!(world.ingest_as(name).is_err(), "{name}");
    }
    assert!(world.left().is_empty());
    assert!(world.ingest_from(&world.path("nowhere"), "r1").is_err());
    let world = World::empty();
    world.put("gp_clinical.csv", format!("{GP}1,1,2001-01-01,,,,,\n"));
    assert_eq!(world.refused().refusals[0].code, "no-participants");
    let world = World::empty();
    world.put("main.csv", super::MAIN);
    assert_eq!(world.refused().refusals[0].code, "no-catalogue");
    let mut world = World::small();
    world.recipe.push_str("\nsurprise = 1\n");
    assert_eq!(world.refused().refusals[0].code, "recipe-invalid");
    let mut world = World::small();
    world.recipe = world.recipe.replace(
        "\"Date\" = \"keep\"",
        "\"Date\" = { shift = { max_days = 30 } }",
    );
    assert_eq!(world.refused().refusals[0].code, "shift-key-missing");
}
