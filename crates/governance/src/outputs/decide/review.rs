//! Reviews by people: two, neither of whom sees the other's conclusion before both are there; a third if they differ.
//!
//! A conclusion goes into the log as a salted digest. It is opened when a second one is there, and what is opened must have
//! the digest that was sealed, so that nobody, the operator included, can fit a conclusion to another.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{CHECKERS, may_check, waiting};
use crate::decide::{Draft, list_within, reasons_given, text_within};
use crate::ids::Id;
use crate::limits::{DISCLOSURE_CHARS, LIST_ITEMS, TEXT_CHARS};
use crate::outputs::{
    CheckOutcome, OpenReviews, Output, OutputEvent, OutputReviewRecord, ReturnOutput, ReviewOutput,
};
use crate::refusal::Refusal;
use crate::state::State;

pub(super) fn review(state: &State, by: &Id, c: &ReviewOutput) -> Result<Vec<Draft>, Refusal> {
    let output = waiting(state, &c.output)?;
    reasons_given(&c.reasons)?;
    free_of_conflict(state, output, by)?;
    if output.reviews.contains_key(by) {
        return Err(Refusal::new(
            "checked-already",
            "two-different-checkers",
            "this checker reviewed the request already",
            "leave the second review to another checker",
        ));
    }
    if settled(state, output) {
        return Err(Refusal::new(
            "reviews-complete",
            "third-only-if-two-differ",
            "two checkers reviewed the request, and they do not differ",
            "release it, or give it back with `readingroom airlock return`",
        ));
    }
    let event = OutputEvent::OutputReviewed {
        output: c.output.clone(),
        version: output.version,
    };
    let outcome = match c.outcome {
        CheckOutcome::Accept => ACCEPT,
        CheckOutcome::Reject => REJECT,
    };
    Ok(vec![
        Draft::public(event)
            .with("outcome", outcome)
            .with("reasons", c.reasons.as_str()),
    ])
}

const ACCEPT: &str = "accept";
const REJECT: &str = "reject";

/// Whether the reviews of those who may check need no further one: two are there, and they are sealed or agree.
fn settled(state: &State, output: &Output) -> bool {
    let counted: Vec<&OutputReviewRecord> = output
        .reviews
        .iter()
        .filter(|(who, _)| may_check(state, output, who))
        .map(|(_, r)| r)
        .collect();
    let say = |outcome| {
        counted
            .iter()
            .filter(|r| r.outcome == Some(outcome))
            .count()
    };
    let (accept, reject) = (say(CheckOutcome::Accept), say(CheckOutcome::Reject));
    let sealed = counted.len() - accept - reject;
    accept >= CHECKERS || reject >= CHECKERS || (sealed > 0 && counted.len() >= CHECKERS)
}

pub(super) fn open(state: &State, c: &OpenReviews) -> Result<Vec<Draft>, Refusal> {
    let output = waiting(state, &c.output)?;
    list_within("disclosures", c.disclosures.len(), LIST_ITEMS)?;
    let sealed = output.sealed_and_due();
    if sealed.is_empty() {
        return Err(Refusal::new(
            "reviews-sealed",
            "reviews-are-blind",
            "conclusions are opened when two checkers have given theirs",
            "wait for the second review",
        ));
    }
    let mut outcomes = BTreeMap::new();
    for checker in sealed {
        let outcome = output
            .reviews
            .get(checker)
            .zip(c.disclosures.get(checker))
            .and_then(|(review, disclosure)| unseal(&review.sealed, disclosure));
        let Some(outcome) = outcome else {
            return Err(Refusal::new(
                "seal-broken",
                "reviews-are-blind",
                format!(
                    "the conclusion of `{checker}` is missing, or is not the one that was sealed"
                ),
                "tell the operator; the request can be given back with `readingroom airlock return`",
            ));
        };
        outcomes.insert(checker.clone(), outcome);
    }
    Ok(vec![Draft::public(OutputEvent::OutputOpened {
        output: c.output.clone(),
        version: output.version,
        outcomes,
    })])
}

/// The conclusion in a disclosure (RFC 9901: base64url of `[salt, name, value]`), if it has the sealed digest.
fn unseal(sealed: &str, disclosure: &str) -> Option<CheckOutcome> {
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(disclosure.as_bytes()));
    if disclosure.len() > DISCLOSURE_CHARS || digest != sealed {
        return None;
    }
    let json = URL_SAFE_NO_PAD.decode(disclosure).ok()?;
    let [_, name, value]: [Value; 3] = serde_json::from_slice(&json).ok()?;
    match (name.as_str()?, value.as_str()?) {
        ("outcome", ACCEPT) => Some(CheckOutcome::Accept),
        ("outcome", REJECT) => Some(CheckOutcome::Reject),
        _ => None,
    }
}

pub(super) fn give_back(state: &State, by: &Id, c: &ReturnOutput) -> Result<Vec<Draft>, Refusal> {
    let output = waiting(state, &c.output)?;
    text_within("comments", &c.comments, TEXT_CHARS)?;
    free_of_conflict(state, output, by)?;
    let event = OutputEvent::OutputReturned {
        output: c.output.clone(),
        version: output.version,
    };
    Ok(vec![
        Draft::public(event).with("comments", c.comments.as_str()),
    ])
}

fn free_of_conflict(state: &State, output: &Output, by: &Id) -> Result<(), Refusal> {
    if may_check(state, output, by) {
        return Ok(());
    }
    Err(Refusal::new(
        "own-output",
        "nobody-checks-their-own",
        "a checker may not be the author, a researcher of the project, or of an institution in it",
        "leave it to another checker",
    ))
}
