//! `readingroom keys`: the keys under which releases are sealed: which there are, new key-encryption keys, and destroying
//! the keys of a release or of one of its classes.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use governance::data::EraseKeys;
use governance::{Command, Id, Refusal};
use serde_json::json;
use vault::sealed::{LocalKms, ReleaseKeys};

use crate::cli::{Keys, Print};
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;
use crate::print;

pub fn run(dir: &Path, command: &Keys) -> Result<ExitCode, Failure> {
    let mut instance = Instance::open(dir)?;
    match command {
        Keys::List { print } => list(&instance, *print)?,
        Keys::Rotate { print } => rotate(&instance, *print)?,
        Keys::Erase {
            print,
            release,
            class,
            reasons,
            agreed_by,
            actor,
        } => {
            let by = super::id("--as", actor)?;
            let erase = EraseKeys {
                release: super::id("--release", release)?,
                class: class
                    .as_deref()
                    .map(|c| super::id("--class", c))
                    .transpose()?,
                reasons: reasons.clone(),
                agreed_by: super::id("--agreed-by", agreed_by)?,
            };
            let entry = destroy(&mut instance, &by, &erase)?;
            if print.json {
                print::json(&json!({ "erased": erase, "entry": entry }));
            } else {
                print::line(&format!(
                    "keys destroyed; ledger entry {entry}; copies of keys.json in backups open the files for as long as the key-encryption key of that time exists: run `readingroom keys rotate` and destroy the old one"
                ));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn keys_of(
    instance: &Instance,
    release: &Id,
) -> Result<(std::path::PathBuf, ReleaseKeys), Failure> {
    let folder = instance.releases().join(release.as_str());
    let keys = ReleaseKeys::load(&folder)
        .map_err(|e| Failure::fault("reading the keys of a release", e))?;
    Ok((folder, keys))
}

fn list(instance: &Instance, print: Print) -> Result<(), Failure> {
    let mut lines = Vec::new();
    for release in instance.state.data.releases.keys() {
        let (_, keys) = keys_of(instance, release)?;
        for (class, there) in keys.classes() {
            lines.push((release.clone(), class.to_owned(), there));
        }
    }
    if print.json {
        let lines: Vec<_> = lines
            .iter()
            .map(|(r, c, there)| json!({ "release": r, "class": c, "there": there }))
            .collect();
        print::json(&json!(lines));
        return Ok(());
    }
    for (release, class, there) in lines {
        let there = if there { "there" } else { "destroyed" };
        print::line(&format!("{release}  {class}: {there}"));
    }
    Ok(())
}

/// A new key-encryption key, under which the keys of every release are wrapped from now on. No file of data is written.
fn rotate(instance: &Instance, print: Print) -> Result<(), Failure> {
    if std::env::var_os(files::KEKS_VARIABLE).is_none() {
        let path = instance.dir.join(files::KEKS);
        let text = std::fs::read_to_string(&path).map_err(|e| files::io("reading", &path, e))?;
        let lines = text.lines().filter(|l| !l.trim().is_empty()).count();
        let line = LocalKms::new_line(&format!("kek-{}", lines + 1))
            .map_err(|e| Failure::fault("making a key", e))?;
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .map_err(|e| files::io("writing", &path, e))?;
        file.write_all(line.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|e| files::io("writing", &path, e))?;
    }
    let kms = instance.kms()?;
    let mut count = 0;
    for release in instance.state.data.releases.keys() {
        let (folder, mut keys) = keys_of(instance, release)?;
        count += keys
            .rotate(&kms)
            .and_then(|n| keys.save(&folder).map(|()| n))
            .map_err(|e| Failure::fault("wrapping the keys of a release", e))?;
    }
    if print.json {
        print::json(&json!({ "wrapped": count }));
    } else {
        print::line(&format!(
            "{count} keys of releases wrapped under the new key-encryption key; the old one may be taken out of {} once backups are dealt with",
            files::KEKS
        ));
    }
    Ok(())
}

/// Writes to the log, then destroys. Stopped in between, the same command finishes it.
fn destroy(instance: &mut Instance, by: &Id, erase: &EraseKeys) -> Result<u64, Failure> {
    if let Some(class) = &erase.class
        && instance.state.data.releases.contains_key(&erase.release)
    {
        let (_, keys) = keys_of(instance, &erase.release)?;
        if !keys.classes().any(|(c, _)| c == class.as_str()) {
            return Err(Refusal::new(
                "class-not-there",
                "names-what-exists",
                format!("release `{}` has no key of class `{class}`", erase.release),
                "see `readingroom keys list`",
            )
            .into());
        }
    }
    let given = instance.give_program(by, &Command::from(erase.clone()))?;
    let (folder, mut keys) = keys_of(instance, &erase.release)?;
    match &erase.class {
        Some(class) => keys
            .erase(class.as_str())
            .map_err(|e| Failure::fault("destroying a key", e))?,
        None => keys.erase_all(),
    }
    keys.save(&folder)
        .map_err(|e| Failure::fault("destroying keys", e))?;
    Ok(given.first)
}
