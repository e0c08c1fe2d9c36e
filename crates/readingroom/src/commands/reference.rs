//! `readingroom airlock check --reference`: files judged against a folder of tables, without an instance.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use airlock::{Context, File, Lineage, Rules};
use serde_json::json;

use super::airlock::{plain, read_one};
use crate::cli;
use crate::failure::{Failure, REFUSED};
use crate::print;
use crate::reading::Readers;
use crate::reference;

/// What a command line asks for.
pub struct Asked<'a> {
    dir: &'a Path,
    id: &'a str,
    rules: Option<&'a str>,
    files: &'a [PathBuf],
    json: bool,
}

/// Whether a command names a folder in place of a project.
pub fn asked(command: &cli::Airlock) -> Option<Asked<'_>> {
    let cli::Airlock::Check {
        print,
        reference,
        files,
        ..
    } = command
    else {
        return None;
    };
    Some(Asked {
        dir: reference.reference.as_deref()?,
        id: reference.id.as_deref()?,
        rules: reference.rules.as_deref(),
        files,
        json: print.json,
    })
}

/// No answers were given here before.
pub struct None_;

impl Lineage for None_ {
    fn aggregate_answer(&self, _: &str) -> Option<u64> {
        None
    }
}

/// Judges the files as one request, in the order in which they were named.
pub fn check(asked: &Asked<'_>) -> Result<ExitCode, Failure> {
    let rules = rules(asked.rules)?;
    let mut files = Vec::new();
    for path in asked.files {
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        files.push((name, read_one(path)?));
    }
    let opened = reference::open(asked.dir, asked.id)?;
    for notice in &opened.notices {
        print::error(notice);
    }
    let context = Context {
        participants: &opened.reference,
        lineage: &None_,
        rules,
    };
    let request: Vec<File<'_>> = files
        .iter()
        .map(|(name, bytes)| File { name, bytes })
        .collect();
    let mut readers = Readers::default();
    let readings = request.iter().map(|file| readers.read(file.bytes));
    let verdicts = airlock::judge(&request, readings, &context);
    for (verdict, path) in verdicts.iter().zip(asked.files) {
        if asked.json {
            let mut line =
                serde_json::to_value(verdict).map_err(|e| Failure::fault("writing JSON", e))?;
            if let Some(object) = line.as_object_mut() {
                object.insert("path".to_owned(), json!(path.to_string_lossy()));
            }
            print::line(&line.to_string());
        } else {
            print::line(&plain(verdict));
        }
    }
    let red = verdicts.iter().any(|v| v.verdict == airlock::Colour::Red);
    Ok(if red {
        ExitCode::from(REFUSED)
    } else {
        ExitCode::SUCCESS
    })
}

/// The thresholds that a command line names: a preset, or a file of the same form.
pub fn rules(name: Option<&str>) -> Result<Rules, Failure> {
    let Some(name) = name else {
        return Ok(Rules::default());
    };
    if let Some(rules) = Rules::preset(name) {
        return Ok(rules);
    }
    let text = std::fs::read_to_string(name).map_err(|_| {
        Failure::Misuse(format!(
            "--rules: expected a file of rules or one of {}, found `{name}`",
            Rules::PRESETS.join(", ")
        ))
    })?;
    Rules::of_file(&text).map_err(|why| Failure::Misuse(format!("--rules: {name}: {why}")))
}
