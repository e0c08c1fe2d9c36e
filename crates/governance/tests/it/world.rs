//! A small world in which commands are given one after the other.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use governance::{Actor, Command, Envelope, Id, Refusal, State, Time, decide, event, ledger};
use sha2::Digest as _;

/// A state, the log that led to it, and a clock that the test moves.
#[derive(Default)]
pub struct World {
    pub state: State,
    pub log: Vec<Envelope>,
    pub now: String,
    /// What opens the private values, by log entry and name.
    pub disclosures: BTreeMap<(u64, String), String>,
}

impl World {
    /// An instance with one reviewer of each kind, two checkers and two custodians.
    pub fn founded() -> Self {
        let mut world = Self {
            now: "2026-01-01".to_owned(),
            ..Self::default()
        };
        world.program(
            "founder",
            "instance.found",
            r#"{"custodian":"A Biobank","origin":"example.org/log","founder":"founder"}"#,
        );
        for (person, roles) in [
            ("sci", r#"["scientific-reviewer"]"#),
            ("eth", r#"["ethics-reviewer"]"#),
            ("check-1", r#"["output-checker"]"#),
            ("check-2", r#"["output-checker"]"#),
            ("check-3", r#"["output-checker"]"#),
            ("second", r#"["custodian"]"#),
        ] {
            world.ok(
                "founder",
                "staff.appoint",
                &format!(r#"{{"person":"{person}","roles":{roles}}}"#),
            );
        }
        world.ok(
            "founder",
            "institution.register",
            r#"{"id":"uni","name":"A University","territory":"GB","kind":"university"}"#,
        );
        world.ok(
            "founder",
            "researcher.register",
            r#"{"id":"lead","institution":"uni","affiliation":{"from":"2026-01-01"},"name":"N","email":"n@example.org"}"#,
        );
        world
    }

    /// A world with a running project `p1`.
    pub fn with_project() -> Self {
        let mut world = Self::founded();
        world.ok("lead", "application.submit", APPLICATION);
        world.reviewed();
        world.ok(
            "founder",
            "application.decide",
            r#"{"application":"p1","approved":true,"reasons":"sound"}"#,
        );
        world.ok("founder", "agreement.sign", AGREEMENT);
        world.ok(
            "founder",
            "fee.record",
            r#"{"application":"p1","amount_pence":300000,"reference":"x"}"#,
        );
        world
    }

    pub fn reviewed(&mut self) {
        for (who, track) in [("sci", "scientific"), ("eth", "ethical")] {
            self.ok(
                who,
                "application.review",
                &format!(r#"{{"application":"p1","track":"{track}","outcome":"approve","reasons":"sound"}}"#),
            );
        }
    }

    pub fn give(&mut self, actor: Actor, name: &str, body: &str) -> Result<usize, Refusal> {
        let command = Command::read(name, body).unwrap_or_else(|e| panic!("{name} {body}: {e}"));
        let at: Time = self.now.parse().unwrap();
        let drafts = decide(&self.state, &actor, at, &command)?;
        for draft in &drafts {
            let mut private = BTreeMap::new();
            for (name, value) in &draft.private {
                let array = serde_json::json!(["a salt that is no secret here", name, value]);
                let disclosure = URL_SAFE_NO_PAD.encode(array.to_string());
                let digest = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(&disclosure));
                private.insert((*name).to_owned(), digest);
                let place = (self.log.len() as u64, (*name).to_owned());
                self.disclosures.insert(place, disclosure);
            }
            let envelope = Envelope {
                v: event::VERSION,
                at,
                by: actor.id().clone(),
                event: draft.event.clone(),
                private,
            };
            // What is folded in is what was read back from the leaf.
            let leaf = ledger::leaf(&envelope).unwrap();
            let read = ledger::read(&leaf).unwrap();
            assert_eq!(read, envelope);
            self.state.evolve(&read);
            self.log.push(read);
        }
        Ok(drafts.len())
    }

    pub fn ok(&mut self, who: &str, name: &str, body: &str) -> usize {
        self.give(Actor::Person(who.parse().unwrap()), name, body)
            .unwrap_or_else(|r| panic!("{name} by {who}: {r}"))
    }

    pub fn program(&mut self, who: &str, name: &str, body: &str) -> usize {
        self.give(Actor::Program(who.parse().unwrap()), name, body)
            .unwrap_or_else(|r| panic!("{name}: {r}"))
    }

    /// A review, and the opening of both when it was the second.
    pub fn review(&mut self, who: &str, output: &str, outcome: &str) {
        let body = format!(r#"{{"output":"{output}","outcome":"{outcome}","reasons":"r"}}"#);
        self.ok(who, "output.review", &body);
        if let Some(body) = self.opening(output) {
            self.program(who, "output.open", &body);
        }
    }

    /// What the program says to open the reviews of a request, if they are due.
    pub fn opening(&self, output: &str) -> Option<String> {
        let id: Id = output.parse().unwrap();
        let request = &self.state.outputs.requests[&id];
        let due: BTreeMap<&Id, &String> = request
            .sealed_and_due()
            .into_iter()
            .map(|who| {
                let entry = request.reviews[who].entry;
                (who, &self.disclosures[&(entry, "outcome".to_owned())])
            })
            .collect();
        let body = serde_json::json!({ "output": output, "disclosures": due });
        (!due.is_empty()).then(|| body.to_string())
    }

    /// The code of the refusal; panics if the command is taken.
    pub fn refused(&mut self, who: &str, name: &str, body: &str) -> String {
        self.refused_as(Actor::Person(who.parse().unwrap()), name, body)
    }

    pub fn refused_as(&mut self, actor: Actor, name: &str, body: &str) -> String {
        let before = self.state.clone();
        match self.give(actor, name, body) {
            Ok(_) => panic!("{name} {body} was taken"),
            Err(refusal) => {
                assert!(!refusal.reason.is_empty() && !refusal.fix.is_empty());
                assert_eq!(before, self.state, "a refusal changes nothing");
                refusal.code.into_owned()
            }
        }
    }
}

pub const APPLICATION: &str = r#"{"id":"p1","title":"T","institution":"uni","lead":"lead","goals":"g","methods":"m",
  "lay_summary":"l","wants":{"baseline":{"mode":"enclave","fields":["*"]}},"places":["GB"],"output_plan":"tables"}"#;
pub const AGREEMENT: &str = r#"{"application":"p1","institution":"uni","version":"3","window":{"from":"2026-01-01","until":"2027-01-01"},"signatory":"S"}"#;

pub fn output(id: &str, verdict: &str) -> String {
    format!(
        r#"{{"id":"{id}","project":"p1","purpose":"paper","planned":"tables","files":{{"t.csv":{{"sha256":"{}","bytes":3,"verdict":"{verdict}","rules":[]}}}}}}"#,
        "a".repeat(64)
    )
}
