//! Invariant 7: deleting any fact never widens any access.
//!
//! The log has two kinds of record. A granting record says that something is in order: a registration,
//! training, an approval, an agreement, a payment, a direction, a release. A restricting record takes
//! something away: a listing, an ownership (it carries listings on), a suspension, expiry or closing, a
//! rejection, an early end, or an amendment or approval that narrows an earlier one. Without a restricting
//! record access is wider, rightly so: that is what the record was for. The invariant is about all others,
//! and about what is missing inside a restricting record: a share that is not known.

use governance::people::{PeopleEvent, RecordOwnership};
use governance::projects::{ProjectEvent, SuspendProject};
use governance::{Event, Id, Mode, State, Time, Window};
use policy::{Facts, assess, judge};
use proptest::prelude::*;

use crate::world::{World, bundle, from, id, open_world, t};

pub(crate) const CLASSES: [&str; 8] = [
    "baseline",
    "hospital",
    "primary-care",
    "death",
    "genomic",
    "imaging",
    "samples",
    "sensitive",
];

/// A world with up to three institutions, mostly in order, with something missing here and there.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    territories: Vec<usize>,
    people: Vec<(usize, Window, Option<Window>)>,
    wants: Vec<Option<Mode>>,
    approvals: Vec<(usize, usize, Mode, Window)>,
    directions: Vec<(usize, Window)>,
    agreements: Vec<Option<Window>>,
    owners: Vec<(usize, usize, Option<u8>, Window)>,
    listed: Vec<(usize, Window)>,
    /// Steps of the project's life: scientific review, ethical review, decision, fee, start, release.
    steps: [bool; 6],
    suspended: bool,
    place: usize,
}

const TERRITORIES: [&str; 3] = ["GB", "DE", "CN"];

fn window() -> impl Strategy<Value = Window> {
    let start = prop::sample::select(vec![
        "2025-01-01",
        "2025-01-01",
        "2025-06-01",
        "2026-01-01",
        "2026-09-01",
    ]);
    let ends = prop::sample::select(vec!["2026-06-01", "2027-01-01", "2027-06-01"]);
    let end = prop::option::weighted(0.3, ends);
    (start, end).prop_map(|(start, end)| Window {
        from: t(start),
        until: end.map(t),
    })
}

fn mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(vec![Mode::Aggregate, Mode::Enclave, Mode::Transfer])
}

pub(crate) fn scenario() -> impl Strategy<Value = Scenario> {
    let institutions = 3_usize;
    let mostly = || prop::bool::weighted(0.95);
    let first = (
        prop::collection::vec(0..2_usize, institutions),
        prop::collection::vec(
            (0..2_usize, window(), prop::option::weighted(0.95, window())),
            1..3,
        ),
        prop::collection::vec(prop::option::weighted(0.8, mode()), CLASSES.len()),
        prop::collection::vec((0..CLASSES.len(), 0..3_usize, mode(), window()), 8..24),
        prop::collection::vec((0..CLASSES.len(), window()), 6..12),
    );
    let second = (
        prop::collection::vec(prop::option::weighted(0.95, window()), institutions),
        prop::collection::vec(
            (
                0..institutions,
                0..institutions,
                prop::option::weighted(0.8, 1..101_u8),
                window(),
            ),
            0..3,
        ),
        prop::collection::vec((0..institutions, window()), 0..2),
        [mostly(), mostly(), mostly(), mostly(), mostly(), mostly()],
        prop::bool::weighted(0.05),
        0..2_usize,
    );
    (first, second).prop_map(|(first, second)| {
        let (territories, people, wants, mut approvals, mut directions) = first;
        let (agreements, owners, listed, steps, suspended, place) = second;
        // One approval for a class and territory, one direction for a class: a second might be a
        // restricting record.
        approvals.sort_by_key(|a| (a.0, a.1));
        approvals.dedup_by_key(|a| (a.0, a.1));
        directions.sort_by_key(|d| d.0);
        directions.dedup_by_key(|d| d.0);
        Scenario {
            territories,
            people,
            wants,
            approvals,
            directions,
            agreements,
            owners,
            listed,
            steps,
            suspended,
            place,
        }
    })
}

impl Scenario {
    pub(crate) fn world(&self) -> World {
        use governance::projects::ReviewTrack::{Ethical, Scientific};
        let mut world = World::default();
        for (i, territory) in self.territories.iter().enumerate() {
            world.institution(&format!("i{i}"), TERRITORIES[*territory]);
        }
        for (n, (institution, affiliation, training)) in self.people.iter().enumerate() {
            world.researcher(&format!("r{n}"), &format!("i{institution}"), *affiliation);
            if let Some(window) = training {
                world.trained(&format!("r{n}"), *window);
            }
        }
        for (owner, owned, percent, window) in self.owners.iter().filter(|o| o.0 != o.1) {
            world.owns(
                &format!("i{owner}"),
                &format!("i{owned}"),
                *percent,
                *window,
            );
        }
        for (institution, window) in &self.listed {
            world.listed(&format!("i{institution}"), *window);
        }
        for (class, territory, mode, window) in &self.approvals {
            world.approve(CLASSES[*class], TERRITORIES[*territory], *mode, *window);
        }
        for (class, window) in &self.directions {
            world.direct(CLASSES[*class], *window);
        }
        let wants: Vec<(&str, Mode)> = CLASSES
            .into_iter()
            .zip(&self.wants)
            .filter_map(|(class, mode)| mode.map(|m| (class, m)))
            .collect();
        let lead = format!("i{}", self.people[0].0);
        let others: Vec<String> = (1..self.people.len()).map(|n| format!("r{n}")).collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        world.apply(
            "p",
            ("r0", &lead),
            &others,
            &wants,
            &[TERRITORIES[self.place]],
        );
        let [science, ethics, decision, fee, start, release] = self.steps;
        if science {
            world.review("p", Scientific);
        }
        if ethics {
            world.review("p", Ethical);
        }
        if decision {
            world.decide("p", true);
        }
        for (i, window) in self.agreements.iter().enumerate() {
            if let Some(window) = window {
                world.sign("p", &format!("i{i}"), *window);
            }
        }
        if fee {
            world.pay("p");
        }
        if start {
            world.start("p");
        }
        if release {
            world.release("r1");
        }
        if self.suspended {
            world.add(ProjectEvent::ProjectSuspended(SuspendProject {
                project: id("p"),
                reasons: "incident".to_owned(),
            }));
        }
        world
    }
}

fn restricts(event: &Event) -> bool {
    matches!(
        event,
        Event::People(PeopleEvent::ListingRecorded(_) | PeopleEvent::OwnershipRecorded(_))
            | Event::Project(ProjectEvent::ProjectSuspended(_))
    )
}

/// The mode open for each class; a question that is refused opens nothing.
fn modes(state: &State, at: Time) -> Vec<Mode> {
    let bundle = bundle();
    let ask = |class: &str| assess(state, &bundle, &id("p"), &id(class), at);
    CLASSES
        .into_iter()
        .map(|class| ask(class).map_or(Mode::Deny, |a| a.mode))
        .collect()
}

fn nowhere_wider(without: &[Mode], with: &[Mode]) -> bool {
    without
        .iter()
        .zip(with)
        .all(|(without, with)| without <= with)
}

const INSTANTS: [&str; 3] = ["2025-09-01", "2026-05-01", "2026-11-21"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn invariant_7_deleting_any_single_record_never_widens_access(scenario in scenario()) {
        let world = scenario.world();
        let bundle = bundle();
        let fewer: Vec<(&Event, State)> = (world.0.iter().enumerate())
            .filter(|(_, event)| !restricts(event))
            .map(|(i, event)| (event, world.without(i)))
            .collect();
        let state = world.state();
        for (at, class) in INSTANTS.iter().flat_map(|at| CLASSES.map(|class| (t(at), id(class)))) {
            let facts = Facts::of(&state, &id("p"), &class, at).unwrap();
            let with = judge(&bundle, &facts).unwrap().mode;
            for (event, state) in &fewer {
                // Equal facts have equal answers; a question that is refused opens nothing.
                let Ok(left) = Facts::of(state, &id("p"), &class, at) else { continue };
                if left != facts {
                    let without = judge(&bundle, &left).unwrap().mode;
                    prop_assert!(
                        without <= with,
                        "{class} at {at} without {event:?}: {without}, with it: {with}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_share_that_is_not_known_never_widens_access(scenario in scenario()) {
        let world = scenario.world();
        for (i, event) in world.0.iter().enumerate() {
            let Event::People(PeopleEvent::OwnershipRecorded(record)) = event else { continue };
            let mut unknown = world.clone();
            let record = RecordOwnership { percent: None, ..record.clone() };
            unknown.0[i] = PeopleEvent::OwnershipRecorded(record).into();
            for at in INSTANTS.map(t) {
                let (without, with) = (modes(&unknown.state(), at), modes(&world.state(), at));
                prop_assert!(nowhere_wider(&without, &with), "{without:?}, {with:?}");
            }
        }
    }

    #[test]
    fn invariant_7_deleting_any_derived_fact_never_widens_access(scenario in scenario()) {
        let state = scenario.world().state();
        let bundle = bundle();
        for class in CLASSES {
            let facts = Facts::of(&state, &id("p"), &id(class), t("2026-05-01")).unwrap();
            if facts.asked.is_none() {
                continue;
            }
            let with = judge(&bundle, &facts).unwrap();
            for (what, fewer) in each_missing(&facts) {
                let without = judge(&bundle, &fewer).unwrap();
                prop_assert!(without.mode <= with.mode, "{class} without {what}");
                prop_assert!(without.facts_sha256 != with.facts_sha256, "{what} is not in the digest");
            }
        }
    }
}

/// The facts with each single granting fact missing in turn.
fn each_missing(facts: &Facts) -> Vec<(String, Facts)> {
    let mut all = Vec::new();
    let mut less = |what: String, change: &dyn Fn(&mut Facts)| {
        let mut fewer = facts.clone();
        change(&mut fewer);
        if fewer != *facts {
            all.push((what, fewer));
        }
    };
    less("decision".to_owned(), &|f| f.decision = None);
    less("fee".to_owned(), &|f| f.fee = None);
    less("asked".to_owned(), &|f| f.asked = None);
    less("release".to_owned(), &|f| f.release = None);
    for track in facts.reviews.keys() {
        less(format!("review {track:?}"), &|f| {
            drop(f.reviews.remove(track))
        });
    }
    for who in facts.researchers.keys() {
        let of = |f: &mut Facts, change: &dyn Fn(&mut policy::facts::ResearcherFacts)| {
            change(f.researchers.get_mut(who).unwrap());
        };
        less(format!("institution of {who}"), &|f| {
            of(f, &|r| r.institution = None)
        });
        less(format!("affiliation of {who}"), &|f| {
            of(f, &|r| r.affiliation = None)
        });
        less(format!("training of {who}"), &|f| {
            of(f, &|r| r.training = None)
        });
    }
    for who in facts.institutions.keys() {
        let of = |f: &mut Facts, change: &dyn Fn(&mut policy::facts::InstitutionFacts)| {
            change(f.institutions.get_mut(who).unwrap());
        };
        less(format!("territory of {who}"), &|f| {
            of(f, &|i| i.territory = None)
        });
        less(format!("agreement of {who}"), &|f| {
            of(f, &|i| i.agreement = None)
        });
    }
    for place in facts.territories.keys() {
        less(format!("approval of {place}"), &|f| {
            f.territories.get_mut(place).unwrap().approved = None;
        });
    }
    for direction in facts.directions.keys() {
        less(format!("direction {direction}"), &|f: &mut Facts| {
            drop(f.directions.remove(direction));
        });
    }
    all
}

/// Not just "never wider": with everything in order, each record but the ones named is needed.
#[test]
fn in_a_world_without_anything_to_spare_every_record_is_needed() {
    let mut world = World::default();
    world
        .institution("uni", "GB")
        .researcher("r1", "uni", from("2020-01-01"))
        .trained("r1", from("2026-01-01"))
        .release("r2026")
        .direct("genomic", from("2026-01-01"))
        .approve("genomic", "GB", Mode::Enclave, from("2026-01-01"))
        .apply(
            "p",
            ("r1", "uni"),
            &[],
            &[("genomic", Mode::Enclave)],
            &["GB"],
        )
        .run("p", &["uni"]);
    let genomic = CLASSES.iter().position(|c| *c == "genomic").unwrap();
    let at = t("2026-11-21");
    assert_eq!(modes(&world.state(), at)[genomic], Mode::Enclave);
    for (i, event) in world.0.iter().enumerate() {
        assert_eq!(
            modes(&world.without(i), at)[genomic],
            Mode::Deny,
            "without {event:?}"
        );
    }
}

/// The generator is of use only if it opens something often.
#[test]
fn scenarios_open_something() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let open = (0..40)
        .filter(|_| {
            let world = scenario().new_tree(&mut runner).unwrap().current().world();
            INSTANTS
                .iter()
                .any(|at| modes(&world.state(), t(at)).iter().any(|m| *m > Mode::Deny))
        })
        .count();
    assert!(open >= 10, "only {open} of 40 scenarios open anything");
    let known: Id = id("p");
    assert!(open_world().state().projects.all.contains_key(&known));
}
