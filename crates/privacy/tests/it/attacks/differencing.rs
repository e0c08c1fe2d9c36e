//! Answers that differ by one person: drop-one, in parts, across projects, and Denning's tracker.
//!
//! Sources: Denning, Denning, Schwartz, "The tracker: a threat to statistical database security" (1979); Schlörer
//! (1975); the drop-one case of ACRO's issue list. The attacker claims a bit only if the numbers shown leave one value,
//! and a value only if a combination of shown sums is exactly it.

use super::machine::{Guard, Machine};
use super::report::{Bar, Rate, Works, run};
use super::rng::Rng;
use super::world::{
    INCOME, MONTH, PANEL, PANELS, Question, REGION, SECRET, SEX, SMOKER, TWIN, What, Where, World,
    cohort, is,
};

/// People in each simulated cohort; about 80 share a region.
const PEOPLE: u32 = 400;

/// A random person of a random cohort.
pub(crate) fn target(seed: u64) -> (World, u32) {
    let world = cohort(seed, PEOPLE, 0.5);
    let person = Rng::new(seed ^ 0xfeed).below(PEOPLE as usize) as u32;
    (world, person)
}

/// Something asked of several questions, as a sum of what they show: with what sign, in which project.
struct Part {
    sign: i64,
    project: usize,
    question: Question,
}

fn part(sign: i64, project: usize, question: Question) -> Part {
    Part {
        sign,
        project,
        question,
    }
}

/// How many rows a table has, by the dictionary.
fn rows_of(q: &Question) -> usize {
    let codes = |field: &usize| match *field {
        SMOKER => 3,
        REGION => 5,
        _ => 2,
    };
    q.keys.iter().map(codes).product()
}

/// The least and the most that a combination of counts can be.
fn bounds(machine: &mut Machine<'_>, parts: &[Part]) -> Option<(i64, i64)> {
    let mut all = (0, 0);
    for p in parts {
        let shown = machine.ask(p.project, &p.question)?;
        let add = |all: (i64, i64), (low, high): (i64, i64)| {
            if p.sign > 0 {
                (all.0 + low, all.1 + high)
            } else {
                (all.0 - high, all.1 - low)
            }
        };
        for row in &shown.rows {
            all = add(all, machine.count(row.1[0]?));
        }
        // a row that is left out holds fewer than ten, or is shown as fewer
        for _ in shown.rows.len()..rows_of(&p.question) {
            all = add(all, (0, 9 + machine.guard().error_at_most()));
        }
    }
    Some(all)
}

/// A combination of sums, each as a mean times the number of people, which the attacker knows.
fn total(machine: &mut Machine<'_>, world: &World, parts: &[Part]) -> Option<f64> {
    let mut all = 0.0;
    for p in parts {
        let shown = machine.ask(p.project, &p.question)?;
        for row in &shown.rows {
            all += p.sign as f64 * row.1[0]? * world.size(&p.question, &row.0);
        }
        if shown.rows.len() < rows_of(&p.question) {
            return None;
        }
    }
    Some(all)
}

/// Whether the attacker, from this combination, claims the bit of the target and is right.
fn bit_found(guard: Guard, world: &World, person: u32, parts: &[Part]) -> bool {
    let mut machine = Machine::new(world, guard, u64::from(person));
    match bounds(&mut machine, parts) {
        Some((low, high)) if low.max(0) == high.min(1) => (low.max(0) == 1) == world.secret(person),
        _ => false,
    }
}

fn value_found(guard: Guard, world: &World, person: u32, parts: &[Part]) -> bool {
    let mut machine = Machine::new(world, guard, u64::from(person));
    total(&mut machine, world, parts)
        .is_some_and(|v| (v - world.numbers[INCOME][person as usize]).abs() < 0.5)
}

/// Attack 1. Both sides of the difference are asked of the same project, or of two that collude.
fn drop_one(guard: Guard, what: What, second: usize) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..1_000 {
        let (world, person) = target(seed);
        let region = is(REGION, world.code(REGION, person));
        let sex = is(SEX, world.code(SEX, person));
        let without = world.only(person).not();
        let bit = what == What::People;
        let base = |w: Where| if bit { w.and(is(SECRET, 1)) } else { w };
        let q = |w: Where| Question::one(what, base(w));
        let variants = [
            // as totals
            vec![
                part(1, 0, q(region.clone())),
                part(-1, second, q(region.clone().and(without.clone()))),
            ],
            // the smaller first
            vec![
                part(-1, second, q(region.clone().and(without.clone()))),
                part(1, 0, q(region.clone())),
            ],
            // as the rows of tables, by different keys
            vec![
                part(1, 0, q(region.clone()).by(&[SEX])),
                part(
                    -1,
                    second,
                    q(region.clone().and(without.clone())).by(&[SMOKER]),
                ),
            ],
            // everybody
            vec![
                part(1, 0, q(Where::All)),
                part(-1, second, q(without.clone())),
            ],
            // only a part differs, and the rest cancels
            vec![
                part(1, 0, q(region.clone().or(sex.clone()))),
                part(-1, second, q(region.or(sex).and(without))),
            ],
        ];
        rate.count(variants.iter().any(|v| {
            if bit {
                bit_found(guard, &world, person, v)
            } else {
                value_found(guard, &world, person, v)
            }
        }));
    }
    rate
}

/// Both sides of the difference, each asked as parts cut by another field, each part a question of its own: no two of
/// the sets differ by few people, only their unions do.
fn in_parts(guard: Guard, what: What, projects: [usize; 2]) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..200 {
        let (world, person) = target(10_000 + seed);
        let bit = what == What::People;
        let base = if bit { is(SECRET, 1) } else { Where::All };
        let without = base.clone().and(world.only(person).not());
        let mut rng = Rng::new(seed);
        let hit = (0..3).any(|_| {
            let cut = rng.shuffled(PANELS);
            let [a, b] = [PANEL + cut[0], PANEL + cut[1]];
            let q = |w: &Where, f, c| Question::one(what, w.clone().and(is(f, c)));
            let separate = [
                part(1, projects[0], q(&base, a, 0)),
                part(-1, projects[1], q(&without, b, 0)),
                part(1, projects[0], q(&base, a, 1)),
                part(-1, projects[1], q(&without, b, 1)),
            ];
            // the same, cut into three and two
            let uneven = [
                part(1, projects[0], q(&base, SMOKER, 0)),
                part(1, projects[0], q(&base, SMOKER, 1)),
                part(1, projects[0], q(&base, SMOKER, 2)),
                part(-1, projects[1], q(&without, b, 0)),
                part(-1, projects[1], q(&without, b, 1)),
            ];
            [&separate[..], &uneven[..]].into_iter().any(|v| {
                if bit {
                    bit_found(guard, &world, person, v)
                } else {
                    value_found(guard, &world, person, v)
                }
            })
        });
        rate.count(hit);
    }
    rate
}

/// Attack 5: q(C) = q(C or T) + q(C or not T) - q(T) - q(not T), where C is the target alone and T any tracker.
fn tracker(guard: Guard, what: What, parts: bool) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..200 {
        let (world, person) = target(20_000 + seed);
        let bit = what == What::People;
        let only = world.only(person);
        let c = if bit { only.and(is(SECRET, 1)) } else { only };
        let trackers = [
            is(SEX, 0),
            is(PANEL, 1),
            is(SMOKER, 0),
            Where::In(REGION, vec![0, 1]),
            Where::In(MONTH, vec![0, 1, 2, 3, 4]),
        ];
        let hit = trackers.into_iter().any(|t| {
            let sides = [
                (1, c.clone().or(t.clone())),
                (1, c.clone().or(t.clone().not())),
                (-1, t.clone()),
                (-1, t.not()),
            ];
            let combination: Vec<Part> = sides
                .into_iter()
                .enumerate()
                .flat_map(|(i, (sign, w))| {
                    if !parts {
                        return vec![part(sign, 0, Question::one(what, w))];
                    }
                    let field = PANEL + 1 + i;
                    (0..2)
                        .map(|code| {
                            part(sign, 0, Question::one(what, w.clone().and(is(field, code))))
                        })
                        .collect()
                })
                .collect();
            if bit {
                bit_found(guard, &world, person, &combination)
            } else {
                value_found(guard, &world, person, &combination)
            }
        });
        rate.count(hit);
    }
    rate
}

/// Two columns that hold the same, one of everybody, the other with a `FILTER` that leaves the target out.
fn twin_columns(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..300 {
        let (world, person) = target(25_000 + seed);
        let region = is(REGION, world.code(REGION, person));
        let without = world.only(person).not();
        let all = |what| Question::one(what, region.clone());
        let filtered = |what| {
            Question {
                measures: Vec::new(),
                ..all(what)
            }
            .with(what, without.clone())
        };
        let [one, other] = [What::Mean(INCOME), What::Mean(TWIN)];
        let variants = [
            [part(1, 0, all(one)), part(-1, 0, filtered(other))],
            [part(-1, 0, filtered(one)), part(1, 1, all(other))],
        ];
        let mut hit = variants
            .iter()
            .any(|v| value_found(guard, &world, person, v));
        // in one table
        let mut machine = Machine::new(&world, guard, seed);
        let both = machine.ask(0, &all(one).with(other, without.clone()));
        hit |= both
            .and_then(|s| s.rows.first().map(|r| (r.1[0], r.1[1])))
            .and_then(|(a, b)| {
                let n = world.size(&all(one), &[]);
                Some(a? * n - b? * (n - 1.0))
            })
            .is_some_and(|v| (v - world.numbers[INCOME][person as usize]).abs() < 0.5);
        rate.count(hit);
    }
    rate
}

/// How many rows were withheld, where each person is a row of their own: a count of people that is nowhere shown.
fn by_withheld_rows(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..300 {
        let (world, person) = target(27_000 + seed);
        let region = is(REGION, world.code(REGION, person)).and(is(SECRET, 1));
        let without = region.clone().and(world.only(person).not());
        let keys: Vec<usize> = (PANEL..PANEL + PANELS).collect();
        let mut machine = Machine::new(&world, guard, seed);
        let mut rows = |w: Where| {
            let shown = machine.ask(0, &Question::one(What::People, w).by(&keys))?;
            shown
                .rows
                .is_empty()
                .then_some(shown.withheld_rows)
                .flatten()
        };
        let found = match (rows(region), rows(without)) {
            // where nothing moves it may be the rounding
            (Some(with), Some(without)) if with != without => Some(true),
            _ => None,
        };
        rate.count(found == Some(world.secret(person)));
    }
    rate
}

const SUM: What = What::Mean(INCOME);

#[test]
fn differencing_a_count() {
    run(
        "differencing: a bit, by counts",
        Works(0.9),
        |_| Bar::Never,
        |g| drop_one(g, What::People, 0),
    );
}

#[test]
fn differencing_a_value() {
    run(
        "differencing: a value, by means",
        Works(0.9),
        |_| Bar::Never,
        |g| drop_one(g, SUM, 0),
    );
}

#[test]
fn differencing_across_projects() {
    run(
        "differencing: two projects, by means",
        Works(0.9),
        |_| Bar::Never,
        |g| drop_one(g, SUM, 1),
    );
}

#[test]
fn differencing_across_projects_by_counts() {
    run(
        "differencing: two projects, by counts",
        Works(0.9),
        |_| Bar::Never,
        |g| drop_one(g, What::People, 1),
    );
}

#[test]
fn differencing_in_parts_a_count() {
    run(
        "differencing in parts: a bit",
        Works(0.9),
        |_| Bar::Never,
        |g| in_parts(g, What::People, [0, 0]),
    );
}

#[test]
fn differencing_in_parts_a_value() {
    run(
        "differencing in parts: a value",
        Works(0.9),
        |_| Bar::Never,
        |g| in_parts(g, SUM, [0, 0]),
    );
}

#[test]
fn differencing_in_parts_across_projects() {
    run(
        "differencing in parts: two projects, value",
        Works(0.9),
        |_| Bar::Never,
        |g| in_parts(g, SUM, [0, 1]),
    );
}

#[test]
fn general_tracker_counts() {
    run(
        "general tracker: a bit",
        Works(0.9),
        |_| Bar::Never,
        |g| tracker(g, What::People, false),
    );
}

#[test]
fn general_tracker_sums() {
    run(
        "general tracker: a value",
        Works(0.9),
        |_| Bar::Never,
        |g| tracker(g, SUM, false),
    );
}

#[test]
fn general_tracker_in_parts() {
    run(
        "general tracker in parts: a value",
        Works(0.9),
        |_| Bar::Never,
        |g| tracker(g, SUM, true),
    );
}

#[test]
fn differencing_by_twin_columns() {
    run(
        "differencing: a twin column and FILTER",
        Works(0.9),
        |_| Bar::Never,
        twin_columns,
    );
}

#[test]
fn differencing_by_withheld_rows() {
    run(
        "differencing: the number of withheld rows",
        Works(0.4),
        |_| Bar::Never,
        by_withheld_rows,
    );
}
