//! `readingroom verify`: nothing is believed. Every hash is derived again from the entries, the signature is
//! checked, the events are replayed, and whatever else the log names is compared with its digest. It never
//! writes, and works on an instance that was killed at any moment.

mod instance;
mod record;
mod site;
mod web;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use governance::{Envelope, Refusal, State, ledger};
use serde_json::json;

use crate::cli::Verify;
use crate::config;
use crate::failure::{Failure, REFUSED};
use crate::print;

/// What was verified, and what is wrong.
#[derive(Debug, Default)]
pub struct Verified {
    /// What was checked and holds, or is worth knowing, in plain words.
    pub notes: Vec<String>,
    /// What is wrong: place, expected, found.
    pub findings: Vec<String>,
    /// Log entries that were read.
    pub entries: u64,
    /// Digest of the state after them.
    pub state_sha256: Option<String>,
}

impl Verified {
    /// For programs.
    pub fn json(&self, target: &str) -> serde_json::Value {
        json!({
            "target": target, "sound": self.findings.is_empty(), "entries": self.entries,
            "state_sha256": self.state_sha256, "checked": self.notes, "findings": self.findings,
        })
    }

    /// For people.
    pub fn text(&self, target: &str) -> String {
        let mut lines: Vec<String> = self.notes.iter().map(|n| format!("  ok: {n}")).collect();
        lines.extend(self.findings.iter().map(|f| format!("  WRONG: {f}")));
        let verdict = if self.findings.is_empty() {
            format!("verified: {target}: nothing was changed")
        } else {
            format!("NOT verified: {target}; findings: {}", self.findings.len())
        };
        lines.insert(0, verdict);
        lines.join("\n")
    }
}

/// A replay that remembers what it folded.
#[derive(Debug, Default)]
pub struct Replay {
    /// The state so far.
    pub state: State,
    /// Every envelope.
    pub log: Vec<Envelope>,
}

impl Replay {
    /// Folds one leaf in; the first leaf begins anew.
    pub fn fold(&mut self, index: u64, leaf: &[u8]) -> Result<(), String> {
        if index == 0 {
            *self = Self::default();
        }
        let envelope = ledger::read(leaf).map_err(|e| e.to_string())?;
        self.state.evolve(&envelope);
        self.log.push(envelope);
        Ok(())
    }
}

pub fn run(dir: Option<PathBuf>, args: &Verify) -> Result<ExitCode, Failure> {
    let target = match (&args.target, dir) {
        (Some(target), _) => target.clone(),
        (None, Some(dir)) => dir.to_string_lossy().into_owned(),
        (None, None) => {
            return Err(Failure::Misuse(
                "name what to verify: a folder or an address".to_owned(),
            ));
        }
    };
    let verified = verify(&target, args.vkey.as_deref())?;
    if args.print.json {
        print::json(&verified.json(&target));
    } else {
        print::line(&verified.text(&target));
    }
    Ok(if verified.findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(REFUSED)
    })
}

/// Verifies whatever the target is: an address, a release record, an instance, an exported register, or a bare log.
pub fn verify(target: &str, vkey: Option<&str>) -> Result<Verified, Failure> {
    if target.starts_with("http://") || target.starts_with("https://") {
        return web::verify(target, vkey);
    }
    let dir = Path::new(target);
    if dir.is_file() {
        record::verify(dir, vkey)
    } else if dir.join(config::FILE).is_file() {
        instance::verify(dir, vkey)
    } else if dir.join("register.json").is_file() || dir.join("checkpoint").is_file() {
        site::verify(dir, vkey)
    } else {
        Err(Refusal::new(
            "nothing-to-verify",
            "verify-what-exists",
            "the folder holds neither an instance, nor an exported register, nor a log",
            "name the folder of one of them, the address of a register, or a release record",
        )
        .into())
    }
}
