//! Sums, means and spreads: who dominates them, what they say about counts, and what is nought or missing in them.
//!
//! Sources: attacks 9 to 13 of the threat model; dominance and the p % rule, Hundepool et al., "Statistical disclosure
//! control" (2012), chapter 4; the masked mean, DataSHIELD issue 250.

use privacy::sdc::percentile::percentile;

use super::machine::{Guard, Machine};
use super::report::{Bar, Rate, Works, run};
use super::rng::Rng;
use super::world::{Code, Question, What, Where, World, is};

/// A table with one key field (0), one mask field (1), and columns.
fn table(columns: usize) -> World {
    World {
        codes: vec![Vec::new(); 2],
        numbers: vec![Vec::new(); columns],
        ..World::default()
    }
}

fn record(world: &mut World, person: u32, key: Code, mask: Code, values: &[f64]) {
    world.people = world.people.max(person + 1);
    world.person.push(person);
    world.codes[0].push(key);
    world.codes[1].push(mask);
    for (column, value) in world.numbers.iter_mut().zip(values) {
        column.push(*value);
    }
}

/// Everybody of groups 1 to 3 has an ordinary value, so that group 0 stands among others.
fn others(world: &mut World, rng: &mut Rng, columns: usize) {
    let first = world.people;
    for i in 0..90 {
        let values: Vec<f64> = (0..columns)
            .map(|_| (100.0 + 15.0 * rng.normal()).round())
            .collect();
        record(
            world,
            first + i,
            1 + (i % 3) as Code,
            (i % 2) as Code,
            &values,
        );
    }
}

fn near(guess: f64, truth: f64, share: f64) -> bool {
    (guess - truth).abs() <= share * truth.abs()
}

/// What can be asked about a group's column: directly, by group, and as mean times count.
fn sums(machine: &mut Machine<'_>, column: usize, of: &Where) -> Vec<f64> {
    let mut found = Vec::new();
    let mut add = |x: Option<f64>| found.extend(x);
    add(machine.number(&Question::one(What::Sum(column), of.clone())));
    let both = machine.ask(
        0,
        &Question::one(What::Mean(column), of.clone()).with(What::People, Where::All),
    );
    if let Some((mean, count)) = both.and_then(|s| s.rows.first().map(|r| (r.1[0], r.1[1])))
        && let (Some(mean), Some(count)) = (mean, count)
    {
        add(Some(mean * count));
    }
    found
}

/// Attack 10: the mean of a column that is nought, or masked, for everybody but one.
fn masked_mean(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..100 {
        let mut rng = Rng::new(seed);
        let mut world = table(6);
        let n = 12 + rng.below(60) as u32;
        let value = (1_000.0 + 300.0 * rng.normal()).round();
        for p in 0..n {
            let mine = p == 0;
            let full = (1_000.0 + 300.0 * rng.normal()).round();
            // column 0 as it is; column 1 is the column masked, as a dose of a drug is for those without it; 2 to 5 are
            // copies of the masked one
            let masked = if mine { value } else { 0.0 };
            let full = if mine { value } else { full };
            record(
                &mut world,
                p,
                0,
                Code::from(mine),
                &[full, masked, masked, masked, masked, masked],
            );
        }
        others(&mut world, &mut rng, 6);
        let n = f64::from(n);
        let here = is(0, 0);
        let questions: Vec<(Question, f64)> = vec![
            (Question::one(What::Mean(1), here.clone()), n),
            (Question::one(What::Sum(1), here.clone()), 1.0),
            (
                Question {
                    measures: Vec::new(),
                    ..Question::one(What::People, here.clone())
                }
                .with(What::Mean(0), is(1, 1)),
                1.0,
            ),
            (
                Question::one(What::Mean(0), here.clone().and(is(1, 1))),
                1.0,
            ),
            (
                (1..6).fold(
                    Question {
                        measures: Vec::new(),
                        ..Question::one(What::People, here.clone())
                    },
                    |q, c| q.with(What::Mean(c), Where::All),
                ),
                n,
            ),
            (Question::one(What::Sum(1), Where::All).by(&[0]), 1.0),
        ];
        let mut hit = questions.iter().any(|(q, times)| {
            let mut machine = Machine::new(&world, guard, seed);
            machine
                .ask(0, q)
                .and_then(|s| s.at(&q.keys.iter().map(|_| 0).collect::<Vec<Code>>(), 0))
                .is_some_and(|v| near(v * times, value, 0.01))
        });
        // and as a difference: all, and all who are not masked
        let mut machine = Machine::new(&world, guard, seed);
        let all = machine.number(&Question::one(What::Sum(0), here.clone()));
        let rest = machine.number(&Question::one(What::Sum(0), here.clone().and(is(1, 0))));
        hit |= matches!((all, rest), (Some(a), Some(r)) if near(a - r, value, 0.01));
        let mut machine = Machine::new(&world, guard, seed);
        let q = Question::one(What::Sum(0), here).with(What::Sum(0), is(1, 0));
        hit |= machine
            .ask(0, &q)
            .and_then(|s| Some(s.rows.first()?.1[0]? - s.rows.first()?.1[1]?))
            .is_some_and(|v| near(v, value, 0.01));
        rate.count(hit);
    }
    rate
}

/// Attack 11: many events of few people, and many rows without a value. A hit is any number shown with fewer than ten
/// distinct people with a value behind it.
fn rows_for_people(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..100 {
        let mut rng = Rng::new(seed);
        let mut world = table(1);
        for _ in 0..40 {
            record(&mut world, 0, 0, 0, &[rng.unit()]);
        }
        // 12 people, 9 without a value
        for p in 0..12 {
            let value = if p < 9 { f64::NAN } else { rng.unit() };
            record(&mut world, 1 + p, 1, 0, &[value]);
        }
        // 9 people, 3 events each
        for p in 0..27 {
            record(&mut world, 20 + p % 9, 2, 0, &[rng.unit()]);
        }
        let measures = [
            What::People,
            What::Rows,
            What::Values(0),
            What::Sum(0),
            What::Mean(0),
            What::Spread(0),
        ];
        let few = |key: Code, what: What| match key {
            0 | 2 => true,
            _ => !matches!(what, What::People | What::Rows),
        };
        let mut hit = false;
        for what in measures {
            let mut machine = Machine::new(&world, guard, seed);
            if let Some(shown) = machine.ask(0, &Question::one(what, Where::All).by(&[0])) {
                hit |= (0..3).any(|k| few(k, what) && shown.at(&[k], 0).is_some());
            }
            for k in 0..3 {
                let mut machine = Machine::new(&world, guard, seed);
                hit |= few(k, what) && machine.number(&Question::one(what, is(0, k))).is_some();
            }
        }
        rate.count(hit);
    }
    rate
}

/// One of twelve people has nearly all of the rows: their number is that person's, whatever is rounded.
fn heavy_user(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..100 {
        let mut rng = Rng::new(seed);
        let mut world = table(1);
        let events = 200 + rng.below(800);
        for _ in 0..events {
            record(&mut world, 0, 0, 0, &[1.0]);
        }
        for p in 1..12 + rng.below(10) as u32 {
            for _ in 0..=rng.below(2) {
                record(&mut world, p, 0, 0, &[1.0]);
            }
        }
        others(&mut world, &mut rng, 1);
        let mut hit = false;
        for what in [What::Rows, What::Values(0), What::Sum(0)] {
            for keys in [&[][..], &[0][..]] {
                let mut machine = Machine::new(&world, guard, seed);
                let zero: Vec<Code> = keys.iter().map(|_| 0).collect();
                let shown = machine.ask(0, &Question::one(what, is(0, 0)).by(keys));
                hit |= shown
                    .and_then(|s| s.at(&zero, 0))
                    .is_some_and(|v| near(v, events as f64, 0.10));
            }
        }
        rate.count(hit);
    }
    rate
}

/// Attack 12: one large value among small ones and among negative ones.
fn negative_value(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..100 {
        let mut rng = Rng::new(seed);
        let mut world = table(1);
        let value = 1e9 * (1.0 + rng.unit());
        let n = 12 + rng.below(20) as u32;
        for p in 0..n {
            let x = match (p, seed % 3) {
                (0, _) => value,
                (1, 0) => -0.01,
                // mixed signs: the small ones cancel one another
                (_, 1) => 1e6 * if p % 2 == 0 { 1.0 } else { -1.0 },
                // all others negative
                (_, 2) => -1e3 * rng.unit(),
                _ => 1e3 * rng.unit(),
            };
            record(&mut world, p, 0, (p % 2) as Code, &[x]);
        }
        others(&mut world, &mut rng, 1);
        let mut machine = Machine::new(&world, guard, seed);
        let mut guesses = sums(&mut machine, 0, &is(0, 0));
        // by way of the spread: of n values of which one dominates it is that one over the root of n
        let spread = machine.number(&Question::one(What::Spread(0), is(0, 0)));
        guesses.extend(spread.map(|s| s * f64::from(n).sqrt()));
        rate.count(guesses.iter().any(|g| near(*g, value, 0.10)));
    }
    rate
}

/// Attack 4, for sums: the second largest subtracts what is theirs (p % rule, p = 10).
fn own_value(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    let mut seed = 0;
    while rate.tries < 100 {
        seed += 1;
        let mut rng = Rng::new(seed);
        let mut world = table(1);
        let n = 10 + rng.below(10) as u32;
        let mut values: Vec<f64> = (0..n).map(|_| (2.2 * rng.normal()).exp() * 1e3).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        // only the cases in which the attack would work
        let total: f64 = values.iter().sum();
        if !near(total - values[1], values[0], 0.10) {
            continue;
        }
        for (p, value) in values.iter().enumerate() {
            record(&mut world, p as u32, 0, (p % 2) as Code, &[*value]);
        }
        others(&mut world, &mut rng, 1);
        let mut machine = Machine::new(&world, guard, seed);
        let guesses = sums(&mut machine, 0, &is(0, 0));
        rate.count(guesses.iter().any(|g| near(g - values[1], values[0], 0.10)));
    }
    rate
}

/// A sum that is withheld because one person dominates it, from the total of all groups and the other groups.
fn dominated_from_total(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..100 {
        let mut rng = Rng::new(seed);
        let mut world = table(1);
        let value = 3_000.0 + 1_000.0 * rng.unit();
        for p in 0..12 {
            let x = if p == 0 { value } else { 10.0 * rng.unit() };
            record(&mut world, p, 0, (p % 2) as Code, &[x]);
        }
        others(&mut world, &mut rng, 1);
        let asked: Vec<Vec<(f64, Question)>> = vec![
            vec![
                (1.0, Question::one(What::Sum(0), Where::All)),
                (-1.0, Question::one(What::Sum(0), Where::All).by(&[0])),
            ],
            vec![
                (1.0, Question::one(What::Sum(0), Where::All)),
                (-1.0, Question::one(What::Sum(0), is(0, 0).not())),
            ],
            vec![
                (1.0, Question::one(What::Sum(0), Where::In(0, vec![0, 1]))),
                (-1.0, Question::one(What::Sum(0), is(0, 1))),
            ],
        ];
        let hit = asked.iter().any(|parts| {
            let mut machine = Machine::new(&world, guard, seed);
            let mut all = 0.0;
            for (sign, q) in parts {
                let Some(shown) = machine.ask(0, q) else {
                    return false;
                };
                all += sign * shown.rows.iter().filter_map(|r| r.1[0]).sum::<f64>();
            }
            near(all, value, 0.10)
        });
        rate.count(hit);
    }
    rate
}

/// Attack 13: n, mean and spread of small whole numbers, by enumerating all multisets that fit. A hit is a multiset
/// that is the only one, and in which a value is held by one to nine people.
fn multisets(guard: Guard) -> Rate {
    // the dictionary says which values there are
    const VALUES: usize = 4;
    let mut rate = Rate::default();
    for seed in 0..100 {
        let mut rng = Rng::new(seed);
        let mut world = table(1);
        let n = 10 + rng.below(6);
        let values = if seed % 4 == 0 { 4 } else { 3 };
        let mut held = [0_usize; VALUES];
        for p in 0..n {
            // few have had the operation more than once
            let x = [0, 0, 0, 1, 1, 2, values - 1][rng.below(7)];
            held[x] += 1;
            record(&mut world, p as u32, 0, 0, &[x as f64]);
        }
        others(&mut world, &mut rng, 1);
        let mut machine = Machine::new(&world, guard, seed);
        let q = Question::one(What::People, is(0, 0))
            .with(What::Mean(0), Where::All)
            .with(What::Spread(0), Where::All)
            .with(What::Sum(0), Where::All);
        let shown = machine.ask(0, &q);
        let row = shown.as_ref().and_then(|s| s.rows.first());
        let get = |i: usize| row.and_then(|r| r.1[i]);
        let range = get(0).map_or((10, 30), |c| machine.count(c));
        let mut fits = Vec::new();
        if row.is_some_and(|r| r.1[1..].iter().any(Option::is_some)) {
            for n in range.0.max(10)..=range.1 {
                for a in 0..=n {
                    for b in 0..=n - a {
                        for c in 0..=n - a - b {
                            let counts = [a, b, c, n - a - b - c];
                            let known = values == 4 || counts[3] == 0;
                            if known && agrees(&counts, n, get(1), get(2), get(3)) {
                                fits.push(counts);
                            }
                        }
                    }
                }
            }
        }
        let few = held.iter().any(|h| (1..10).contains(h));
        rate.count(few && fits.len() == 1 && (0..VALUES).all(|v| fits[0][v] as usize == held[v]));
    }
    rate
}

fn agrees(
    counts: &[i64; 4],
    n: i64,
    mean: Option<f64>,
    spread: Option<f64>,
    sum: Option<f64>,
) -> bool {
    let total: i64 = counts.iter().zip(0..).map(|(c, v)| c * v).sum();
    let squares: i64 = counts.iter().zip(0..).map(|(c, v)| c * v * v).sum();
    let (n, total, squares) = (n as f64, total as f64, squares as f64);
    let close = |shown: Option<f64>, is: f64| shown.is_none_or(|s| (s - is).abs() < 1e-6);
    close(mean, total / n)
        && close(sum, total)
        && close(spread, ((squares - total * total / n) / (n - 1.0)).sqrt())
}

/// Minimum, maximum, median and the percentiles between: a hit is a number shown that is somebody's exact value.
fn percentiles(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let n = 10 + rng.below(60);
        let mut values: Vec<f64> = (0..n).map(|_| (10.0 + 0.6 * rng.normal()).exp()).collect();
        values.sort_by(f64::total_cmp);
        let step = [1.0, 100.0, 1_000.0][rng.below(3)];
        let hit = (0..=20).any(|p| {
            let value = values[(p * (n - 1)) / 20];
            let below = values.iter().filter(|v| **v < value).count() as u64;
            let above = values.iter().filter(|v| **v > value).count() as u64;
            let shown = match guard {
                Guard::Threshold => Some(value),
                _ => percentile(value, below, above, step, 10),
            };
            let extreme = p == 0 || p == 20;
            shown.is_some_and(|s| extreme || values.iter().any(|v| (v - s).abs() < 1e-9))
        });
        rate.count(hit);
    }
    rate
}

/// The mean of a yes-or-no column is a count of those who say yes, who may be fewer than ten.
fn count_by_mean(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let mut world = table(1);
        let n = 12 + rng.below(90);
        let yes = 1 + rng.below(9);
        for p in 0..n {
            record(&mut world, p as u32, 0, 0, &[f64::from(u8::from(p < yes))]);
        }
        others(&mut world, &mut rng, 1);
        let mut hit = false;
        for q in [
            Question::one(What::People, is(0, 0)).with(What::Sum(0), Where::All),
            Question::one(What::People, is(0, 0)).with(What::Mean(0), Where::All),
            Question::one(What::People, is(0, 0)).with(What::Spread(0), Where::All),
        ] {
            let mut machine = Machine::new(&world, guard, seed);
            let Some(shown) = machine.ask(0, &q) else {
                continue;
            };
            let Some((Some(people), Some(number))) = shown.rows.first().map(|r| (r.1[0], r.1[1]))
            else {
                continue;
            };
            let (low, high) = machine.count(people);
            let mut fits: Vec<i64> = (low.max(10)..=high)
                .flat_map(|n| (0..=n).map(move |k| (n, k)))
                .filter(|(n, k)| {
                    let (n, k) = (*n as f64, *k as f64);
                    let p = k / n;
                    let is = match q.measures[1].what {
                        What::Sum(_) => k,
                        What::Mean(_) => p,
                        _ => (n / (n - 1.0) * p * (1.0 - p)).sqrt(),
                    };
                    (is - number).abs() < 1e-6 && k <= n / 2.0
                })
                .map(|(_, k)| k)
                .collect();
            fits.dedup();
            hit |= fits == [yes as i64];
        }
        rate.count(hit);
    }
    rate
}

/// A count that is rounded or perturbed, exactly: a sum over a mean, or the sum of a column that is one for everybody.
fn count_by_quotient(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let mut world = table(2);
        let n = 20 + rng.below(90);
        for p in 0..n {
            let x = (100.0 + 15.0 * rng.normal()).round();
            record(&mut world, p as u32, 0, 0, &[x, 1.0]);
        }
        others(&mut world, &mut rng, 2);
        let ask = |what: &[What]| {
            // together, then each as its own question
            let mut machine = Machine::new(&world, guard, seed);
            let q = what.iter().fold(
                Question {
                    measures: Vec::new(),
                    ..Question::one(What::People, is(0, 0))
                },
                |q, w| q.with(*w, Where::All),
            );
            let together: Option<Vec<f64>> = machine
                .ask(0, &q)
                .and_then(|s| s.rows.first().map(|r| r.1.clone()))
                .and_then(|r| r.into_iter().collect());
            together.or_else(|| {
                let mut machine = Machine::new(&world, guard, seed);
                what.iter()
                    .map(|w| machine.number(&Question::one(*w, is(0, 0))))
                    .collect()
            })
        };
        let mut guesses: Vec<f64> = Vec::new();
        guesses.extend(ask(&[What::Sum(0), What::Mean(0)]).map(|v| v[0] / v[1]));
        guesses.extend(ask(&[What::Sum(1)]).map(|v| v[0]));
        if guesses.is_empty() {
            guesses.extend(ask(&[What::People]).map(|v| v[0]));
        }
        rate.count(guesses.iter().any(|g| (g - n as f64).abs() < 1e-6));
    }
    rate
}

/// Class disclosure: everybody in a group says yes, and the answer shows it.
fn full_cell(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let mut world = table(1);
        let n = 12 + rng.below(60) as u32;
        for p in 0..n {
            record(&mut world, p, 0, 1, &[1.0]);
        }
        others(&mut world, &mut rng, 1);
        let exact = |machine: &Machine<'_>, all: Option<f64>, yes: Option<f64>| match (all, yes) {
            (Some(all), Some(yes)) => machine.count(yes).0 >= machine.count(all).1,
            _ => false,
        };
        let mut hit = false;
        // two numbers of one row
        let mut machine = Machine::new(&world, guard, seed);
        let q = Question::one(What::People, is(0, 0)).with(What::People, is(1, 1));
        if let Some(s) = machine.ask(0, &q) {
            let row = s.rows.first().map(|r| r.1.clone()).unwrap_or(vec![None; 2]);
            hit |= exact(&machine, row[0], row[1]);
        }
        // two tables
        let mut machine = Machine::new(&world, guard, seed);
        let all = machine.number(&Question::one(What::People, is(0, 0)));
        let yes = machine.number(&Question::one(What::People, is(0, 0).and(is(1, 1))));
        hit |= exact(&machine, all, yes);
        // the rules say that what is shown differs by nobody or by ten, and numbers that are equal cannot differ by ten
        hit |= all.is_some() && all == yes;
        // a mean of one, or a spread of nought
        for (what, of_all) in [(What::Mean(0), 1.0), (What::Spread(0), 0.0)] {
            let mut machine = Machine::new(&world, guard, seed);
            let shown = machine.number(&Question::one(what, is(0, 0)));
            hit |= shown.is_some_and(|v| (v - of_all).abs() < 1e-9);
        }
        rate.count(hit);
    }
    rate
}

fn never(_: Guard) -> Bar {
    Bar::Never
}

#[test]
fn masked_means() {
    run("masked mean", Works(1.0), never, masked_mean);
}

#[test]
fn rows_are_not_people() {
    run(
        "rows for people, missing values",
        Works(0.0),
        never,
        rows_for_people,
    );
}

#[test]
fn heavy_users() {
    run("rows of one heavy user", Works(0.9), never, heavy_user);
}

#[test]
fn negative_values() {
    run(
        "negative value, dominance",
        Works(0.9),
        never,
        negative_value,
    );
}

#[test]
fn own_values() {
    run("own value (p %)", Works(1.0), never, own_value);
}

#[test]
fn dominated_sums_from_totals() {
    run(
        "dominated sum from a total",
        Works(0.9),
        never,
        dominated_from_total,
    );
}

#[test]
fn multisets_from_moments() {
    run(
        "multisets from n, mean, spread",
        Works(0.7),
        never,
        multisets,
    );
}

#[test]
fn counts_from_means() {
    run(
        "count below ten by a mean of 0 and 1",
        Works(0.9),
        never,
        count_by_mean,
    );
}

#[test]
fn counts_from_quotients() {
    run(
        "exact count by sum over mean",
        Works(1.0),
        |g| Bar::Share(g.exact_by_chance()),
        count_by_quotient,
    );
}

#[test]
fn full_cells() {
    run(
        "zero and full cells (class disclosure)",
        Works(1.0),
        never,
        full_cell,
    );
}

#[test]
fn percentiles_are_nobodys() {
    run(
        "minimum, maximum, percentiles",
        Works(1.0),
        never,
        percentiles,
    );
}
