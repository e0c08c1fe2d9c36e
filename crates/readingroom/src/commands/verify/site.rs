//! An exported register, or a bare log, in a folder.

use std::path::{Path, PathBuf};

use transparency::{LogReader, Report, verify_log};

use super::{Replay, Verified};
use crate::failure::Failure;
use crate::files;

/// Reads the files of a log below a folder.
pub struct Folder(pub PathBuf);

impl LogReader for Folder {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        match std::fs::read(self.0.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e.to_string()),
        }
    }

    fn list(&self) -> Result<Option<Vec<String>>, String> {
        let mut paths = Vec::new();
        walk(&self.0, "", &mut paths)?;
        Ok(Some(paths))
    }
}

fn walk(dir: &Path, prefix: &str, paths: &mut Vec<String>) -> Result<(), String> {
    for entry in std::fs::read_dir(dir).map_err(|e| e.to_string())? {
        let entry = entry.map_err(|e| e.to_string())?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(|e| e.to_string())?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), paths)?;
        } else {
            paths.push(name);
        }
    }
    Ok(())
}

/// Verifies a folder: an exported register with its log below `ledger/`, or a log itself.
pub fn verify(dir: &Path, vkey: Option<&str>) -> Result<Verified, Failure> {
    let register = dir.join("register.json");
    let log = if register.is_file() {
        dir.join("ledger")
    } else {
        dir.to_owned()
    };
    let mut verified = Verified::default();
    let mut replay = Replay::default();
    let report = verify_log(&Folder(log), vkey, &mut |i, leaf| replay.fold(i, leaf));
    note_log(
        &report,
        if register.is_file() { "ledger/" } else { "" },
        &mut verified,
    );
    // Pages made from a log that is not the signed one would say nothing about the published ones.
    if register.is_file() && report.is_sound() {
        compare_pages(dir, &replay, &mut verified)?;
    }
    note_state(&replay, &mut verified)?;
    Ok(verified)
}

/// Says what the audit of a log found; `below` stands before the paths of its findings.
pub fn note_log(report: &Report, below: &str, verified: &mut Verified) {
    verified.entries = report.entries;
    let findings = report.findings.iter().map(|f| format!("{below}{f}"));
    verified.findings.extend(findings);
    if report.more_findings > 0 {
        verified.findings.push(format!(
            "and {} more findings in the log",
            report.more_findings
        ));
    }
    if report.is_sound() {
        verified.notes.push(format!(
            "{} log entries hashed again to the signed root; {} files equal byte for byte",
            report.entries, report.files
        ));
    }
}

/// Says what state the replay led to.
pub fn note_state(replay: &Replay, verified: &mut Verified) -> Result<(), Failure> {
    let digest = replay
        .state
        .digest()
        .map_err(|e| Failure::fault("writing the state", e))?;
    verified.notes.push(format!(
        "{} events replayed; state {digest}",
        replay.state.size
    ));
    verified.state_sha256 = Some(digest.to_string());
    Ok(())
}

/// Makes the pages again from the log and compares every one.
fn compare_pages(dir: &Path, replay: &Replay, verified: &mut Verified) -> Result<(), Failure> {
    let pages = pages_of(replay)?;
    let mut there = Vec::new();
    walk(dir, "", &mut there).map_err(|e| files::io("listing", dir, e))?;
    for path in there
        .iter()
        .filter(|p| !p.starts_with("ledger/") && !pages.contains_key(*p))
    {
        verified.findings.push(format!(
            "{path}: expected nothing of this name, found a file"
        ));
    }
    for (path, expected) in &pages {
        match std::fs::read(dir.join(path)) {
            Ok(found) => compare_page(path, expected, &found, verified),
            Err(_) => verified
                .findings
                .push(format!("{path}: expected a page, found none")),
        }
    }
    verified
        .notes
        .push(format!("{} pages made again from the log", pages.len()));
    Ok(())
}

/// Every page that the log leads to.
pub fn pages_of(replay: &Replay) -> Result<std::collections::BTreeMap<String, Vec<u8>>, Failure> {
    let entries: Vec<_> = (0_u64..).zip(replay.log.iter().cloned()).collect();
    let register = server::register::Register::from_log(&entries, &replay.state)
        .map_err(|e| Failure::fault("making the register", e))?;
    server::site::pages(&register).map_err(|e| Failure::fault("making the pages", e))
}

/// Compares a page with the one that the log leads to.
pub fn compare_page(path: &str, expected: &[u8], found: &[u8], verified: &mut Verified) {
    if expected == found {
        return;
    }
    let at = expected
        .iter()
        .zip(found)
        .take_while(|(a, b)| a == b)
        .count();
    verified.findings.push(format!(
        "{path}, byte {at}: expected the page that the log leads to ({} bytes), found another ({} bytes)",
        expected.len(),
        found.len()
    ));
}
