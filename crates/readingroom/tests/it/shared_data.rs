//! Real and realistic folders of raw data, where they are at hand.

use std::path::PathBuf;

use crate::program::{json, ok, text};

fn shared() -> Option<PathBuf> {
    let path = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/ukb"
    ));
    path.is_dir().then_some(path)
}

#[test]
fn synthetic_folders_in_the_shapes_of_uk_biobank_are_taken_in() {
    let Some(shared) = shared() else {
        // Straight to standard error: the harness keeps what a passing test prints to itself.
        std::io::Write::write_all(&mut std::io::stderr(), b"skipped: synthetic_folders_in_the_shapes_of_uk_biobank_are_taken_in: ../shared/data is absent\n").unwrap();
        return;
    };
    let catalogue = shared.join("showcase-2022-12");
    for (name, people) in [
        ("synthetic-linked-small", 100),
        ("synthetic-main", 100),
        ("dummy-ukbwranglr", 10),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("instance");
        ok(&["init", "--dir", text(&dir)]);
        let source = shared.join(name);
        let report = json(&[
            "ingest",
            "--dir",
            text(&dir),
            "--release",
            "r1",
            "--catalogue",
            text(&catalogue),
            "--consent-held",
            "health-records",
            text(&source),
        ]);
        let main = &report["tables"]["main"];
        assert!(!main.is_null(), "{name}: {report}");
        assert_eq!(main["rows_out"].as_u64(), Some(people), "{name}: {main}");
        assert_eq!(json(&["verify", text(&dir)])["sound"], true);
    }
}
