//! Each refusal of a command, with its code.

use governance::{Actor, Command};

use crate::world::{APPLICATION, World, output};

#[test]
fn a_command_by_the_wrong_person_is_refused() {
    let mut world = World::with_project();
    for (who, name, body) in [
        (
            "lead",
            "institution.register",
            r#"{"id":"x","name":"X","territory":"GB","kind":"charity"}"#,
        ),
        (
            "nobody",
            "project.suspend",
            r#"{"project":"p1","reasons":"x"}"#,
        ),
        (
            "sci",
            "application.decide",
            r#"{"application":"p1","approved":true,"reasons":"x"}"#,
        ),
        (
            "founder",
            "output.review",
            r#"{"output":"o","outcome":"accept","reasons":"x"}"#,
        ),
        (
            "founder",
            "release.seal",
            &format!(
                r#"{{"release":"r","manifest_sha256":"{}","participants":1,"tables":{{}}}}"#,
                "a".repeat(64)
            ),
        ),
        ("founder", "application.submit", APPLICATION),
    ] {
        assert_eq!(
            world.refused(who, name, body),
            "not-permitted",
            "{name} by {who}"
        );
    }
}

#[test]
fn names_must_exist_and_be_free() {
    let mut world = World::with_project();
    for (name, body, code) in [
        (
            "institution.register",
            r#"{"id":"uni","name":"X","territory":"GB","kind":"charity"}"#,
            "institution-taken",
        ),
        (
            "researcher.register",
            r#"{"id":"r","institution":"nowhere","affiliation":{"from":"2026-01-01"},"name":"n","email":"e"}"#,
            "institution-unknown",
        ),
        (
            "researcher.register",
            r#"{"id":"sci","institution":"uni","affiliation":{"from":"2026-01-01"},"name":"n","email":"e"}"#,
            "person-taken",
        ),
        (
            "researcher.accredit",
            r#"{"researcher":"x","training":"t","window":{"from":"2026-01-01"}}"#,
            "researcher-unknown",
        ),
        (
            "affiliation.end",
            r#"{"researcher":"x","until":"2026-02-01"}"#,
            "researcher-unknown",
        ),
        (
            "direction.issue",
            r#"{"id":"d","class":"secrets","instrument":"i","window":{"from":"2026-01-01"}}"#,
            "class-unknown",
        ),
        (
            "direction.end",
            r#"{"direction":"d","until":"2026-01-01"}"#,
            "direction-unknown",
        ),
        (
            "territory.approve",
            r#"{"class":"nope","territory":"GB","mode":"enclave","window":{"from":"2026-01-01"},"source":"s"}"#,
            "class-unknown",
        ),
        (
            "release.retire",
            r#"{"release":"r","reasons":"x"}"#,
            "release-unknown",
        ),
        (
            "project.close",
            r#"{"project":"p9","reasons":"x"}"#,
            "project-unknown",
        ),
        (
            "ownership.record",
            r#"{"owner":"uni","owned":"uni","percent":60,"window":{"from":"2026-01-01"},"source":"s"}"#,
            "owns-itself",
        ),
        (
            "listing.record",
            r#"{"list":"l","entry":"e","institution":"x","window":{"from":"2026-01-01"},"source":"s"}"#,
            "institution-unknown",
        ),
        (
            "researcher.accredit",
            r#"{"researcher":"lead","training":"t","window":{"from":"2026-02-01","until":"2026-02-01"}}"#,
            "window-empty",
        ),
        (
            "staff.appoint",
            r#"{"person":"founder","roles":[]}"#,
            "last-key",
        ),
        (
            "staff.appoint",
            r#"{"person":"lead","roles":["output-checker"]}"#,
            "person-taken",
        ),
        (
            "withdrawal.record",
            r#"{"level":"no-further-use","participants":[]}"#,
            "nobody-named",
        ),
        (
            "institution.register",
            r#"{"id":"e","name":" ","territory":"GB","kind":"charity"}"#,
            "text-length",
        ),
    ] {
        assert_eq!(world.refused("founder", name, body), code, "{name} {body}");
    }
    assert_eq!(
        world.refused("lead", "application.submit", APPLICATION),
        "project-taken"
    );
}

#[test]
fn a_share_is_between_one_and_a_hundred() {
    let mut world = World::founded();
    world.ok(
        "founder",
        "institution.register",
        r#"{"id":"co","name":"Co","territory":"CN","kind":"company"}"#,
    );
    for percent in [0, 101, 255] {
        let body = format!(
            r#"{{"owner":"co","owned":"uni","percent":{percent},"window":{{"from":"2026-01-01"}},"source":"s"}}"#
        );
        assert_eq!(
            world.refused("founder", "ownership.record", &body),
            "percent-range"
        );
    }
}

#[test]
fn applications_say_who_what_and_where() {
    let mut world = World::founded();
    world.ok(
        "founder",
        "institution.register",
        r#"{"id":"other","name":"O","territory":"GB","kind":"charity"}"#,
    );
    world.ok("founder", "researcher.register", r#"{"id":"r2","institution":"other","affiliation":{"from":"2026-01-01"},"name":"N","email":"e"}"#);
    for (from, to, code) in [
        (r#""lead":"lead""#, r#""lead":"r2""#, "not-the-lead"),
        (
            r#""institution":"uni""#,
            r#""institution":"other""#,
            "lead-elsewhere",
        ),
        (
            r#""institution":"uni""#,
            r#""institution":"zzz""#,
            "institution-unknown",
        ),
        (r#""places":["GB"]"#, r#""places":[]"#, "places-missing"),
        (
            r#""baseline":{"mode":"enclave","fields":["*"]}"#,
            "",
            "wants-nothing",
        ),
        (r#""baseline""#, r#""gossip""#, "class-unknown"),
        (
            r#""fields":["*"]"#,
            r#""fields":["everything"]"#,
            "want-form",
        ),
        (r#""fields":["*"]"#, r#""fields":[]"#, "want-form"),
        (r#""mode":"enclave""#, r#""mode":"deny""#, "want-form"),
        (r#""goals":"g""#, r#""goals":"""#, "text-length"),
        (
            r#""lead":"lead""#,
            r#""lead":"lead","collaborators":["ghost"]"#,
            "researcher-unknown",
        ),
    ] {
        let body = APPLICATION.replace(from, to);
        assert_ne!(body, APPLICATION);
        assert_eq!(
            world.refused("lead", "application.submit", &body),
            code,
            "{to}"
        );
    }
}

#[test]
fn reviews_are_two_independent_and_free_of_conflict() {
    let mut world = World::founded();
    world.ok(
        "founder",
        "staff.appoint",
        r#"{"person":"both","roles":["scientific-reviewer","ethics-reviewer"]}"#,
    );
    world.ok(
        "founder",
        "staff.appoint",
        r#"{"person":"own","roles":["scientific-reviewer"],"institution":"uni"}"#,
    );
    world.ok("lead", "application.submit", APPLICATION);
    let body = |track: &str, outcome: &str| {
        format!(r#"{{"application":"p1","track":"{track}","outcome":"{outcome}","reasons":"r"}}"#)
    };
    let decide = r#"{"application":"p1","approved":true,"reasons":"r"}"#;
    assert_eq!(
        world.refused("founder", "application.decide", decide),
        "reviews-missing"
    );
    assert_eq!(
        world.refused("sci", "application.review", &body("ethical", "approve")),
        "wrong-track"
    );
    assert_eq!(
        world.refused("own", "application.review", &body("scientific", "approve")),
        "conflict-of-interest"
    );
    world.ok("both", "application.review", &body("scientific", "approve"));
    assert_eq!(
        world.refused("both", "application.review", &body("ethical", "approve")),
        "reviewed-both"
    );
    world.ok("eth", "application.review", &body("ethical", "reject"));
    assert_eq!(
        world.refused("founder", "application.decide", decide),
        "review-not-favourable"
    );
    assert_eq!(
        world.refused("founder", "agreement.sign", crate::world::AGREEMENT),
        "wrong-standing"
    );
    world.ok(
        "founder",
        "application.decide",
        r#"{"application":"p1","approved":false,"reasons":"r"}"#,
    );
    assert_eq!(
        world.refused("eth", "application.review", &body("ethical", "approve")),
        "wrong-standing"
    );
}

#[test]
fn outputs_are_checked_by_others_only() {
    let mut world = World::with_project();
    world.ok(
        "founder",
        "staff.appoint",
        r#"{"person":"near","roles":["output-checker"],"institution":"uni","agreed_by":"second"}"#,
    );
    world.ok("founder", "researcher.register", r#"{"id":"r2","institution":"uni","affiliation":{"from":"2026-01-01"},"name":"N","email":"e"}"#);
    let stranger = Actor::Program("r2".parse().unwrap());
    assert_eq!(
        world.refused_as(stranger, "output.submit", &output("o1", "green")),
        "not-a-member"
    );
    world.program("lead", "output.submit", &output("o1", "green"));
    let accept = r#"{"output":"o1","outcome":"accept","reasons":"safe"}"#;
    assert_eq!(world.refused("near", "output.review", accept), "own-output");
    assert_eq!(
        world.refused("r2", "output.withdraw", r#"{"output":"o1"}"#),
        "not-the-author"
    );
    world.ok(
        "founder",
        "project.suspend",
        r#"{"project":"p1","reasons":"x"}"#,
    );
    world.review("check-1", "o1", "accept");
    world.review("check-2", "o1", "accept");
    assert_eq!(
        world.refused("check-1", "output.release", r#"{"output":"o1"}"#),
        "project-not-live"
    );
}

#[test]
fn policies_change_by_two_people() {
    let mut world = World::founded();
    let body = |agreed: &str| {
        format!(
            r#"{{"bundle_sha256":"{}","files":{{}}{agreed}}}"#,
            "b".repeat(64)
        )
    };
    world.ok("founder", "policies.adopt", &body(""));
    assert_eq!(
        world.refused("founder", "policies.adopt", &body("")),
        "second-person-missing"
    );
    assert_eq!(
        world.refused(
            "founder",
            "policies.adopt",
            &body(r#","agreed_by":"founder""#)
        ),
        "second-person-missing"
    );
    world.ok(
        "founder",
        "policies.adopt",
        &body(r#","agreed_by":"second""#),
    );
}

#[test]
fn a_body_of_another_shape_is_refused_with_its_place() {
    for (body, says) in [
        ("{", "EOF"),
        (r#"{"project":"p1"}"#, "reasons"),
        (r#"{"project":"P 1","reasons":"r"}"#, "id"),
        (r#"{"project":"p1","reasons":"r","extra":1}"#, "extra"),
    ] {
        let error = Command::read("project.suspend", body)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("line 1, column") && error.contains(says),
            "{error}"
        );
    }
    assert!(Command::read("project.explode", "{}").is_err());
}

#[test]
fn ending_never_prolongs() {
    let mut world = World::founded();
    world.ok("founder", "direction.issue", r#"{"id":"d","class":"death","instrument":"i","window":{"from":"2026-01-01","until":"2026-06-01"}}"#);
    assert_eq!(
        world.refused(
            "founder",
            "direction.end",
            r#"{"direction":"d","until":"2026-07-01"}"#
        ),
        "ended-already"
    );
    world.ok(
        "founder",
        "direction.end",
        r#"{"direction":"d","until":"2026-05-01"}"#,
    );
    world.ok(
        "founder",
        "affiliation.end",
        r#"{"researcher":"lead","until":"2026-05-01"}"#,
    );
    assert_eq!(
        world.refused(
            "founder",
            "affiliation.end",
            r#"{"researcher":"lead","until":"2026-06-01"}"#
        ),
        "ended-already"
    );
}

#[test]
fn one_custodian_cannot_make_a_second_pair_of_hands() {
    let mut world = World::founded();
    let sock = |more: &str| format!(r#"{{"person":"sock","roles":["output-checker"]{more}}}"#);
    for more in [
        "",
        r#","agreed_by":"founder""#,
        r#","agreed_by":"sock""#,
        r#","agreed_by":"check-1""#,
    ] {
        assert_eq!(
            world.refused("founder", "staff.appoint", &sock(more)),
            "second-person-missing",
            "{more}"
        );
    }
    world.ok(
        "founder",
        "staff.appoint",
        &sock(r#","agreed_by":"second""#),
    );
    // Taking the role away needs two as well; other roles do not.
    assert_eq!(
        world.refused(
            "founder",
            "staff.appoint",
            r#"{"person":"second","roles":[]}"#
        ),
        "second-person-missing"
    );
    world.ok(
        "founder",
        "staff.appoint",
        r#"{"person":"new","roles":["ethics-reviewer"]}"#,
    );
}

#[test]
fn acceptances_of_those_who_may_no_longer_check_do_not_count() {
    let mut world = World::with_project();
    world.program("lead", "output.submit", &output("o1", "green"));
    for checker in ["check-1", "check-2"] {
        world.review(checker, "o1", "accept");
    }
    world.ok(
        "founder",
        "staff.appoint",
        r#"{"person":"check-2","roles":[],"agreed_by":"second"}"#,
    );
    assert_eq!(
        world.refused("check-1", "output.release", r#"{"output":"o1"}"#),
        "reviews-missing"
    );
}

#[test]
fn names_and_texts_cannot_forge_what_a_reader_sees() {
    let mut world = World::with_project();
    let lead = Actor::Program("lead".parse().unwrap());
    for name in [
        "../x.csv",
        ".bashrc",
        "-rf",
        "a\\nGREEN b.csv",
        "a\\u202egpj.csv",
        "a/b.csv",
        "",
    ] {
        let body = output("o1", "green").replace("t.csv", name);
        assert_eq!(
            world.refused_as(lead.clone(), "output.submit", &body),
            "file-name",
            "{name}"
        );
    }
    for text in ["x\\u001b[31m", "x\\ny", "x\\u202ey", "x\\u0000"] {
        let body = format!(
            r#"{{"id":"d9","class":"death","instrument":"{text}","window":{{"from":"2026-01-01"}}}}"#
        );
        assert_eq!(
            world.refused("founder", "direction.issue", &body),
            "text-hidden",
            "{text}"
        );
    }
}
