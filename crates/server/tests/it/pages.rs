//! The pages: sound, linked, escaped, and without a private value.

use std::collections::{BTreeMap, BTreeSet};

use governance::State;
use server::{Register, pages};

use crate::sample::{Sample, sample};

fn site() -> (Sample, BTreeMap<String, Vec<u8>>) {
    let s = sample();
    let register = Register::from_log(&s.log, &s.state).unwrap();
    let files = pages(&register).unwrap();
    (s, files)
}

fn html(files: &BTreeMap<String, Vec<u8>>) -> Vec<(&str, &str)> {
    files
        .iter()
        .filter(|(path, _)| path.ends_with(".html"))
        .map(|(path, bytes)| (path.as_str(), std::str::from_utf8(bytes).unwrap()))
        .collect()
}

/// Values of an attribute, in order.
fn attribute<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    page.match_indices(&start)
        .map(|(at, found)| page[at + found.len()..].split('"').next().unwrap())
        .collect()
}

/// Where a relative link of a page leads: path and fragment.
fn target(page: &str, href: &str) -> (String, Option<String>) {
    let (path, fragment) = href
        .split_once('#')
        .map_or((href, None), |(p, f)| (p, Some(f.to_owned())));
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = match path {
        "" => page.to_owned(),
        _ => match path.strip_prefix("../") {
            Some(up) => {
                assert_eq!(folder, "projects", "{page}: {href}");
                up.to_owned()
            }
            None if folder.is_empty() => path.to_owned(),
            None => format!("{folder}/{path}"),
        },
    };
    (path, fragment)
}

#[test]
fn the_site_has_the_pages_it_should() {
    let (_, files) = site();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "assets/mark.svg",
            "assets/style.css",
            "how-to-verify.html",
            "index.html",
            "ledger.html",
            "projects/p-credit.html",
            "projects/p-credit.json",
            "projects/p-eyes.html",
            "projects/p-eyes.json",
            "projects/p-harbour.html",
            "projects/p-harbour.json",
            "projects/p-heart.html",
            "projects/p-heart.json",
            "projects/p-sleep.html",
            "projects/p-sleep.json",
            "register.json"
        ]
    );
}

#[test]
fn every_page_is_sound() {
    let (_, files) = site();
    for (path, page) in html(&files) {
        assert!(
            page.starts_with("<!doctype html>\n<html lang=\"en-GB\">"),
            "{path}"
        );
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        assert!(page.contains("<a class=\"skip\" href=\"#main\">"), "{path}");
        assert!(page.contains("name=\"viewport\""), "{path}");
        // Works under a policy without scripts and inline styles.
        for never in [
            "<script",
            " style=",
            "<style",
            " onclick",
            "javascript:",
            "<form",
            "<iframe",
        ] {
            assert!(!page.contains(never), "{path}: {never}");
        }
        let tables = page.matches("<table").count();
        assert_eq!(page.matches("<caption").count(), tables, "{path}");
        for cell in page
            .split("<th")
            .skip(1)
            .filter(|c| c.starts_with([' ', '>']))
        {
            let tag = cell.split('>').next().unwrap();
            assert!(tag.contains("scope=\""), "{path}: <th{tag}>");
        }
        for tag in page.split('<').filter_map(|t| t.split('>').next()) {
            let names: Vec<&str> = tag
                .split(' ')
                .filter_map(|part| part.split_once("=\""))
                .map(|(n, _)| n)
                .collect();
            assert_eq!(
                names.iter().collect::<BTreeSet<_>>().len(),
                names.len(),
                "{path}: <{tag}>"
            );
        }
        let ids = attribute(page, "id");
        assert_eq!(
            ids.iter().collect::<BTreeSet<_>>().len(),
            ids.len(),
            "{path}: an id twice"
        );
        for tag in [
            "div", "table", "tr", "td", "th", "ul", "ol", "li", "dl", "section", "p", "span", "a",
            "main",
        ] {
            let opened = page.matches(&format!("<{tag}>")).count()
                + page.matches(&format!("<{tag} ")).count();
            let closed = page.matches(&format!("</{tag}>")).count();
            assert_eq!(opened, closed, "{path}: <{tag}>");
        }
    }
}

#[test]
fn every_internal_link_leads_somewhere() {
    let (_, files) = site();
    for (path, page) in html(&files) {
        for href in attribute(page, "href")
            .into_iter()
            .chain(attribute(page, "src"))
        {
            if href.starts_with("https://") {
                continue;
            }
            // The template engine writes a slash as a character reference; a browser reads it as a slash.
            let href = &href.replace("&#x2f;", "/");
            let (to, fragment) = target(path, href);
            if to.starts_with("ledger/") {
                continue; // copied beside the pages by whoever exports
            }
            let found = files.get(&to).unwrap_or_else(|| panic!("{path}: {href}"));
            if let Some(fragment) = fragment {
                let page = std::str::from_utf8(found).unwrap();
                assert!(
                    attribute(page, "id").contains(&fragment.as_str()),
                    "{path}: {href}"
                );
            }
        }
    }
}

#[test]
fn every_ledger_entry_has_a_line_and_its_project_shows_it() {
    let (s, files) = site();
    let ledger = std::str::from_utf8(&files["ledger.html"]).unwrap();
    // One more id begins so: that of the table's caption.
    assert_eq!(ledger.matches(" id=\"entry-").count(), s.log.len());
    for (id, project) in &s.state.projects.all {
        let page = std::str::from_utf8(&files[&format!("projects/{id}.html")]).unwrap();
        for entry in &project.entries {
            assert!(
                page.contains(&format!("../ledger.html#entry-{entry}\"")),
                "{id}: {entry}"
            );
        }
    }
}

#[test]
fn hostile_titles_are_shown_and_never_run() {
    let (_, files) = site();
    for (path, page) in html(&files) {
        assert!(!page.contains("<script"), "{path}");
        assert!(!page.contains("<b>look</b>"), "{path}");
    }
    let page = std::str::from_utf8(&files["projects/p-eyes.html"]).unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)&lt;"));
    assert!(page.contains("&amp; more"));
}

#[test]
fn no_private_value_and_no_text_kept_for_reviewers_is_in_any_file() {
    let (s, files) = site();
    // Names, addresses, signatories, questions and participants of the sample.
    assert!(s.private.len() > 20, "{}", s.private.len());
    let kept = [
        "Goals as the reviewers",
        "Methods as the reviewers",
        "Reasons kept for the committee",
        "Reasons for the amendment",
        "Reasons of the suspension",
        "INV-7",
    ];
    for (path, bytes) in &files {
        let text = std::str::from_utf8(bytes).unwrap();
        for value in s.private.iter().map(String::as_str).chain(kept) {
            // Consent scopes are words of the register too; what is private is whose they are.
            let scope = value == "health-records";
            assert!(scope || !text.contains(value), "{path}");
        }
    }
}

#[test]
fn an_empty_log_gives_pages_too() {
    let register = Register::from_log(&[], &State::default()).unwrap();
    let files = pages(&register).unwrap();
    let index = std::str::from_utf8(&files["index.html"]).unwrap();
    assert!(index.contains("No project has applied yet."));
    assert!(index.contains("nothing may be used"));
}

#[test]
fn a_long_ledger_is_cut_into_pages_that_never_move() {
    let mut s = sample();
    let last = s.log.last().unwrap().1.clone();
    let refusal = s
        .log
        .iter()
        .map(|(_, e)| e.clone())
        .find(|e| serde_json::to_value(e).unwrap()["type"] == "command.refused")
        .unwrap();
    while s.log.len() < 2_500 {
        let envelope = governance::Envelope {
            at: last.at,
            ..refusal.clone()
        };
        s.log.push((s.state.size, envelope.clone()));
        s.state.evolve(&envelope);
    }
    let register = Register::from_log(&s.log, &s.state).unwrap();
    let files = pages(&register).unwrap();
    for (entry, page) in [
        (0, "ledger.html"),
        (999, "ledger.html"),
        (1_000, "ledger-2.html"),
        (2_499, "ledger-3.html"),
    ] {
        assert_eq!(server::entry_page(entry), page);
        let text = std::str::from_utf8(&files[page]).unwrap();
        assert!(text.contains(&format!("id=\"entry-{entry}\"")), "{page}");
    }
    assert!(!files.contains_key("ledger-4.html"));
    // A project's page lists its newest 500 entries only, and says of how many.
    let heart = std::str::from_utf8(&files["projects/p-heart.html"]).unwrap();
    assert!(heart.contains("The newest 500 of"));
}
