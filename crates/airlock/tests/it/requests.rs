//! Files of one request are judged together.

use crate::{context, expect_rule, one};
use airlock::{Colour, File, Level, check};

fn all(files: &[(String, String)]) -> Vec<airlock::Verdict> {
    let files: Vec<File<'_>> = files
        .iter()
        .map(|(name, text)| File {
            name,
            bytes: text.as_bytes(),
        })
        .collect();
    check(&files, &context())
}

/// 60 people in 12 files of five: no file alone is red, all together are.
#[test]
fn rows_of_people_split_over_files() {
    let file = |k: u64| {
        let rows: String = (0..5)
            .map(|n| format!("{}.{},{}.5\n", 20 + (k * 5 + n) % 17, n, 100 + k * 7 + n))
            .collect();
        (format!("part{k}.csv"), format!("bmi,sbp\n{rows}"))
    };
    let files: Vec<_> = (0..12).map(file).collect();
    assert_ne!(one(&files[0].0, files[0].1.as_bytes()).verdict, Colour::Red);
    for verdict in all(&files) {
        assert_eq!(verdict.verdict, Colour::Red, "{verdict:#?}");
        expect_rule(&verdict, "rows-of-people", Level::Red);
    }
}

#[test]
fn tables_of_results_stay_green_together() {
    let files: Vec<_> = (0..12)
        .map(|k| {
            (
                format!("m{k}.csv"),
                format!("group,n\nA,{}\nB,{}\n", 100 + k, 200 + k),
            )
        })
        .collect();
    assert!(all(&files).iter().all(|v| v.verdict == Colour::Green));
}

#[test]
fn a_slow_drip_of_small_files_is_seen() {
    let files: Vec<_> = (0..30)
        .map(|k| (format!("m{k}.csv"), format!("name{k},mean\nx,1.5\ny,2.5\n")))
        .collect();
    for verdict in all(&files) {
        expect_rule(&verdict, "request-as-one", Level::Amber);
    }
    let rows = |k: u32| {
        (0..1_000)
            .map(|n| format!("t{n},{}\n", 100 + n + k))
            .collect::<String>()
    };
    let files: Vec<_> = (0..6)
        .map(|k| (format!("r{k}.csv"), format!("group{k},n\n{}", rows(k))))
        .collect();
    for verdict in all(&files) {
        assert_eq!(verdict.verdict, Colour::Amber);
        expect_rule(&verdict, "request-as-one", Level::Amber);
    }
}

#[test]
fn a_red_file_does_not_colour_the_others() {
    let files = [
        ("a.csv".to_owned(), "group,n\nA,3\nB,30\n".to_owned()),
        ("b.csv".to_owned(), "region,n\nA,30\nB,40\n".to_owned()),
    ];
    let colours: Vec<Colour> = all(&files).iter().map(|v| v.verdict).collect();
    assert_eq!(colours, [Colour::Red, Colour::Green]);
}
