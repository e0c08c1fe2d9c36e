//! Averaging: one count, asked as many sums of two parts (Asghar and Kaafar, "Averaging attacks on bounded
//! noise-based disclosure control algorithms", 2020, on the Australian TableBuilder).

use super::machine::{Guard, Machine};
use super::report::{Bar, Rate, Works, run, tries};
use super::rng::Rng;
use super::world::{PANEL, Question, REGION, SECRET, What, Where, World, cohort, is};

/// Questions about one count.
const QUESTIONS: usize = 500;

/// The most likely count: the errors of parts are taken as independent, each drawn as the attacker has seen it on
/// people they know.
fn most_likely(guard: Guard, direct: Option<f64>, sums: &[f64], middle: i64) -> i64 {
    let one = guard.errors();
    let span = one.len() as i64 / 2;
    let mut two = vec![0.0; one.len() * 2 - 1];
    for (i, a) in one.iter().enumerate() {
        for (j, b) in one.iter().enumerate() {
            two[i + j] += a * b;
        }
    }
    let chance = |errors: &[f64], span: i64, error: f64| {
        usize::try_from(error as i64 + span)
            .ok()
            .and_then(|i| errors.get(i).copied())
            .unwrap_or(0.0)
            .max(1e-6)
            .ln()
    };
    let score = |c: i64| {
        direct.map_or(0.0, |d| chance(&one, span, d - c as f64))
            + sums
                .iter()
                .map(|s| chance(&two, 2 * span, s - c as f64))
                .sum::<f64>()
    };
    (middle - 12..=middle + 12)
        .max_by(|a, b| score(*a).total_cmp(&score(*b)))
        .unwrap()
}

/// `cells`: both parts as the rows of one table, rather than as two questions.
fn averaging(guard: Guard, cells: bool, projects: usize) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..tries(if projects > 1 { 40 } else { 100 }) {
        let world = cohort(30_000 + seed, 300, 0.5);
        let mut rng = Rng::new(seed);
        let who = Where::In(REGION, vec![0, 1, 2]).and(is(SECRET, 1));
        let truth = world.records(&who).len() as i64;
        let mut machine = Machine::new(&world, guard, seed);
        let direct = machine.number(&Question::one(What::People, who.clone()));
        let mut sums = Vec::new();
        // against exact counts one pair is enough
        let pairs = match guard {
            Guard::Threshold => 10,
            _ if cells => QUESTIONS,
            _ => QUESTIONS / 2,
        };
        for pair in 0..pairs {
            let project = pair % projects;
            let half = if cells {
                None
            } else {
                Some(World::random_half(&mut rng))
            };
            let sum = match half {
                Some(half) => {
                    let mut ask = |w: Where| {
                        machine
                            .ask(project, &Question::one(What::People, who.clone().and(w)))
                            .and_then(|s| s.rows.first()?.1[0])
                    };
                    ask(half.clone()).zip(ask(half.not())).map(|(a, b)| a + b)
                }
                None => {
                    // a table by one yes-or-no field, with a condition that changes nothing but the text
                    let field = PANEL + pair % super::world::PANELS;
                    let q = Question::one(What::People, who.clone()).by(&[field]);
                    machine
                        .ask(project, &q)
                        .and_then(|s| Some(s.at(&[0], 0)? + s.at(&[1], 0)?))
                }
            };
            sums.extend(sum);
        }
        let middle = direct
            .or_else(|| sums.first().copied())
            .unwrap_or(0.0)
            .round() as i64;
        rate.count(most_likely(guard, direct, &sums, middle) == truth);
    }
    rate
}

fn by_chance(guard: Guard) -> Bar {
    Bar::Share(guard.exact_by_chance())
}

#[test]
fn averaging_sums_of_two_questions() {
    run(
        "averaging: 500 questions about one count",
        Works(1.0),
        by_chance,
        |g| averaging(g, false, 1),
    );
}

#[test]
fn averaging_sums_of_two_cells() {
    run(
        "averaging: tables by other fields",
        Works(1.0),
        by_chance,
        |g| averaging(g, true, 1),
    );
}

#[test]
fn averaging_by_colluding_projects() {
    run(
        "averaging: two projects together",
        Works(1.0),
        by_chance,
        |g| averaging(g, false, 2),
    );
}
