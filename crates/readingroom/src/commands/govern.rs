//! `readingroom do`: governance commands, one schema each.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use governance::{COMMANDS, Command, CommandInfo, Refusal, Who};
use serde_json::json;

use crate::cli::Do;
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;
use crate::limits::BODY_BYTES;
use crate::print;

pub fn run(dir: Option<PathBuf>, args: &Do) -> Result<ExitCode, Failure> {
    let as_json = args.json.is_some();
    if args.list {
        list(as_json);
        return Ok(ExitCode::SUCCESS);
    }
    let name = args.command.as_deref().unwrap_or_default();
    let info = CommandInfo::find(name).ok_or_else(|| unknown(name))?;
    if args.schema {
        print::json(&serde_json::to_value((info.schema)()).unwrap_or_default());
        return Ok(ExitCode::SUCCESS);
    }
    let path = args
        .json
        .clone()
        .flatten()
        .or_else(|| args.body.clone())
        .ok_or_else(|| {
            Failure::Misuse(format!(
                "`{name}` needs its body: --json FILE (- reads standard input)"
            ))
        })?;
    let body = read(&path)?;
    let command = Command::read(name, &body).map_err(|e| bad_body(name, &e.to_string()))?;
    let mut instance = Instance::open(&super::instance_dir(dir)?)?;
    let person = super::id(
        "--as",
        args.actor.as_deref().unwrap_or(&instance.config.operator),
    )?;
    let (command, unknown) = with_known_ids(&instance, command)?;
    let given = instance.give(&person, &command)?;
    erase(&mut instance, &command)?;
    if as_json {
        print::json(&json!({
            "done": name, "entry": given.first, "events": given.events, "unknown_participants": unknown,
        }));
    } else {
        print::line(&format!(
            "done: {name} by {person}; ledger entry {}: {}",
            given.first,
            given.events.join(", "),
        ));
        if unknown > 0 {
            print::line(&format!(
                "  note: {unknown} of the participants are in no release of this instance"
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Participants are named as releases name them, without leading zeros. The number of those whom no release of this
/// instance knows is told, for it may be a mistake; they are recorded all the same, for they may come later.
fn with_known_ids(instance: &Instance, command: Command) -> Result<(Command, usize), Failure> {
    let normal = |id: &String| vault::ingest::normalise_id(id).unwrap_or_else(|| id.clone());
    let (command, ids): (Command, Vec<String>) = match command {
        Command::RecordWithdrawal(mut c) => {
            c.participants = c.participants.iter().map(normal).collect();
            let ids = c.participants.clone();
            (Command::RecordWithdrawal(c), ids)
        }
        Command::RecordConsent(mut c) => {
            for consent in &mut c.consents {
                consent.eid = normal(&consent.eid);
            }
            let ids = c
                .consents
                .iter()
                .map(|consent| consent.eid.clone())
                .collect();
            (Command::RecordConsent(c), ids)
        }
        other => return Ok((other, 0)),
    };
    let index = instance.participants()?;
    let unknown = ids.iter().filter(|id| !index.contains_key(*id)).count();
    Ok((command, unknown))
}

/// Erasing a researcher removes the private values of their registration; the log keeps their digests.
fn erase(instance: &mut Instance, command: &Command) -> Result<(), Failure> {
    let Command::EraseResearcher(c) = command else {
        return Ok(());
    };
    let Some(researcher) = instance.state.people.researchers.get(&c.researcher) else {
        return Ok(());
    };
    instance
        .store
        .erase_disclosures(&[researcher.entry], &["name", "email"])
        .map_err(|e| Failure::fault("erasing private values", e))?;
    Ok(())
}

fn list(as_json: bool) {
    if as_json {
        let all: Vec<_> = COMMANDS
            .iter()
            .map(|c| json!({ "command": c.name, "who": who(c.who), "does": c.summary(), "schema": (c.schema)() }))
            .collect();
        print::json(&json!(all));
        return;
    }
    for command in COMMANDS {
        print::line(&format!(
            "{:<22} {}\n{:<22}   by {}",
            command.name,
            command.summary(),
            "",
            who(command.who)
        ));
    }
}

fn who(who: Who) -> String {
    match who {
        Who::Program => "the program itself".to_owned(),
        Who::Member => "a researcher".to_owned(),
        Who::Staff(roles) => {
            let words: Vec<String> = roles
                .iter()
                .filter_map(|r| serde_json::to_value(r).ok()?.as_str().map(str::to_owned))
                .collect();
            words.join(" or ")
        }
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin()
            .lock()
            .take(BODY_BYTES)
            .read_to_string(&mut text)
            .map_err(|e| files::io("reading", path, e))?;
        return Ok(text);
    }
    let file = std::fs::File::open(path).map_err(|e| {
        Refusal::new(
            "file-unreadable",
            "input-is-readable",
            format!("{}: {e}", path.display()),
            "name a file that can be read",
        )
    })?;
    file.take(BODY_BYTES)
        .read_to_string(&mut text)
        .map_err(|e| files::io("reading", path, e))?;
    Ok(text)
}

fn unknown(name: &str) -> Refusal {
    Refusal::new(
        "command-unknown",
        "names-what-exists",
        format!("no command is called `{name}`"),
        "see `readingroom do --list`",
    )
}

fn bad_body(name: &str, reason: &str) -> Refusal {
    Refusal::new(
        "body-form",
        "bodies-fit-their-schema",
        format!("the body of `{name}`: {reason}"),
        format!("see `readingroom do {name} --schema`"),
    )
}
