//! Tables that tell more together than alone, in one request and with earlier releases.

use crate::{People, expect, expect_rule};
use airlock::{Colour, Context, Figures, File, Level, Lineage, Rules, Verdict, check, figures};
use std::time::Instant;

struct Released(Vec<Figures>);

impl Lineage for Released {
    fn aggregate_answer(&self, _: &str) -> Option<u64> {
        None
    }
    fn earlier(&self) -> &[Figures] {
        &self.0
    }
}

fn after(released: &[&str], files: &[(&str, &str)]) -> Vec<Verdict> {
    let lineage = Released(
        released
            .iter()
            .flat_map(|text| figures(text.as_bytes()))
            .collect(),
    );
    let context = Context {
        participants: &People,
        lineage: &lineage,
        rules: Rules::default(),
    };
    let files: Vec<File<'_>> = files
        .iter()
        .map(|(name, text)| File {
            name,
            bytes: text.as_bytes(),
        })
        .collect();
    check(&files, &context)
}

fn colours(verdicts: &[Verdict]) -> Vec<Colour> {
    verdicts.iter().map(|v| v.verdict).collect()
}

/// By hand: 25 - 20 = 5 in two cells, 39 - 30 = 9 in two, 45 - 40 = 5, 59 - 50 = 9: a block of which one number is free, from 0
/// to 5; with somebody in each, 1 to 4.
#[test]
fn a_block_of_hidden_cells() {
    let verdict = expect(
        Colour::Amber,
        "block.csv",
        b"g,a,b,c,Total\nx,*,*,40,45\ny,*,*,50,59\nz,20,30,40,90\nTotal,25,39,130,194\n",
    );
    assert!(verdict.reasons.iter().all(|r| r.level != Level::Red));
    // Margins 2, 7, 4 and 5: the first cell is 0, 1 or 2, and with it all four are told. Three values are too few.
    let verdict = expect(
        Colour::Amber,
        "block.csv",
        b"g,a,b,c,Total\nx,*,*,40,42\ny,*,*,50,57\nz,20,30,40,90\nTotal,24,35,130,189\n",
    );
    expect_rule(&verdict, "hidden-cell", Level::Amber);
    // Wide: each hidden cell can be many numbers.
    expect(
        Colour::Green,
        "wide.csv",
        b"g,a,b,c,Total\nx,*,*,41,70\ny,*,*,50,90\nz,20,33,40,93\nTotal,54,68,131,253\n",
    );
    // `<10` twice in 14: from 5 to 9, five values.
    expect(
        Colour::Green,
        "markers.csv",
        b"g,n\na,41\nb,<10\nc,<10\nTotal,55\n",
    );
    let verdict = expect(
        Colour::Amber,
        "markers.csv",
        b"g,n\na,41\nb,<10\nc,<10\nTotal,57\n",
    );
    expect_rule(&verdict, "hidden-cell", Level::Amber);
}

const SEX: &str = "smoking,Female,Male\nnever,120,341\never,*,90\n";

/// The cell that one file hides, another shows, or its total tells.
#[test]
fn files_of_a_request() {
    let other = "smoking,n\nnever,461\never,94\n";
    assert_eq!(colours(&after(&[], &[("a.csv", SEX)])), [Colour::Green]);
    let both = after(&[], &[("a.csv", SEX), ("b.csv", other)]);
    expect_rule(&both[0], "linked-tables", Level::Amber);
    // Rows of both files that are equal: the same people for sure.
    let shown = "smoking,All,Female,Male\nnever,461,120,341\never,94,*,90\n";
    let sure = after(
        &[],
        &[
            ("a.csv", SEX),
            (
                "b.csv",
                "sex,smoking,n\nFemale,never,120\nMale,never,341\nAll,ever,94\n",
            ),
        ],
    );
    expect_rule(&sure[0], "linked-tables", Level::Red);
    let alone = after(&[], &[("c.csv", shown)]);
    expect_rule(&alone[0], "hidden-cell", Level::Red);
    // About other people: nothing follows.
    let unrelated = "smoking,n\nnever,1204\never,310\n";
    assert_eq!(
        colours(&after(&[], &[("a.csv", SEX), ("b.csv", unrelated)])),
        [Colour::Green, Colour::Green]
    );
}

#[test]
fn earlier_releases() {
    let found = after(&["smoking,n\nnever,461\never,94\n"], &[("a.csv", SEX)]);
    expect_rule(&found[0], "linked-tables", Level::Amber);
    let found = after(&["sex,n\nFemale,126\nMale,431\n"], &[("a.csv", SEX)]);
    expect_rule(&found[0], "linked-tables", Level::Amber);
    assert_eq!(
        colours(&after(
            &["region,n\nNorth,126\nSouth,431\n"],
            &[("b.csv", "sex,n\nFemale,126\nMale,431\n")]
        )),
        [Colour::Green]
    );
}

/// The same table on n and on n - 1 people (attack 1 of the list in docs/reference/disclosure.md).
#[test]
fn a_table_with_one_person_less() {
    let table = |a: u64| format!("group,n\nA,{a}\nB,200\nC,310\n");
    let found = after(&[&table(120)], &[("a.csv", &table(119))]);
    expect_rule(&found[0], "linked-tables", Level::Amber);
    assert_eq!(
        colours(&after(&[&table(120)], &[("a.csv", &table(120))])),
        [Colour::Green]
    );
    assert_eq!(
        colours(&after(&[&table(120)], &[("a.csv", &table(150))])),
        [Colour::Green]
    );
}

/// A table of rows by columns with a tenth of its cells hidden, two in each of their rows at least, and all margins.
fn large(rows: u64, columns: u64, shift: u64) -> String {
    let cell = |r: u64, c: u64| 20 + (r * 7 + c * 13 + shift) % 90;
    let hidden = |r: u64, c: u64| (r / 2 + c / 2).is_multiple_of(10);
    let mut text = String::from("area");
    (0..columns).for_each(|c| text += &format!(",band{c}x"));
    text += ",Total\n";
    for r in 0..rows {
        text += &format!("area{r}x");
        for c in 0..columns {
            if hidden(r, c) {
                text += ",*";
            } else {
                text += &format!(",{}", cell(r, c));
            }
        }
        text += &format!(",{}\n", (0..columns).map(|c| cell(r, c)).sum::<u64>());
    }
    text += "Total";
    for c in 0..columns {
        text += &format!(",{}", (0..rows).map(|r| cell(r, c)).sum::<u64>());
    }
    let all: u64 = (0..rows)
        .flat_map(|r| (0..columns).map(move |c| cell(r, c)))
        .sum();
    text + &format!(",{all}\n")
}

/// The bars: 440 cells with all rules and 100 earlier releases under a second, 6,000 cells under three. The best of some, and with
/// room for the other tests that run on the same cores; `readingroom bench airlock` has the exact figures.
#[test]
fn large_tables_and_a_hundred_earlier_releases() {
    let earlier: Vec<String> = (1..=100).map(|shift| large(22, 20, shift * 3)).collect();
    let earlier: Vec<&str> = earlier.iter().map(String::as_str).collect();
    let lineage = Released(
        earlier
            .iter()
            .flat_map(|text| figures(text.as_bytes()))
            .collect(),
    );
    let time = |rows: u64, columns: u64, lineage: &dyn Lineage| {
        let text = large(rows, columns, 0);
        let context = Context {
            participants: &People,
            lineage,
            rules: Rules::default(),
        };
        let run = |_| {
            let start = Instant::now();
            let verdict = check(
                &[File {
                    name: "t.csv",
                    bytes: text.as_bytes(),
                }],
                &context,
            );
            assert!(
                verdict[0]
                    .reasons
                    .iter()
                    .all(|r| r.rule != "hidden-cell" && r.rule != "linked-tables"),
                "{:#?}",
                verdict[0]
            );
            start.elapsed().as_secs_f64()
        };
        (0..3).map(run).fold(f64::INFINITY, f64::min)
    };
    let small = time(22, 20, &lineage);
    let big = time(60, 100, &Released(Vec::new()));
    println!("440 cells, 100 earlier: {small:.3} s; 6,000 cells: {big:.3} s");
    assert!(small < 3.0 && big < 9.0, "{small} {big}");
}
