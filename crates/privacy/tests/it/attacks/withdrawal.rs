//! Somebody withdraws, and the attacker knows who: does asking again tell what they were?
//!
//! The attacker asked before, asks again afterwards, with the same questions and with ones over overlapping people, and
//! guesses the cell (a balanced yes or no) that the person has left. No literature has this attack on live queries; it is
//! differencing with the mask as the predicate.

use super::differencing::target;
use super::machine::{Guard, Machine, Shown};
use super::report::{Bar, Rate, Works, note, run, tries};
use super::rng::Rng;
use super::world::{
    Code, DECADE, INCOME, PANEL, Question, REGION, SECRET, SEX, SMOKER, What, Where, is,
};

/// A guess may be better than a coin by five points: the ± of the treatments leaves a little of what one person
/// changes.
const BAR: f64 = 0.55;

fn total(shown: &Shown) -> Option<f64> {
    (!shown.rows.is_empty())
        .then(|| shown.rows.iter().map(|r| r.1[0]).sum())
        .flatten()
}

/// How much less is shown of those who answer `secret` after than before; `None` if a side is not shown.
struct Drops {
    of: [Vec<f64>; 2],
    refused: [u32; 2],
}

impl Drops {
    fn guess(&self, coin: bool) -> bool {
        let mean = |v: &Vec<f64>| v.iter().sum::<f64>() / (v.len().max(1)) as f64;
        let (no, yes) = (mean(&self.of[0]), mean(&self.of[1]));
        // one side alone says nothing: everybody's answers drop by the stand-ins
        let both = self.of.iter().all(|v| !v.is_empty());
        if both && (no - yes).abs() > 1e-9 {
            return yes > no;
        }
        if self.refused[0] != self.refused[1] {
            return self.refused[1] > self.refused[0];
        }
        coin
    }
}

/// `same`: exactly the questions of before; otherwise others that overlap.
fn leaves(guard: Guard, same: bool, collude: bool) -> Rate {
    let mut rate = Rate::default();
    let mut answered = 0;
    for seed in 0..tries(if same { 600 } else { 300 }) {
        let (world, person) = target(60_000 + seed);
        let mut machine = Machine::new(&world, guard, seed);
        let later = usize::from(collude);
        let of = |s: Code, w: Where| Question::one(What::People, w.and(is(SECRET, s)));
        // populations that the person was in, as many as are answered: what each adds to the guess is averaged
        let fields = [REGION, SEX, DECADE, SMOKER];
        let mut wheres = vec![Where::All];
        wheres.extend(fields.map(|f| is(f, world.code(f, person))));
        let before: Vec<Vec<Option<f64>>> = wheres
            .iter()
            .map(|w| {
                (0..2)
                    .map(|s| machine.ask(0, &of(s, w.clone())).as_ref().and_then(total))
                    .collect()
            })
            .collect();
        machine.withdraw(person);
        let mut drops = Drops {
            of: [Vec::new(), Vec::new()],
            refused: [0; 2],
        };
        for (w, before) in wheres.iter().zip(&before) {
            for (s, before) in before.iter().enumerate() {
                let again = of(s as Code, w.clone());
                let variants = if same {
                    vec![again]
                } else {
                    vec![
                        again.clone().by(&[SMOKER]),
                        again.clone().by(&[PANEL]),
                        again.clone().by(&[PANEL + 1]),
                        again.by(&[SEX]),
                    ]
                };
                for q in variants {
                    let after = machine.ask(later, &q);
                    drops.refused[s] += u32::from(after.is_none());
                    let after = after.as_ref().and_then(total);
                    if let (Some(b), Some(a)) = (*before, after) {
                        drops.of[s].push(b - a);
                    }
                }
            }
        }
        answered += drops.of[0].len() + drops.of[1].len();
        let coin = Rng::new(seed).chance(0.5);
        rate.count(drops.guess(coin) == world.secret(person));
    }
    note(&format!(
        "withdrawal ({guard:?}, same {same}, collude {collude}): {:.1} differences a try",
        answered as f64 / f64::from(rate.tries)
    ));
    rate
}

/// The value of the person who left, from sums before and after.
fn value_left(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..tries(100) {
        let (world, person) = target(70_000 + seed);
        let region = is(REGION, world.code(REGION, person));
        let truth = world.numbers[INCOME][person as usize];
        let mut hit = false;
        for keys in [&[][..], &[SEX][..], &[SMOKER][..]] {
            let mut machine = Machine::new(&world, guard, seed);
            let q = Question::one(What::Sum(INCOME), region.clone());
            let before = machine.ask(0, &q).as_ref().and_then(total);
            machine.withdraw(person);
            let after = machine.ask(0, &q.by(keys)).as_ref().and_then(total);
            if let (Some(b), Some(a)) = (before, after) {
                hit |= (b - a - truth).abs() < 0.5;
            }
        }
        rate.count(hit);
    }
    rate
}

/// Each of twenty people withdraws, one after another, and the same table is asked for after each.
fn one_after_another(guard: Guard) -> Rate {
    let mut rate = Rate::default();
    for seed in 0..tries(40) {
        let (world, _) = target(80_000 + seed);
        let mut machine = Machine::new(&world, guard, seed);
        let mut rng = Rng::new(seed);
        let leavers: Vec<u32> = rng.shuffled(400)[..20].iter().map(|p| *p as u32).collect();
        let q = |s: Code| Question::one(What::People, is(SECRET, s)).by(&[REGION]);
        let cell = |machine: &mut Machine<'_>, person: u32, s: Code| {
            let shown = machine.ask(0, &q(s))?;
            shown.at(&[world.code(REGION, person)], 0)
        };
        for person in leavers {
            let before = [0, 1].map(|s| cell(&mut machine, person, s));
            machine.withdraw(person);
            let after = [0, 1].map(|s| cell(&mut machine, person, s));
            let mut drops = Drops {
                of: [Vec::new(), Vec::new()],
                refused: [0; 2],
            };
            for s in 0..2 {
                match (before[s], after[s]) {
                    (Some(b), Some(a)) => drops.of[s].push(b - a),
                    (Some(_), None) => drops.refused[s] += 1,
                    _ => {}
                }
            }
            rate.count(drops.guess(rng.chance(0.5)) == world.secret(person));
        }
    }
    rate
}

fn bar(_: Guard) -> Bar {
    Bar::Share(BAR)
}

#[test]
fn withdrawal_asking_again() {
    run(
        "withdrawal: the same questions again",
        Works(0.95),
        bar,
        |g| leaves(g, true, false),
    );
}

#[test]
fn withdrawal_overlapping_questions() {
    run("withdrawal: overlapping questions", Works(0.9), bar, |g| {
        leaves(g, false, false)
    });
}

#[test]
fn withdrawal_colluding_projects() {
    run(
        "withdrawal: asked again by another project",
        Works(0.9),
        bar,
        |g| leaves(g, false, true),
    );
}

#[test]
fn withdrawal_of_a_value() {
    run(
        "withdrawal: the value of who left",
        Works(0.95),
        |_| Bar::Never,
        value_left,
    );
}

#[test]
fn withdrawals_one_after_another() {
    run(
        "withdrawal: twenty, one after another",
        Works(0.95),
        bar,
        one_after_another,
    );
}
