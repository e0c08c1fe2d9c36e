//! Reconstruction of a secret column from many counts (Dinur and Nissim 2003; Garfinkel, Abowd, Martindale 2018).
//!
//! 400 people of whom 120 say yes, everything else known to the attacker. Up to eight numbers for each person are asked
//! for, and the column is fitted to them by least squares between nought and one. The bar is the share of the
//! commoner answer, which needs no question, and two points.

use super::machine::{Guard, Machine};
use super::report::{Bar, Rate, Works, run, tries};
use super::rng::Rng;
use super::solve::box_least_squares;
use super::world::{
    Code, PANEL, PANELS, Question, SECRET, SECRET_NUMBER, What, Where, World, cohort, is,
};

const PEOPLE: u32 = 400;
const YES: usize = 120;
/// Numbers asked for, and questions at most.
const NUMBERS: usize = 8 * PEOPLE as usize;
const WORLDS: u64 = 3;

fn people(seed: u64) -> World {
    let mut world = cohort(40_000 + seed, PEOPLE, 0.5);
    let order = Rng::new(seed).shuffled(PEOPLE as usize);
    for (place, person) in order.into_iter().enumerate() {
        world.codes[SECRET][person] = Code::from(place < YES);
        world.numbers[SECRET_NUMBER][person] = if place < YES { 1.0 } else { 0.0 };
    }
    world
}

#[derive(Clone, Copy)]
enum Ask {
    /// Counts of those who say yes, by three yes-or-no fields: eight cells a question.
    CountsByThree,
    /// Counts of those who say yes in random halves, each a question.
    CountsOfHalves,
    /// The means of the secret as a 0/1 column in random halves.
    MeansOfHalves,
    /// Sums of it, by three fields.
    SumsByThree,
}

fn question(ask: Ask, rng: &mut Rng) -> Question {
    let half = World::random_half(rng);
    let three: Vec<usize> = rng.shuffled(PANELS)[..3]
        .iter()
        .map(|f| PANEL + f)
        .collect();
    match ask {
        Ask::CountsByThree => Question::one(What::People, is(SECRET, 1)).by(&three),
        Ask::CountsOfHalves => Question::one(What::People, is(SECRET, 1).and(half)),
        Ask::MeansOfHalves => Question::one(What::Mean(SECRET_NUMBER), half),
        Ask::SumsByThree => Question::one(What::Sum(SECRET_NUMBER), Where::All).by(&three),
    }
}

/// The people in a shown cell, by what the attacker knows of them.
fn of_cell(world: &World, q: &Question, key: &[Code]) -> Vec<u32> {
    let known = match &q.filter {
        Where::And(all) => all[1].clone(),
        Where::Is(SECRET, _) => Where::All,
        other => other.clone(),
    };
    let mut all = vec![known];
    all.extend(q.keys.iter().zip(key).map(|(f, c)| is(*f, *c)));
    // one record a person here
    world
        .records(&Where::And(all))
        .into_iter()
        .map(|r| r as u32)
        .collect()
}

fn reconstruct(guard: Guard, ask: Ask, projects: usize) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..tries(WORLDS) {
        let world = people(seed);
        let mut machine = Machine::new(&world, guard, seed);
        let mut rng = Rng::new(900 + seed);
        let (mut rows, mut values) = (Vec::new(), Vec::new());
        let mut asked = 0;
        // exact counts need no more than twice as many as there are people
        let enough = if guard == Guard::Threshold {
            NUMBERS / 4
        } else {
            NUMBERS
        };
        while asked < enough {
            let q = question(ask, &mut rng);
            asked += 1 << q.keys.len();
            let Some(shown) = machine.ask(asked % projects, &q) else {
                continue;
            };
            for (key, numbers) in &shown.rows {
                let Some(v) = numbers[0] else { continue };
                let of = of_cell(&world, &q, key);
                values.push(if matches!(ask, Ask::MeansOfHalves) {
                    v * of.len() as f64
                } else {
                    v
                });
                rows.push(of);
            }
        }
        // everybody knows how many say yes
        values.push(YES as f64);
        rows.push((0..PEOPLE).collect());
        let fitted =
            box_least_squares(PEOPLE as usize, &rows, &values, &vec![1.0; rows.len()], 0.3);
        for (person, x) in fitted.iter().enumerate() {
            rate.count((*x > 0.5) == world.secret(person as u32));
        }
    }
    rate
}

fn bar(_: Guard) -> Bar {
    Bar::Share(1.0 - YES as f64 / f64::from(PEOPLE) + 0.02)
}

#[test]
fn reconstruction_from_tables() {
    run(
        "reconstruction: counts by three fields",
        Works(0.95),
        bar,
        |g| reconstruct(g, Ask::CountsByThree, 1),
    );
}

#[test]
fn reconstruction_from_subsets() {
    run(
        "reconstruction: counts of random halves",
        Works(0.95),
        bar,
        |g| reconstruct(g, Ask::CountsOfHalves, 1),
    );
}

#[test]
fn reconstruction_by_colluding_projects() {
    run(
        "reconstruction: four projects together",
        Works(0.95),
        bar,
        |g| reconstruct(g, Ask::CountsOfHalves, 4),
    );
}

#[test]
fn reconstruction_from_means() {
    run(
        "reconstruction: means of random halves",
        Works(0.95),
        bar,
        |g| reconstruct(g, Ask::MeansOfHalves, 1),
    );
}

#[test]
fn reconstruction_from_sums() {
    run(
        "reconstruction: sums by three fields",
        Works(0.95),
        bar,
        |g| reconstruct(g, Ask::SumsByThree, 1),
    );
}
