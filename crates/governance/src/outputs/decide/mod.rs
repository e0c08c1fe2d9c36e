//! Decisions about questions and outputs: one file a step.

mod leave;
mod query;
mod review;
mod submit;

use super::{Output, OutputEvent, OutputStanding, Verdict};
use crate::command::Command;
use crate::decide::{Draft, reasons_given, unknown};
use crate::ids::Id;
use crate::people::Role;
use crate::projects::{Project, find, institutions};
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::Time;

/// Reviews in favour, by different people, without which nothing that a person has to look at leaves (two independent
/// checkers: OpenSAFELY's and the SDC handbook's rule).
pub const CHECKERS: usize = 2;

pub(crate) fn decide(
    state: &State,
    by: &Id,
    at: Time,
    command: &Command,
) -> Result<Vec<Draft>, Refusal> {
    match command {
        Command::RecordQuery(c) => query::query(state, by, at, c),
        Command::ReviewQuestions(c) => {
            find(state, &c.project)?;
            reasons_given(&c.reasons)?;
            Ok(vec![Draft::public(OutputEvent::QuestionsReviewed(
                (**c).clone(),
            ))])
        }
        Command::RecordRefusal(c) => Ok(vec![Draft::public(OutputEvent::CommandRefused(
            (**c).clone(),
        ))]),
        Command::SubmitOutput(c) => submit::submit(state, by, at, c),
        Command::ReviewOutput(c) => review::review(state, by, c),
        Command::OpenReviews(c) => review::open(state, c),
        Command::ReturnOutput(c) => review::give_back(state, by, c),
        Command::ReleaseOutput(c) => leave::release(state, at, c),
        Command::DownloadOutput(c) => leave::download(state, by, at, c),
        Command::WithdrawOutput(c) => leave::withdraw(state, by, c),
        Command::RecallOutput(c) => leave::recall(state, c),
        Command::ConfirmDeletion(c) => leave::confirm_deletion(state, by, c),
        _ => Ok(Vec::new()),
    }
}

/// A person may work for a project: it is live, and they are in it.
///
/// # Errors
/// A refusal that names what is missing.
pub fn working_member<'a>(
    state: &'a State,
    project: &Id,
    by: &Id,
    at: Time,
) -> Result<&'a Project, Refusal> {
    let found = find(state, project)?;
    if !found.is_live(at) {
        return Err(Refusal::new(
            "project-not-live",
            "only-live-projects-work",
            format!(
                "project `{project}` is not live: it is {}, or no agreement is in force",
                found.standing
            ),
            "see `readingroom policy explain` for what is missing",
        ));
    }
    if !found.researchers().contains(by) {
        return Err(Refusal::new(
            "not-a-member",
            "members-only",
            format!("`{by}` is not a researcher of project `{project}`"),
            "ask as one of its researchers (`--as`); other people need an application of their own",
        ));
    }
    Ok(found)
}

/// Whether a person may check a request: an output checker, and neither its author, nor a researcher of the project, nor of
/// an institution in it. Where the institution of a researcher is not known, nobody can be told to be free of conflict.
pub fn may_check(state: &State, output: &Output, checker: &Id) -> bool {
    state.people.has_role(checker, Role::OutputChecker)
        && find(state, &output.project)
            .is_ok_and(|project| !conflicted(state, output, project, checker))
}

fn conflicted(state: &State, output: &Output, project: &Project, checker: &Id) -> bool {
    let own = state
        .people
        .staff
        .get(checker)
        .and_then(|s| s.institution.as_ref());
    let known = |r: &Id| state.people.researchers.contains_key(r);
    output.author == *checker
        || project.researchers().contains(checker)
        || !project.researchers().into_iter().all(known)
        || own.is_some_and(|i| institutions(state, project).contains(i))
}

fn find_output<'a>(state: &'a State, id: &Id) -> Result<&'a Output, Refusal> {
    state
        .outputs
        .requests
        .get(id)
        .ok_or_else(|| unknown("output-unknown", "output", id))
}

fn in_standing<'a>(
    state: &'a State,
    id: &Id,
    expected: &[OutputStanding],
    do_instead: &str,
) -> Result<&'a Output, Refusal> {
    let output = find_output(state, id)?;
    if expected.contains(&output.standing) {
        return Ok(output);
    }
    let was = match output.standing {
        OutputStanding::Submitted => "waits for its checkers",
        OutputStanding::Returned => "was given back to its author",
        OutputStanding::Rejected => "was rejected",
        OutputStanding::Released => "was released already",
        OutputStanding::Withdrawn => "was taken back by its author",
        OutputStanding::Recalled => "was called back after its release",
    };
    Err(Refusal::new(
        "output-closed",
        "steps-in-order",
        format!("the request `{id}` {was}"),
        do_instead,
    ))
}

fn waiting<'a>(state: &'a State, id: &Id) -> Result<&'a Output, Refusal> {
    let expected = [OutputStanding::Submitted];
    in_standing(state, id, &expected, "submit a new request")
}

/// Worst of the files.
fn worst(output: &super::SubmitOutput) -> Verdict {
    let verdicts = output.files.values().map(|f| f.verdict);
    verdicts.max().unwrap_or(Verdict::Red)
}
