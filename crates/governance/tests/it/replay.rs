//! Invariant 2: state changes only by events, and a replay gives the same digest.

use governance::{State, ledger};

use crate::world::{World, output};

#[test]
fn invariant_2_a_replay_from_the_leaves_gives_the_same_digest() {
    let mut world = World::with_project();
    world.program("lead", "output.submit", &output("o1", "green"));
    let mut replayed = State::default();
    for envelope in &world.log {
        replayed.evolve(&ledger::read(&ledger::leaf(envelope).unwrap()).unwrap());
    }
    assert_eq!(replayed.digest().unwrap(), world.state.digest().unwrap());
    assert_eq!(replayed.size, world.log.len() as u64);
    // And every entry counts: without any one of them the digest is another.
    for skipped in 0..world.log.len() {
        let mut other = State::default();
        for (i, envelope) in world.log.iter().enumerate() {
            if i != skipped {
                other.evolve(envelope);
            }
        }
        assert_ne!(
            other.digest().unwrap(),
            world.state.digest().unwrap(),
            "entry {skipped}"
        );
    }
}

#[test]
fn private_values_are_not_in_the_leaf() {
    let mut world = World::founded();
    world.program(
        "founder",
        "refusal.record",
        r#"{"command":"query","code":"c","rule":"r"}"#,
    );
    world.ok(
        "founder",
        "researcher.register",
        r#"{"id":"r9","institution":"uni","affiliation":{"from":"2026-01-01"},"name":"Ada Lovelace","email":"ada@example.org"}"#,
    );
    world.ok(
        "founder",
        "withdrawal.record",
        r#"{"level":"no-further-use","participants":["1234567"]}"#,
    );
    for envelope in &world.log {
        let leaf = String::from_utf8(ledger::leaf(envelope).unwrap()).unwrap();
        for secret in ["Lovelace", "ada@", "1234567"] {
            assert!(!leaf.contains(secret), "{leaf}");
        }
    }
}

#[test]
fn other_bytes_than_the_canonical_ones_are_no_leaf() {
    let world = World::founded();
    let leaf = ledger::leaf(&world.log[0]).unwrap();
    let text = String::from_utf8(leaf.clone()).unwrap();
    for other in [
        text.replacen(',', ", ", 1),
        text.replacen("\"v\":1", "\"v\":2", 1),
        format!("{text}\n"),
        text.replacen("\"by\"", "\"x\":0,\"by\"", 1),
    ] {
        assert!(ledger::read(other.as_bytes()).is_err(), "{other}");
    }
    assert!(ledger::read(&leaf).is_ok());
}
