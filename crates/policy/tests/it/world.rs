//! A small world, written as the events that make it.

use std::collections::BTreeSet;

use governance::data::{ApproveTerritory, DataEvent, IssueDirection, SealRelease};
use governance::people::{
    AccreditResearcher, InstitutionKind, PeopleEvent, RecordListing, RecordOwnership,
    RegisterInstitution,
};
use governance::projects::{
    DecideApplication, ProjectEvent, RecordFee, ReviewApplication, ReviewOutcome, ReviewTrack,
    SubmitApplication, Want,
};
use governance::{Digest, Envelope, Event, Id, Mode, State, Time, Window};
use policy::{Access, Bundle, assess};

pub(crate) fn t(text: &str) -> Time {
    text.parse().unwrap()
}

pub(crate) fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

pub(crate) fn from(start: &str) -> Window {
    Window {
        from: t(start),
        until: None,
    }
}

pub(crate) fn between(start: &str, end: &str) -> Window {
    Window {
        from: t(start),
        until: Some(t(end)),
    }
}

#[derive(Clone, Default)]
pub(crate) struct World(pub(crate) Vec<Event>);

impl World {
    pub(crate) fn add(&mut self, event: impl Into<Event>) -> &mut Self {
        self.0.push(event.into());
        self
    }

    pub(crate) fn state(&self) -> State {
        self.without(usize::MAX)
    }

    /// The state as if one event had never been written. Something that no access depends on stands in its
    /// place, so that the others keep their numbers and facts can be compared.
    pub(crate) fn without(&self, index: usize) -> State {
        let nothing = Event::from(DataEvent::ConsentRecorded {});
        let mut state = State::default();
        for (i, event) in self.0.iter().enumerate() {
            let event = if i == index { &nothing } else { event };
            state.evolve(&Envelope {
                v: governance::event::VERSION,
                at: t("2026-01-01"),
                by: id("custodian"),
                event: event.clone(),
                private: Default::default(),
            });
        }
        state
    }

    pub(crate) fn institution(&mut self, name: &str, territory: &str) -> &mut Self {
        self.add(PeopleEvent::InstitutionRegistered(RegisterInstitution {
            id: id(name),
            name: format!("The {name} institution"),
            territory: governance::Territory::new(territory).unwrap(),
            kind: InstitutionKind::University,
            external_id: None,
        }))
    }

    pub(crate) fn owns(
        &mut self,
        owner: &str,
        owned: &str,
        percent: Option<u8>,
        window: Window,
    ) -> &mut Self {
        self.add(PeopleEvent::OwnershipRecorded(RecordOwnership {
            owner: id(owner),
            owned: id(owned),
            percent,
            window,
            source: "company register".to_owned(),
        }))
    }

    pub(crate) fn listed(&mut self, institution: &str, window: Window) -> &mut Self {
        self.add(PeopleEvent::ListingRecorded(RecordListing {
            list: id("us-entity-list"),
            entry: format!("entry of {institution}"),
            institution: id(institution),
            window,
            source: "Federal Register".to_owned(),
        }))
    }

    pub(crate) fn researcher(&mut self, name: &str, at: &str, affiliation: Window) -> &mut Self {
        self.add(PeopleEvent::ResearcherRegistered {
            id: id(name),
            institution: id(at),
            affiliation,
        })
    }

    pub(crate) fn trained(&mut self, name: &str, window: Window) -> &mut Self {
        self.add(PeopleEvent::ResearcherAccredited(AccreditResearcher {
            researcher: id(name),
            training: "safe researcher".to_owned(),
            window,
        }))
    }

    pub(crate) fn approve(
        &mut self,
        class: &str,
        territory: &str,
        mode: Mode,
        window: Window,
    ) -> &mut Self {
        self.add(DataEvent::TerritoryApproved(ApproveTerritory {
            class: id(class),
            territory: governance::Territory::new(territory).unwrap(),
            mode,
            window,
            source: "minutes".to_owned(),
        }))
    }

    pub(crate) fn direct(&mut self, class: &str, window: Window) -> &mut Self {
        self.add(DataEvent::DirectionIssued(IssueDirection {
            id: id(&format!("{class}-direction")),
            class: id(class),
            instrument: format!("Direction on {class}"),
            window,
        }))
    }

    pub(crate) fn release(&mut self, name: &str) -> &mut Self {
        self.add(DataEvent::ReleaseSealed(SealRelease {
            index_sha256: None,
            release: id(name),
            manifest_sha256: Digest::of(b"manifest"),
            participants: 1_000,
            tables: Default::default(),
        }))
    }

    pub(crate) fn apply(
        &mut self,
        project: &str,
        lead: (&str, &str),
        collaborators: &[&str],
        wants: &[(&str, Mode)],
        places: &[&str],
    ) -> &mut Self {
        let want = |mode: Mode| Want {
            mode,
            fields: ["*".to_owned()].into(),
        };
        self.add(ProjectEvent::ApplicationSubmitted(Box::new(
            SubmitApplication {
                id: id(project),
                title: "Title".to_owned(),
                institution: id(lead.1),
                lead: id(lead.0),
                collaborators: collaborators.iter().map(|c| id(c)).collect(),
                goals: "Goals".to_owned(),
                methods: "Methods".to_owned(),
                lay_summary: "Summary".to_owned(),
                wants: wants
                    .iter()
                    .map(|(class, mode)| (id(class), want(*mode)))
                    .collect(),
                places: places
                    .iter()
                    .map(|p| governance::Territory::new(*p).unwrap())
                    .collect::<BTreeSet<_>>(),
                output_plan: "Tables".to_owned(),
            },
        )))
    }

    pub(crate) fn review(&mut self, project: &str, track: ReviewTrack) -> &mut Self {
        self.add(ProjectEvent::ApplicationReviewed(ReviewApplication {
            application: id(project),
            track,
            outcome: ReviewOutcome::Approve,
            reasons: "sound".to_owned(),
        }))
    }

    pub(crate) fn decide(&mut self, project: &str, approved: bool) -> &mut Self {
        self.add(ProjectEvent::ApplicationDecided(DecideApplication {
            application: id(project),
            approved,
            reasons: "because".to_owned(),
        }))
    }

    pub(crate) fn sign(&mut self, project: &str, institution: &str, window: Window) -> &mut Self {
        self.add(ProjectEvent::AgreementSigned {
            application: id(project),
            institution: id(institution),
            version: "1".to_owned(),
            window,
        })
    }

    pub(crate) fn pay(&mut self, project: &str) -> &mut Self {
        self.add(ProjectEvent::FeeRecorded(RecordFee {
            application: id(project),
            amount_pence: 300_000,
            reference: "invoice".to_owned(),
        }))
    }

    pub(crate) fn start(&mut self, project: &str) -> &mut Self {
        self.add(ProjectEvent::ProjectStarted {
            project: id(project),
        })
    }

    /// Everything between application and start, for institutions that sign from 2026 to 2030.
    pub(crate) fn run(&mut self, project: &str, institutions: &[&str]) -> &mut Self {
        self.review(project, ReviewTrack::Scientific)
            .review(project, ReviewTrack::Ethical)
            .decide(project, true);
        for institution in institutions {
            self.sign(project, institution, between("2026-01-01", "2030-01-01"));
        }
        self.pay(project).start(project)
    }

    pub(crate) fn ask(&self, project: &str, class: &str, at: &str) -> Access {
        assess(&self.state(), &bundle(), &id(project), &id(class), t(at)).unwrap()
    }
}

pub(crate) fn bundle() -> Bundle {
    thread_local! {
        static BUNDLE: Bundle = Bundle::default_bundle().unwrap();
    }
    BUNDLE.with(Clone::clone)
}

pub(crate) fn gates(access: &Access) -> Vec<&str> {
    access.failed.iter().map(|g| g.id.as_str()).collect()
}

/// A university in one territory, with one project `p` that may do everything it asks for.
pub(crate) fn open_world() -> World {
    let mut world = World::default();
    world
        .institution("uni", "GB")
        .researcher("r1", "uni", from("2020-01-01"))
        .trained("r1", between("2026-01-01", "2028-01-01"))
        .release("r2026");
    for class in ["baseline", "hospital", "primary-care", "genomic"] {
        world.approve(class, "GB", Mode::Transfer, from("2025-01-01"));
        world.direct(class, from("2025-01-01"));
    }
    world.apply(
        "p",
        ("r1", "uni"),
        &[],
        &[
            ("baseline", Mode::Transfer),
            ("hospital", Mode::Aggregate),
            ("primary-care", Mode::Transfer),
            ("genomic", Mode::Enclave),
        ],
        &["GB"],
    );
    world.run("p", &["uni"]);
    world
}
