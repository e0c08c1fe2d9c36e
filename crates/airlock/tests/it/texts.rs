//! Notebooks, JSON, YAML, HTML, Markdown, LaTeX, source code, drawings and logs: real files of real tools, and hostile ones.
//!
//! `fixtures/text/safe` must be green and `fixtures/text/unsafe` must not; the README there says what made them.

use crate::{expect, one};
use airlock::Colour;
use proptest::prelude::*;
use std::path::PathBuf;

fn fixtures(label: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/text")
        .join(label);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

#[test]
fn safe_files_of_real_tools_are_green() {
    let wrong: Vec<String> = fixtures("safe")
        .iter()
        .map(|(name, bytes)| (name, one(name, bytes)))
        .filter(|(_, verdict)| verdict.verdict != Colour::Green)
        .map(|(name, verdict)| format!("{name}: {:#?}", verdict.reasons))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unsafe_files_of_real_tools_are_not_green() {
    let wrong: Vec<String> = fixtures("unsafe")
        .into_iter()
        .filter(|(name, bytes)| one(name, bytes).verdict == Colour::Green)
        .map(|(name, _)| name)
        .collect();
    assert!(wrong.is_empty(), "green: {}", wrong.join(", "));
}

/// A file that is cut off anywhere is read without a panic.
#[test]
fn truncated_files_are_read() {
    for (name, bytes) in fixtures("safe").iter().chain(&fixtures("unsafe")) {
        for part in 1..8 {
            let _ = one(name, &bytes[..bytes.len() * part / 8]);
        }
    }
}

/// Nine anchors of nine aliases each: 9^9 scalars, if they were expanded.
#[test]
fn a_billion_laughs_stay_unsaid() {
    let mut yaml = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (new, old) in "bcdefghi".chars().zip("abcdefgh".chars()) {
        let nine = vec![format!("*{old}"); 9].join(",");
        yaml += &format!("{new}: &{new} [{nine}]\n");
    }
    let _ = one("x.yaml", yaml.as_bytes());
    let mut xml = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"x\">".to_owned();
    for (new, old) in "bcdefghi".chars().zip("abcdefgh".chars()) {
        xml += &format!("<!ENTITY {new} \"{}\">", format!("&{old};").repeat(9));
    }
    xml += "]><l>&i;</l>";
    let _ = one("x.xml", xml.as_bytes());
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [
        ("[", "]"),
        ("{\"a\":", "}"),
        ("<a>", "</a>"),
        ("<table><tr><td>", ""),
        ("- ", ""),
        ("(", ")"),
        ("\\textbf{", "}"),
    ] {
        let text = format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
        let _ = one("x", text.as_bytes());
        let code = format!("import os\nimport sys\nx = {text}\n");
        let _ = one("x.py", code.as_bytes());
    }
}

/// A key that comes twice: a reader that keeps the last would not see the first.
#[test]
fn keys_that_come_twice_are_both_read() {
    expect(Colour::Red, "a.json", b"{\"n_cases\": 3, \"n_cases\": 300}");
}

/// A cell that spans rows stands in each of them.
#[test]
fn spans_of_html() {
    let row = |sex: &str, n: u32| format!("<tr>{sex}<td>40-49</td><td>{n}</td></tr>");
    let html = format!(
        "<table><thead><tr><th>sex</th><th>age_group</th><th>n</th></tr></thead>{}{}</table>",
        row("<td rowspan=\"2\">F</td>", 120),
        row("", 4)
    );
    let verdict = expect(Colour::Red, "a.html", html.as_bytes());
    assert!(
        verdict.reasons.iter().any(|r| r.rule == "small-count"),
        "{verdict:#?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_structured_text_panics(
        start in prop::sample::select(vec![
            "", "{\"nbformat\":4,\"cells\":[", "[{\"a\":", "---\n", "<html>", "<svg>", "<?xml version=\"1.0\"?>", "\\begin{tabular}{l}",
            "import os\nimport sys\n", "library(dplyr)\nx <- ", "#!/bin/bash\n", "```r\n", "proc means;\nrun;\n", "SELECT a\nFROM b\n",
        ]),
        text in "[a-c0-9\"'{}()\\[\\]<>/\\\\:;,.=&%#*$|`\n\t -]{0,300}",
    ) {
        let _ = one("x", (start.to_owned() + &text).as_bytes());
    }

    #[test]
    fn no_damaged_fixture_panics(which: prop::sample::Index, at: prop::sample::Index, byte: u8) {
        let all: Vec<(String, Vec<u8>)> = fixtures("safe").into_iter().chain(fixtures("unsafe")).collect();
        let (name, mut bytes) = all[which.index(all.len())].clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = one(&name, &bytes);
    }
}
