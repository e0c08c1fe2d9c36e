//! Whether an answered question is recorded, and what of it everybody may see.

use super::working_member;
use crate::decide::Draft;
use crate::ids::Id;
use crate::limits::ID_CHARS;
use crate::mode::Mode;
use crate::outputs::{OutputEvent, RecordQuery};
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::Time;

pub(super) fn query(
    state: &State,
    by: &Id,
    at: Time,
    c: &RecordQuery,
) -> Result<Vec<Draft>, Refusal> {
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
