//! `readingroom airlock submit …`: requests for files to leave, from the first version to the letter that calls it back.
//!
//! What may happen is decided in `governance`; here files are read and written, sealed values fetched, and all of it
//! printed. Every effect comes after its event is durable.

mod leave;
mod letters;
mod record;
mod review;
mod status;
mod submit;

pub use leave::release;
pub use record::{Record, wrong_with};
pub use review::review;
pub use submit::{Asking, submit};

use std::path::Path;
use std::process::ExitCode;

use governance::outputs::{ConfirmDeletion, Output, ReturnOutput, WithdrawOutput};
use governance::{Command, Id, Refusal};
use serde_json::{Value, json};
use transparency::Disclosure;

use crate::cli::Request;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::print;

/// Runs a command about requests.
pub fn run(dir: &Path, command: &Request) -> Result<ExitCode, Failure> {
    let (as_json, value, text) = match command {
        Request::Submit { print, .. } => said(print.json, submit::run(dir, command)?),
        Request::Review {
            print,
            id,
            outcome,
            reasons,
            actor,
        } => said(print.json, review::run(dir, id, *outcome, reasons, actor)?),
        Request::Return {
            print,
            id,
            comments,
            actor,
        } => {
            let output = super::id("--id", id)?;
            let command = ReturnOutput {
                output,
                comments: comments.clone(),
            };
            said(
                print.json,
                simply(dir, "returned", id, actor, command.into())?,
            )
        }
        Request::Withdraw { print, id, actor } => {
            let output = super::id("--id", id)?;
            let command = WithdrawOutput { output };
            said(
                print.json,
                simply(dir, "withdrawn", id, actor, command.into())?,
            )
        }
        Request::Release {
            print,
            id,
            to,
            actor,
        } => said(print.json, leave::run_release(dir, id, to, actor)?),
        Request::Download {
            print,
            id,
            to,
            actor,
        } => said(print.json, leave::run_download(dir, id, to, actor)?),
        Request::Recall {
            print,
            id,
            reasons,
            letters,
            actor,
        } => said(print.json, letters::run(dir, id, reasons, letters, actor)?),
        Request::Deleted { print, id, actor } => said(print.json, deleted(dir, id, actor)?),
        Request::Status { print, id, project } => said(
            print.json,
            status::run(dir, id.as_deref(), project.as_deref())?,
        ),
        Request::Metrics { print, project } => {
            said(print.json, status::metrics(dir, project.as_deref())?)
        }
    };
    if as_json {
        print::json(&value);
    } else {
        print::line(&text);
    }
    Ok(ExitCode::SUCCESS)
}

/// What a command has to say, for programs and for people.
pub struct Said {
    pub value: Value,
    pub text: String,
}

fn said(as_json: bool, said: Said) -> (bool, Value, String) {
    (as_json, said.value, said.text)
}

/// Gives a command that has no other effect than its event.
fn simply(dir: &Path, done: &str, id: &str, by: &str, command: Command) -> Result<Said, Failure> {
    let mut instance = Instance::open(dir)?;
    let given = instance.give(&super::id("--as", by)?, &command)?;
    let mut value = json!({ "entry": given.first });
    if let Some(fields) = value.as_object_mut() {
        fields.insert(done.to_owned(), id.into());
    }
    Ok(Said {
        value,
        text: format!("{done}: {id}; ledger entry {}", given.first),
    })
}

fn deleted(dir: &Path, id: &str, by: &str) -> Result<Said, Failure> {
    let mut instance = Instance::open(dir)?;
    let output = super::id("--id", id)?;
    let command = Command::from(ConfirmDeletion {
        output: output.clone(),
    });
    let given = instance.give_program(&super::id("--as", by)?, &command)?;
    let request = request(&instance, &output)?;
    let open: Vec<&Id> = request
        .handed
        .keys()
        .filter(|who| !request.deleted.contains_key(*who))
        .collect();
    Ok(Said {
        value: json!({ "deleted": id, "entry": given.first, "still_asked": open }),
        text: format!(
            "deletion confirmed: {id} by {by}; ledger entry {}; still asked: {}",
            given.first,
            open.len()
        ),
    })
}

/// A request by its name.
fn request<'a>(instance: &'a Instance, id: &Id) -> Result<&'a Output, Failure> {
    instance.state.outputs.requests.get(id).ok_or_else(|| {
        Refusal::new(
            "output-unknown",
            "names-what-exists",
            format!("no request is called `{id}`"),
            "see `readingroom airlock status` for the requests there are",
        )
        .into()
    })
}

/// A private value of a log entry: its disclosure, if it is still kept.
fn disclosed(instance: &Instance, entry: u64, name: &str) -> Result<Option<Disclosure>, Failure> {
    let kept = instance
        .store
        .disclosures(entry)
        .map_err(|e| Failure::fault("reading a private value", e))?;
    let of_name = kept.iter().find(|(n, _)| n == name);
    of_name
        .map(|(_, encoded)| {
            Disclosure::parse(encoded).map_err(|e| Failure::fault("reading a private value", e))
        })
        .transpose()
}

/// The text of a private value, if it is still kept.
fn private_text(instance: &Instance, entry: u64, name: &str) -> Result<Option<String>, Failure> {
    let disclosure = disclosed(instance, entry, name)?;
    Ok(disclosure.and_then(|d| d.value().as_str().map(str::to_owned)))
}
