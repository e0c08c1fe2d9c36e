//! `readingroom token`: tokens with which programs ask questions on a researcher's account.
//!
//! A token's text is `ID.SECRET`. It is shown once; the log holds the SHA-256 of the whole text, from which 256 random bits
//! cannot be guessed.

use std::path::Path;
use std::process::ExitCode;

use governance::people::{EndToken, IssueToken};
use governance::{Command, Digest, Id, Time};
use serde_json::json;

use crate::cli::Token;
use crate::clock;
use crate::failure::Failure;
use crate::files::hex;
use crate::instance::Instance;
use crate::print;

pub fn run(dir: &Path, command: &Token) -> Result<ExitCode, Failure> {
    let mut instance = Instance::open(dir)?;
    match command {
        Token::Issue {
            print,
            project,
            days,
            actor,
        } => {
            let project = super::id("--project", project)?;
            let researcher = super::airlock::researcher(&instance, &project, actor.as_deref())?;
            let issued = issue(&mut instance, &project, &researcher, *days)?;
            if print.json {
                print::json(&json!({
                    "token": issued.text, "id": issued.id, "researcher": researcher,
                    "project": project, "until": issued.until, "entry": issued.entry,
                }));
            } else {
                print::line(&issued.text);
                print::line(&format!(
                    "  for {researcher} and project {project}, until {}; shown this once; ledger entry {}",
                    issued.until, issued.entry
                ));
            }
        }
        Token::End { print, id, actor } => {
            // whoever pastes the whole token ends the right one, and its secret goes nowhere
            let id = super::id("ID", id.split('.').next().unwrap_or_default())?;
            let by = match actor {
                Some(actor) => super::id("--as", actor)?,
                None => instance
                    .state
                    .people
                    .tokens
                    .get(&id)
                    .map_or_else(|| id.clone(), |t| t.researcher.clone()),
            };
            let given = instance.give_program(&by, &Command::from(EndToken { id: id.clone() }))?;
            if print.json {
                print::json(&json!({ "ended": id, "entry": given.first }));
            } else {
                print::line(&format!("token {id} ended; ledger entry {}", given.first));
            }
        }
        Token::List { print } => list(&instance, print.json)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A token that was just issued.
pub struct Issued {
    /// Its text, secret.
    pub text: String,
    /// Its id, not secret.
    pub id: Id,
    /// When it ends.
    pub until: Time,
    /// Ledger number.
    pub entry: u64,
}

/// Issues a token.
pub fn issue(
    instance: &mut Instance,
    project: &Id,
    researcher: &Id,
    days: u32,
) -> Result<Issued, Failure> {
    let id = Id::new(format!(
        "t-{}",
        hex(clock::random()?.get(..6).unwrap_or_default())
    ))
    .map_err(|e| Failure::fault("an id for the token", e))?;
    let text = format!("{id}.{}", hex(&clock::random()?));
    let until = Time::from_unix(clock::now()?.unix() + i64::from(days) * 86_400)
        .map_err(|e| Failure::fault("the token's end", e))?;
    let command = IssueToken {
        id: id.clone(),
        sha256: Digest::of(text.as_bytes()),
        researcher: researcher.clone(),
        project: project.clone(),
        until,
    };
    let given = instance.give_program(researcher, &Command::from(command))?;
    Ok(Issued {
        text,
        id,
        until,
        entry: given.first,
    })
}

/// Whose token this is, if it is taken now.
pub fn holder<'a>(
    state: &'a governance::State,
    text: &str,
    at: Time,
) -> Option<(&'a Id, &'a governance::people::Token)> {
    let id = Id::new(text.split('.').next()?).ok()?;
    let (id, token) = state.people.tokens.get_key_value(&id)?;
    // the digest of a text with 256 random bits: comparing it tells nothing about the text
    (token.sha256 == Digest::of(text.as_bytes()) && token.is_live(at)).then_some((id, token))
}

fn list(instance: &Instance, as_json: bool) -> Result<(), Failure> {
    let at = clock::now()?;
    let live = instance
        .state
        .people
        .tokens
        .iter()
        .filter(|(_, t)| t.is_live(at));
    if as_json {
        let lines: Vec<_> = live
            .map(|(id, t)| json!({"id": id, "researcher": t.researcher, "project": t.project, "until": t.until}))
            .collect();
        print::json(&json!(lines));
        return Ok(());
    }
    for (id, t) in live {
        print::line(&format!(
            "{id}  {} for {}, until {}",
            t.researcher, t.project, t.until
        ));
    }
    Ok(())
}
