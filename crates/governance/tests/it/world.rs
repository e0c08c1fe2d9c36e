//! A small world in which commands are given one after the other.

use governance::{Actor, Command, Envelope, Refusal, State, Time, decide, event, ledger};

/// A state, the log that led to it, and a clock that the test moves.
#[derive(Default)]
pub struct World {
    pub state: State,
    pub log: Vec<Envelope>,
    pub now: String,
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
            let private = draft
                .private
                .keys()
                .map(|k| ((*k).to_owned(), "digest".to_owned()))
                .collect();
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
        r#"{{"id":"{id}","project":"p1","purpose":"paper","files":{{"t.csv":{{"sha256":"{}","bytes":3,"verdict":"{verdict}","rules":[]}}}}}}"#,
        "a".repeat(64)
    )
}
