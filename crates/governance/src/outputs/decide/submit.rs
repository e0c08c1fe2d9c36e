//! Whether files may ask to leave, and whether they leave by themselves.

use std::collections::BTreeSet;

use super::{find_output, working_member, worst};
use crate::decide::{Draft, list_within, taken, text_within};
use crate::ids::Id;
use crate::limits::{FILE_NAME_CHARS, ID_CHARS, LIST_ITEMS, TEXT_CHARS, TITLE_CHARS};
use crate::outputs::quota::{self, Used};
use crate::outputs::{
    Flag, Output, OutputEvent, OutputStanding, SubmitOutput, Submitted, Verdict, pattern, plan,
};
use crate::projects::Project;
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::Time;

pub(super) fn submit(
    state: &State,
    by: &Id,
    at: Time,
    c: &SubmitOutput,
) -> Result<Vec<Draft>, Refusal> {
    let before = earlier(state, by, c)?;
    let project = working_member(state, &c.project, by, at)?;
    texts_fit(c)?;
    files_fit(c)?;
    let settings = &state.settings.airlock;
    let used = Used::of(&state.outputs, &c.project, at);
    quota::within(used, before.is_none(), c.files.values(), &settings.quota)?;

    let flags = flags(state, project, at, c);
    let colour = if flags.is_empty() {
        worst(c)
    } else {
        worst(c).max(Verdict::Amber)
    };
    let submitted = Submitted {
        id: c.id.clone(),
        project: c.project.clone(),
        version: before.map_or(1, |o| o.version.saturating_add(1)),
        purpose: c.purpose.clone(),
        planned: c.planned.clone(),
        files: c.files.clone(),
        engine: c.engine.clone(),
        colour,
        flags,
    };
    let by_itself =
        settings.green_leaves_by_itself && colour == Verdict::Green && c.engine.is_some();
    let release = by_itself.then(|| {
        Draft::public(OutputEvent::OutputReleased {
            output: c.id.clone(),
            project: c.project.clone(),
            version: submitted.version,
            files: super::leave::digests(&c.files),
            automatic: true,
        })
    });
    let mut draft = Draft::public(OutputEvent::OutputSubmitted(Box::new(submitted)));
    if let Some(context) = &c.context {
        draft = draft.with("context", context.as_str());
    }
    Ok([draft].into_iter().chain(release).collect())
}

/// The returned request of which this is the next version, if its name is taken by one.
fn earlier<'a>(state: &'a State, by: &Id, c: &SubmitOutput) -> Result<Option<&'a Output>, Refusal> {
    if !state.outputs.requests.contains_key(&c.id) {
        return Ok(None);
    }
    let before = find_output(state, &c.id)?;
    if before.standing != OutputStanding::Returned || before.project != c.project {
        return Err(taken("output-taken", "output", &c.id));
    }
    if before.author != *by {
        return Err(Refusal::new(
            "not-the-author",
            "author-resubmits",
            "the next version of a request is submitted by the person who made it",
            "ask its author, or submit a request of your own",
        ));
    }
    Ok(Some(before))
}

fn flags(state: &State, project: &Project, at: Time, c: &SubmitOutput) -> BTreeSet<Flag> {
    let plan = &project.application.output_plan;
    let planned = c
        .planned
        .as_ref()
        .is_some_and(|p| plan::stands_in_plan(plan, p).is_some());
    let most = &state.settings.airlock.patterns;
    let mut flags = pattern::flags(&state.outputs, &c.project, &c.id, &c.files, at, most);
    if !planned {
        flags.insert(Flag::NotPlanned);
    }
    flags
}

fn texts_fit(c: &SubmitOutput) -> Result<(), Refusal> {
    text_within("purpose", &c.purpose, TEXT_CHARS)?;
    for (name, text) in [("context", &c.context), ("planned", &c.planned)] {
        if let Some(text) = text {
            text_within(name, text, TEXT_CHARS)?;
        }
    }
    if let Some(engine) = &c.engine {
        text_within("program", &engine.program, ID_CHARS)?;
        text_within("rules", &engine.rules, TITLE_CHARS)?;
        text_within("source", &engine.source, TITLE_CHARS)?;
    }
    Ok(())
}

fn files_fit(c: &SubmitOutput) -> Result<(), Refusal> {
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
    if worst(c) == Verdict::Red {
        return Err(Refusal::new(
            "red-file",
            "red-never-leaves",
            "a file of the request was judged red",
            "see its reasons with `readingroom airlock check` and mend it",
        ));
    }
    Ok(())
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
