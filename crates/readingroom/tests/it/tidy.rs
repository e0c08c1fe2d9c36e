//! The house's own rules, read from its files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::program::files;

const PURE: [&str; 6] = [
    "governance",
    "policy",
    "transparency",
    "privacy",
    "airlock",
    "synth",
];

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .canonicalize()
        .unwrap()
}

fn crates() -> Vec<PathBuf> {
    let mut all: Vec<_> = std::fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    all.sort();
    all
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    if !dir.is_dir() {
        return Vec::new();
    }
    files(dir)
        .into_iter()
        .filter(|f| f.extension().is_some_and(|e| e == "rs"))
        .collect()
}

#[test]
fn each_invariant_has_a_test_that_names_it() {
    let mut named = BTreeSet::new();
    for room in crates() {
        for file in rust_files(&room) {
            let text = std::fs::read_to_string(file).unwrap();
            for n in 1..=9 {
                if text.contains(&format!("fn invariant_{n}_")) {
                    named.insert(n);
                }
            }
        }
    }
    assert_eq!(named, (1..=9).collect());
}

/// Invariant 8: every crate keeps its limits, each with its reason, in one `limits.rs`.
#[test]
fn invariant_8_each_crate_keeps_its_limits_in_one_file_with_reasons() {
    for room in crates() {
        let name = room.file_name().unwrap().to_str().unwrap().to_owned();
        let limits = room.join("src/limits.rs");
        assert!(limits.is_file(), "{name} has no limits.rs");
        let text = std::fs::read_to_string(limits).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            if line.starts_with("pub const") || line.starts_with("pub(crate) const") {
                assert!(
                    i > 0 && lines[i - 1].starts_with("///"),
                    "{name}: {line} has no reason"
                );
            }
        }
    }
}

#[test]
fn pure_crates_have_no_clock_randomness_files_or_network() {
    for name in PURE {
        let room = root().join("crates").join(name);
        let manifest = std::fs::read_to_string(room.join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        for banned in [
            "tokio",
            "getrandom",
            "datafusion",
            "arrow",
            "rusqlite",
            "ureq",
            "axum",
            "rand ",
        ] {
            // Arrow files and SQLite databases are among what asks to leave: the airlock reads them out of bytes in memory.
            if name == "airlock" && ["arrow", "rusqlite"].contains(&banned) {
                continue;
            }
            assert!(
                !dependencies.contains(&format!("\n{banned}")),
                "{name} depends on {banned}"
            );
        }
        for file in rust_files(&room.join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let tests = ["tests", "tests.rs"];
            let of_tests = |part: &std::ffi::OsStr| {
                part.to_str()
                    .is_some_and(|p| tests.contains(&p) || p.ends_with("_tests.rs"))
            };
            if file.iter().any(of_tests) {
                continue;
            }
            for banned in [
                "std::fs",
                "std::net",
                "std::env",
                "SystemTime",
                "Instant::now",
            ] {
                assert!(!code.contains(banned), "{}: {banned}", file.display());
            }
        }
    }
}

#[test]
fn files_can_be_read_in_one_sitting_and_say_what_they_are_for() {
    for room in crates() {
        for file in rust_files(&room.join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            let lines = text.lines().count();
            assert!(lines <= 500, "{}: {lines} lines", file.display());
            assert!(
                text.starts_with("//!") || text.starts_with("#!["),
                "{}: no first words",
                file.display()
            );
            for mark in ["todo!(", "unimplemented!(", "dbg!("] {
                assert!(
                    !text.contains(mark) || file.ends_with("tidy.rs"),
                    "{}: {mark}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn the_documents_are_there_and_their_links_lead_somewhere() {
    let root = root();
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "GLOSSARY.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "LICENSE",
    ] {
        assert!(root.join(document).is_file(), "{document}");
    }
    let mut documents: Vec<_> = files(&root.join("docs"));
    documents.extend(
        [
            "README.md",
            "ARCHITECTURE.md",
            "GLOSSARY.md",
            "CONTRIBUTING.md",
            "SECURITY.md",
        ]
        .map(|d| root.join(d)),
    );
    for document in documents
        .iter()
        .filter(|d| d.extension().is_some_and(|e| e == "md"))
    {
        let text = std::fs::read_to_string(document).unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if link.contains("://") || link.starts_with('#') || link.starts_with("mailto:") {
                continue;
            }
            let path = link.split('#').next().unwrap();
            assert!(
                document.parent().unwrap().join(path).exists(),
                "{}: {link}",
                document.display()
            );
        }
    }
}

/// Licences that dependencies may have; the same list as in `deny.toml`.
#[test]
fn every_dependency_has_a_licence_from_the_list() {
    let deny = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let list = deny
        .split("allow = [")
        .nth(1)
        .unwrap()
        .split(']')
        .next()
        .unwrap();
    let allowed: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 300);
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default();
        // SPDX, and the older form with a slash for OR. One alternative, all of whose parts are on the list, is enough.
        let plain = licence.replace(['(', ')'], "").replace('/', " OR ");
        let fits = plain.split(" OR ").any(|either| {
            either
                .split(" AND ")
                .all(|part| allowed.contains(&part.trim()))
        });
        assert!(fits, "{}: {licence}", package["name"]);
    }
}

/// Every refusal's code and rule, as they stand in the code: a golden file, so that a new or changed no is a visible
/// line in a review.
#[test]
fn refusals_are_as_agreed() {
    let mut found = BTreeSet::new();
    for room in crates() {
        let name = room.file_name().unwrap().to_str().unwrap().to_owned();
        for file in rust_files(&room.join("src")) {
            let text = std::fs::read_to_string(&file).unwrap();
            for rest in text.split("Refusal::new(").skip(1) {
                let words: Vec<&str> = rest.split('"').collect();
                let direct = |i: usize| {
                    words
                        .get(i)
                        .is_some_and(|between| between.trim_matches([' ', '\n', ',']).is_empty())
                };
                if direct(0) && direct(2) {
                    found.insert(format!("{name:<14} {:<26} {}", words[1], words[3]));
                }
            }
        }
    }
    let text = found.into_iter().collect::<Vec<_>>().join("\n") + "\n";
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/refusals.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(golden, &text).unwrap();
    }
    let agreed = std::fs::read_to_string(golden).unwrap_or_default();
    assert_eq!(
        text, agreed,
        "if this change is meant: UPDATE_GOLDEN=1 cargo test -p readingroom"
    );
}
