//! The 50 percent rule, on the shape of a real group and against a naive computation.

use std::collections::BTreeSet;

use governance::{Id, Mode, Window};
use policy::Facts;
use policy::facts::{Backing, Path};
use proptest::prelude::*;

use crate::world::{World, between, from, gates, id, open_world, t};

/// The shape of the BGI listings (85 FR 44159 of 22 July 2020; 88 FR 13675, effective 2 March 2023): units of
/// a group are listed one by one, the group itself and a sister are not. The shares are made up.
fn group() -> World {
    let mut world = World::default();
    for name in [
        "group",
        "sister",
        "silk-road",
        "research",
        "research-north",
        "joint",
        "minor",
        "dark",
    ] {
        world.institution(name, "GB");
        world.researcher(&format!("r-{name}"), name, from("2015-01-01"));
        world.trained(&format!("r-{name}"), from("2015-01-01"));
    }
    let always = from("2015-01-01");
    world
        .owns("group", "sister", Some(100), always)
        .owns("group", "silk-road", Some(100), always)
        .owns("group", "research", Some(100), always)
        .owns("research", "research-north", Some(100), always)
        .owns("research", "joint", Some(25), always)
        .owns("silk-road", "joint", Some(25), always)
        .owns("research", "minor", Some(49), always)
        .owns("group", "minor", Some(51), always)
        .owns("research", "dark", None, always)
        .listed("silk-road", from("2020-07-22"))
        .listed("research", from("2023-03-02"))
        .approve("baseline", "GB", Mode::Enclave, always)
        .release("r1");
    for name in [
        "group",
        "sister",
        "silk-road",
        "research",
        "research-north",
        "joint",
        "minor",
        "dark",
    ] {
        let lead = format!("r-{name}");
        world.apply(
            name,
            (&lead, name),
            &[],
            &[("baseline", Mode::Enclave)],
            &["GB"],
        );
        world.run(name, &[]).sign(name, name, from("2015-01-01"));
    }
    world
}

#[test]
fn listings_reach_the_right_units_on_the_right_days() {
    let world = group();
    let blocked = |project: &str, at: &str| -> Vec<String> {
        gates(&world.ask(project, "baseline", at))
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    let free = Vec::<String>::new();
    for at in [
        "2020-07-21T23:59:59Z",
        "2020-07-22",
        "2023-03-01",
        "2023-03-02",
        "2026-11-21",
    ] {
        // Neither the parent nor a sister of a listed unit is hit, nor what listed owners hold at 49 %.
        for project in ["group", "sister", "minor"] {
            assert_eq!(blocked(project, at), free, "{project} at {at}");
        }
    }
    assert_eq!(blocked("silk-road", "2020-07-21T23:59:59Z"), free);
    assert_eq!(blocked("silk-road", "2020-07-22"), ["listed-institution"]);
    assert_eq!(blocked("research", "2023-03-01T23:59:59Z"), free);
    assert_eq!(blocked("research", "2023-03-02"), ["listed-institution"]);
    // Wholly owned: from the day its owner is listed.
    assert_eq!(blocked("research-north", "2023-03-01T23:59:59Z"), free);
    assert_eq!(blocked("research-north", "2023-03-02"), ["listed-owner"]);
    // Two owners with 25 % each: from the day the second is listed.
    assert_eq!(blocked("joint", "2023-03-01T23:59:59Z"), free);
    assert_eq!(blocked("joint", "2023-03-02"), ["listed-owner"]);
    // A share that is not known: a person decides, from the day it matters.
    assert_eq!(blocked("dark", "2023-03-01T23:59:59Z"), free);
    assert_eq!(blocked("dark", "2023-03-02"), ["owner-share-unknown"]);
    assert_eq!(
        world.ask("joint", "baseline", "2023-03-02").failed[0].because,
        "The joint institution is owned by listed owners: \
         The research institution holds 25 % of The joint institution, \
         The silk-road institution holds 25 % of The joint institution, \
         The research institution is on the list `us-entity-list` as \
         \"entry of research\" since 2023-03-02, \
         The silk-road institution is on the list `us-entity-list` as \
         \"entry of silk-road\" since 2020-07-22"
    );
    assert_eq!(
        world.ask("joint", "baseline", "2020-07-22").valid_until,
        Some(t("2023-03-02"))
    );
}

#[test]
fn being_so_owned_is_passed_on_whole_and_ends_with_the_share() {
    let mut world = open_world();
    for name in ["a", "b", "c"] {
        world.institution(name, "GB");
    }
    // 50 % of 50 % of 50 %: multiplied it would be 12.5 %, by the rule it is listed.
    world
        .owns("a", "b", Some(50), from("2020-01-01"))
        .owns("b", "c", Some(50), from("2020-01-01"))
        .owns("c", "uni", Some(50), between("2020-01-01", "2026-12-01"))
        .listed("a", from("2026-01-01"));
    let hit = world.ask("p", "baseline", "2026-11-21");
    assert_eq!(gates(&hit), ["listed-owner"]);
    assert_eq!(hit.valid_until, Some(t("2026-12-01")));
    assert_eq!(
        hit.failed[0].entries.len(),
        4,
        "three shares and one listing"
    );
    assert_eq!(
        world.ask("p", "baseline", "2026-12-01").mode,
        Mode::Transfer
    );
    // Sold down to 49 % before that: the share that began last speaks.
    world.owns("b", "c", Some(49), from("2026-10-01"));
    assert_eq!(
        world.ask("p", "baseline", "2026-11-21").mode,
        Mode::Transfer
    );
}

#[test]
fn a_circle_of_owners_neither_hangs_nor_accuses_itself() {
    let mut world = open_world();
    world.institution("a", "GB");
    world.owns("a", "uni", Some(100), from("2020-01-01")).owns(
        "uni",
        "a",
        Some(100),
        from("2020-01-01"),
    );
    assert_eq!(
        world.ask("p", "baseline", "2026-11-21").mode,
        Mode::Transfer
    );
    world.listed("uni", from("2026-01-01"));
    assert_eq!(
        gates(&world.ask("p", "baseline", "2026-11-21")),
        ["listed-institution"]
    );
    world.listed("a", from("2026-01-01"));
    assert_eq!(
        gates(&world.ask("p", "baseline", "2026-11-21")),
        ["listed-institution", "listed-owner"]
    );
}

#[test]
fn owners_beyond_the_limit_are_not_known() {
    let chain = |length: usize| {
        let mut world = open_world();
        let mut below = "uni".to_owned();
        for step in 0..length {
            let above = format!("o{step}");
            world
                .institution(&above, "GB")
                .owns(&above, &below, Some(10), from("2020-01-01"));
            below = above;
        }
        world.ask("p", "baseline", "2026-11-21")
    };
    assert_eq!(chain(20).mode, Mode::Transfer);
    let long = chain(governance::limits::OWNERSHIP_STEPS + 1);
    assert_eq!(
        (long.mode, gates(&long)),
        (Mode::Deny, vec!["owner-share-unknown"])
    );
    assert_eq!(long.refer, Some(Mode::Transfer));
}

const MEMBERS: usize = 7;
const DAYS: [&str; 5] = [
    "2026-01-01",
    "2026-02-01",
    "2026-03-01",
    "2026-04-01",
    "2026-05-01",
];

/// A window over [`DAYS`] as (first day, day after the last).
type Days = (usize, Option<usize>);

#[derive(Debug, Clone)]
struct Graph {
    shares: Vec<(usize, usize, Option<u8>, Days)>,
    listings: Vec<(usize, Days)>,
}

fn days() -> impl Strategy<Value = Days> {
    (0..DAYS.len(), prop::option::of(1..4_usize))
        .prop_map(|(start, length)| (start, length.map(|l| start + l).filter(|e| *e < DAYS.len())))
}

fn graph() -> impl Strategy<Value = Graph> {
    let percent = prop_oneof![
        1 => Just(None),
        6 => prop::sample::select(vec![10_u8, 24, 25, 26, 49, 50, 51, 100]).prop_map(Some),
    ];
    let share = (0..MEMBERS, 0..MEMBERS, percent, days()).prop_filter("two", |s| s.0 != s.1);
    let listing = (0..MEMBERS, days());
    (
        prop::collection::vec(share, 0..16),
        prop::collection::vec(listing, 0..4),
    )
        .prop_map(|(shares, listings)| Graph { shares, listings })
}

fn window((start, end): Days) -> Window {
    Window {
        from: t(DAYS[start]),
        until: end.map(|e| t(DAYS[e])),
    }
}

/// Of the records about one thing, the value that speaks on a day: written from the two rules in words.
fn speaks<T: Copy>(records: &[(Days, T)], day: usize) -> Option<T> {
    let mut best: Option<(usize, T)> = None;
    for (i, ((start, end), value)) in records.iter().enumerate() {
        let replaced = records[i + 1..]
            .iter()
            .any(|((other, _), _)| other == start);
        let holds = *start <= day && end.is_none_or(|e| day < e);
        if !replaced && holds && best.is_none_or(|(b, _)| *start > b) {
            best = Some((*start, *value));
        }
    }
    best.map(|(_, value)| value)
}

impl Graph {
    fn share(&self, owner: usize, owned: usize, day: usize) -> Option<Option<u8>> {
        let records: Vec<_> = self
            .shares
            .iter()
            .filter(|s| (s.0, s.1) == (owner, owned))
            .map(|s| (s.3, s.2))
            .collect();
        speaks(&records, day)
    }

    fn listed(&self, who: usize, day: usize) -> bool {
        let records: Vec<_> = self
            .listings
            .iter()
            .filter(|l| l.0 == who)
            .map(|l| (l.1, ()))
            .collect();
        speaks(&records, day).is_some()
    }

    /// Whether listed owners hold half of `who`: everybody is recomputed from everybody, until nothing moves.
    fn owned(&self, who: usize, day: usize, unknown: u32) -> bool {
        let mut bad: Vec<bool> = (0..MEMBERS)
            .map(|m| m != who && self.listed(m, day))
            .collect();
        loop {
            let held = |owned: usize| -> u32 {
                (0..MEMBERS)
                    .filter(|owner| bad[*owner])
                    .filter_map(|owner| self.share(owner, owned, day))
                    .map(|percent| percent.map_or(unknown, u32::from))
                    .sum()
            };
            let next: Vec<bool> = (0..MEMBERS).map(|m| bad[m] || held(m) >= 50).collect();
            if next == bad {
                return bad[who];
            }
            bad = next;
        }
    }

    fn world(&self) -> World {
        let mut world = World::default();
        let names: Vec<String> = (0..MEMBERS).map(|m| format!("m{m}")).collect();
        for name in &names {
            world.institution(name, "GB").researcher(
                &format!("r-{name}"),
                name,
                from("2015-01-01"),
            );
        }
        for (owner, owned, percent, days) in &self.shares {
            world.owns(&names[*owner], &names[*owned], *percent, window(*days));
        }
        for (who, days) in &self.listings {
            world.listed(&names[*who], window(*days));
        }
        let people: Vec<String> = names.iter().map(|n| format!("r-{n}")).collect();
        let others: Vec<&str> = people.iter().map(String::as_str).collect();
        world.apply(
            "p",
            ("r-m0", "m0"),
            &others,
            &[("baseline", Mode::Enclave)],
            &["GB"],
        );
        world
    }
}

/// A path is a proof: from the institution on, listed or so-owned owners in it hold half.
fn proves(path: &Path, who: &Id, weight: u32) -> bool {
    let listed: BTreeSet<&Id> = path.listings.iter().map(|h| &h.institution).collect();
    let held: u32 = path
        .shares
        .iter()
        .filter(|s| s.owned == *who)
        .filter(|s| listed.contains(&s.owner) || proves(path, &s.owner, weight))
        .map(|s| s.percent.map_or(weight, u32::from))
        .sum();
    held >= 50
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn ownership_equals_a_naive_fixpoint_and_brings_its_proof(graph in graph(), day in 0..DAYS.len()) {
        let state = graph.world().state();
        let facts = Facts::of(&state, &id("p"), &id("baseline"), t(DAYS[day])).unwrap();
        for who in 0..MEMBERS {
            let name = id(&format!("m{who}"));
            let backing: &Backing = &facts.institutions[&name].backing;
            let owned = graph.owned(who, day, 0);
            prop_assert_eq!(!backing.listed.is_empty(), graph.listed(who, day));
            prop_assert_eq!(backing.owned.is_some(), owned, "owned: {}", name);
            let unknown = !owned && graph.owned(who, day, 100);
            prop_assert_eq!(backing.unknown.is_some(), unknown, "unknown: {}", name);
            prop_assert!(!backing.unfinished);
            if let Some(path) = &backing.owned {
                prop_assert!(proves(path, &name, 0));
            }
            if let Some(path) = &backing.unknown {
                prop_assert!(proves(path, &name, 100));
            }
        }
    }
}
