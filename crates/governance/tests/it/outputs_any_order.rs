//! Whatever is tried in whatever order: nothing leaves that two people who may check did not accept, or that was not green
//! where green leaves by itself; and losing a fact never lets something leave.

use governance::outputs::{
    CheckOutcome, Output, OutputEvent, OutputStanding, ReleaseOutput, Verdict, may_check,
};
use governance::people::PeopleEvent;
use governance::settings::SettingsEvent;
use governance::{Actor, Command, Event, Id, State, decide};
use proptest::prelude::*;

use crate::world::{World, output};

/// Something that somebody tries.
#[derive(Debug, Clone)]
enum Try {
    Submit(&'static str, &'static str, bool),
    Review(&'static str, &'static str, &'static str),
    Return(&'static str, &'static str),
    Release(&'static str, &'static str),
    Withdraw(&'static str),
    Recall(&'static str),
    Open(&'static str),
    Green(bool),
    Dismiss(&'static str),
}

const NAMES: &[&str] = &["o1", "o2"];
const CHECKERS: &[&str] = &["check-1", "check-2", "check-3", "near", "lead", "founder"];

fn any_try() -> impl Strategy<Value = Try> {
    let name = || prop::sample::select(NAMES);
    let who = || prop::sample::select(CHECKERS);
    let colour = prop::sample::select(&["green", "amber", "red"][..]);
    let outcome = prop::sample::select(&["accept", "accept", "accept", "reject"][..]);
    prop_oneof![
        3 => (name(), colour, any::<bool>()).prop_map(|(n, c, p)| Try::Submit(n, c, p)),
        8 => (who(), name(), outcome).prop_map(|(w, n, o)| Try::Review(w, n, o)),
        1 => (who(), name()).prop_map(|(w, n)| Try::Return(w, n)),
        4 => (who(), name()).prop_map(|(w, n)| Try::Release(w, n)),
        1 => name().prop_map(Try::Withdraw),
        1 => name().prop_map(Try::Recall),
        2 => name().prop_map(Try::Open),
        1 => any::<bool>().prop_map(Try::Green),
        1 => who().prop_map(Try::Dismiss),
    ]
}

/// Tries it; a refusal is as good as anything.
fn attempt(world: &mut World, what: &Try) {
    let person = |who: &str| Actor::Person(who.parse().unwrap());
    let program = |who: &str| Actor::Program(who.parse().unwrap());
    let _ = match what {
        Try::Submit(name, colour, planned) => {
            let mut body = output(name, colour)
                .replace(r#""purpose""#,
                r#""engine":{"program":"1","rules":"r","source":"s","verdicts_sha256":"VV"},"purpose""#,
            )
            .replace("VV", &"c".repeat(64));
            if !planned {
                body = body.replace(r#""planned":"tables","#, "");
            }
            world.give(program("lead"), "output.submit", &body)
        }
        Try::Review(who, name, outcome) => world.give(
            person(who),
            "output.review",
            &format!(r#"{{"output":"{name}","outcome":"{outcome}","reasons":"r"}}"#),
        ),
        Try::Return(who, name) => world.give(
            person(who),
            "output.return",
            &format!(r#"{{"output":"{name}","comments":"c"}}"#),
        ),
        Try::Release(who, name) => world.give(
            person(who),
            "output.release",
            &format!(r#"{{"output":"{name}"}}"#),
        ),
        Try::Withdraw(name) => world.give(
            person("lead"),
            "output.withdraw",
            &format!(r#"{{"output":"{name}"}}"#),
        ),
        Try::Recall(name) => world.give(
            person("founder"),
            "output.recall",
            &format!(r#"{{"output":"{name}","reasons":"r"}}"#),
        ),
        Try::Open(name)
            if world
                .state
                .outputs
                .requests
                .contains_key(&name.parse().unwrap()) =>
        {
            match world.opening(name) {
                Some(body) => world.give(program("check-1"), "output.open", &body),
                None => Ok(0),
            }
        }
        Try::Open(_) => Ok(0),
        Try::Green(on) => world.give(
            person("founder"),
            "airlock.set",
            &format!(r#"{{"green_leaves_by_itself":{on},"reasons":"r","agreed_by":"second"}}"#),
        ),
        Try::Dismiss(who) => world.give(
            person("founder"),
            "staff.appoint",
            &format!(r#"{{"person":"{who}","roles":[],"agreed_by":"second"}}"#),
        ),
    };
}

fn begun() -> World {
    let mut world = World::with_project();
    world.ok(
        "founder",
        "staff.appoint",
        r#"{"person":"near","roles":["output-checker"],"institution":"uni","agreed_by":"second"}"#,
    );
    world
}

/// Why a request that left was allowed to, from what the state said just before.
fn was_allowed(before: &State, after: &Output) -> bool {
    if after.automatic {
        return before.settings.airlock.green_leaves_by_itself
            && after.colour == Verdict::Green
            && after.files.values().all(|f| f.verdict == Verdict::Green);
    }
    let accepts = after.reviews.iter().filter(|(who, r)| {
        r.outcome == Some(CheckOutcome::Accept)
            && may_check(before, after, who)
            && **who != after.author
            && who.as_str() != "near"
    });
    accepts.count() >= 2 && after.colour != Verdict::Red
}

fn may_release(state: &State, world: &World, id: &Id) -> bool {
    let command = Command::from(ReleaseOutput { output: id.clone() });
    let by = Actor::Person("second".parse().unwrap());
    decide(state, &by, world.now.parse().unwrap(), &command).is_ok()
}

/// A fact, on which something rests; taking back, dismissing and forbidding are acts that end something.
fn is_a_fact(event: &Event) -> bool {
    match event {
        Event::Output(e) => matches!(
            e,
            OutputEvent::OutputSubmitted(_)
                | OutputEvent::OutputReviewed { .. }
                | OutputEvent::OutputOpened { .. }
                | OutputEvent::OutputReleased { .. }
        ),
        Event::People(PeopleEvent::StaffAppointed(e)) => !e.roles.is_empty(),
        Event::People(PeopleEvent::ResearcherRegistered { .. }) => true,
        Event::Settings(SettingsEvent::AirlockSet(_)) | Event::Project(_) => true,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_leaves_without_two_people_or_the_custodians_word(tries in prop::collection::vec(any_try(), 1..40)) {
        let mut world = begun();
        for what in &tries {
            let before = world.state.clone();
            attempt(&mut world, what);
            for (id, output) in &world.state.outputs.requests {
                let left = |s: &State| s.outputs.requests.get(id).and_then(|o| o.released_entry);
                if output.released_entry.is_some() && left(&before) != output.released_entry {
                    prop_assert!(was_allowed(&before, output), "{id}: {output:?}");
                }
            }
        }
    }

    #[test]
    fn losing_a_fact_never_lets_a_request_leave(tries in prop::collection::vec(any_try(), 1..30)) {
        let mut world = begun();
        for what in &tries {
            attempt(&mut world, what);
        }
        for skipped in 0..world.log.len() {
            if !is_a_fact(&world.log[skipped].event) {
                continue;
            }
            let mut less = State::default();
            for (i, envelope) in world.log.iter().enumerate() {
                if i != skipped {
                    less.evolve(envelope);
                }
            }
            for (id, output) in &world.state.outputs.requests {
                let wider = may_release(&less, &world, id) && !may_release(&world.state, &world, id);
                // What had left already may be let go again: that widens nothing.
                let had_left = matches!(output.standing, OutputStanding::Released | OutputStanding::Recalled);
                prop_assert!(!wider || had_left, "without entry {skipped}: {:?}", world.log[skipped].event);
            }
        }
    }
}
