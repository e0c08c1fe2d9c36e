//! A custodian with five projects, made by giving commands to `governance::decide`: a university at home,
//! one with a partner abroad, one refused, one suspended, one that just applied.

mod projects;

use std::collections::{BTreeMap, BTreeSet};

use governance::data::{Consent, ConsentScope, IssueDirection, RecordConsent, SealRelease};
use governance::outputs::OpenReviews;
use governance::people::{
    AccreditResearcher, AppointStaff, InstitutionKind, RecordListing, RecordOwnership,
    RegisterInstitution, RegisterResearcher, Role,
};
use governance::settings::{AdoptPolicies, FoundInstance};
use governance::{Actor, Command, Digest, Envelope, Id, State, Time, Window, decide};

/// An instance as it grows.
pub struct Sample {
    /// What the log says.
    pub state: State,
    /// The log.
    pub log: Vec<(u64, Envelope)>,
    /// Every private value that was ever given, for looking whether one came out.
    pub private: BTreeSet<String>,
    sealed: BTreeMap<(u64, Id), String>,
    clock: i64,
}

pub fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

fn from(text: &str) -> Window {
    Window {
        from: time(text),
        until: None,
    }
}

fn between(start: &str, end: &str) -> Window {
    Window {
        from: time(start),
        until: Some(time(end)),
    }
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

/// The policy version of the sample.
fn policy() -> Digest {
    digest("policies")
}

impl Sample {
    /// Before the first entry, on 2 March 2026.
    pub fn empty() -> Self {
        Self {
            state: State::default(),
            log: Vec::new(),
            private: BTreeSet::new(),
            sealed: BTreeMap::new(),
            clock: time("2026-03-02T09:00:00Z").unix(),
        }
    }

    fn give(&mut self, actor: &Actor, command: impl Into<Command>) {
        let command = command.into();
        self.clock += 60 * 97;
        let at = Time::from_unix(self.clock).unwrap();
        let drafts = decide(&self.state, actor, at, &command)
            .unwrap_or_else(|refusal| panic!("{}: {refusal}", command.name()));
        for draft in drafts {
            let mut private = BTreeMap::new();
            for (name, value) in draft.private {
                let salt = [7; 32];
                let disclosure =
                    transparency::disclosure::Disclosure::new(&salt, name, &value).unwrap();
                private.insert(name.to_owned(), disclosure.digest());
                // A conclusion is opened when two are there, and is one common word.
                if name == "outcome" {
                    let who = (self.state.size, actor.id().clone());
                    self.sealed.insert(who, disclosure.encoded().to_owned());
                } else {
                    note(&value, &mut self.private);
                }
            }
            let envelope = Envelope {
                v: governance::event::VERSION,
                at,
                by: actor.id().clone(),
                event: draft.event,
                private,
            };
            self.log.push((self.state.size, envelope.clone()));
            self.state.evolve(&envelope);
        }
    }

    /// A person gives a command.
    pub fn person(&mut self, who: &str, command: impl Into<Command>) {
        self.give(&Actor::Person(id(who)), command);
    }

    /// The program gives a command for a person.
    pub fn program(&mut self, who: &str, command: impl Into<Command>) {
        self.give(&Actor::Program(id(who)), command);
    }

    /// Opens the reviews of a request, which two checkers gave.
    fn open(&mut self, output: &str) {
        let disclosures = self.state.outputs.requests[&id(output)]
            .reviews
            .iter()
            .map(|(who, r)| (who.clone(), self.sealed[&(r.entry, who.clone())].clone()))
            .collect();
        let output = id(output);
        self.program(
            "checker-2",
            OpenReviews {
                output,
                disclosures,
            },
        );
    }

    fn days(&mut self, days: i64) {
        self.clock += days * 86_400;
    }
}

fn note(value: &serde_json::Value, into: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::String(text) => {
            into.insert(text.clone());
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| note(item, into)),
        _ => {}
    }
}

/// The whole sample.
pub fn sample() -> Sample {
    let mut s = Sample::empty();
    founding(&mut s);
    people(&mut s);
    data(&mut s);
    projects::heart(&mut s);
    projects::sleep(&mut s);
    projects::credit(&mut s);
    projects::harbour(&mut s);
    projects::eyes(&mut s);
    s
}

fn founding(s: &mut Sample) {
    s.program(
        "custodian-1",
        FoundInstance {
            custodian: "Thames Valley Biobank".to_owned(),
            origin: "readingroom.example.org/thames-valley".to_owned(),
            founder: id("custodian-1"),
        },
    );
    for (person, role) in [
        ("custodian-2", Role::Custodian),
        ("science-1", Role::ScientificReviewer),
        ("ethics-1", Role::EthicsReviewer),
        ("checker-1", Role::OutputChecker),
        ("checker-2", Role::OutputChecker),
        ("security-1", Role::SecurityOfficer),
    ] {
        let roles = [role].into();
        s.person(
            "custodian-1",
            AppointStaff {
                person: id(person),
                roles,
                institution: None,
                agreed_by: (role == Role::OutputChecker).then(|| id("custodian-2")),
            },
        );
    }
    let files = ["consent", "direction", "institution", "place", "training"];
    let files = files.map(|f| (format!("{f}.cedar"), digest(f))).into();
    s.person(
        "custodian-1",
        AdoptPolicies {
            bundle_sha256: policy(),
            files,
            agreed_by: Some(id("custodian-2")),
        },
    );
}

fn people(s: &mut Sample) {
    for (short, name, territory, kind) in [
        (
            "uni-wessex",
            "University of Wessex",
            "GB",
            InstitutionKind::University,
        ),
        (
            "uni-leuven-west",
            "West Leuven University Hospital",
            "BE",
            InstitutionKind::Hospital,
        ),
        (
            "maple-institute",
            "Maple Institute of Health",
            "CA",
            InstitutionKind::Institute,
        ),
        (
            "harbour-analytics",
            "Harbour Analytics Ltd",
            "HK",
            InstitutionKind::Company,
        ),
        (
            "northern-credit",
            "Northern Credit Scoring plc",
            "GB-SCT",
            InstitutionKind::Company,
        ),
        (
            "deep-harbour",
            "Deep Harbour Holdings",
            "CN",
            InstitutionKind::Company,
        ),
    ] {
        s.person(
            "custodian-1",
            RegisterInstitution {
                id: id(short),
                name: name.to_owned(),
                territory: governance::Territory::new(territory).unwrap(),
                kind,
                external_id: None,
            },
        );
    }
    s.person(
        "security-1",
        RecordOwnership {
            owner: id("deep-harbour"),
            owned: id("harbour-analytics"),
            percent: Some(60),
            window: from("2020-01-01"),
            source: "company register".to_owned(),
        },
    );
    s.person(
        "security-1",
        RecordListing {
            list: id("entity-list"),
            entry: "4711".to_owned(),
            institution: id("deep-harbour"),
            window: from("2024-01-01"),
            source: "published list".to_owned(),
        },
    );
    for (person, home, name) in [
        ("r-1001", "uni-wessex", "Philippa Thornbury-Vane"),
        ("r-1002", "uni-wessex", "Obadiah Quillfeather"),
        ("r-2001", "uni-leuven-west", "Marijke Vanderplasschen"),
        ("r-3001", "maple-institute", "Gaston Tremblay-Okonkwo"),
        ("r-4001", "harbour-analytics", "Winifred Szeto-Marchbanks"),
        ("r-5001", "northern-credit", "Torquil MacPhearson"),
    ] {
        s.person(
            "custodian-1",
            RegisterResearcher {
                id: id(person),
                institution: id(home),
                affiliation: from("2024-01-01"),
                name: name.to_owned(),
                email: format!("{}@mail.invalid", name.replace(' ', ".")),
            },
        );
        s.person(
            "custodian-1",
            AccreditResearcher {
                researcher: id(person),
                training: "safe researcher training".to_owned(),
                window: between("2026-01-01", "2029-01-01"),
            },
        );
    }
}

fn data(s: &mut Sample) {
    for (class, from, until) in [
        ("baseline", "2026-01-01", None),
        ("hospital", "2026-01-01", Some("2028-01-01")),
        ("primary-care", "2026-02-01", Some("2027-02-01")),
        ("genomic", "2027-06-01", None),
    ] {
        s.person(
            "custodian-1",
            IssueDirection {
                id: id(&format!("dir-{class}")),
                class: id(class),
                instrument: format!("Direction on the use of {class} data 2026"),
                window: Window {
                    from: time(from),
                    until: until.map(time),
                },
            },
        );
    }
    let tables = [
        ("death", 1_412),
        ("gp_clinical", 4_722_610),
        ("hesin_diag", 720_388),
        ("main", 20_000),
    ];
    s.program(
        "custodian-1",
        SealRelease {
            index_sha256: None,
            release: id("2026-03"),
            manifest_sha256: digest("manifest"),
            participants: 20_000,
            tables: tables.map(|(t, n)| (t.to_owned(), n)).into(),
        },
    );
    s.person(
        "custodian-1",
        RecordConsent {
            consents: vec![Consent {
                eid: "9876501".to_owned(),
                scopes: [ConsentScope::HealthRecords].into(),
            }],
        },
    );
}
