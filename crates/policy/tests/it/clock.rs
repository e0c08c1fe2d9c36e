//! An answer stands until its `valid_until`, and changes then by itself.

use governance::{Mode, Time};
use policy::Facts;
use proptest::prelude::*;

use crate::deletion::{CLASSES, scenario};
use crate::world::{between, from, gates, id, open_world, t};

#[test]
fn access_changes_at_valid_until_and_not_a_second_before() {
    let second_before = |time: Time| Time::from_unix(time.unix() - 1).unwrap().to_string();
    // What ends (training, 2028), what begins (a direction, a listing, a share), each as the next change.
    let mut listing = open_world();
    listing.listed("uni", from("2027-02-01"));
    let mut share = open_world();
    share
        .institution("a", "GB")
        .listed("a", from("2020-01-01"))
        .owns("a", "uni", Some(60), from("2027-03-01"));
    let mut narrower = open_world();
    narrower.approve("genomic", "GB", Mode::Aggregate, from("2027-04-01"));
    let mut direction = open_world();
    direction.direct("genomic", between("2025-01-01", "2027-05-01"));
    for (world, change, after) in [
        (open_world(), "2028-01-01", Mode::Deny),
        (listing, "2027-02-01", Mode::Deny),
        (share, "2027-03-01", Mode::Deny),
        (narrower, "2027-04-01", Mode::Aggregate),
        (direction, "2027-05-01", Mode::Deny),
    ] {
        let now = world.ask("p", "genomic", "2026-11-21");
        assert_eq!(
            (now.mode, now.valid_until),
            (Mode::Enclave, Some(t(change)))
        );
        assert_eq!(world.ask("p", "genomic", &second_before(t(change))), now);
        let then = world.ask("p", "genomic", change);
        assert_eq!(then.mode, after, "at {change}: {:?}", gates(&then));
        assert!(then.valid_until.is_none_or(|next| next > t(change)));
    }
    // A direction that begins opens by itself.
    let mut waiting = open_world();
    waiting.direct("genomic", from("2027-01-01"));
    assert_eq!(waiting.ask("p", "genomic", "2026-12-31").mode, Mode::Deny);
    assert_eq!(
        waiting.ask("p", "genomic", "2026-12-31").valid_until,
        Some(t("2027-01-01"))
    );
    assert_eq!(
        waiting.ask("p", "genomic", "2027-01-01").mode,
        Mode::Enclave
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn between_two_changes_the_answer_is_the_same(
        scenario in scenario(),
        day in 0_i64..900,
        part in 0.0_f64..1.0,
    ) {
        let state = scenario.world().state();
        let at = Time::from_unix(t("2025-10-01").unix() + day * 86_400).unwrap();
        for class in CLASSES {
            let now = Facts::of(&state, &id("p"), &id(class), at).unwrap();
            let end = now.valid_until.unwrap_or(t("2060-01-01"));
            prop_assert!(end > at);
            let span = end.unix() - at.unix();
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
            let inside = at.unix() + (span as f64 * part) as i64;
            for unix in [inside.min(end.unix() - 1), end.unix() - 1] {
                let later = Time::from_unix(unix).unwrap();
                // Equal facts, down to their digest: the answer is a function of them.
                let then = Facts::of(&state, &id("p"), &id(class), later).unwrap();
                prop_assert_eq!(&then, &now);
            }
        }
    }
}
