#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation
)]

use proptest::prelude::*;

use super::*;

/// Small seeded numbers (splitmix64, Steele et al. 2014).
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// About normal: a sum of twelve.
    fn normal(&mut self, mean: f64, sd: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| self.below(1_000_000) as f64 / 1e6).sum();
        mean + sd * (sum - 6.0)
    }
}

/// People: sex, year of birth, weight to 0.1 kg, systolic pressure that ends in 0 for every third, body-mass index to 0.01.
fn people(n: usize, seed: u64) -> Vec<Vec<String>> {
    let mut s = Seeded(seed);
    (0..n)
        .map(|_| {
            let pressure = s.normal(137.0, 18.0).round();
            let pressure = if s.below(3) == 0 {
                (pressure / 10.0).round() * 10.0
            } else {
                pressure
            };
            vec![
                ["Female", "Male"][usize::from(s.below(2) == 1)].to_owned(),
                (1938 + s.below(32)).to_string(),
                format!("{:.1}", s.normal(78.0, 15.0)),
                format!("{pressure:.0}"),
                format!("{:.2}", s.normal(27.4, 4.7)),
            ]
        })
        .collect()
}

fn plan() -> Plan {
    Plan {
        marked: vec![(2, 1), (3, 0), (4, 2)],
        anchor: 1,
    }
}

fn keys(n: usize) -> Vec<MarkKey> {
    (0..n)
        .map(|i| MarkKey::derive(&[7; 32], &format!("p-{}", i / 10), &format!("r-{i}")))
        .collect()
}

/// Random rows, in random order, with the columns in random order.
fn leak(rows: &[Vec<String>], n: usize, seed: u64) -> Vec<Vec<String>> {
    let mut s = Seeded(seed);
    let mut columns: Vec<usize> = (0..rows[0].len()).collect();
    for i in (1..columns.len()).rev() {
        columns.swap(i, usize::try_from(s.below(i as u64 + 1)).unwrap());
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    for i in 0..n {
        let j = i + usize::try_from(s.below((rows.len() - i) as u64)).unwrap();
        order.swap(i, j);
    }
    order[..n]
        .iter()
        .map(|r| columns.iter().map(|c| rows[*r][*c].clone()).collect())
        .collect()
}

#[test]
fn numbers_keep_their_form() {
    for (text, decimals, n) in [
        ("27.4", 1, 274),
        ("-0.5", 2, -50),
        ("120", 0, 120),
        ("3", 2, 300),
    ] {
        assert_eq!(steps(text, decimals), Some(n), "{text}");
    }
    assert_eq!(
        (written(274, 1), written(-5, 2), written(7, 0)),
        ("27.4".into(), "-0.05".into(), "7".into())
    );
    for text in ["", "x", "1e5", "1.25", "NaN", "--1", "1.2.3", ".5"] {
        assert_eq!(steps(text, 1), None, "{text}");
    }
    for same in ["1.50", " 1.5 ", "1.5"] {
        assert_eq!(anchor_of(same), anchor_of("1.5"), "{same}");
    }
    assert_ne!(anchor_of("10"), anchor_of("1"));
}

#[test]
fn the_bound_is_above_the_binomial_tail() {
    // Known answers: 2^-10 where all of ten fit; P(at least 8 of 10) = 56 / 1024.
    assert!((chance(10, 10) - 1.0 / 1024.0).abs() < 1e-12);
    assert!(chance(10, 8) >= 56.0 / 1024.0);
    assert_eq!((chance(10, 5), chance(0, 0)), (1.0, 1.0));
}

/// What the documents state: every cell moves by at most one step, half do not move, the variance grows by half a squared
/// step, and the mean stays where it is to within chance.
#[test]
fn the_cost_is_what_is_stated() {
    let before = people(20_000, 1);
    let mut after = before.clone();
    let costs = mark(&mut after, &plan(), &keys(1)[0]).unwrap();
    for ((column, decimals), cost) in plan().marked.iter().zip(&costs) {
        for (a, b) in before.iter().zip(&after) {
            let (a, b) = (steps(&a[*column], *decimals), steps(&b[*column], *decimals));
            assert!((a.unwrap() - b.unwrap()).abs() <= 1);
        }
        let share = cost.changed as f64 / cost.cells as f64;
        assert!((0.47..0.53).contains(&share), "{cost:?}");
        assert!(cost.mean_shift_steps.abs() < 0.1, "{cost:?}");
        // The growth, beside chance: the change is uncorrelated with the value, whose spread makes the estimate noisy.
        let sd = match column {
            2 => 150.0,
            3 => 18.0,
            _ => 470.0,
        };
        let noise = 5.0 * 2.0 * sd * (0.5_f64 / 20_000.0).sqrt();
        assert!(
            (cost.variance_growth_steps - 0.5).abs() < noise + 0.1,
            "{cost:?}"
        );
    }
    for (a, b) in before.iter().zip(&after) {
        assert_eq!(a[..2], b[..2], "nothing else changes");
    }
}

#[test]
fn what_has_no_noise_to_hide_in_is_not_marked() {
    let mut rows = people(500, 2);
    let key = &keys(1)[0];
    let with = |marked: &[(usize, u8)], anchor| Plan {
        marked: marked.to_vec(),
        anchor,
    };
    let before = rows.clone();
    for (bad, found) in [
        (with(&[], 1), Unmarkable::Plan(0)),
        (with(&[(2, 1)], 2), Unmarkable::Plan(1)),
        (with(&[(2, 1)], 9), Unmarkable::Plan(1)),
        (
            with(&[(0, 0)], 1),
            Unmarkable::Values {
                column: 0,
                found: 0,
            },
        ),
    ] {
        assert_eq!(mark(&mut rows, &bad, key), Err(found));
    }
    assert_eq!(mark(&mut [], &plan(), key), Err(Unmarkable::Plan(3)));
    assert_eq!(rows, before);
}

#[test]
fn a_file_that_nobody_marked_names_nobody() {
    let all = keys(1_000);
    for seed in 0..5 {
        let found = detect(&leak(&people(3_000, seed), 100, seed), &all);
        assert!(found.best.unwrap().expected_false > 1e-3, "{found:?}");
    }
    assert_eq!(detect(&[], &all).best, None);
    assert_eq!(detect(&[vec!["a".into()], vec![]], &all).best, None);
}

#[test]
fn a_file_with_spoiled_digits_still_names_the_person() {
    let all = keys(1_000);
    let mut rows = people(3_000, 9);
    mark(&mut rows, &plan(), &all[321]).unwrap();
    let mut leaked = leak(&rows, 400, 3);
    let mut s = Seeded(5);
    // Every fifth cell is changed; whole columns are gone or rounded.
    for row in &mut leaked {
        for cell in row.iter_mut().filter(|_| s.below(5) == 0) {
            if let Ok(number) = cell.parse::<f64>() {
                *cell = written(number as i64 + 1, 0);
            }
        }
    }
    let hit = detect(&leaked, &all).best.unwrap();
    assert!(hit.candidate == 321 && hit.expected_false < 1e-6, "{hit:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// A hundred random rows, columns renamed and shuffled, name the right one of a thousand.
    #[test]
    fn a_hundred_rows_name_project_and_person(person in 0_usize..1_000, seed in any::<u64>()) {
        let all = keys(1_000);
        let mut rows = people(3_000, seed);
        mark(&mut rows, &plan(), &all[person]).unwrap();
        let found = detect(&leak(&rows, 100, seed ^ 1), &all);
        let hit = found.best.unwrap();
        prop_assert_eq!(hit.candidate, person);
        prop_assert!(hit.expected_false < 1e-6, "{:?}", hit);
    }

    #[test]
    fn arbitrary_text_never_panics(rows in prop::collection::vec(prop::collection::vec(".{0,12}", 0..6), 0..60)) {
        let mut rows = rows;
        let key = &keys(1)[0];
        let _ = detect(&rows, std::slice::from_ref(key));
        let _ = mark(&mut rows, &plan(), key);
    }
}
