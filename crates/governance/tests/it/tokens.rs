//! Tokens with which programs ask questions, and the review of refused questions.

use governance::{Actor, Id, Time};

use crate::world::World;

fn token(id: &str, until: &str) -> String {
    format!(
        r#"{{"id":"{id}","sha256":"{}","researcher":"lead","project":"p1","until":"{until}"}}"#,
        "a".repeat(64)
    )
}

#[test]
fn a_token_is_ones_own_and_ends() {
    let mut world = World::with_project();
    let lead = || Actor::Program("lead".parse().unwrap());
    let now = world.now.clone();
    let day = |n: i64| {
        let start: Time = now.parse().unwrap();
        Time::from_unix(start.unix() + n * 86_400)
            .unwrap()
            .to_string()
    };
    // for somebody else, for ever, for the past, by hand
    assert_eq!(
        world.refused_as(
            Actor::Program("sci".parse().unwrap()),
            "token.issue",
            &token("t", &day(1))
        ),
        "not-your-token"
    );
    assert_eq!(
        world.refused_as(lead(), "token.issue", &token("t", &day(31))),
        "token-life"
    );
    assert_eq!(
        world.refused_as(lead(), "token.issue", &token("t", &day(0))),
        "token-life"
    );
    assert_eq!(
        world.refused("lead", "token.issue", &token("t", &day(1))),
        "not-permitted"
    );

    world.program("lead", "token.issue", &token("t", &day(30)));
    assert_eq!(
        world.refused_as(lead(), "token.issue", &token("t", &day(30))),
        "token-taken"
    );
    let id: Id = "t".parse().unwrap();
    let start: Time = now.parse().unwrap();
    let at = |seconds: i64| Time::from_unix(start.unix() + seconds).unwrap();
    assert!(world.state.people.tokens[&id].is_live(at(30 * 86_400 - 1)));
    assert!(!world.state.people.tokens[&id].is_live(at(30 * 86_400)));

    // a stranger cannot end it, a custodian can
    assert_eq!(
        world.refused_as(
            Actor::Program("sci".parse().unwrap()),
            "token.end",
            r#"{"id":"t"}"#
        ),
        "not-your-token"
    );
    world.program("founder", "token.end", r#"{"id":"t"}"#);
    assert!(!world.state.people.tokens[&id].is_live(at(1)));
    assert_eq!(
        world.refused_as(lead(), "token.end", r#"{"id":"none"}"#),
        "token-unknown"
    );

    // ten at a time; ended ones do not count
    for n in 0..10 {
        world.program("lead", "token.issue", &token(&format!("t{n}"), &day(1)));
    }
    assert_eq!(
        world.refused_as(lead(), "token.issue", &token("more", &day(1))),
        "tokens-many"
    );
}

#[test]
fn no_token_for_a_project_one_does_not_work_in() {
    let mut world = World::with_project();
    world.ok(
        "founder",
        "project.suspend",
        r#"{"project":"p1","reasons":"x"}"#,
    );
    let until = Time::from_unix(world.now.parse::<Time>().unwrap().unix() + 60).unwrap();
    assert_eq!(
        world.refused_as(
            Actor::Program("lead".parse().unwrap()),
            "token.issue",
            &token("t", &until.to_string())
        ),
        "project-not-live"
    );
}

#[test]
fn refused_differences_are_counted_until_a_person_looks() {
    let mut world = World::with_project();
    let project: Id = "p1".parse().unwrap();
    let refusal =
        |rule: &str| format!(r#"{{"project":"p1","command":"query","code":"c","rule":"{rule}"}}"#);
    world.program(
        "lead",
        "refusal.record",
        &refusal("no-difference-below-ten"),
    );
    world.program("lead", "refusal.record", &refusal("another-rule"));
    world.program(
        "lead",
        "refusal.record",
        &refusal("no-difference-below-ten"),
    );
    assert_eq!(world.state.outputs.differences[&project].len(), 2);
    assert_eq!(
        world.refused(
            "lead",
            "questions.review",
            r#"{"project":"p1","reasons":"x"}"#
        ),
        "not-permitted"
    );
    world.ok(
        "check-1",
        "questions.review",
        r#"{"project":"p1","reasons":"a typing error"}"#,
    );
    assert!(!world.state.outputs.differences.contains_key(&project));
}

#[test]
fn erasing_keys_needs_two_people_and_takes_the_class_away() {
    let mut world = World::with_project();
    let founder = || Actor::Program("founder".parse().unwrap());
    let erase = |class: &str, second: &str| {
        format!(r#"{{"release":"r1","class":"{class}","reasons":"x","agreed_by":"{second}"}}"#)
    };
    world.program(
        "founder",
        "release.seal",
        &format!(
            r#"{{"release":"r1","manifest_sha256":"{}","participants":1,"tables":{{}},"index_sha256":"{}"}}"#,
            "a".repeat(64),
            "b".repeat(64)
        ),
    );
    let lead = Actor::Program("lead".parse().unwrap());
    assert_eq!(
        world.refused_as(lead, "keys.erase", &erase("primary-care", "second")),
        "not-permitted"
    );
    for nobody_else in ["founder", "lead", "check-1"] {
        let body = erase("primary-care", nobody_else);
        assert_eq!(
            world.refused_as(founder(), "keys.erase", &body),
            "second-person-missing"
        );
    }
    world.program("founder", "keys.erase", &erase("primary-care", "second"));
    let release: Id = "r1".parse().unwrap();
    assert!(
        world.state.data.releases[&release]
            .erased
            .contains(&"primary-care".parse::<Id>().unwrap())
    );
    assert!(world.state.data.current_release().is_some());
    world.program(
        "founder",
        "keys.erase",
        r#"{"release":"r1","reasons":"x","agreed_by":"second"}"#,
    );
    assert!(
        world.state.data.current_release().is_none(),
        "of a release without keys nothing can be asked"
    );
}
