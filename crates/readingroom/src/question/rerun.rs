//! Asks a question again as it was asked, and says whether the same bytes come out, or what has changed since.

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
    let mut changed = Vec::new();
    let now = instance.state.outputs.queries.get(&answered.entry);
    if private(instance, answered.entry, "masked_sha256")?.as_str() != masked.as_deref() {
        changed.push(
            "who is counted: consents or withdrawals were recorded since, or the grant names other tables"
                .to_owned(),
        );
    }
    if let Some(now) = now {
        if now.policy_sha256 != known.policy_sha256 {
            changed.push("the policies in force".to_owned());
        }
        if now.program != known.program {
            changed.push(format!(
                "the program: version {} then, {} now",
                known.program, now.program
            ));
        }
        if now.plan_sha256 != known.plan_sha256 {
            changed.push("how the question is planned".to_owned());
        }
    }
    if !same && changed.is_empty() {
        let what = if known.mode == Mode::Aggregate {
            "nothing that is recorded: what was shown meanwhile may bear on what may be shown"
        } else {
            "nothing that is recorded; tell the operator"
        };
        changed.push(what.to_owned());
    }
    Ok(Rerun {
        answered,
        first,
        same,
        changed,
    })
}

fn unknown(question: &Id) -> Refusal {
    Refusal::new(
        "question-unknown",
        "names-what-exists",
        format!("no answered question has the id `{question}`"),
        "take the id from under an answer, or from the register",
    )
}
