//! Files that were found outside.

use serde_json::Value;

use crate::program::{AS_BEFORE, demo, ok, text};

#[test]
fn a_file_found_outside_names_its_project() {
    let (_keep, dir) = demo();
    let ask = |project: &str, mode: &str, sql: &str| {
        ok(&[
            "query",
            "--dir",
            text(&dir),
            "--project",
            project,
            "--mode",
            mode,
            "--csv",
            sql,
        ])
    };
    let rows = ask(
        "p-heart",
        "enclave",
        "SELECT eid, p31, p34 FROM main LIMIT 120",
    );
    let answer = ask("p-heart", "aggregate", AS_BEFORE);
    let notebook = format!(
        r#"{{"cells":[{{"cell_type":"code","outputs":[{{"output_type":"stream","text":["{}"]}}]}}],"nbformat":4}}"#,
        rows.lines().nth(3).unwrap()
    );
    let write = |name: &str, content: &str| {
        let path = dir.with_extension(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let released = dir.join("demo/released/diabetes_by_sex.csv");
    let files = [
        (write("rows.csv", &rows), "p-heart", "pseudonyms"),
        (write("found.ipynb", &notebook), "p-heart", "pseudonyms"),
        (write("answer.csv", &answer), "p-heart", "digest"),
        (released, "p-partner", "digest"),
    ];
    for (file, project, by) in &files {
        let said: Value =
            serde_json::from_str(&ok(&["trace", "--dir", text(&dir), "--json", text(file)]))
                .unwrap();
        let named = said["projects"].as_array().unwrap();
        assert!(named.contains(&Value::from(*project)), "{said}");
        let finding = &said["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|f| f["by"] == *by)
            .cloned()
            .unwrap();
        assert!(
            finding["expected_false"].as_f64().unwrap() < 1e-20,
            "{said}"
        );
        assert!(
            !said
                .to_string()
                .contains(rows.lines().nth(1).unwrap().split(',').next().unwrap())
        );
    }
    let stranger = write("other.csv", "a,b\n1,2\n3,4\n");
    let said = ok(&["trace", "--dir", text(&dir), text(&stranger)]);
    assert!(said.contains("nothing"), "{said}");
}
