#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]
use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::*;

fn people(range: std::ops::Range<u32>) -> RoaringBitmap {
    range.collect()
}

/// A table of counts of these sets.
fn table(sets: &[RoaringBitmap]) -> ReleasedTable {
    ReleasedTable {
        layers: vec![Layer {
            family: COUNTS.to_owned(),
            cells: (0_u32..)
                .zip(sets)
                .map(|(row, people)| Cell {
                    people: people.clone(),
                    shown: Some(people.len() as i64),
                    row,
                    number: 0,
                    meaning: None,
                    weights: None,
                })
                .collect(),
        }],
        ..ReleasedTable::default()
    }
}

fn chooser() -> Chooser {
    Chooser::derive(&[7; 32])
}

fn asked(new: &ReleasedTable, earlier: &[ReleasedTable]) -> Outcome {
    let earlier = earlier.iter().map(|table| Earlier {
        table: table.clone(),
        own: true,
    });
    compare(new, earlier, &Options::new(&chooser()))
}

fn refused(rule: Rule) -> Outcome {
    Outcome::Refuse { rule, recode: None }
}

fn is_fine(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Fine { .. })
}

/// Everybody as two halves, and everybody but one as two other halves: no two sets are close, their sums are.
#[test]
fn differences_of_sums_of_separate_questions() {
    let all = people(0..400);
    let without = people(1..400);
    let part = |set: &RoaringBitmap, by: u32, code: u32| -> RoaringBitmap {
        set.iter().filter(|p| (p / by) % 2 == code).collect()
    };
    let earlier = [
        table(&[part(&all, 1, 0)]),
        table(&[part(&without, 2, 0)]),
        table(&[part(&all, 1, 1)]),
    ];
    for n in 1..3 {
        assert!(is_fine(&asked(&earlier[n], &earlier[..n])), "{n}");
    }
    assert_eq!(
        asked(&table(&[part(&without, 2, 1)]), &earlier),
        refused(Rule::Difference)
    );
}

/// Denning, Denning and Schwartz 1979: count(C or T) + count(C or not T) − count(all) = count(C), for C of three people.
#[test]
fn the_general_tracker_is_refused_at_its_last_question() {
    let c: RoaringBitmap = [3, 60, 61].into_iter().collect();
    let with_c = |range| &c | people(range);
    let earlier = [table(&[with_c(0..50)]), table(&[people(0..100)])];
    assert!(is_fine(&asked(&earlier[1], &earlier[..1])));
    assert_eq!(
        asked(&table(&[with_c(50..100)]), &earlier),
        refused(Rule::Difference)
    );
    // whoever asks
    let of_others = earlier.iter().map(|table| Earlier {
        table: table.clone(),
        own: false,
    });
    let new = table(&[with_c(50..100)]);
    assert_eq!(
        compare(&new, of_others, &Options::new(&chooser())),
        refused(Rule::Difference)
    );
}

/// Two groupings of twelve areas into regions that differ by one area of five people, in tables too large to be solved
/// jointly: found by the cut between both.
#[test]
fn linked_views_of_many_regions() {
    let region = |i: u32| people(i * 40..i * 40 + 40);
    let old: Vec<RoaringBitmap> = (0..200).map(region).collect();
    let mut new = old.clone();
    let moved = people(0..5);
    new[0] -= &moved;
    new[1] |= &moved;
    assert_eq!(
        asked(&table(&new), &[table(&old)]),
        refused(Rule::Difference)
    );
    let moved = people(0..15);
    new[0] -= &moved;
    new[1] |= &moved;
    assert!(is_fine(&asked(&table(&new), &[table(&old)])));
}

/// "Yes" and "yes but for this one" are equal exactly if this one says no: refused as if they differed by one.
#[test]
fn equal_sets_in_other_words_are_refused() {
    let say = |words: &[u64]| {
        let mut table = table(&[people(0..50)]);
        table.layers[0].cells[0].meaning = Some(words.to_vec());
        table
    };
    assert!(is_fine(&asked(&say(&[1]), &[say(&[1])])));
    assert_eq!(
        asked(&say(&[1, 2]), &[say(&[1])]),
        refused(Rule::Difference)
    );
    let differs = table(&[people(0..49)]);
    assert_eq!(asked(&differs, &[say(&[1])]), refused(Rule::Difference));
    // a table of parts means what its parts have in common
    let mut parts = table(&[people(0..25), people(25..50)]);
    for (cell, words) in parts.layers[0].cells.iter_mut().zip([[1, 5], [1, 6]]) {
        cell.meaning = Some(words.to_vec());
    }
    assert!(is_fine(&asked(&parts, &[say(&[1])])));
    assert_eq!(asked(&parts, &[say(&[1, 2])]), refused(Rule::Difference));
}

/// "Yes", then "no, but for this one", then "all but for this one": they add up exactly if this one says no.
#[test]
fn sums_that_add_up_by_accident_are_refused() {
    let say = |set: RoaringBitmap, words: &[&str]| {
        let mut table = table(&[set]);
        let meaning = Meaning {
            conditions: words.iter().map(|w| (*w).to_owned()).collect(),
            ..Meaning::default()
        };
        let full = crate::sdc::Table {
            grouped: false,
            rows: vec![crate::sdc::Row::default()],
        };
        table.layers[0].cells[0].number = u32::MAX;
        table = table.meaning(&full, &meaning);
        table
    };
    let yes = say(people(0..50), &["q=yes"]);
    let no_but = |set| say(set, &["q=no", "not this one"]);
    let all_but = |set| say(set, &["not this one"]);
    // this one (person 99) says no, or (person 0) says yes
    for (rest, all) in [
        (people(50..99), people(0..99)),
        (people(50..100), people(1..100)),
    ] {
        let earlier = [yes.clone(), no_but(rest)];
        assert!(is_fine(&asked(&earlier[1], &earlier[..1])));
        assert_eq!(asked(&all_but(all), &earlier), refused(Rule::Difference));
    }
    // the parts of a column and their whole are meant
    let earlier = [yes, say(people(50..100), &["q=no"])];
    assert!(is_fine(&asked(&say(people(0..100), &[]), &earlier)));
}

/// All of 400 were shown as 405. A half is free; the other half is what is left of 405, and so on: no new draw.
#[test]
fn counts_that_follow_are_settled() {
    let mut all = table(&[people(0..400)]);
    all.layers[0].cells[0].shown = Some(405);
    let mut half = table(&[people(0..203)]);
    half.layers[0].cells[0].shown = Some(205);
    let mut other = table(&[people(203..400)]);
    other.layers[0].cells[0].shown = Some(195);
    let Outcome::Fine { settled } = asked(&other, &[all.clone(), half.clone()]) else {
        panic!("it is fine");
    };
    let expected = Settled {
        row: 0,
        number: 0,
        count: 200,
    };
    assert_eq!(settled, [expected]);
    // the same people again, drawn otherwise: as before
    let mut again = half.clone();
    again.layers[0].cells[0].shown = Some(210);
    let Outcome::Fine { settled } = asked(&again, &[all, half]) else {
        panic!("it is fine");
    };
    assert_eq!(settled[0].count, 205);
}

/// All groups' total without three groups is the fourth, whose total was withheld.
#[test]
fn a_withheld_total_does_not_follow() {
    let named = |mut table: ReleasedTable| {
        table.layers[0].family = "main.p".to_owned();
        table
    };
    let group = |i: u32| people(i * 30..i * 30 + 30);
    let mut groups = named(table(&[group(1), group(2), group(3)]));
    groups.protected = named(table(&[group(0)])).layers;
    assert!(is_fine(&asked(&groups, &[])));
    let all = named(table(&[people(0..120)]));
    assert_eq!(asked(&all, &[groups.clone()]), refused(Rule::Difference));
    assert_eq!(asked(&groups, &[all]), refused(Rule::Difference));
}

/// The total of 120 people, then of 90 of them: of the other 30 one has 3,000 of 3,300, by what is known of the total's
/// largest. It is refused; without a large one it is not.
#[test]
fn a_dominated_total_does_not_follow_from_two_others() {
    let total = |set: RoaringBitmap, total: f64, largest: f64| {
        let mut table = table(&[set]);
        table.layers[0].family = "main.p".to_owned();
        table.layers[0].cells[0].weights = Some(Weights {
            total,
            top: [largest, 100.0],
        });
        table
    };
    let rest = total(people(30..120), 9_000.0, 110.0);
    for (largest, fine) in [(3_000.0, false), (110.0, true)] {
        let all = total(people(0..120), 12_300.0, largest);
        assert_eq!(is_fine(&asked(&rest, std::slice::from_ref(&all))), fine);
        assert_eq!(is_fine(&asked(&all, std::slice::from_ref(&rest))), fine);
    }
}

fn withdrawn(mut table: ReleasedTable, who: &[u32]) -> ReleasedTable {
    table.withdrawn = who.iter().copied().collect();
    for cell in table.layers.iter_mut().flat_map(|l| &mut l.cells) {
        cell.people -= &table.withdrawn;
    }
    table
}

fn without(mut table: ReleasedTable, who: &RoaringBitmap) -> ReleasedTable {
    table.stand_ins |= who;
    for cell in table.layers.iter_mut().flat_map(|l| &mut l.cells) {
        cell.people -= who;
    }
    table
}

/// Somebody withdraws between an answer and its repetition: every group loses ten people or more, wherever the person was,
/// and the choice does not depend on it.
#[test]
fn a_repeated_question_after_a_withdrawal() {
    let first = table(&[people(0..300), people(300..700)]);
    let again = withdrawn(first.clone(), &[5]);
    let Outcome::StandIns(chosen) = asked(&again, std::slice::from_ref(&first)) else {
        panic!("somebody has withdrawn");
    };
    for cell in &again.layers[0].cells {
        let gone = cell.people.intersection_len(&chosen);
        assert!((10..50).contains(&gone), "{gone}");
    }
    let answer = without(again.clone(), &chosen);
    assert!(is_fine(&asked(&answer, std::slice::from_ref(&first))));
    // asked once more: the same people
    let both = [first.clone(), answer.clone()];
    assert_eq!(asked(&again, &both), Outcome::StandIns(chosen.clone()));
    assert!(is_fine(&asked(&answer, &both)));
    // had the person never been there, all would be the same
    let never = withdrawn(first, &[5]);
    let never = ReleasedTable {
        withdrawn: RoaringBitmap::new(),
        ..never
    };
    assert_eq!(asked(&again, &[never]), Outcome::StandIns(chosen));
    // another person: another choice
    let other = withdrawn(table(&[people(0..300), people(300..700)]), &[6]);
    let Outcome::StandIns(others) = asked(&other, &[table(&[people(0..300), people(300..700)])])
    else {
        panic!("somebody has withdrawn");
    };
    assert!(!others.is_empty());
}

/// Too few to spare: it waits.
#[test]
fn small_populations_wait() {
    let first = table(&[people(0..25)]);
    let again = withdrawn(first.clone(), &[5]);
    assert_eq!(asked(&again, &[first]), refused(Rule::WaitsForMoreChange));
}

/// Age by sex, after a table whose one row lacks three people of one cell: leaving the sex out does not help, putting the two
/// ages together does.
#[test]
fn the_smallest_recode_that_passes() {
    use crate::sdc::Row;
    let cell = |from: u32, to: u32, age: &str, sex: &str| Row {
        people: people(from..to),
        labels: vec![Some(age.to_owned()), Some(sex.to_owned())],
        ..Row::default()
    };
    let full = crate::sdc::Table {
        grouped: true,
        rows: vec![
            cell(0, 40, "40", "f"),
            cell(40, 80, "40", "m"),
            cell(80, 120, "50", "f"),
            cell(120, 160, "50", "m"),
            cell(160, 200, "60", "f"),
            cell(200, 240, "60", "m"),
        ],
    };
    let sets: Vec<RoaringBitmap> = full.rows.iter().map(|r| r.people.clone()).collect();
    let new = table(&sets);
    // women of 40, and women of 50 but for three
    let earlier = [Earlier {
        table: table(&[people(3..40)]),
        own: true,
    }];
    let chooser = chooser();
    let options = Options {
        table: Some(&full),
        ..Options::new(&chooser)
    };
    let Outcome::Refuse {
        rule: Rule::Difference,
        recode: Some(recode),
    } = compare(&new, earlier, &options)
    else {
        panic!("it is refused, and a recode exists");
    };
    let expected = Recode::MergeValues {
        key: 0,
        values: vec![Some("40".to_owned()), Some("50".to_owned())],
        rows: 4,
    };
    assert_eq!(recode, expected);
}

#[test]
fn a_population_is_not_asked_about_without_end() {
    // halves of the same 4,000 people
    let half = |seed: u32| -> RoaringBitmap {
        (0..4_000)
            .filter(|p: &u32| (p.wrapping_mul(2_654_435_761) >> (seed % 20)) & 1 == 0)
            .collect()
    };
    let tables: Vec<ReleasedTable> = (0..50)
        .map(|i| {
            let a = half(i % 20) ^ people(i * 20..i * 20 + 20);
            table(&[a.clone(), people(0..4_000) - a])
        })
        .collect();
    let new = table(&[people(0..1_700), people(1_700..4_000)]);
    assert!(matches!(
        asked(&new, &tables),
        Outcome::Refuse {
            rule: Rule::PopulationAskedTooOften | Rule::TooEntangled,
            ..
        }
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// After `compare` has let up to eight sets pass, no combination of them with factors −1, 0, 1 is about one to nine
    /// people (all of them are tried).
    #[test]
    fn whatever_passes_tells_nothing_of_few(
        cuts in prop::collection::vec((0_u32..8, 1_u32..9, 0_u32..60), 1..9),
    ) {
        // sets that share most of their structure, so that small differences are common
        let set = |(block, blocks, extra): (u32, u32, u32)| -> RoaringBitmap {
            let mut out: RoaringBitmap = (0..blocks).flat_map(|i| {
                let from = ((block + i) % 8) * 12;
                from..from + 12
            }).collect();
            if extra < 20 {
                for p in extra..extra + extra % 4 {
                    if !out.insert(p) {
                        out.remove(p);
                    }
                }
            }
            out
        };
        let mut passed: Vec<ReleasedTable> = Vec::new();
        for cut in cuts {
            let people = set(cut);
            // fewer than ten are not shown in the first place: that is the rule for one table, not this one
            if people.len() < 10 {
                continue;
            }
            let new = table(&[people]);
            if is_fine(&asked(&new, &passed)) {
                passed.push(new);
            }
        }
        let mut factors = vec![-1_i64; passed.len()];
        'all: while !passed.is_empty() {
            let about = (0..96_u32).filter(|p| {
                passed.iter().zip(&factors)
                    .filter(|(t, _)| t.layers[0].cells[0].people.contains(*p))
                    .map(|(_, f)| f).sum::<i64>() != 0
            }).count();
            prop_assert!(about == 0 || about >= 10, "{about} people");
            for factor in &mut factors {
                if *factor < 1 {
                    *factor += 1;
                    continue 'all;
                }
                *factor = -1;
            }
            break;
        }
    }

    #[test]
    fn bytes_go_round(
        sets in prop::collection::vec(prop::collection::btree_set(0_u32..200_000, 0..40), 0..6),
        shown: Option<i64>, meaning: Option<Vec<u64>>, cut in 0_usize..400,
    ) {
        let mut table = table(&sets.iter().map(|s| s.iter().copied().collect()).collect::<Vec<_>>());
        for cell in &mut table.layers[0].cells {
            cell.shown = shown;
            cell.meaning = meaning.clone().map(|m| m.into_iter().take(9).collect());
        }
        table.protected = table.layers.clone();
        table.stand_ins = people(3..9);
        let bytes = table.to_bytes();
        prop_assert_eq!(ReleasedTable::from_bytes(&bytes), Ok(table));
        // cut short, or with more behind
        let cut = cut.min(bytes.len() - 1);
        prop_assert!(ReleasedTable::from_bytes(&bytes[..cut]).is_err());
        let longer = [&bytes[..], &[0]].concat();
        prop_assert_eq!(ReleasedTable::from_bytes(&longer), Err(BytesError::NotReadable));
    }

    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = ReleasedTable::from_bytes(&bytes);
    }
}

/// How long a comparison takes at full size: 440 cells against a hundred tables of 440 cells over 500,000 people. Run with
/// `cargo test --release -p privacy -- --ignored full_size --nocapture`.
#[test]
#[ignore = "a measurement"]
fn full_size() {
    // tables by different keys: people fall into cells independently
    let by = |seed: u32| {
        let mut sets = vec![RoaringBitmap::new(); 440];
        for p in 0..500_000_u32 {
            let mut z = (u64::from(p) << 20 | u64::from(seed)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 29;
            sets[(z % 440) as usize].insert(p);
        }
        table(&sets)
    };
    let earlier: Vec<Earlier> = (0..100)
        .map(|seed| Earlier {
            table: by(seed),
            own: seed < 10,
        })
        .collect();
    let new = by(1_000);
    let start = std::time::Instant::now();
    let bytes: Vec<Vec<u8>> = earlier.iter().map(|e| e.table.to_bytes()).collect();
    let written = start.elapsed();
    let start = std::time::Instant::now();
    for bytes in &bytes {
        ReleasedTable::from_bytes(bytes).unwrap();
    }
    let read = start.elapsed();
    let start = std::time::Instant::now();
    let outcome = compare(&new, earlier, &Options::new(&chooser()));
    let took = start.elapsed();
    assert!(is_fine(&outcome), "{outcome:?}");
    println!(
        "compared in {took:?}, written in {written:?}, read in {read:?}, {} MB",
        bytes.iter().map(Vec::len).sum::<usize>() / 1_000_000
    );
}
