//! How a release is laid out on disk.

use std::collections::BTreeSet;
use std::fs;

use vault::release::{Finding, Manifest, PERSON, verify_files};

use super::{World, lists};

const GP: &str = "eid,data_provider,event_dt,read_2,read_3,value1,value2,value3\n";

fn published(world: &World) -> Manifest {
    let dir = world.sealed().publish(&world.path("releases")).unwrap();
    let (manifest, _) = Manifest::load(&dir).unwrap();
    assert_eq!(verify_files(&dir, &manifest), []);
    manifest
}

/// Events of three people, in two codings, with a value that only a refused row has.
fn events() -> World {
    let world = World::small();
    world.put(
        "gp_clinical.csv",
        format!(
            "{GP}fake3,1,2001-02-03,C10..,,,,\n1000012,2,2005-01-01,,X40J4,7.5,,%\n\
             1000012,2,2001-01-01,G20..,,,,\n1000012,1,2003-01-01,C10..,,8.5,,\n1000025,1,1999-05-05,,,,,\n\
             1000025,1,not a date,SECRET,,,,\n"
        ),
    );
    World {
        limit: 0.5,
        ..world
    }
}

#[test]
fn no_file_holds_columns_of_two_classes() {
    let world = events();
    let manifest = published(&world);
    for (name, table) in &manifest.tables {
        let mut seen = BTreeSet::new();
        for family in &table.families {
            for column in &family.columns {
                let entry = table.columns.iter().find(|c| c.name == *column).unwrap();
                assert_eq!(entry.class, family.class, "{name}.{column}");
                assert!(seen.insert(column.clone()));
            }
            for file in &family.files {
                let cells = world.cells(&world.path("releases/r1").join(&file.path));
                let found: Vec<_> = cells.iter().map(|(name, _)| name.clone()).collect();
                let expected: Vec<_> = std::iter::once(PERSON.to_owned())
                    .chain(family.columns.iter().cloned())
                    .collect();
                assert_eq!(found, expected, "{}", file.path);
            }
        }
        assert_eq!(seen.len(), table.columns.len());
    }
    let paths: Vec<_> = manifest.tables["main"]
        .files()
        .map(|f| f.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "main/baseline/part-000.parquet",
            "main/genomic/part-000.parquet"
        ]
    );
}

#[test]
fn codes_are_numbers_into_a_sorted_list_without_what_was_refused() {
    let world = events();
    let manifest = published(&world);
    let table = &manifest.tables["gp_clinical"];
    let names: Vec<_> = table.dimensions.keys().map(String::as_str).collect();
    // The codes by which the second copy is sorted; nothing else in five rows repeats.
    assert_eq!(names, ["read_2", "read_3"]);
    let file = &table.dimension_files["primary-care"];
    assert_eq!(file.path, "gp_clinical/primary-care.dimensions.parquet");
    let found = lists(&world.path("releases/r1").join(&file.path));
    let list = |values: &[(&str, u64)]| -> Vec<(String, u64)> {
        values.iter().map(|(v, n)| ((*v).to_owned(), *n)).collect()
    };
    assert_eq!(
        found[table.dimensions["read_2"].row_group as usize],
        list(&[("C10..", 2), ("G20..", 1)])
    );
    assert_eq!(
        found[table.dimensions["read_3"].row_group as usize],
        list(&[("X40J4", 1)])
    );
    for path in world.left() {
        let bytes = fs::read(world.path(&path)).unwrap();
        assert!(!bytes.windows(6).any(|w| w == b"SECRET"), "{path}");
    }
}

#[test]
fn the_second_copy_is_sorted_by_codes_then_people_then_dates() {
    let world = events();
    let manifest = published(&world);
    let clustered = manifest.tables["gp_clinical"].clustered.clone().unwrap();
    assert_eq!(clustered.by, ["read_3", "read_2"]);
    let file = &clustered.files[0];
    assert_eq!((file.first_person, file.last_person, file.rows), (0, 2, 5));
    let cells = world.cells(&world.path("releases/r1").join(&file.path));
    let column = |name: &str| &cells.iter().find(|(n, _)| n == name).unwrap().1;
    let rows: Vec<[&str; 4]> = (0..5)
        .map(|row| ["read_3", "read_2", PERSON, "event_dt"].map(|name| column(name)[row].as_str()))
        .collect();
    // By hand; people 0, 1 and 2 are 1000012, 1000025 and fake3. No code comes first.
    assert_eq!(
        rows,
        [
            ["-", "-", "1", "1999-05-05"],
            ["-", "0", "0", "2003-01-01"],
            ["-", "0", "2", "2001-02-03"],
            ["-", "1", "0", "2001-01-01"],
            ["0", "-", "0", "2005-01-01"],
        ]
    );
}

#[test]
fn the_manifest_of_a_small_release_is_known() {
    let world = events();
    let manifest = published(&world);
    let mut value = serde_json::to_value(&manifest).unwrap();
    let gp = value["tables"]["gp_clinical"].take();
    assert_eq!(value["layout"], 2);
    let text = serde_json::to_string(&gp["dimensions"]).unwrap();
    assert_eq!(
        text,
        r#"{"read_2":{"values":2,"row_group":0},"read_3":{"values":1,"row_group":1}}"#
    );
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(
        keys(&gp),
        [
            "rows",
            "columns",
            "families",
            "clustered",
            "dimensions",
            "dimension_files"
        ]
    );
    assert_eq!(keys(&gp["families"][0]), ["class", "columns", "files"]);
    assert_eq!(keys(&gp["clustered"]), ["by", "class", "files"]);
    assert_eq!(gp["families"][0]["class"], "primary-care");
    assert_eq!(
        gp["families"][0]["files"][0]["path"],
        "gp_clinical/primary-care/part-000.parquet"
    );
    assert_eq!(
        gp["clustered"]["files"][0]["path"],
        "gp_clinical/by-code/part-000.parquet"
    );
    // A manifest of the first layout is told apart from damage.
    let path = world.path("releases/r1/manifest.json");
    let old = r#"{"release":"r1","participants":0,"recipe_sha256":"","tables":{}}"#;
    fs::write(&path, old).unwrap();
    let error = Manifest::load(&world.path("releases/r1")).unwrap_err();
    assert!(error.to_string().contains("found 1"), "{error}");
}

#[test]
fn every_file_of_a_release_is_verified() {
    let world = events();
    let manifest = published(&world);
    let dir = world.path("releases/r1");
    let files: Vec<_> = manifest.tables.values().flat_map(|t| t.files()).collect();
    // Two families of main; events, their copy and their lists.
    assert_eq!(files.len(), 5);
    for file in files {
        let bytes = fs::read(dir.join(&file.path)).unwrap();
        fs::remove_file(dir.join(&file.path)).unwrap();
        let path = file.path.clone();
        assert_eq!(verify_files(&dir, &manifest), [Finding::Missing { path }]);
        fs::write(dir.join(&file.path), bytes).unwrap();
    }
}

#[test]
fn a_column_with_too_many_values_stays_text_and_a_repeated_one_becomes_a_list() {
    let world = World::small();
    let mut gp = GP.to_owned();
    for row in 0..40 {
        gp.push_str(&format!(
            "1000012,1,2001-01-01,C{},,{row}.5,u{},\n",
            row % 3,
            row % 10
        ));
    }
    world.put("gp_clinical.csv", gp);
    let manifest = published(&world);
    let table = &manifest.tables["gp_clinical"];
    let names: Vec<_> = table.dimensions.keys().map(String::as_str).collect();
    // value1 has 40 values in 40 rows, value2 ten, value3 none.
    assert_eq!(names, ["read_2", "read_3", "value2"]);
    assert_eq!(table.dimensions["read_3"].values, 0);
    let rows = world.rows("r1", "gp_clinical");
    assert_eq!(rows.len(), 40);
    let mut values: Vec<_> = rows
        .iter()
        .map(|(_, cells)| cells[2..7].join(" "))
        .collect();
    values.sort();
    let mut expected: Vec<_> = (0..40)
        .map(|row| format!("C{} - {row}.5 u{} -", row % 3, row % 10))
        .collect();
    expected.sort();
    assert_eq!(values, expected);
}

#[test]
fn a_copy_by_codes_needs_text_columns_of_one_class() {
    let mut world = World::small();
    for (from, to, wrong) in [
        (r#"["read_3", "read_2"]"#, r#"["event_dt"]"#, "event_dt"),
        (
            r#"["read_3", "read_2"]"#,
            r#"["read_3", "read_3"]"#,
            "read_3",
        ),
        (
            r#"title = "Read v2 code" }"#,
            r#"title = "Read v2 code", class = "sensitive" }"#,
            "one class",
        ),
    ] {
        let recipe = world.recipe.clone();
        assert!(recipe.contains(from));
        world.recipe = recipe.replacen(from, to, 1);
        let refusal = world.refused().refusals[0].clone();
        assert_eq!(refusal.code, "recipe-invalid");
        assert!(format!("{refusal:?}").contains(wrong), "{refusal:?}");
        world.recipe = recipe;
    }
}
