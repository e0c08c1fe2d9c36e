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

/// 5,000 rows of twenty columns within a second, in the profile that the tests run in.
#[test]
fn five_thousand_rows_within_a_second() {
    let mut text = String::from("group");
    (0..19).for_each(|i| text += &format!(",mean_{i}"));
    text.push('\n');
    for row in 0..5_000 {
        text += &format!("g{row}");
        (0..19).for_each(|i| text += &format!(",{}.{}", row * 7 % 97 + i, row % 10));
        text.push('\n');
    }
    // The best of some: other tests run on the same cores.
    let time = |_| {
        let start = Instant::now();
        let verdict = one("x.csv", text.as_bytes());
        assert_eq!(verdict.bytes, u64::try_from(text.len()).unwrap());
        start.elapsed()
    };
    let best = (0..5).map(time).min().unwrap();
    assert!(best.as_secs_f64() < 1.0, "{best:?}");
}

/// Four times the bytes take at most about four times as long (measured against noise with eight), for contents that make
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
        assert!(large < 8.0 * small + 0.2, "{name}: {small} s, {large} s");
    }
}
