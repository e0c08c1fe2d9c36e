//! Asks a question again as it was asked, and says whether the same bytes come out, or what has changed since.

use governance::outputs::Query;
use governance::{Digest, Id, Mode, Refusal};

use super::{Answered, Asked, Caller};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::masks::private;

/// What came of asking again.
pub struct Rerun {
    /// The new answer.
    pub answered: Answered,
    /// Ledger number of the first answer.
    pub first: u64,
    /// Whether its bytes are those of the first one.
    pub same: bool,
    /// What is different, in plain words; if nothing is known to be and the bytes differ, that is said too.
    pub changed: Vec<String>,
}

/// Asks an answered question again: same text, mode and release.
pub fn rerun(
    instance: &mut Instance,
    researcher: &Id,
    question: &Id,
    caller: &mut dyn Caller,
) -> Result<Rerun, Failure> {
    let (first, known) = instance
        .state
        .outputs
        .question(question)
        .map(|(entry, q)| (entry, q.clone()))
        .ok_or_else(|| unknown(question))?;
    governance::outputs::working_member(
        &instance.state,
        &known.project,
        researcher,
        crate::clock::now()?,
    )?;
    let text = |name: &str| -> Result<Option<String>, Failure> {
        match private(instance, first, name)? {
            serde_json::Value::String(text) => Ok(Some(text)),
            _ => Ok(None),
        }
    };
    let sql = text("sql")?.ok_or_else(|| unknown(question))?;
    let masked = text("masked_sha256")?;
    let before = match &known.answer_sha256 {
        Some(digest) => Some(digest.as_str().to_owned()),
        None => text("answer_sha256")?,
    };
    let retired = instance
        .state
        .data
        .releases
        .get(&known.release)
        .is_none_or(|r| r.retired);
    if retired {
        return Err(Refusal::new(
            "release-retired",
            "same-release",
            format!(
                "the question was asked of release `{}`, which is no longer in use",
                known.release
            ),
            "ask it of the release in use",
        )
        .into());
    }
    let asked = Asked {
        project: &known.project,
        researcher,
        token: None,
        mode: Some(known.mode),
        release: Some(&known.release),
        sql: &sql,
    };
    let answered = super::put(instance, asked, caller)?;
    let same = before.as_deref() == Some(Digest::of(&answered.csv).as_str());
    let now = instance.state.outputs.queries.get(&answered.entry);
    let now = now.ok_or_else(|| unknown(&answered.id))?;
    let counted = private(instance, answered.entry, "masked_sha256")?;
    let others = counted.as_str() != masked.as_deref();
    let changed = changes(&known, now, others, same);
    Ok(Rerun {
        answered,
        first,
        same,
        changed,
    })
}

/// What is different between two answers to one question, in plain words. `others`: other people are counted.
fn changes(then: &Query, now: &Query, others: bool, same: bool) -> Vec<String> {
    let mut changed = Vec::new();
    if others {
        changed.push(
            "who is counted: consents or withdrawals were recorded since, or the grant names other tables"
                .to_owned(),
        );
    }
    if now.policy_sha256 != then.policy_sha256 {
        changed.push("the policies in force".to_owned());
    }
    if now.program != then.program {
        changed.push(format!(
            "the program: version {} then, {} now",
            then.program, now.program
        ));
    }
    if now.plan_sha256 != then.plan_sha256 {
        changed.push("how the question is planned".to_owned());
    }
    if !same && changed.is_empty() {
        let what = if then.mode == Mode::Aggregate {
            "nothing that is recorded: what was shown meanwhile may bear on what may be shown"
        } else {
            "nothing that is recorded; tell the operator"
        };
        changed.push(what.to_owned());
    }
    changed
}

fn unknown(question: &Id) -> Refusal {
    Refusal::new(
        "question-unknown",
        "names-what-exists",
        format!("no answered question has the id `{question}`"),
        "take the id from under an answer, or from the register",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use governance::Time;

    use super::*;

    fn answered(mode: Mode) -> Query {
        let id = |text: &str| Id::new(text).unwrap();
        Query {
            question: id("q-1"),
            researcher: id("r-1"),
            project: id("p-1"),
            mode,
            release: id("2026-11"),
            answer_sha256: None,
            plan_sha256: Digest::of(b"plan"),
            policy_sha256: Digest::of(b"policies"),
            program: "0.1.0".to_owned(),
            cells: 1,
            at: Time::from_unix(0).unwrap(),
        }
    }

    #[test]
    fn every_difference_is_named() {
        let then = answered(Mode::Enclave);
        assert!(changes(&then, &then, false, true).is_empty());
        let said = |now: &Query| changes(&then, now, false, false);
        let program = Query {
            program: "0.2.0".to_owned(),
            ..then.clone()
        };
        assert_eq!(
            said(&program),
            ["the program: version 0.1.0 then, 0.2.0 now"]
        );
        let policies = Query {
            policy_sha256: Digest::of(b"others"),
            ..then.clone()
        };
        assert_eq!(said(&policies), ["the policies in force"]);
        let plan = Query {
            plan_sha256: Digest::of(b"another"),
            ..program
        };
        assert_eq!(said(&plan).len(), 2);
        assert_eq!(changes(&then, &then, true, false).len(), 1);
    }

    #[test]
    fn an_unexplained_difference_is_said_to_be_one() {
        for (mode, word) in [(Mode::Enclave, "operator"), (Mode::Aggregate, "meanwhile")] {
            let then = answered(mode);
            let said = changes(&then, &then, false, false).join("");
            assert!(said.contains(word), "{said}");
        }
    }
}
