//! `readingroom bench query`: questions over a synthetic cohort, ours and DuckDB's side by side in one run.
//!
//! Each contestant is a process of its own that answers one request at a time; the others stand still meanwhile. Every
//! answer is compared before anything is timed. Must never: touch an instance that it did not make.

pub mod airlock;
mod answers;
mod contestant;
mod figures;
mod layout;
mod players;
mod prepare;
mod profile;
mod questions;
mod report;
mod rounds;
mod sealing;
mod spelling;

use std::process::ExitCode;

pub use contestant::serve;

use crate::cli::BenchQuery;
use crate::failure::Failure;
use crate::files;
use crate::print;

/// Prepares what is not there, plays the rounds, prints what came out.
pub fn run(args: &BenchQuery) -> Result<ExitCode, Failure> {
    let tell = |text: &str| {
        if !args.print.json {
            print::line(text);
        }
    };
    let data = prepare::data(args, &tell)?;
    let mut questions = questions::all(&data.manifest);
    if !args.only.is_empty() {
        questions.retain(|q| args.only.iter().any(|name| name == q.name));
    }
    if questions.is_empty() {
        return Err(Failure::Misuse(
            "--only names no question of the bench".to_owned(),
        ));
    }
    if args.profile {
        for question in &questions {
            print::line(&profile::of(&data, question)?);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let played = rounds::play(&data, &questions, args, &tell)?;
    let report = report::Report::new(&data, args, played);
    if args.print.json {
        print::json(&report.json());
    } else {
        print::line(&report.text());
    }
    if let Some(path) = &args.out {
        let text = format!("{:#}\n", report.json());
        let path = std::path::absolute(path).map_err(|e| files::io("finding", path, e))?;
        files::write_durably(&path, text.as_bytes())?;
    }
    if let Some(path) = &args.markdown {
        report.rewrite(path)?;
    }
    Ok(ExitCode::SUCCESS)
}
