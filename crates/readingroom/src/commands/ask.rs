//! `readingroom query`: one question of one project.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use governance::{Id, Mode};
use serde_json::json;

use crate::cli::{Query, QueryMode};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::limits::{PROGRESS_AFTER, ROWS_SHOWN};
use crate::print;
use crate::question::{self, Answered, Asked, Caller, Rerun};

pub fn run(dir: &Path, args: &Query) -> Result<ExitCode, Failure> {
    // Only the bytes that are recorded carry the marks.
    if args.mode == Some(QueryMode::Transfer) && !args.csv {
        return Err(Failure::Misuse(
            "rows that leave are written as CSV: add --csv".to_owned(),
        ));
    }
    let mut instance = Instance::open(dir)?;
    let project = super::id("--project", &args.project)?;
    let researcher = super::airlock::researcher(&instance, &project, args.actor.as_deref())?;
    if let Some(id) = &args.rerun {
        let id = super::id("--rerun", id)?;
        let rerun = question::rerun(&mut instance, &researcher, &id, &mut Terminal::default())?;
        return Ok(again(args, &rerun));
    }
    let mode = args.mode.map(|m| match m {
        QueryMode::Aggregate => Mode::Aggregate,
        QueryMode::Enclave => Mode::Enclave,
        QueryMode::Transfer => Mode::Transfer,
    });
    let asked = Asked {
        project: &project,
        researcher: &researcher,
        token: None,
        mode,
        release: None,
        sql: args.sql.as_deref().unwrap_or_default(),
    };
    let answered = question::put(&mut instance, asked, &mut Terminal::default())?;
    shown(args, &answered)?;
    Ok(ExitCode::SUCCESS)
}

/// What asking again led to. Other bytes are exit status 1: a script can tell.
fn again(args: &Query, rerun: &Rerun) -> ExitCode {
    if args.csv {
        print::bytes(&rerun.answered.csv);
    } else if args.print.json {
        print::json(&json!({
            "question": rerun.answered.id,
            "entry": rerun.answered.entry,
            "first_entry": rerun.first,
            "same_bytes": rerun.same,
            "changed": rerun.changed,
        }));
    } else {
        print::line(&table(&rerun.answered));
        print::line(&footer(&rerun.answered));
        let verdict = if rerun.same {
            "the same bytes as"
        } else {
            "other bytes than"
        };
        print::line(&format!(
            "{verdict} the answer of ledger entry {}",
            rerun.first
        ));
        for change in &rerun.changed {
            print::line(&format!("  changed since: {change}"));
        }
    }
    if rerun.same {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(crate::failure::REFUSED)
    }
}

/// A person at a terminal, who is told how far a long question is.
#[derive(Default)]
struct Terminal {
    bar: Option<indicatif::ProgressBar>,
}

impl Caller for Terminal {
    fn progress(&mut self, _: &Id, share: f64, elapsed: Duration) {
        if elapsed < PROGRESS_AFTER {
            return;
        }
        // drawn on standard error, and only if that is a terminal
        let bar = self
            .bar
            .get_or_insert_with(|| indicatif::ProgressBar::new(1_000));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share from 0 to 1"
        )]
        bar.set_position((share * 1_000.0) as u64);
    }

    fn gone(&self) -> bool {
        false
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn shown(args: &Query, answered: &Answered) -> Result<(), Failure> {
    if args.csv {
        print::bytes(&answered.csv);
    } else if args.print.json {
        let mut value: serde_json::Value = serde_json::from_str(&answered.answer.to_json())
            .map_err(|e| Failure::fault("writing JSON", e))?;
        if let Some(object) = value.as_object_mut() {
            object.insert("question".to_owned(), json!(answered.id));
            object.insert("entry".to_owned(), json!(answered.entry));
            object.insert("mode".to_owned(), json!(answered.mode));
            object.insert("release".to_owned(), json!(answered.release));
        }
        print::json(&value);
    } else {
        print::line(&table(answered));
        print::line(&footer(answered));
    }
    Ok(())
}

/// The first rows of an answer as a table.
pub fn table(answered: &Answered) -> String {
    if answered.mode == Mode::Transfer {
        return "rows that leave are written with --csv only, where they carry their marks"
            .to_owned();
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(answered.answer.columns.iter().map(|c| c.name.as_str()));
    for row in answered.answer.table().into_iter().take(ROWS_SHOWN) {
        table.add_row(
            row.into_iter()
                .map(|cell| cell.unwrap_or_else(|| "–".to_owned())),
        );
    }
    table.to_string()
}

/// What belongs under an answer.
pub fn footer(answered: &Answered) -> String {
    let a = &answered.answer;
    let mut text = format!(
        "{} rows in mode {} from release {}; question {}, ledger entry {}",
        a.rows, answered.mode, answered.release, answered.id, answered.entry
    );
    if a.rows > ROWS_SHOWN as u64 {
        text.push_str(&format!(
            "; the first {ROWS_SHOWN} are shown, --csv prints all"
        ));
    }
    if let Some(rows) = a.withheld_rows {
        text.push_str(&format!(
            "; {rows} groups of fewer than ten people left out"
        ));
    }
    if a.withheld_cells > 0 {
        text.push_str(&format!(
            "; {} cells of fewer than ten people withheld",
            a.withheld_cells
        ));
    }
    text
}
