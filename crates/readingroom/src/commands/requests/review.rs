//! Reviews: sealed until two are there, then opened together.

use std::collections::BTreeMap;
use std::path::Path;

use governance::outputs::{CheckOutcome, OpenReviews, OutputStanding, ReviewOutput};
use governance::{Command, Id};
use serde_json::json;

use super::{Said, disclosed, request};
use crate::cli::Outcome;
use crate::commands::id;
use crate::failure::Failure;
use crate::instance::Instance;

/// A review that was given.
pub struct Reviewed {
    /// Its ledger number.
    pub entry: u64,
    /// Whether the conclusions are open now.
    pub opened: bool,
}

pub(super) fn run(
    dir: &Path,
    name: &str,
    outcome: Outcome,
    reasons: &str,
    actor: &str,
) -> Result<Said, Failure> {
    let mut instance = Instance::open(dir)?;
    let output = id("--id", name)?;
    let outcome = match outcome {
        Outcome::Accept => CheckOutcome::Accept,
        Outcome::Reject => CheckOutcome::Reject,
    };
    let given = ReviewOutput {
        output: output.clone(),
        outcome,
        reasons: reasons.to_owned(),
    };
    let reviewed = review(&mut instance, &id("--as", actor)?, given)?;
    let request = request(&instance, &output)?;
    let says = |outcome| {
        request
            .reviews
            .values()
            .filter(|r| r.outcome == Some(outcome))
            .count()
    };
    let (accept, reject) = (says(CheckOutcome::Accept), says(CheckOutcome::Reject));
    let next = match (reviewed.opened, request.standing) {
        (false, _) => "sealed until a second checker has reviewed it",
        (true, OutputStanding::Rejected) => "two checkers say no: rejected",
        (true, _) if accept > reject => "two checkers accept: it may be released",
        (true, _) => "the checkers differ: a third decides",
    };
    Ok(Said {
        value: json!({
            "reviewed": output, "entry": reviewed.entry, "opened": reviewed.opened,
            "accept": accept, "reject": reject, "standing": request.standing,
        }),
        text: format!(
            "reviewed: {output} by {actor}; ledger entry {}; {next}",
            reviewed.entry
        ),
    })
}

/// Gives a review, and opens the conclusions if it was the second, or the third.
pub fn review(instance: &mut Instance, by: &Id, review: ReviewOutput) -> Result<Reviewed, Failure> {
    let output = review.output.clone();
    let given = instance.give(by, &Command::from(review))?;
    Ok(Reviewed {
        entry: given.first,
        opened: open_due(instance, by, &output)?,
    })
}

/// Opens the conclusions of a request, if two checkers have given theirs and a killed process did not come to it.
pub(super) fn open_due(instance: &mut Instance, by: &Id, output: &Id) -> Result<bool, Failure> {
    let due: Vec<(Id, u64)> = match instance.state.outputs.requests.get(output) {
        Some(request) => request
            .sealed_and_due()
            .into_iter()
            .filter_map(|who| Some((who.clone(), request.reviews.get(who)?.entry)))
            .collect(),
        None => Vec::new(),
    };
    if due.is_empty() {
        return Ok(false);
    }
    let mut disclosures = BTreeMap::new();
    for (who, entry) in due {
        if let Some(outcome) = disclosed(instance, entry, "outcome")? {
            disclosures.insert(who, outcome.encoded().to_owned());
        }
    }
    let command = Command::from(OpenReviews {
        output: output.clone(),
        disclosures,
    });
    instance.give_program(by, &command)?;
    Ok(true)
}
