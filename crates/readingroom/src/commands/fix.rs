//! `readingroom airlock fix`: the version of a file that passes.

use std::process::ExitCode;

use airlock::{Context, File, Participants, fix};
use governance::Refusal;
use serde_json::json;

use super::airlock::read_one;
use super::reference::{None_, rules};
use crate::cli::AirlockFix;
use crate::failure::Failure;
use crate::{files, print, reference};

/// Nobody is known: the file is judged on its content alone.
struct Nobody;

impl Participants for Nobody {
    fn is_pseudonym(&self, _: &str) -> bool {
        false
    }
    fn is_raw_id(&self, _: &str) -> bool {
        false
    }
    fn count(&self) -> u64 {
        0
    }
}

/// Writes the version that passes, and says what was changed. Never over anything.
pub fn run(args: &AirlockFix) -> Result<ExitCode, Failure> {
    if args.to.exists() {
        return Err(refused(
            "place-in-use",
            "fixes-overwrite-nothing",
            format!("{} exists already", args.to.display()),
            "name another place with --to",
        ));
    }
    let bytes = read_one(&args.file)?;
    let name = args
        .file
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let opened = match (&args.reference.reference, &args.reference.id) {
        (Some(dir), Some(id)) => Some(reference::open(dir, id)?),
        _ => None,
    };
    let participants: &dyn Participants = match &opened {
        Some(opened) => &opened.reference,
        None => &Nobody,
    };
    let context = Context {
        participants,
        lineage: &None_,
        rules: rules(args.reference.rules.as_deref())?,
    };
    let file = File {
        name: &name,
        bytes: &bytes,
    };
    let Some(fixed) = fix(&file, &context) else {
        return Err(refused(
            "no-mechanical-fix",
            "fixes-need-no-judgement",
            format!("{name}: it passes as it is, or no mechanical change makes it pass"),
            "see what `readingroom airlock check` says of it",
        ));
    };
    files::write_durably(&args.to, &fixed.bytes)?;
    let text = format!(
        "written to {}: {}",
        args.to.display(),
        fixed.changes.join("; ")
    );
    if args.print.json {
        let to = args.to.display().to_string();
        print::json(&json!({ "to": to, "changes": fixed.changes, "verdict": fixed.verdict }));
    } else {
        print::line(&text);
    }
    Ok(ExitCode::SUCCESS)
}

fn refused(code: &'static str, rule: &'static str, what: String, to_do: &'static str) -> Failure {
    Refusal::new(code, rule, what, to_do).into()
}
