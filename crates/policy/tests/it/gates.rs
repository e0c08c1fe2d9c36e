//! Each gate of the default bundle shuts what it must, and only that.

use governance::Mode;
use governance::people::{EndAffiliation, PeopleEvent};
use governance::projects::{ProjectEvent, SuspendProject};
use policy::{OnFail, Outcome};

use crate::world::{World, between, bundle, from, gates, id, open_world, t};

const NOW: &str = "2026-11-21";

#[test]
fn what_is_asked_for_and_allowed_is_granted_and_no_more() {
    let world = open_world();
    let baseline = world.ask("p", "baseline", NOW);
    assert_eq!(
        (baseline.mode, baseline.outcome),
        (Mode::Transfer, Outcome::Granted)
    );
    assert_eq!(gates(&baseline), Vec::<&str>::new());
    assert!(
        baseline
            .obligations
            .iter()
            .any(|o| o.contains("deletion certificate"))
    );
    // Asked for aggregate only: approval up to transfer does not lift it.
    assert_eq!(world.ask("p", "hospital", NOW).mode, Mode::Aggregate);
    assert_eq!(world.ask("p", "genomic", NOW).mode, Mode::Enclave);
    // Never transferred, whatever is asked and approved.
    let gp = world.ask("p", "primary-care", NOW);
    assert_eq!((gp.mode, gp.outcome), (Mode::Enclave, Outcome::Granted));
    assert_eq!(gates(&gp), ["primary-care-not-transferred"]);
    assert_eq!(gp.failed[0].blocks, [Mode::Transfer]);
    assert!(
        gp.obligations
            .iter()
            .any(|o| o.contains("two output checkers"))
    );
    // Not asked for.
    let death = world.ask("p", "death", NOW);
    assert_eq!((death.mode, death.outcome), (Mode::Deny, Outcome::Denied));
    assert!(gates(&death).contains(&"class-asked-for"));
    assert!(death.obligations.is_empty());
}

#[test]
fn a_record_of_access_names_gates_and_versions() {
    let access = open_world().ask("p", "primary-care", NOW);
    let record = access.record();
    assert_eq!(record.mode, Mode::Enclave);
    assert!(!record.refer);
    assert_eq!(
        record.gates,
        ["primary-care-not-transferred".to_owned()].into()
    );
    assert_eq!(&record.policy_sha256, bundle().sha256());
    assert_eq!(
        record.valid_until,
        Some(t("2028-01-01")),
        "the training ends before the agreement"
    );
}

#[test]
fn samples_genomes_and_sensitive_fields_stay() {
    let mut world = open_world();
    for class in ["samples", "sensitive"] {
        world.approve(class, "GB", Mode::Transfer, from("2025-01-01"));
        world.direct(class, from("2025-01-01"));
    }
    let wants = [
        ("samples", Mode::Transfer),
        ("sensitive", Mode::Transfer),
        ("genomic", Mode::Transfer),
    ];
    world
        .apply("q", ("r1", "uni"), &[], &wants, &["GB"])
        .run("q", &["uni"]);
    for (class, gate) in [
        ("samples", "samples-stay"),
        ("sensitive", "sensitive-not-transferred"),
        ("genomic", "genomic-not-transferred"),
    ] {
        let access = world.ask("q", class, NOW);
        assert_eq!(
            (access.mode, gates(&access)),
            (Mode::Enclave, vec![gate]),
            "{class}"
        );
    }
}

#[test]
fn every_failed_gate_is_named_not_just_the_first() {
    let mut world = open_world();
    world.listed("uni", from("2026-11-01"));
    world.add(PeopleEvent::AffiliationEnded(EndAffiliation {
        researcher: id("r1"),
        until: t("2026-11-20"),
    }));
    world.add(ProjectEvent::ProjectSuspended(SuspendProject {
        project: id("p"),
        reasons: "incident".to_owned(),
    }));
    let access = world.ask("p", "genomic", NOW);
    assert_eq!(
        gates(&access),
        ["affiliation-valid", "listed-institution", "project-live"]
    );
    assert_eq!(access.mode, Mode::Deny);
    for gate in &access.failed {
        assert_eq!(gate.blocks, [Mode::Aggregate, Mode::Enclave], "{}", gate.id);
        assert!(!gate.entries.is_empty(), "{} names no log entry", gate.id);
    }
    assert_eq!(
        access.failed[1].because,
        "The uni institution is on the list `us-entity-list` as \"entry of uni\" since 2026-11-01"
    );
    assert!(
        access.failed[0]
            .because
            .contains("left The uni institution on 2026-11-20")
    );
    assert!(
        access
            .plain()
            .contains("failed: project-live (blocks aggregate, enclave)")
    );
}

#[test]
fn the_lowest_of_the_territories_counts_and_a_missing_one_shuts() {
    let mut world = open_world();
    world
        .institution("labor", "DE")
        .researcher("r2", "labor", from("2020-01-01"))
        .trained("r2", from("2026-01-01"))
        .apply(
            "q",
            ("r1", "uni"),
            &["r2"],
            &[("baseline", Mode::Enclave)],
            &["GB"],
        )
        .run("q", &["uni", "labor"]);
    let missing = world.ask("q", "baseline", NOW);
    assert_eq!(
        (missing.mode, gates(&missing)),
        (Mode::Deny, vec!["territory-approved"])
    );
    assert_eq!(
        missing.failed[0].because,
        "DE (The labor institution) is not approved for class `baseline`"
    );
    world.approve("baseline", "DE", Mode::Aggregate, from("2026-01-01"));
    let lowest = world.ask("q", "baseline", NOW);
    assert_eq!(
        (lowest.mode, gates(&lowest)),
        (Mode::Aggregate, vec!["territory-approved"])
    );
    assert_eq!(lowest.failed[0].blocks, [Mode::Enclave]);
    // A place of work counts like an institution's territory.
    world.apply(
        "s",
        ("r1", "uni"),
        &[],
        &[("baseline", Mode::Enclave)],
        &["GB", "FR"],
    );
    world.run("s", &["uni"]);
    let place = world.ask("s", "baseline", NOW);
    assert_eq!(
        (place.mode, gates(&place)),
        (Mode::Deny, vec!["territory-approved"])
    );
    assert!(place.failed[0].because.starts_with("FR (place of work)"));
}

#[test]
fn a_country_does_not_open_its_parts_and_an_owner_does_not_lend_its_territory() {
    let mut world = open_world();
    world.apply(
        "q",
        ("r1", "uni"),
        &[],
        &[("baseline", Mode::Enclave)],
        &["GB-SCT"],
    );
    world.run("q", &["uni"]);
    assert_eq!(world.ask("q", "baseline", NOW).mode, Mode::Deny);
    // Registered in FR, wholly owned from GB, approved for GB only.
    world
        .institution("filiale", "FR")
        .owns("uni", "filiale", Some(100), from("2020-01-01"))
        .researcher("r3", "filiale", from("2020-01-01"))
        .trained("r3", from("2026-01-01"))
        .apply(
            "s",
            ("r3", "filiale"),
            &[],
            &[("baseline", Mode::Enclave)],
            &["GB"],
        )
        .run("s", &["filiale"]);
    assert_eq!(
        gates(&world.ask("s", "baseline", NOW)),
        ["territory-approved"]
    );
}

#[test]
fn a_later_record_narrows_ends_or_corrects_an_earlier_one() {
    let mut world = open_world();
    world.approve("baseline", "GB", Mode::Aggregate, from("2026-06-01"));
    assert_eq!(
        world.ask("p", "baseline", "2026-05-31").mode,
        Mode::Transfer
    );
    assert_eq!(world.ask("p", "baseline", NOW).mode, Mode::Aggregate);
    // The same start: the newer record replaces the older, so an end can be written into it.
    let mut ended = open_world();
    ended.approve(
        "baseline",
        "GB",
        Mode::Transfer,
        between("2025-01-01", "2026-11-01"),
    );
    assert_eq!(ended.ask("p", "baseline", NOW).mode, Mode::Deny);
    // Written down late about the distant past: opens nothing today.
    let mut late = open_world();
    late.listed("uni", from("2026-01-01"));
    late.listed("uni", between("2010-01-01", "2012-01-01"));
    assert_eq!(
        gates(&late.ask("p", "baseline", NOW)),
        ["listed-institution"]
    );
    late.listed("uni", between("2026-01-01", "2026-11-01"));
    assert_eq!(
        late.ask("p", "baseline", NOW).mode,
        Mode::Transfer,
        "the listing was ended"
    );
}

#[test]
fn missing_parties_shut_everything() {
    let mut world = open_world();
    world.apply(
        "q",
        ("r1", "uni"),
        &["nobody"],
        &[("baseline", Mode::Enclave)],
        &["GB"],
    );
    world.run("q", &["uni"]);
    let access = world.ask("q", "baseline", NOW);
    assert_eq!(
        gates(&access),
        ["parties-known", "training-valid", "affiliation-valid"]
    );
    assert_eq!(access.mode, Mode::Deny);
    let empty = World::default();
    let refused = policy::assess(&empty.state(), &bundle(), &id("p"), &id("baseline"), t(NOW));
    assert_eq!(refused.unwrap_err().code, "project-unknown");
    let class = policy::assess(&world.state(), &bundle(), &id("p"), &id("weather"), t(NOW));
    assert_eq!(class.unwrap_err().code, "class-unknown");
}

#[test]
fn a_gate_that_refers_leaves_the_decision_to_a_person() {
    let mut world = open_world();
    world
        .institution("holding", "CN")
        .owns("holding", "uni", None, from("2020-01-01"))
        .listed("holding", from("2026-01-01"));
    let access = world.ask("p", "genomic", NOW);
    assert_eq!((access.mode, access.outcome), (Mode::Deny, Outcome::Refer));
    assert_eq!(access.refer, Some(Mode::Enclave));
    assert_eq!(gates(&access), ["owner-share-unknown"]);
    assert_eq!(access.failed[0].on_fail, OnFail::Refer);
    assert!(access.record().refer);
    assert!(access.failed[0].because.contains(
        "The holding institution holds a share that is not known of The uni institution"
    ));
    // Only as far as gates that deny allow.
    let gp = world.ask("p", "primary-care", NOW);
    assert_eq!(gp.refer, Some(Mode::Enclave));
    // With a gate that denies, there is nothing for a person to decide.
    world.listed("uni", from("2026-01-01"));
    let both = world.ask("p", "genomic", NOW);
    assert_eq!((both.outcome, both.refer), (Outcome::Denied, None));
    assert_eq!(gates(&both), ["listed-institution", "owner-share-unknown"]);
}
