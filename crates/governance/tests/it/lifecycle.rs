//! A project's life, in order.

use governance::projects::Standing;

use crate::world::{AGREEMENT, APPLICATION, World};

fn standing(world: &World) -> Standing {
    world.state.projects.all[&"p1".parse().unwrap()].standing
}

#[test]
fn an_application_becomes_a_project_when_approved_agreed_and_paid_in_any_order() {
    let fee = r#"{"application":"p1","amount_pence":300000,"reference":"x"}"#;
    for fee_first in [true, false] {
        let mut world = World::founded();
        world.ok("lead", "application.submit", APPLICATION);
        assert_eq!(standing(&world), Standing::Applied);
        world.reviewed();
        world.ok(
            "founder",
            "application.decide",
            r#"{"application":"p1","approved":true,"reasons":"sound"}"#,
        );
        let steps = [("agreement.sign", AGREEMENT), ("fee.record", fee)];
        let order = if fee_first { [1, 0] } else { [0, 1] };
        assert_eq!(world.ok("founder", steps[order[0]].0, steps[order[0]].1), 1);
        assert_eq!(standing(&world), Standing::Approved);
        assert_eq!(
            world.ok("founder", steps[order[1]].0, steps[order[1]].1),
            2,
            "and it starts"
        );
        assert_eq!(standing(&world), Standing::Active);
    }
}

#[test]
fn expiry_ends_access_and_deletes_nothing() {
    let mut world = World::with_project();
    let id = "p1".parse().unwrap();
    let live = |world: &World, at: &str| world.state.projects.all[&id].is_live(at.parse().unwrap());
    assert!(live(&world, "2026-12-31T23:59:59Z"));
    assert!(
        !live(&world, "2027-01-01"),
        "by the agreement's end, with no event"
    );
    assert_eq!(
        world.refused("founder", "project.expire", r#"{"project":"p1"}"#),
        "time-not-over"
    );
    let before = world.state.projects.all[&id].entries.clone();
    world.now = "2027-01-01".to_owned();
    world.ok("founder", "project.expire", r#"{"project":"p1"}"#);
    let project = &world.state.projects.all[&id];
    assert_eq!(project.standing, Standing::Expired);
    assert!(project.entries.starts_with(&before) && project.agreements.len() == 1);
}

#[test]
fn suspension_by_one_resumption_by_two_and_closing_for_good() {
    let mut world = World::with_project();
    world.ok(
        "founder",
        "project.suspend",
        r#"{"project":"p1","reasons":"a question"}"#,
    );
    assert_eq!(standing(&world), Standing::Suspended);
    for second in ["founder", "sci"] {
        let body = format!(r#"{{"project":"p1","reasons":"answered","agreed_by":"{second}"}}"#);
        assert_eq!(
            world.refused("founder", "project.resume", &body),
            "second-person-missing"
        );
    }
    world.ok(
        "founder",
        "project.resume",
        r#"{"project":"p1","reasons":"answered","agreed_by":"second"}"#,
    );
    assert_eq!(standing(&world), Standing::Active);
    world.ok(
        "founder",
        "project.close",
        r#"{"project":"p1","reasons":"done"}"#,
    );
    assert_eq!(
        world.refused(
            "founder",
            "project.suspend",
            r#"{"project":"p1","reasons":"x"}"#
        ),
        "wrong-standing"
    );
}

#[test]
fn an_amendment_needs_a_reviewer_and_changes_what_is_wanted() {
    let mut world = World::with_project();
    let body = |by: &str| {
        format!(
            r#"{{"project":"p1","wants":{{"death":{{"mode":"aggregate","fields":["death.*"]}}}},"reasons":"r","agreed_by":"{by}"}}"#
        )
    };
    assert_eq!(
        world.refused("founder", "project.amend", &body("second")),
        "second-person-missing"
    );
    world.ok("founder", "project.amend", &body("eth"));
    let wants = &world.state.projects.all[&"p1".parse().unwrap()].wants;
    assert_eq!(
        wants.keys().map(|k| k.as_str()).collect::<Vec<_>>(),
        ["death"]
    );
}
