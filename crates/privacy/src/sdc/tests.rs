#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::*;

fn people(range: std::ops::Range<u32>) -> RoaringBitmap {
    range.collect()
}

fn keys() -> RecordKeys {
    RecordKeys::derive(&[1; 32])
}

fn number(people: RoaringBitmap, family: usize) -> Number {
    Number {
        people,
        family,
        kind: if family == 0 {
            NumberKind::People
        } else {
            NumberKind::Magnitude
        },
        filtered: false,
        weights: None,
    }
}

fn row(people: RoaringBitmap, numbers: Vec<Number>) -> Row {
    Row {
        size: people.len(),
        counts: vec![None; numbers.len()],
        people,
        numbers,
        labels: Vec::new(),
    }
}

fn table(rows: Vec<Row>) -> Table {
    Table {
        grouped: true,
        rows,
    }
}

fn shown(row: Row) -> Vec<bool> {
    let verdicts = judge(&table(vec![row]), &Rules::default(), &keys());
    match &verdicts.rows[0] {
        RowVerdict::Shown(shown) => shown.iter().map(|s| *s != Shown::Withheld).collect(),
        RowVerdict::Withheld => panic!("the row is large enough"),
    }
}

fn judged(sets: &[(RoaringBitmap, usize)]) -> Vec<bool> {
    let numbers = sets.iter().map(|(p, f)| number(p.clone(), *f)).collect();
    shown(row(people(0..60), numbers))
}

/// UK LLC: nought to nine are masked, ten is shown.
#[test]
fn ten_is_shown_and_nine_is_not() {
    let verdict = |n| {
        let row = row(people(0..n), vec![number(people(0..n), 0)]);
        judge(&table(vec![row]), &Rules::default(), &keys()).rows[0].clone()
    };
    assert_eq!(verdict(9), RowVerdict::Withheld);
    assert_eq!(verdict(0), RowVerdict::Withheld);
    assert_eq!(verdict(10), RowVerdict::Shown(vec![Shown::Count(10)]));
    assert_eq!(verdict(13), RowVerdict::Shown(vec![Shown::Count(15)]));
    // numbers of a large row by themselves
    let numbers = vec![number(people(0..9), 1), number(people(0..10), 2)];
    assert_eq!(shown(row(people(0..60), numbers)), [false, true]);
}

/// Subtracting two numbers of one family gives a number about the people in which they differ.
#[test]
fn two_numbers_do_not_differ_by_few_people() {
    let all = || (people(0..60), 0);
    // the smaller goes, whichever comes first
    assert_eq!(judged(&[all(), (people(1..60), 0)]), [true, false]);
    assert_eq!(judged(&[(people(1..60), 0), all()]), [false, true]);
    // by nine and by ten
    assert_eq!(judged(&[all(), (people(9..60), 0)]), [true, false]);
    assert_eq!(judged(&[all(), (people(10..60), 0)]), [true, true]);
    // the same people, and another family
    assert_eq!(judged(&[all(), all()]), [true, true]);
    assert_eq!(judged(&[all(), (people(1..60), 1)]), [true, true]);
    // equally many: both
    let others = (people(0..30), 0);
    assert_eq!(judged(&[(people(1..31), 0), others]), [false, false]);
    // a chain, each next to the one before
    assert_eq!(
        judged(&[all(), (people(5..60), 0), (people(10..60), 0)]),
        [true, false, false]
    );
}

/// Three sets of which no two are close: A + B − C is about three people. The smallest goes.
#[test]
fn three_numbers_do_not_leave_few_people_together() {
    let sets = [(people(0..20), 0), (people(20..50), 0), (people(3..50), 0)];
    assert_eq!(judged(&sets), [false, true, true]);
}

/// A condition that leaves one person out is told by a twin column as well: by its people beside the group's.
#[test]
fn a_condition_is_compared_with_the_group_whatever_the_column() {
    let filtered = |people, family| Number {
        filtered: true,
        ..number(people, family)
    };
    let numbers = vec![number(people(0..60), 1), filtered(people(1..60), 2)];
    assert_eq!(shown(row(people(0..60), numbers)), [true, false]);
    // everybody meets the condition: class disclosure
    let numbers = vec![number(people(0..60), 0), filtered(people(0..60), 0)];
    assert_eq!(shown(row(people(0..60), numbers)), [true, false]);
}

/// 12 of 40 rows are nine people's: rows are not people (attack 11), and a heavy user's rows are their own.
#[test]
fn rows_are_judged_by_people() {
    let rows = |count, weights| {
        let mut row = row(
            people(0..12),
            vec![Number {
                kind: NumberKind::Rows,
                weights,
                ..number(people(0..12), 0)
            }],
        );
        row.counts = vec![Some(count)];
        shown(row)
    };
    assert_eq!(rows(20, None), [true]);
    assert_eq!(rows(200, None), [false], "one may have 189 of them");
    let even = Weights {
        total: 200.0,
        top: [20.0, 20.0],
    };
    assert_eq!(rows(200, Some(even)), [true]);
    let heavy = Weights {
        total: 200.0,
        top: [189.0, 1.0],
    };
    assert_eq!(rows(200, Some(heavy)), [false]);
}

/// A sum is shown in proportion to the count: 12 people are shown as 10, so a sum of 120 as 100, and sum by mean is 10.
#[test]
fn sums_follow_the_shown_count() {
    let sum = Number {
        kind: NumberKind::Sum,
        ..number(people(0..12), 1)
    };
    let verdicts = judge(
        &table(vec![row(people(0..12), vec![sum])]),
        &Rules::default(),
        &keys(),
    );
    let scaled = Shown::Scaled {
        shown: 10,
        people: 12,
    };
    assert_eq!(verdicts.rows[0], RowVerdict::Shown(vec![scaled]));
    assert_eq!(scaled.of(120.0), Some(100.0));
}

/// Of 19 people one number of a column, of 20 two; the first ones.
#[test]
fn few_people_carry_few_numbers() {
    let of = |n: u32| {
        let numbers = vec![
            number(people(0..n), 1),
            number(people(0..n), 1),
            number(people(0..n), 2),
        ];
        shown(row(people(0..n), numbers))
    };
    assert_eq!(of(19), [true, false, true]);
    assert_eq!(of(20), [true, true, true]);
}

fn labelled(labels: &[&str], people: RoaringBitmap) -> Row {
    Row {
        labels: labels.iter().map(|l| Some((*l).to_owned())).collect(),
        ..row(people, Vec::new())
    }
}

fn rows_shown(table: &Table) -> Vec<bool> {
    let verdicts = judge(table, &Rules::default(), &keys());
    verdicts
        .rows
        .iter()
        .map(|v| *v != RowVerdict::Withheld)
        .collect()
}

/// By hand: all 30 of clinic B are positive; clinics A and C have both.
#[test]
fn a_row_with_everybody_of_its_margin_is_withheld() {
    let rows = |b: u32| {
        let mut rows = vec![
            labelled(&["A", "yes"], people(0..20)),
            labelled(&["A", "no"], people(20..40)),
            labelled(&["B", "yes"], people(40..70)),
            labelled(&["C", "yes"], people(100..120)),
            labelled(&["C", "no"], people(120..140)),
        ];
        if b > 0 {
            rows.push(labelled(&["B", "no"], people(70..70 + b)));
        }
        table(rows)
    };
    assert_eq!(rows_shown(&rows(0)), [true, true, false, true, true]);
    // three are negative, which is not shown but is so
    assert_eq!(rows_shown(&rows(3)), [true, true, true, true, true, false]);
}

/// A key that follows from the other is a label: E10 and E11 are both of chapter E.
#[test]
fn a_label_is_not_class_disclosure() {
    let table = table(vec![
        labelled(&["E10", "E"], people(0..20)),
        labelled(&["E11", "E"], people(20..40)),
        labelled(&["I21", "I"], people(40..60)),
    ]);
    // the code follows from the chapter in I alone, so that row tells: everybody of chapter I has I21
    assert_eq!(rows_shown(&table), [true, true, false]);
    let one_key = super::full::rows(&Table {
        grouped: true,
        rows: vec![
            labelled(&["E"], people(0..20)),
            labelled(&["I"], people(20..50)),
        ],
    });
    assert!(one_key.is_empty());
}

#[test]
fn the_number_of_withheld_rows_is_itself_a_count_of_people() {
    let told = |n: u32| {
        let rows = (0..n).map(|p| row(people(p..p + 1), Vec::new())).collect();
        judge(&table(rows), &Rules::default(), &keys()).withheld_rows
    };
    assert_eq!(told(9), None);
    assert_eq!(told(12), Some(12));
    // the same three people in twenty rows are still three people
    let rows = (0..20).map(|_| row(people(0..3), Vec::new())).collect();
    assert_eq!(
        judge(&table(rows), &Rules::default(), &keys()).withheld_rows,
        None
    );
    // without GROUP BY it says only what is seen anyway
    let one = Table {
        grouped: false,
        rows: vec![row(people(0..3), Vec::new())],
    };
    assert_eq!(
        judge(&one, &Rules::default(), &keys()).withheld_rows,
        Some(1)
    );
}

#[test]
fn a_count_without_its_true_value_is_not_shown() {
    let rows = Number {
        kind: NumberKind::Rows,
        ..number(people(0..20), 0)
    };
    assert_eq!(shown(row(people(0..20), vec![rows])), [false]);
}

proptest! {
    /// Whatever the treatment: nothing of fewer than ten people, no shown count of people below ten, and the same
    /// verdicts for the same people in another order.
    #[test]
    fn never_below_ten_and_in_any_order(
        rows in prop::collection::vec((0_u32..40, 0_u32..40, 0_u32..40), 1..6),
        perturb: bool,
    ) {
        let rules = Rules {
            treatment: if perturb { Treatment::CellKey } else { Treatment::Round { base: 5 } },
            ..Rules::default()
        };
        let rows: Vec<Row> = rows.iter().zip(0_u32..).map(|((n, a, b), i)| {
            let from = i * 100;
            row(people(from..from + n), vec![
                number(people(from..from + a.min(n)), 0),
                number(people(from + n - b.min(n)..from + n), 0),
            ])
        }).collect();
        let verdicts = judge(&table(rows.clone()), &rules, &keys());
        for (row, verdict) in rows.iter().zip(&verdicts.rows) {
            if let RowVerdict::Shown(shown) = verdict {
                prop_assert!(row.people.len() >= 10);
                for (number, shown) in row.numbers.iter().zip(shown) {
                    if let Shown::Count(count) = shown {
                        prop_assert!(number.people.len() >= 10 && *count >= 10);
                        let bound = if perturb { 5 } else { 2 };
                        prop_assert!((*count - number.people.len() as i64).abs() <= bound);
                    }
                }
            }
        }
        let turned = judge(&table(rows.into_iter().rev().collect()), &rules, &keys());
        prop_assert_eq!(turned.rows.into_iter().rev().collect::<Vec<_>>(), verdicts.rows);
        prop_assert_eq!(turned.withheld_rows, verdicts.withheld_rows);
    }

    /// No combination with small factors of the shown numbers of a row is about one to nine people.
    #[test]
    fn no_small_combination_of_a_row(
        cuts in prop::collection::vec((0_u32..60, 0_u32..60), 1..4),
    ) {
        let sets: Vec<RoaringBitmap> = cuts.iter().map(|(a, b)| people((*a).min(*b)..(*a).max(*b))).collect();
        let shown = judged(&sets.iter().map(|s| (s.clone(), 0)).collect::<Vec<_>>());
        let mut kept: Vec<&RoaringBitmap> = sets.iter().zip(&shown).filter(|(_, s)| **s).map(|(p, _)| p).collect();
        let all = people(0..60);
        kept.push(&all);
        let mut factors = vec![-2_i64; kept.len()];
        'all: loop {
            let about = (0..60).filter(|p| {
                kept.iter().zip(&factors).filter(|(s, _)| s.contains(*p)).map(|(_, f)| f).sum::<i64>() != 0
            }).count();
            prop_assert!(about == 0 || about >= 10, "{factors:?}");
            for factor in &mut factors {
                if *factor < 2 {
                    *factor += 1;
                    continue 'all;
                }
                *factor = -2;
            }
            break;
        }
    }
}
