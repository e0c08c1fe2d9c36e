//! Whether a request leaves, who is handed it, and how it is taken or called back.

use std::collections::{BTreeMap, BTreeSet};

use super::{CHECKERS, find_output, in_standing, may_check, working_member};
use crate::decide::{Draft, reasons_given};
use crate::ids::{Digest, Id};
use crate::outputs::{
    CheckOutcome, ConfirmDeletion, DownloadOutput, OutputEvent, OutputFile, OutputStanding,
    RecallOutput, ReleaseOutput, WithdrawOutput,
};
use crate::people::Role;
use crate::projects::find;
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::Time;

pub(super) fn release(state: &State, at: Time, c: &ReleaseOutput) -> Result<Vec<Draft>, Refusal> {
    let waiting = [OutputStanding::Submitted];
    let instead = "what was released is fetched with `readingroom airlock download`; for anything else submit a new request";
    let output = in_standing(state, &c.output, &waiting, instead)?;
    let accepted = output
        .opened(CheckOutcome::Accept)
        .filter(|checker| may_check(state, output, checker))
        .count();
    if accepted < CHECKERS {
        return Err(Refusal::new(
            "reviews-missing",
            "two-different-checkers",
            format!(
                "{CHECKERS} different checkers must accept; of conclusions that are open, {accepted} of people who may check do"
            ),
            "have it reviewed with `readingroom airlock review`; if two checkers differ, by a third",
        ));
    }
    if !find(state, &output.project)?.is_live(at) {
        return Err(Refusal::new(
            "project-not-live",
            "only-live-projects-work",
            format!(
                "project `{}` is not live, so nothing of it leaves",
                output.project
            ),
            "see `readingroom policy explain` for what is missing",
        ));
    }
    Ok(vec![Draft::public(OutputEvent::OutputReleased {
        output: c.output.clone(),
        project: output.project.clone(),
        version: output.version,
        files: digests(&output.files),
        automatic: false,
    })])
}

/// Digest of each file by its name.
pub(super) fn digests(files: &BTreeMap<String, OutputFile>) -> BTreeMap<String, Digest> {
    files
        .iter()
        .map(|(name, f)| (name.clone(), f.sha256.clone()))
        .collect()
}

/// Released files go to the project's researchers, and to those of the staff who hand them on.
pub(super) fn download(
    state: &State,
    by: &Id,
    at: Time,
    c: &DownloadOutput,
) -> Result<Vec<Draft>, Refusal> {
    let released = [OutputStanding::Released];
    let output = in_standing(state, &c.output, &released, "wait for its release")?;
    let staff = [Role::OutputChecker, Role::Custodian];
    if !staff.iter().any(|role| state.people.has_role(by, *role)) {
        working_member(state, &output.project, by, at)?;
    }
    Ok(vec![Draft::public(OutputEvent::OutputDownloaded {
        output: c.output.clone(),
        version: output.version,
    })])
}

pub(super) fn withdraw(state: &State, by: &Id, c: &WithdrawOutput) -> Result<Vec<Draft>, Refusal> {
    let open = [OutputStanding::Submitted, OutputStanding::Returned];
    let instead = "what has left is called back by the custodian (`readingroom airlock recall`)";
    let output = in_standing(state, &c.output, &open, instead)?;
    if output.author != *by {
        return Err(Refusal::new(
            "not-the-author",
            "author-withdraws",
            "a request is taken back by the person who made it",
            "ask its author",
        ));
    }
    Ok(vec![Draft::public(OutputEvent::OutputWithdrawn(c.clone()))])
}

pub(super) fn recall(state: &State, c: &RecallOutput) -> Result<Vec<Draft>, Refusal> {
    let released = [OutputStanding::Released];
    let instead = "only what was released can be called back";
    let output = in_standing(state, &c.output, &released, instead)?;
    reasons_given(&c.reasons)?;
    let had_it: BTreeSet<Id> = output.handed.keys().cloned().collect();
    let event = OutputEvent::OutputRecalled {
        output: c.output.clone(),
        had_it,
    };
    Ok(vec![
        Draft::public(event).with("reasons", c.reasons.as_str()),
    ])
}

pub(super) fn confirm_deletion(
    state: &State,
    by: &Id,
    c: &ConfirmDeletion,
) -> Result<Vec<Draft>, Refusal> {
    let output = find_output(state, &c.output)?;
    let asked = output.standing == OutputStanding::Recalled && output.handed.contains_key(by);
    if !asked || output.deleted.contains_key(by) {
        return Err(Refusal::new(
            "nothing-to-delete",
            "recalled-copies-are-deleted",
            "a deletion is confirmed once, by each person who was handed a release that was called back",
            "see `readingroom airlock status` for who was",
        ));
    }
    Ok(vec![Draft::public(OutputEvent::OutputDeleted(c.clone()))])
}
