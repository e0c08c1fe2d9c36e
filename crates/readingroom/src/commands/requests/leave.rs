//! Leaving: the release event first, then who is handed the files, then the files with their signed record.

use std::path::Path;

use governance::outputs::{DownloadOutput, ReleaseOutput};
use governance::{Command, Digest, Id, Refusal};
use serde_json::json;

use super::record::{self, RECORD_FILE};
use super::{Said, request, review};
use crate::commands::id;
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;

/// Files that were handed over.
pub struct Released {
    /// Ledger number of the release.
    pub entry: u64,
    /// Names of the files that were written, the record among them.
    pub files: Vec<String>,
}

pub(super) fn run_release(dir: &Path, name: &str, to: &Path, by: &str) -> Result<Said, Failure> {
    let mut instance = Instance::open(dir)?;
    let output = id("--id", name)?;
    let released = release(&mut instance, &id("--as", by)?, &output, to)?;
    Ok(tell("released", &output, to, &released))
}

pub(super) fn run_download(dir: &Path, name: &str, to: &Path, by: &str) -> Result<Said, Failure> {
    let mut instance = Instance::open(dir)?;
    let output = id("--id", name)?;
    outside(&instance, to)?;
    let released = hand(&mut instance, &id("--as", by)?, &output, to)?;
    Ok(tell("downloaded", &output, to, &released))
}

fn tell(done: &str, id: &Id, to: &Path, released: &Released) -> Said {
    let mut value = json!({ "entry": released.entry, "files": released.files });
    if let Some(fields) = value.as_object_mut() {
        fields.insert(done.to_owned(), id.to_string().into());
    }
    Said {
        value,
        text: format!(
            "{done}: {id}; released in ledger entry {}; written to {}: {}",
            released.entry,
            to.display(),
            released.files.join(", ")
        ),
    }
}

/// Releases a request, and hands its files to whoever released it. If the process is killed in between, the files are
/// fetched with `airlock download`.
pub fn release(instance: &mut Instance, by: &Id, id: &Id, to: &Path) -> Result<Released, Failure> {
    outside(instance, to)?;
    review::open_due(instance, by, id)?;
    instance.give(by, &Command::from(ReleaseOutput { output: id.clone() }))?;
    hand(instance, by, id, to)
}

/// Hands a release over: recorded first, then written, checked against the digests in the release event.
fn hand(instance: &mut Instance, by: &Id, id: &Id, to: &Path) -> Result<Released, Failure> {
    let command = Command::from(DownloadOutput { output: id.clone() });
    instance.give_program(by, &command)?;
    let signed = record::signed(instance, id)?;
    let output = request(instance, id)?;
    files::make_dir(to)?;
    let mut names = Vec::new();
    for (name, file) in &output.files {
        let bytes = kept(instance, &file.sha256)?;
        place(&to.join(name), &bytes)?;
        names.push(name.clone());
    }
    let own = |name: &String| name.eq_ignore_ascii_case(RECORD_FILE);
    if output.files.keys().any(own) {
        return Err(in_the_way(&to.join(RECORD_FILE)));
    }
    place(&to.join(RECORD_FILE), signed.as_bytes())?;
    names.push(RECORD_FILE.to_owned());
    Ok(Released {
        entry: output.released_entry.unwrap_or(output.entry),
        files: names,
    })
}

/// Bytes that were kept under their digest, and still have it.
pub(super) fn kept(instance: &Instance, sha256: &Digest) -> Result<Vec<u8>, Failure> {
    let kept = instance.kept_output(sha256);
    let bytes = std::fs::read(&kept).map_err(|e| files::io("reading", &kept, e))?;
    if Digest::of(&bytes) != *sha256 {
        let why = "its bytes are not those that were checked";
        return Err(files::io("releasing", &kept, why));
    }
    Ok(bytes)
}

fn place(target: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if std::fs::read(target).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if target.exists() {
        return Err(in_the_way(target));
    }
    files::write_durably(target, bytes)
}

/// Files are never released into the instance itself, where they could take the place of its own.
pub(super) fn outside(instance: &Instance, to: &Path) -> Result<(), Failure> {
    // What is there of the path now decides where it leads.
    let mut there = to;
    while !there.exists() {
        there = match there.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => return Err(in_the_way(to)),
        };
    }
    let real = |path: &Path| {
        path.canonicalize()
            .map_err(|e| files::io("finding", path, e))
    };
    let (to, own) = (real(there)?, real(&instance.dir)?);
    // The demonstration keeps what leaves in its own folder of work files.
    if to.starts_with(&own) && !to.starts_with(own.join("demo")) {
        return Err(in_the_way(&to));
    }
    Ok(())
}

fn in_the_way(path: &Path) -> Failure {
    Refusal::new(
        "place-in-use",
        "releases-overwrite-nothing",
        format!(
            "{} belongs to the instance, or holds something else already",
            path.display()
        ),
        "name another folder with --to",
    )
    .into()
}
