//! The register is what the log says, and the same each time.

use governance::Mode;
use governance::outputs::OutputStanding;
use governance::projects::Standing;
use server::Register;
use server::RegisterError;

use crate::sample::{id, sample};

fn register() -> Register {
    let s = sample();
    Register::from_log(&s.log, &s.state).unwrap()
}

#[test]
fn two_replays_give_the_same_bytes() {
    let s = sample();
    let first = Register::from_log(&s.log, &s.state)
        .unwrap()
        .canonical()
        .unwrap();
    // A second replay from the leaves of the log, as a verifier makes it.
    let mut state = governance::State::default();
    let mut entries = Vec::new();
    for (number, envelope) in &s.log {
        let leaf = governance::ledger::leaf(envelope).unwrap();
        let envelope = governance::ledger::read(&leaf).unwrap();
        state.evolve(&envelope);
        entries.push((*number, envelope));
    }
    let second = Register::from_log(&entries, &state)
        .unwrap()
        .canonical()
        .unwrap();
    assert_eq!(first, second);
    let json: serde_json::Value = serde_json::from_slice(&first).unwrap();
    assert_eq!(
        json["log"]["state_sha256"],
        s.state.digest().unwrap().as_str()
    );
    assert_eq!(json["log"]["size"], s.log.len());
}

#[test]
fn a_gap_or_another_state_is_found() {
    let s = sample();
    let mut gap = s.log.clone();
    gap.remove(4);
    assert_eq!(
        Register::from_log(&gap, &s.state),
        Err(RegisterError::Gap {
            expected: 4,
            found: 5
        })
    );
    let short = &s.log[..10];
    assert!(matches!(
        Register::from_log(short, &s.state),
        Err(RegisterError::OtherState { entries: 10, .. })
    ));
}

#[test]
fn figures_are_those_of_the_sample() {
    let r = register();
    // Counted by hand from the sample.
    assert_eq!(r.counts.projects, 5);
    let standings: Vec<(&str, u64)> = r
        .counts
        .by_standing
        .iter()
        .map(|(s, n)| (s.as_str(), *n))
        .collect();
    assert_eq!(
        standings,
        [
            ("active", 2),
            ("applied", 1),
            ("rejected", 1),
            ("suspended", 1)
        ]
    );
    let territories: Vec<(&str, u64, u64)> = r
        .counts
        .by_territory
        .iter()
        .map(|(t, n)| (t.as_str(), n.all, n.live))
        .collect();
    assert_eq!(
        territories,
        [("CA", 1, 1), ("GB", 2, 1), ("GB-SCT", 1, 0), ("HK", 1, 0)]
    );
    assert_eq!(r.counts.open[&id("primary-care")][&Mode::Aggregate], 1);
    assert_eq!(r.counts.open[&id("primary-care")][&Mode::Enclave], 1);
    assert_eq!(r.counts.asked[&id("baseline")][&Mode::Transfer], 1);
    assert_eq!(r.counts.questions[&Mode::Aggregate], 6);
    assert_eq!(r.counts.questions[&Mode::Enclave], 3);
    assert_eq!(
        (
            r.counts.refusals,
            r.counts.outputs_released,
            r.counts.files_released
        ),
        (5, 1, 2)
    );
}

#[test]
fn a_project_that_is_not_live_opens_nothing_in_the_figures() {
    let r = register();
    let harbour = &r.projects[&id("p-harbour")];
    assert_eq!(
        (harbour.standing, harbour.live),
        (Standing::Suspended, false)
    );
    // Its deny answers are in its record, and in no figure of what is open.
    assert_eq!(
        harbour.classes[&id("hospital")]
            .access
            .as_ref()
            .unwrap()
            .mode,
        Mode::Deny
    );
    assert!(!r.counts.open[&id("hospital")].contains_key(&Mode::Deny));
}

#[test]
fn every_fact_of_a_project_names_the_entry_it_comes_from() {
    let s = sample();
    let r = Register::from_log(&s.log, &s.state).unwrap();
    let kind = |entry: u64| {
        let json = serde_json::to_value(&s.log[usize::try_from(entry).unwrap()].1).unwrap();
        json["type"].as_str().unwrap().to_owned()
    };
    let heart = &r.projects[&id("p-heart")];
    let steps: Vec<String> = heart
        .authorised
        .iter()
        .map(|step| kind(step.entry))
        .collect();
    assert_eq!(
        steps,
        [
            "application.submitted",
            "application.reviewed",
            "application.reviewed",
            "application.decided",
            "agreement.signed",
            "fee.recorded",
            "project.started"
        ]
    );
    assert_eq!(kind(heart.changes[0].entry), "project.amended");
    assert_eq!(
        heart.classes[&id("death")].asked_entry,
        heart.changes[0].entry
    );
    assert_eq!(
        kind(heart.classes[&id("genomic")].access.as_ref().unwrap().entry),
        "access.recorded"
    );
    assert!(
        heart
            .questions
            .newest
            .iter()
            .all(|q| kind(q.entry) == "query.answered")
    );
    let left = &heart.outputs[0];
    assert_eq!(kind(left.released_entry.unwrap()), "output.released");
    assert_eq!(
        left.checks
            .iter()
            .map(|c| kind(c.entry))
            .collect::<Vec<_>>(),
        ["output.reviewed"; 2]
    );
    assert_eq!(kind(r.policies.as_ref().unwrap().entry), "policies.adopted");
    assert!(r.releases.iter().all(|x| kind(x.entry) == "release.sealed"));
    assert!(
        r.directions
            .iter()
            .all(|x| kind(x.entry) == "direction.issued")
    );
    assert!(
        r.withdrawals
            .iter()
            .all(|x| kind(x.entry) == "withdrawal.recorded")
    );
}

#[test]
fn files_that_did_not_leave_are_not_named() {
    let r = register();
    let held = &r.projects[&id("p-heart")].outputs[1];
    assert_eq!(held.standing, OutputStanding::Rejected);
    assert!(held.files.is_empty());
    assert!(
        !String::from_utf8(r.canonical().unwrap())
            .unwrap()
            .contains("held-back")
    );
}
