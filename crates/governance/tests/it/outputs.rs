//! Files that ask to leave: two checkers, the third, return, withdrawal, recall, quotas, patterns, times.

use governance::outputs::{CheckOutcome, Flag, Metrics, OutputStanding, Used, Verdict};
use governance::{Actor, Id};

use crate::world::{World, output};

fn id(text: &str) -> Id {
    text.parse().unwrap()
}

fn request<'a>(world: &'a World, name: &str) -> &'a governance::outputs::Output {
    &world.state.outputs.requests[&id(name)]
}

fn lead() -> Actor {
    Actor::Program(id("lead"))
}

/// A request that was judged by an engine: what may leave by itself, if the custodian says so.
fn judged(name: &str, verdict: &str) -> String {
    output(name, verdict).replace(
        r#""purpose""#,
        r#""engine":{"program":"1.0","rules":"strict","source":"a manual","verdicts_sha256":"VV"},"purpose""#,
    )
    .replace("VV", &"c".repeat(64))
}

fn set(world: &mut World, more: &str) {
    let body =
        format!(r#"{{"green_leaves_by_itself":true,"reasons":"r","agreed_by":"second"{more}}}"#);
    world.ok("founder", "airlock.set", &body);
}

/// Invariant 6: nothing leaves without a release event that holds its digest. Nobody checks their own output.
#[test]
fn invariant_6_two_checkers_neither_the_author_and_a_release_event_with_the_digest() {
    let mut world = World::with_project();
    world.program("lead", "output.submit", &output("o1", "amber"));
    let accept = r#"{"output":"o1","outcome":"accept","reasons":"safe"}"#;
    let release = r#"{"output":"o1"}"#;
    for reviewer in ["check-1", "check-2"] {
        assert_eq!(
            world.refused("check-1", "output.release", release),
            "reviews-missing"
        );
        world.review(reviewer, "o1", "accept");
        let again = world.refused(reviewer, "output.review", accept);
        assert_eq!(again, "checked-already");
    }
    assert_eq!(
        world.refused("check-3", "output.review", accept),
        "reviews-complete"
    );
    world.ok("check-1", "output.release", release);
    let text = serde_json::to_string(world.log.last().unwrap()).unwrap();
    assert!(
        text.contains(&"a".repeat(64)) && text.contains(r#""automatic":false"#),
        "{text}"
    );
    for (who, name, body, code) in [
        ("check-2", "output.release", release, "output-closed"),
        ("lead", "output.release", release, "not-permitted"),
        ("check-3", "output.review", accept, "output-closed"),
        ("lead", "output.withdraw", release, "output-closed"),
    ] {
        assert_eq!(world.refused(who, name, body), code, "{name} by {who}");
    }
}

#[test]
fn a_red_file_is_refused_at_the_door() {
    let mut world = World::with_project();
    set(&mut world, "");
    for body in [output("o1", "red"), judged("o1", "red")] {
        assert_eq!(world.refused_as(lead(), "output.submit", &body), "red-file");
    }
}

/// Neither the state nor the log tells a conclusion before two are there, and an opened one is the sealed one.
#[test]
fn reviews_are_blind_and_sealed() {
    let mut world = World::with_project();
    world.program("lead", "output.submit", &output("o1", "amber"));
    let nothing = r#"{"output":"o1","disclosures":{}}"#;
    let review = |outcome: &str| {
        format!(r#"{{"output":"o1","outcome":"{outcome}","reasons":"plain-words"}}"#)
    };
    world.ok("check-1", "output.review", &review("accept"));
    let told = serde_json::to_string(&(&world.state, &world.log)).unwrap();
    assert!(!told.contains("plain-words") && !told.contains(r#""accept""#));
    assert_eq!(
        world.refused_as(lead(), "output.open", nothing),
        "reviews-sealed"
    );
    world.ok("check-2", "output.review", &review("reject"));
    // Whoever opens may leave nothing out, swap nothing, and make nothing up.
    let right = world.opening("o1").unwrap();
    let swapped = right
        .replace("check-1", "x")
        .replace("check-2", "check-1")
        .replace(r#""x""#, r#""check-2""#);
    for wrong in [
        nothing.to_owned(),
        swapped,
        right.replace("check-2", "check-9"),
    ] {
        assert_eq!(
            world.refused_as(lead(), "output.open", &wrong),
            "seal-broken",
            "{wrong}"
        );
    }
    world.program("check-2", "output.open", &right);
    let reviews = &request(&world, "o1").reviews;
    assert_eq!(reviews[&id("check-1")].outcome, Some(CheckOutcome::Accept));
    assert_eq!(reviews[&id("check-2")].outcome, Some(CheckOutcome::Reject));
}

#[test]
fn a_third_decides_where_two_differ_and_two_who_say_no_reject() {
    let mut world = World::with_project();
    let release = |name: &str| format!(r#"{{"output":"{name}"}}"#);
    for (name, third, standing) in [
        ("o1", "accept", OutputStanding::Submitted),
        ("o2", "reject", OutputStanding::Rejected),
    ] {
        world.program("lead", "output.submit", &output(name, "amber"));
        world.review("check-1", name, "reject");
        world.review("check-2", name, "accept");
        let early = world.refused("check-1", "output.release", &release(name));
        assert_eq!(early, "reviews-missing");
        world.review("check-3", name, third);
        assert_eq!(request(&world, name).standing, standing);
    }
    world.ok("check-1", "output.release", &release("o1"));
    let closed = world.refused("check-1", "output.release", &release("o2"));
    assert_eq!(closed, "output-closed");
}

#[test]
fn a_returned_request_comes_again_as_its_next_version_and_old_reviews_say_nothing_of_it() {
    let mut world = World::with_project();
    world.ok("founder", "researcher.register", r#"{"id":"r2","institution":"uni","affiliation":{"from":"2026-01-01"},"name":"N","email":"e"}"#);
    world.program("lead", "output.submit", &output("o1", "amber"));
    let taken = world.refused_as(lead(), "output.submit", &output("o1", "amber"));
    assert_eq!(taken, "output-taken");
    world.review("check-1", "o1", "accept");
    world.review("check-2", "o1", "accept");
    let back = r#"{"output":"o1","comments":"the second table has no counts"}"#;
    assert_eq!(
        world.refused("founder", "output.return", back),
        "not-permitted"
    );
    world.ok("check-3", "output.return", back);
    assert_eq!(
        world.refused("check-1", "output.release", r#"{"output":"o1"}"#),
        "output-closed"
    );
    let stranger = Actor::Program(id("r2"));
    let other = world.refused_as(stranger, "output.submit", &output("o1", "amber"));
    assert_eq!(other, "not-the-author");
    world.program("lead", "output.submit", &output("o1", "green"));
    let now = request(&world, "o1");
    assert_eq!((now.version, now.reviews.len()), (2, 0));
    assert_eq!((now.history.len(), now.history[0].reviews.len()), (1, 2));
    assert_eq!(
        world.refused("check-1", "output.release", r#"{"output":"o1"}"#),
        "reviews-missing"
    );
    let log = serde_json::to_string(&world.log).unwrap();
    assert!(!log.contains("second table"), "comments are private");
}

#[test]
fn green_leaves_by_itself_only_where_the_custodians_say_so() {
    let mut world = World::with_project();
    world.program("lead", "output.submit", &judged("o1", "green"));
    assert_eq!(request(&world, "o1").standing, OutputStanding::Submitted);
    for second in ["founder", "check-1", "nobody"] {
        let body =
            format!(r#"{{"green_leaves_by_itself":true,"reasons":"r","agreed_by":"{second}"}}"#);
        let refused = world.refused("founder", "airlock.set", &body);
        assert_eq!(refused, "second-person-missing");
    }
    set(&mut world, "");
    world.program("lead", "output.submit", &judged("o2", "green"));
    assert!(request(&world, "o2").automatic);
    let text = serde_json::to_string(world.log.last().unwrap()).unwrap();
    assert!(text.contains(r#""automatic":true"#), "{text}");
    // Amber waits, and so does green that was not planned or that nothing judged.
    let unplanned = judged("o4", "green").replace(r#""planned":"tables","#, "");
    for (name, body) in [
        ("o3", judged("o3", "amber")),
        ("o4", unplanned),
        ("o5", output("o5", "green")),
    ] {
        world.program("lead", "output.submit", &body);
        assert_eq!(
            request(&world, name).standing,
            OutputStanding::Submitted,
            "{name}"
        );
    }
    let flagged = request(&world, "o4");
    assert_eq!(flagged.colour, Verdict::Amber);
    assert_eq!(flagged.flags, [Flag::NotPlanned].into());
    // And it can be taken back.
    let off = r#"{"green_leaves_by_itself":false,"reasons":"r","agreed_by":"second"}"#;
    world.ok("founder", "airlock.set", off);
    world.program("lead", "output.submit", &judged("o6", "green"));
    assert_eq!(request(&world, "o6").standing, OutputStanding::Submitted);
}

#[test]
fn nobody_of_an_institution_in_the_project_checks_and_an_unknown_one_stops_everybody() {
    let mut world = World::with_project();
    world.ok(
        "founder",
        "staff.appoint",
        r#"{"person":"near","roles":["output-checker"],"institution":"uni","agreed_by":"second"}"#,
    );
    world.program("lead", "output.submit", &output("o1", "amber"));
    let back = r#"{"output":"o1","comments":"c"}"#;
    assert_eq!(world.refused("near", "output.return", back), "own-output");
    // Were the fact lost who the researcher is, nobody could be told to be free of conflict.
    world.state.people.researchers.clear();
    let accept = r#"{"output":"o1","outcome":"accept","reasons":"safe"}"#;
    assert_eq!(
        world.refused("check-1", "output.review", accept),
        "own-output"
    );
}

#[test]
fn a_release_that_is_recalled_names_who_had_it_and_who_deleted_it() {
    let mut world = World::with_project();
    set(&mut world, "");
    let o1 = r#"{"output":"o1"}"#;
    let recall = r#"{"output":"o1","reasons":"a cell was too small"}"#;
    world.program("lead", "output.submit", &output("o1", "amber"));
    for (who, name) in [("lead", "output.download"), ("check-1", "output.download")] {
        let early = world.refused_as(Actor::Program(id(who)), name, o1);
        assert_eq!(early, "output-closed");
    }
    assert_eq!(
        world.refused("founder", "output.recall", recall),
        "output-closed"
    );
    world.program("lead", "output.submit", &judged("o2", "green"));
    let o1 = &o1.replace("o1", "o2");
    let recall = &recall.replace("o1", "o2");
    let stranger = world.refused_as(Actor::Program(id("sci")), "output.download", o1);
    assert_eq!(stranger, "not-a-member");
    for _ in 0..2 {
        world.program("lead", "output.download", o1);
    }
    world.program("check-1", "output.download", o1);
    let confirm = |world: &mut World, who: &str| {
        world.refused_as(Actor::Program(id(who)), "output.confirm-deletion", o1)
    };
    assert_eq!(confirm(&mut world, "lead"), "nothing-to-delete");
    assert_eq!(
        world.refused("check-1", "output.recall", recall),
        "not-permitted"
    );
    world.ok("founder", "output.recall", recall);
    let text = serde_json::to_string(world.log.last().unwrap()).unwrap();
    assert!(text.contains(r#""had_it":["check-1","lead"]"#), "{text}");
    assert_eq!(request(&world, "o2").handed[&id("lead")].times, 2);
    let again = world.refused_as(lead(), "output.download", o1);
    assert_eq!(again, "output-closed");
    world.program("lead", "output.confirm-deletion", o1);
    for who in ["lead", "check-2"] {
        assert_eq!(confirm(&mut world, who), "nothing-to-delete", "{who}");
    }
    let missing: Vec<_> = {
        let o = request(&world, "o2");
        o.handed
            .keys()
            .filter(|w| !o.deleted.contains_key(*w))
            .collect()
    };
    assert_eq!(missing, [&id("check-1")]);
}

#[test]
fn a_month_has_a_quota_of_requests_files_and_bytes() {
    let mut world = World::with_project();
    set(&mut world, r#","quota":{"requests":2,"files":3,"bytes":8}"#);
    world.program("lead", "output.submit", &output("o1", "amber"));
    world.program("lead", "output.submit", &output("o2", "amber"));
    let third =
        |world: &mut World| world.refused_as(lead(), "output.submit", &output("o3", "amber"));
    assert_eq!(third(&mut world), "quota-reached");
    // Taking back does not give back; a next version is no further request, but its files and bytes count.
    world.ok("lead", "output.withdraw", r#"{"output":"o2"}"#);
    assert_eq!(third(&mut world), "quota-reached");
    world.ok(
        "check-1",
        "output.return",
        r#"{"output":"o1","comments":"c"}"#,
    );
    assert_eq!(
        world.refused_as(lead(), "output.submit", &output("o1", "amber")),
        "quota-reached",
        "bytes"
    );
    world.now = "2026-02-01".to_owned();
    world.program("lead", "output.submit", &output("o1", "amber"));
    let used = Used::of(
        &world.state.outputs,
        &id("p1"),
        "2026-02-28".parse().unwrap(),
    );
    assert_eq!((used.requests, used.files, used.bytes), (0, 1, 3));
}

#[test]
fn a_slow_drip_of_small_files_is_one_request() {
    let mut world = World::with_project();
    let page = |n: u32| {
        let file = format!(
            r#""rows":60,"cells":120,"shape_sha256":"{}","rules":[]"#,
            "b".repeat(64)
        );
        judged(&format!("o{n}"), "green").replace(r#""rules":[]"#, &file)
    };
    set(
        &mut world,
        r#","patterns":{"rows":200,"cells":100000,"bytes":100000,"same_shape_requests":3,"same_shape_rows":100}"#,
    );
    let mut seen = Vec::new();
    for n in 1..=4 {
        world.now = format!("2026-01-{:02}", n * 5);
        world.program("lead", "output.submit", &page(n));
        let o = request(&world, &format!("o{n}"));
        seen.push((o.colour, o.flags.iter().copied().collect::<Vec<_>>()));
    }
    assert_eq!(
        seen,
        [
            (Verdict::Green, vec![]),
            (Verdict::Green, vec![]),
            (Verdict::Amber, vec![Flag::SameShape]),
            (Verdict::Amber, vec![Flag::ManyRows, Flag::SameShape]),
        ]
    );
    // What was not let go does not count, and after the window the first ones do not.
    world.ok("lead", "output.withdraw", r#"{"output":"o4"}"#);
    world.now = "2026-02-10".to_owned();
    world.program("lead", "output.submit", &page(5));
    assert_eq!(request(&world, "o5").flags, [].into());
}

#[test]
fn times_are_counted_from_the_log() {
    let mut world = World::with_project();
    set(&mut world, "");
    for day in 1..=9 {
        let name = format!("o{day}");
        world.now = "2026-02-01".to_owned();
        world.program("lead", "output.submit", &output(&name, "amber"));
        world.now = format!("2026-02-{:02}", 1 + day);
        world.ok(
            "check-1",
            "output.return",
            &format!(r#"{{"output":"{name}","comments":"c"}}"#),
        );
    }
    world.program("lead", "output.submit", &judged("g1", "green"));
    world.program("lead", "output.submit", &output("o1", "amber"));
    world.now = "2026-02-12".to_owned();
    let at = world.now.parse().unwrap();
    let m = Metrics::of(&world.state.outputs, None, at);
    let days = |n: i64| Some(n * 86_400);
    let amber = &m.by_colour[&Verdict::Amber];
    assert_eq!((amber.submitted, amber.returned, amber.open), (10, 9, 1));
    assert_eq!(
        (
            amber.turnaround.median_seconds,
            amber.turnaround.ninetieth_seconds
        ),
        (days(5), days(9))
    );
    let green = &m.by_colour[&Verdict::Green];
    assert_eq!((green.released, green.automatic), (1, 1));
    assert_eq!(green.turnaround.median_seconds, Some(0));
    assert_eq!(m.longest_wait_seconds, days(2));
    assert_eq!(m.all.turnaround.answered, 10);
    let none = Metrics::of(&world.state.outputs, Some(&id("p2")), at);
    assert_eq!(none.all, Default::default());
}
