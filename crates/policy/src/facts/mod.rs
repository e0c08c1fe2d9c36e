//! The facts kernel: what is true of a project and a class of data at an instant, as far as the log says.
//!
//! Each fact carries the numbers of the log entries it comes from. What the log does not say is absent, or
//! has the value that closes; nothing here may fill a gap with a value that opens. The instant of the
//! question itself is not a fact: between two changes the facts, and their digest, are the same.

mod attributes;
mod dated;
mod ownership;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use governance::people::Researcher;
use governance::projects::{Project, ReviewOutcome, ReviewTrack, Standing};
use governance::{Digest, Id, Mode, Refusal, State, Territory, Time, Window};
use serde::Serialize;

pub(crate) use attributes::{ATTRIBUTES, Because, Place, rank};
use dated::{Edges, speaking, standing};
pub use dated::{Held, Phase};
use ownership::Group;
pub use ownership::{Backing, Hit, Path, Share};
pub(crate) use words::day;

/// Something that is true, and where the log says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact<T> {
    /// What.
    pub value: T,
    /// Log entries it comes from.
    pub entries: Vec<u64>,
}

impl<T> Fact<T> {
    fn new(value: T, entry: u64) -> Self {
        Self {
            value,
            entries: vec![entry],
        }
    }
}

/// What is known of a researcher of the project. All absent when nobody of this name is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResearcherFacts {
    /// Where they work.
    pub institution: Option<Fact<Id>>,
    /// Whether they belong to it.
    pub affiliation: Option<Fact<Held>>,
    /// Their training; valid when one of these is.
    pub training: Option<Fact<Vec<Held>>>,
}

/// What is known of an institution of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstitutionFacts {
    /// Full name; its id when it is not registered.
    pub name: String,
    /// Territory of registration; absent when it is not registered.
    pub territory: Option<Fact<Territory>>,
    /// Its agreement; absent when it has not signed.
    pub agreement: Option<Fact<Held>>,
    /// Lists and owners.
    pub backing: Backing,
}

/// What is known of a territory for the class of data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TerritoryFacts {
    /// Institutions registered there.
    pub institutions: BTreeSet<Id>,
    /// Whether people work from there.
    pub place_of_work: bool,
    /// The approval that speaks now; absent when there is none.
    pub approved: Option<Fact<Approved>>,
    /// When the next approval begins.
    pub next: Option<Fact<Approved>>,
}

/// A territory's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approved {
    /// Highest mode.
    pub mode: Mode,
    /// When.
    pub window: Window,
}

/// A direction of the class of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Direction {
    /// Title of the instrument.
    pub instrument: String,
    /// Whether it is in force.
    pub held: Held,
}

/// Everything that policy may ask about a project and a class of data at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Project.
    pub project: Id,
    /// Class of data.
    pub class: Id,
    /// Where the project stands.
    pub standing: Fact<Standing>,
    /// Newest review of each track.
    pub reviews: BTreeMap<ReviewTrack, Fact<ReviewOutcome>>,
    /// Whether it was approved; absent before the decision.
    pub decision: Option<Fact<bool>>,
    /// That the fee was paid; absent until then.
    pub fee: Option<Fact<bool>>,
    /// The highest mode asked for in this class; absent when the class is not asked for.
    pub asked: Option<Fact<Mode>>,
    /// Lead and collaborators.
    pub researchers: BTreeMap<Id, ResearcherFacts>,
    /// Institutions of the lead and the collaborators.
    pub institutions: BTreeMap<Id, InstitutionFacts>,
    /// Territories of the institutions and of the places of work.
    pub territories: BTreeMap<Territory, TerritoryFacts>,
    /// Directions of the class, in force or not.
    pub directions: BTreeMap<Id, Fact<Direction>>,
    /// The release in use; absent when there is none.
    pub release: Option<Fact<Id>>,
    /// The earliest instant after the question at which one of these windows begins or ends.
    pub valid_until: Option<Time>,
}

impl Facts {
    /// Derives the facts about a project and a class of data at an instant.
    ///
    /// # Errors
    /// A [`Refusal`] when there is no such project or no such class of data.
    pub fn of(state: &State, project: &Id, class: &Id, at: Time) -> Result<Self, Refusal> {
        let record = state
            .projects
            .all
            .get(project)
            .ok_or_else(|| no_project(project))?;
        if !governance::data::is_class(class) {
            return Err(no_class(class));
        }
        let mut edges = Edges::default();
        let researchers = researchers(state, record, at, &mut edges);
        let institutions = institutions(state, record, at, &mut edges);
        let territories = territories(state, record, class, &institutions, at, &mut edges);
        let reviews = record.reviews.iter();
        let asked = record
            .wants
            .get(class)
            .map(|w| Fact::new(w.mode, record.entry));
        let release = state.data.current_release();
        Ok(Self {
            project: project.clone(),
            class: class.clone(),
            standing: Fact::new(record.standing, record.entry),
            reviews: reviews
                .map(|(t, r)| (*t, Fact::new(r.outcome, r.entry)))
                .collect(),
            decision: record
                .decision
                .as_ref()
                .map(|d| Fact::new(d.approved, d.entry)),
            fee: record.fee_entry.map(|entry| Fact::new(true, entry)),
            asked,
            researchers,
            institutions,
            territories,
            directions: directions(state, class, at, &mut edges),
            release: release.map(|(name, r)| Fact::new(name.clone(), r.entry)),
            valid_until: edges.first(),
        })
    }

    /// SHA-256 over the canonical JSON of these facts.
    ///
    /// # Errors
    /// [`governance::ledger::BadLeaf`] only if they held a number that JSON cannot hold exactly.
    pub fn digest(&self) -> Result<Digest, governance::ledger::BadLeaf> {
        Ok(Digest::of(&governance::ledger::canonical_of(self)?))
    }
}

fn researchers(
    state: &State,
    project: &Project,
    at: Time,
    edges: &mut Edges,
) -> BTreeMap<Id, ResearcherFacts> {
    let mut facts = |record: &Researcher| {
        edges.saw(&record.affiliation, at);
        record.training.iter().for_each(|w| edges.saw(w, at));
        let training = record.accredited_entry.map(|entry| {
            Fact::new(
                record.training.iter().map(|w| Held::of(*w, at)).collect(),
                entry,
            )
        });
        ResearcherFacts {
            institution: Some(Fact::new(record.institution.clone(), record.entry)),
            affiliation: Some(Fact::new(Held::of(record.affiliation, at), record.entry)),
            training,
        }
    };
    let unknown = ResearcherFacts {
        institution: None,
        affiliation: None,
        training: None,
    };
    let all = project.researchers().into_iter();
    all.map(|id| {
        let record = state.people.researchers.get(id);
        (
            id.clone(),
            record.map_or_else(|| unknown.clone(), &mut facts),
        )
    })
    .collect()
}

fn institutions(
    state: &State,
    project: &Project,
    at: Time,
    edges: &mut Edges,
) -> BTreeMap<Id, InstitutionFacts> {
    let of_people = project.researchers().into_iter();
    let ids: BTreeSet<&Id> = of_people
        .filter_map(|r| state.people.researchers.get(r))
        .map(|r| &r.institution)
        .chain([&project.application.institution])
        .collect();
    let group = Group::above(&state.people, ids.iter().copied(), at, edges);
    let mut facts = |id: &Id| {
        let record = state.people.institutions.get(id);
        let agreement = project.agreements.get(id);
        if let Some(signed) = agreement {
            edges.saw(&signed.window, at);
        }
        InstitutionFacts {
            name: record.map_or_else(|| id.to_string(), |r| r.name.clone()),
            territory: record.map(|r| Fact::new(r.territory.clone(), r.entry)),
            agreement: agreement.map(|a| Fact::new(Held::of(a.window, at), a.entry)),
            backing: group.behind(id),
        }
    };
    ids.into_iter().map(|id| (id.clone(), facts(id))).collect()
}

/// A country's approval covers the country's code alone. Parts of it that are named on their own (`GB-SCT`,
/// `HK`) need their own approval: were it inherited, deleting a part's narrower approval would open it.
fn territories(
    state: &State,
    project: &Project,
    class: &Id,
    institutions: &BTreeMap<Id, InstitutionFacts>,
    at: Time,
    edges: &mut Edges,
) -> BTreeMap<Territory, TerritoryFacts> {
    let mut all: BTreeMap<Territory, TerritoryFacts> = BTreeMap::new();
    for (id, institution) in institutions {
        if let Some(territory) = &institution.territory {
            let facts = all.entry(territory.value.clone()).or_default();
            facts.institutions.insert(id.clone());
        }
    }
    for place in &project.application.places {
        all.entry(place.clone()).or_default().place_of_work = true;
    }
    let approvals = standing(state.data.approvals.iter().filter(|a| a.class == *class));
    let fact = |a: &governance::data::Approval| {
        Fact::new(
            Approved {
                mode: a.mode,
                window: a.window,
            },
            a.entry,
        )
    };
    for approval in &approvals {
        if let Some(facts) = all.get_mut(&approval.territory) {
            edges.saw(&approval.window, at);
            let later = at < approval.window.from && !approval.window.is_empty();
            let known = facts.next.as_ref().map(|n| n.value.window.from);
            if later && known.is_none_or(|from| approval.window.from < from) {
                facts.next = Some(fact(approval));
            }
        }
    }
    for approval in speaking(approvals, at) {
        if let Some(facts) = all.get_mut(&approval.territory) {
            facts.approved = Some(fact(approval));
        }
    }
    all
}

fn directions(
    state: &State,
    class: &Id,
    at: Time,
    edges: &mut Edges,
) -> BTreeMap<Id, Fact<Direction>> {
    let mut facts = BTreeMap::new();
    for (id, record) in state
        .data
        .directions
        .iter()
        .filter(|(_, d)| d.class == *class)
    {
        edges.saw(&record.window, at);
        let held = Held::of(record.window, at);
        let direction = Direction {
            instrument: record.instrument.clone(),
            held,
        };
        facts.insert(id.clone(), Fact::new(direction, record.entry));
    }
    facts
}

fn no_project(id: &Id) -> Refusal {
    Refusal::new(
        "project-unknown",
        "names-what-exists",
        format!("no project is called `{id}`"),
        "correct the name",
    )
}

fn no_class(id: &Id) -> Refusal {
    let known: Vec<&str> = governance::data::CLASSES
        .iter()
        .map(|(name, _)| *name)
        .collect();
    Refusal::new(
        "class-unknown",
        "names-what-exists",
        format!("no class of data is called `{id}`"),
        format!("use one of {}", known.join(", ")),
    )
}
