//! Decisions about questions and outputs.

use std::collections::BTreeMap;

use super::{
    CheckOutcome, Output, OutputEvent, OutputStanding, RecordQuery, ReleaseOutput, ReviewOutput,
    SubmitOutput, Verdict,
};
use crate::command::Command;
use crate::decide::{Draft, list_within, reasons_given, taken, text_within, unknown};
use crate::ids::Id;
use crate::limits::{FILE_NAME_CHARS, ID_CHARS, LIST_ITEMS, TEXT_CHARS};
use crate::mode::Mode;
use crate::people::Role;
use crate::projects::{Project, find, institutions};
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::Time;

/// Reviews in favour, by different people, without which nothing leaves (two independent checkers:
/// OpenSAFELY's and the SDC handbook's rule).
pub const CHECKERS: usize = 2;

pub(crate) fn decide(
    state: &State,
    by: &Id,
    at: Time,
    command: &Command,
) -> Result<Vec<Draft>, Refusal> {
    match command {
        Command::RecordQuery(c) => query(state, by, at, c),
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
        Command::SubmitOutput(c) => submit(state, by, at, c),
        Command::ReviewOutput(c) => review(state, by, c),
        Command::ReleaseOutput(c) => release(state, at, c),
        Command::WithdrawOutput(c) => {
            let output = waiting(state, &c.output)?;
            if output.author != *by {
                return Err(Refusal::new(
                    "not-the-author",
                    "author-withdraws",
                    "a request is taken back by the person who made it",
                    "ask its author",
                ));
            }
            Ok(vec![Draft::public(OutputEvent::OutputWithdrawn(
                (**c).clone(),
            ))])
        }
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

fn query(state: &State, by: &Id, at: Time, c: &RecordQuery) -> Result<Vec<Draft>, Refusal> {
    working_member(state, &c.project, by, at)?;
    // What an aggregate answer says is meant to be seen; what rows say is not, and a digest of few or simple rows
    // could be guessed.
    let public = c.mode == Mode::Aggregate;
    if c.program.is_empty() || c.program.len() > ID_CHARS {
        return Err(Refusal::new(
            "text-length",
            "text-within-limits",
            "the version of the program is expected to be short",
            "tell the operator",
        ));
    }
    if (c.mode == Mode::Aggregate) != c.contributors_sha256.is_some() {
        return Err(Refusal::new(
            "contributors-missing",
            "lineage-first",
            "an aggregate answer keeps the sets of people behind it, and only such an answer does",
            "tell the operator",
        ));
    }
    let event = OutputEvent::QueryAnswered {
        question: c.question.clone(),
        project: c.project.clone(),
        researcher: c.researcher.clone(),
        mode: c.mode,
        release: c.release.clone(),
        classes: c.classes.clone(),
        columns: c.columns.clone(),
        plan_sha256: c.plan_sha256.clone(),
        answer_sha256: public.then(|| c.answer_sha256.clone()),
        rows: public.then_some(c.rows),
        withheld_rows: c.withheld_rows,
        withheld_cells: c.withheld_cells,
        cells: c.cells.filter(|_| public),
        policy_sha256: c.policy_sha256.clone(),
        program: c.program.clone(),
    };
    let mut draft = Draft::public(event)
        .with("sql", c.sql.as_str())
        .with("masked_sha256", c.masked_sha256.as_str());
    if let Some(contributors) = &c.contributors_sha256 {
        draft = draft.with("contributors_sha256", contributors.as_str());
    }
    Ok(vec![if public {
        draft
    } else {
        draft
            .with("answer_sha256", c.answer_sha256.as_str())
            .with("rows", c.rows)
    }])
}

fn submit(state: &State, by: &Id, at: Time, c: &SubmitOutput) -> Result<Vec<Draft>, Refusal> {
    if state.outputs.requests.contains_key(&c.id) {
        return Err(taken("output-taken", "output", &c.id));
    }
    working_member(state, &c.project, by, at)?;
    text_within("purpose", &c.purpose, TEXT_CHARS)?;
    list_within("files", c.files.len(), LIST_ITEMS)?;
    if c.files.is_empty() {
        return Err(Refusal::new(
            "files-missing",
            "outputs-hold-files",
            "the request holds no file",
            "name at least one file",
        ));
    }
    if !c.files.keys().all(|name| plain_name(name)) {
        return Err(Refusal::new(
            "file-name",
            "files-have-plain-names",
            format!(
                "a file's name is expected to have 1 to {FILE_NAME_CHARS} letters, digits, spaces, dots, underscores or hyphens, beginning with a letter or digit"
            ),
            "rename the file",
        ));
    }
    if c.files.values().any(|f| f.verdict == Verdict::Red) {
        return Err(Refusal::new(
            "red-file",
            "red-never-leaves",
            "a file of the request was judged red",
            "see its reasons with `readingroom airlock check` and mend it",
        ));
    }
    Ok(vec![Draft::public(OutputEvent::OutputSubmitted(c.clone()))])
}

fn review(state: &State, by: &Id, c: &ReviewOutput) -> Result<Vec<Draft>, Refusal> {
    let output = waiting(state, &c.output)?;
    reasons_given(&c.reasons)?;
    let project = find(state, &output.project)?;
    if conflicted(state, output, project, by) {
        return Err(Refusal::new(
            "own-output",
            "nobody-checks-their-own",
            "a checker may not be the author, a researcher of the project, or of an institution in it",
            "leave it to another checker",
        ));
    }
    if output.reviews.contains_key(by) {
        return Err(Refusal::new(
            "checked-already",
            "two-different-checkers",
            "this checker reviewed the request already",
            "leave the second review to another checker",
        ));
    }
    Ok(vec![Draft::public(OutputEvent::OutputReviewed(c.clone()))])
}

fn release(state: &State, at: Time, c: &ReleaseOutput) -> Result<Vec<Draft>, Refusal> {
    let output = match find_output(state, &c.output)? {
        again if again.standing == OutputStanding::Released => again,
        _ => waiting(state, &c.output)?,
    };
    let project = find(state, &output.project)?;
    let accepted = output
        .reviews
        .iter()
        .filter(|(checker, r)| {
            r.outcome == CheckOutcome::Accept
                && state.people.has_role(checker, Role::OutputChecker)
                && !conflicted(state, output, project, checker)
        })
        .count();
    if accepted < CHECKERS {
        return Err(Refusal::new(
            "reviews-missing",
            "two-different-checkers",
            format!("{CHECKERS} different checkers must accept, {accepted} who may check did"),
            "have it reviewed with `readingroom airlock review`",
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
    let files: BTreeMap<_, _> = output
        .files
        .iter()
        .map(|(name, f)| (name.clone(), f.sha256.clone()))
        .collect();
    let event = OutputEvent::OutputReleased {
        output: c.output.clone(),
        project: output.project.clone(),
        files,
    };
    Ok(vec![Draft::public(event)])
}

/// A checker who is the author, a researcher of the project, or of an institution in it.
fn conflicted(state: &State, output: &Output, project: &Project, checker: &Id) -> bool {
    let own = state
        .people
        .staff
        .get(checker)
        .and_then(|s| s.institution.as_ref());
    output.author == *checker
        || project.researchers().contains(checker)
        || own.is_some_and(|i| institutions(state, project).contains(i))
}

/// Names under which files may leave: what any system takes as one plain name, so that none can take the place of
/// another, hide, or forge a line on a checker's screen.
fn plain_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-');
    name.len() <= FILE_NAME_CHARS
        && name
            .chars()
            .next()
            .is_some_and(|c| c.is_ascii_alphanumeric())
        && name.chars().all(fits)
}

fn find_output<'a>(state: &'a State, id: &Id) -> Result<&'a Output, Refusal> {
    state
        .outputs
        .requests
        .get(id)
        .ok_or_else(|| unknown("output-unknown", "output", id))
}

fn waiting<'a>(state: &'a State, id: &Id) -> Result<&'a Output, Refusal> {
    let output = find_output(state, id)?;
    if output.standing == OutputStanding::Submitted {
        return Ok(output);
    }
    Err(Refusal::new(
        "output-closed",
        "steps-in-order",
        format!("the request `{id}` was released, rejected or taken back already"),
        "submit a new request",
    ))
}
