//! Refusals as an oracle: a question that is refused only if the target says yes.
//!
//! "Those in this region who say yes" is asked once; "the same without the target" differs by one person if the target
//! says yes, and by nobody if not. Whatever a refusal is called, the asker knows which it was. The allowance of
//! refusals bounds how many people this works for; the test measures bits, and people learned.

use privacy::limits::BUDGET_REFUSALS;

use super::machine::{Guard, Machine};
use super::report::{Bar, Rate, Works, note, run};
use super::rng::Rng;
use super::world::{PANEL, PANELS, Question, REGION, SECRET, What, Where, World, cohort, is};

const PEOPLE: u32 = 400;
const WORLDS: u64 = 20;
/// Each person who says yes costs a refusal, and with one more than the allowance the project is stopped. (That others
/// say no is learned without a cost; the bits are measured beside it.)
const BAR: f64 = (BUDGET_REFUSALS + 1) as f64 / PEOPLE as f64;

/// What the attacker concludes about one person.
fn conclude(machine: &mut Machine<'_>, world: &World, person: u32) -> Option<bool> {
    let region = is(REGION, world.code(REGION, person)).and(is(SECRET, 1));
    let with = Question::one(What::People, region.clone());
    let without = Question::one(What::People, region.and(world.only(person).not()));
    let with = machine.ask(0, &with)?.rows.first()?.1[0]?;
    match machine.ask(0, &without) {
        None => Some(true),
        Some(shown) => {
            let without = shown.rows.first()?.1[0]?;
            // a number that moves tells as much
            Some((with - without).abs() > 1e-9)
        }
    }
}

/// The same by way of a complement: all who say yes, those of them on one side of a field, and those on the other but
/// for the target, who is on that side. If the target says no, the first is the sum of the others.
fn complement(machine: &mut Machine<'_>, world: &World, person: u32, field: usize) -> Option<bool> {
    let yes = is(SECRET, 1);
    let side = is(field, world.code(field, person));
    let mut ask = |w: Where| {
        let shown = machine.ask(0, &Question::one(What::People, w));
        shown.map(|s| s.rows.first().and_then(|r| r.1[0]))
    };
    let all = ask(yes.clone())??;
    let other = ask(yes.clone().and(side.clone().not()))??;
    match ask(yes.and(side).and(world.only(person).not())) {
        None => Some(true),
        Some(shown) => Some((all - other - shown?).abs() > 1e-9 && machine.exact()),
    }
}

/// Mutual information of what was concluded and what is true, in bits for each conclusion (plug-in estimate).
fn information(table: [[u32; 2]; 2]) -> f64 {
    let n = f64::from(table.iter().flatten().sum::<u32>()).max(1.0);
    let mut bits = 0.0;
    for said in 0..2 {
        for truth in 0..2 {
            let joint = f64::from(table[said][truth]) / n;
            let a = f64::from(table[said][0] + table[said][1]) / n;
            let b = f64::from(table[0][truth] + table[1][truth]) / n;
            if joint > 0.0 {
                bits += joint * (joint / (a * b)).log2();
            }
        }
    }
    bits
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Directly,
    Complement,
}

fn oracle(guard: Guard, share: f64, way: Way) -> Rate {
    let mut table = [[0; 2]; 2];
    let mut rate = Rate::default();
    for seed in 0..WORLDS {
        let world = cohort(90_000 + seed, PEOPLE, share);
        let mut machine = Machine::new(&world, guard, seed);
        let order = Rng::new(seed).shuffled(PEOPLE as usize);
        for (k, person) in order.into_iter().enumerate() {
            let person = person as u32;
            let said = match way {
                Way::Directly => conclude(&mut machine, &world, person),
                // each field once, or the questions meet one another
                Way::Complement => complement(&mut machine, &world, person, PANEL + k % PANELS),
            };
            if let Some(said) = said {
                let truth = world.secret(person);
                table[usize::from(said)][usize::from(truth)] += 1;
                rate.hits += u32::from(said && truth);
            }
            if machine.stopped(0) {
                break;
            }
        }
        rate.tries += PEOPLE;
    }
    let asked = table.iter().flatten().sum::<u32>();
    let bits = information(table) * f64::from(asked) / WORLDS as f64;
    note(&format!(
        "refusals as an oracle ({way:?}, {:.0} % yes, {guard:?}): {bits:.1} bits a project, {:.1} conclusions a project, said and true {table:?}",
        share * 100.0,
        f64::from(asked) / WORLDS as f64,
    ));
    rate
}

#[test]
fn refusals_tell_of_a_balanced_secret() {
    run(
        "refusals as an oracle: who says yes",
        Works(0.4),
        |_| Bar::Share(BAR),
        |g| oracle(g, 0.5, Way::Directly),
    );
}

#[test]
fn refusals_tell_of_a_rare_secret() {
    run(
        "refusals as an oracle: a rare secret",
        Works(0.1),
        |_| Bar::Share(BAR),
        |g| oracle(g, 0.15, Way::Directly),
    );
}

#[test]
fn refusals_tell_by_a_complement() {
    run(
        "refusals as an oracle: by a complement",
        Works(0.4),
        |_| Bar::Share(BAR),
        |g| oracle(g, 0.5, Way::Complement),
    );
}
