//! Real files from beside the project, and how long a check takes.

use crate::{expect, one};
use airlock::{Colour, Level};
use std::time::Instant;

fn shared(name: &str, test: &str) -> Option<String> {
    let path = format!("{}/../../../shared/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let Ok(packed) = std::fs::File::open(path) else {
        // Straight to standard error: the harness keeps what a passing test prints to itself.
        std::io::Write::write_all(
            &mut std::io::stderr(),
            format!("skipped: {test}: ../shared/data is absent\n").as_bytes(),
        )
        .unwrap();
        return None;
    };
    Some(std::io::read_to_string(flate2::read::GzDecoder::new(packed)).unwrap())
}

/// Sums of prescriptions by practice: large and with addresses of practices, but no rows of people.
#[test]
fn prescribing_by_practice_is_not_taken_for_people() {
    let Some(text) = shared(
        "ehr/prescribing/epd_201709_e2e.csv.gz",
        "prescribing_by_practice_is_not_taken_for_people",
    ) else {
        return;
    };
    let verdict = one("epd.csv", text.as_bytes());
    assert!(
        !verdict
            .reasons
            .iter()
            .any(|r| r.rule == "rows-of-people" && r.level == Level::Red),
        "{verdict:#?}"
    );
    assert_ne!(verdict.verdict, Colour::Green);
}

/// 1,000 invented persons, and the same with names, ids and contacts dropped.
#[test]
fn invented_persons_are_red() {
    let Some(text) = shared("persons/gb_persons_1k.csv.gz", "invented_persons_are_red") else {
        return;
    };
    expect(Colour::Red, "persons.csv", text.as_bytes());
    let mut bare = String::new();
    for record in csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes())
        .records()
    {
        let record = record.unwrap();
        bare += &format!("{},{},{}\n", &record[5], &record[6], &record[8]);
    }
    expect(Colour::Red, "bare.csv", bare.as_bytes());
}

/// Four times the bytes take at most about four times as long (twelve allows for other work on the same cores; what is quadratic takes sixteen), for contents that make
/// naive readers quadratic.
#[test]
fn time_is_linear_in_the_size() {
    type Make = fn(usize) -> String;
    let cases: [(&str, Make); 9] = [
        ("pieces", |n| "0a 1b ".repeat(n * 4)),
        ("long codes", |n| {
            "0a1b2c3d4e5f60710a1b2c3d4e5f60710a1b2c3d4e5f60710a1b2c3d4e5f6071\n".repeat(n)
        }),
        ("encoded", |n| "MTIzNDU2Nw-MTIzNDU2Nw/".repeat(n * 2)),
        ("same words", |n| "alpha beta gamma\n".repeat(n)),
        ("open quote", |n| {
            format!("a,b\n\"{}", "x,y\n".repeat(n * 4))
        }),
        ("at signs", |n| "a@".repeat(n * 8)),
        ("digits", |n| "1 ".repeat(n * 8)),
        ("printed table", |n| "g 1.5 2.5\n".repeat(n)),
        ("one line", |n| "word, ".repeat(n * 3)),
    ];
    for (name, text) in cases {
        let time = |n: usize| {
            let text = text(n);
            let start = Instant::now();
            let _ = one("x.txt", text.as_bytes());
            start.elapsed().as_secs_f64()
        };
        let (small, large) = (time(5_000), time(20_000));
        println!("{name}: {small:.3} s, {large:.3} s");
        assert!(large < 12.0 * small + 0.2, "{name}: {small} s, {large} s");
    }
}
