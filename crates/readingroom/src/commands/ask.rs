//! `readingroom query`: one question of one project.

use std::path::Path;
use std::process::ExitCode;

use governance::Mode;
use serde_json::json;

use crate::cli::{Query, QueryMode};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::limits::ROWS_SHOWN;
use crate::print;
use crate::question::{self, Answered};

pub fn run(dir: &Path, args: &Query) -> Result<ExitCode, Failure> {
    let mut instance = Instance::open(dir)?;
    let project = super::id("--project", &args.project)?;
    let researcher = super::airlock::researcher(&instance, &project, args.actor.as_deref())?;
    let mode = args.mode.map(|m| match m {
        QueryMode::Aggregate => Mode::Aggregate,
        QueryMode::Enclave => Mode::Enclave,
    });
    let answered = question::put(&mut instance, &project, &researcher, mode, &args.sql)?;
    if args.csv {
        print::bytes(&answered.csv);
    } else if args.print.json {
        let mut value: serde_json::Value = serde_json::from_str(&answered.answer.to_json())
            .map_err(|e| Failure::fault("writing JSON", e))?;
        if let Some(object) = value.as_object_mut() {
            object.insert("entry".to_owned(), json!(answered.entry));
            object.insert("mode".to_owned(), json!(answered.mode));
            object.insert("release".to_owned(), json!(answered.release));
        }
        print::json(&value);
    } else {
        print::line(&table(&answered));
        print::line(&footer(&answered));
    }
    Ok(ExitCode::SUCCESS)
}

/// The first rows of an answer as a table.
pub fn table(answered: &Answered) -> String {
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
        "{} rows in mode {} from release {}; ledger entry {}",
        a.rows, answered.mode, answered.release, answered.entry
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
