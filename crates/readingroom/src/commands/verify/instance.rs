//! An instance: its log, database, policies, releases and kept outputs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use governance::Digest;
use governance::data::Release;
use governance::outputs::OutputStanding;
use store::Store;
use transparency::{Disclosure, disclosure};
use vault::release::verify_files;
use vault::sealed::{KEYS, ReleaseKeys};

use super::site::{note_log, note_state};
use super::{Replay, Verified};
use crate::failure::Failure;
use crate::files;
use crate::instance::snapshot;
use crate::masks::index_digest;

/// Verifies an instance without writing to it.
pub fn verify(dir: &Path, vkey: Option<&str>) -> Result<Verified, Failure> {
    let mut verified = Verified::default();
    let mut replay = Replay::default();
    let store = Store::open_read(dir).map_err(|e| Failure::fault("opening the database", e))?;
    let kept = store
        .snapshot()
        .map_err(|e| Failure::fault("reading the database", e))?;
    let mut derived = None;
    let report = store::verify(dir, &mut |index, leaf| {
        replay.fold(index, leaf)?;
        if kept.as_ref().is_some_and(|k| k.size == replay.state.size) {
            derived = Some(snapshot(&replay.state).map_err(|e| e.text())?);
        }
        Ok(())
    });
    note_log(&report.log, "", &mut verified);
    trusted_key(dir, vkey, &mut verified);
    if report.awaiting > 0 {
        verified.notes.push(format!(
            "{} events are durable and await their checkpoint; the next command publishes it",
            report.awaiting
        ));
    }
    compare_state(kept.as_ref(), derived.as_ref(), &mut verified);
    disclosures(&store, &replay, &mut verified)?;
    index(&store, &replay, &mut verified)?;
    policies(dir, &replay, &mut verified);
    releases(dir, &replay, &mut verified)?;
    outputs(dir, &replay, &mut verified);
    note_state(&replay, &mut verified)?;
    Ok(verified)
}

/// The log is checked with the key beside it; a key from elsewhere must be the same.
fn trusted_key(dir: &Path, vkey: Option<&str>, verified: &mut Verified) {
    let Some(trusted) = vkey else { return };
    let own = std::fs::read_to_string(dir.join("ledger/vkey")).unwrap_or_default();
    if own.trim_end() == trusted.trim() {
        verified
            .notes
            .push("the log's key is the one you trust".to_owned());
    } else {
        verified
            .findings
            .push("ledger/vkey: expected the key you trust, found another".to_owned());
    }
}

fn compare_state(
    kept: Option<&store::Snapshot>,
    derived: Option<&(String, String)>,
    verified: &mut Verified,
) {
    let Some(kept) = kept else { return };
    if derived.is_some_and(|(digest, json)| *digest == kept.digest && *json == kept.json) {
        verified.notes.push(format!(
            "the stored state at {} entries equals the replayed one",
            kept.size
        ));
    } else {
        verified.findings.push(format!(
            "state.sqlite: the stored state at {} entries is not the one that the log leads to",
            kept.size
        ));
    }
}

/// Every private value must be there and match its digest; only a researcher who was erased may lack theirs.
fn disclosures(store: &Store, replay: &Replay, verified: &mut Verified) -> Result<(), Failure> {
    let mut expected: BTreeMap<(u64, String), &str> = BTreeMap::new();
    for (entry, envelope) in (0_u64..).zip(&replay.log) {
        for (name, digest) in &envelope.private {
            expected.insert((entry, name.clone()), digest);
        }
    }
    let named = expected.len();
    let (mut matched, mut wrong) = (0, Vec::new());
    store
        .every_disclosure(|private| {
            let digest = expected.remove(&(private.seq, private.name.clone()));
            let opens = |digest: &str| {
                disclosure::check(&private.disclosure, digest).is_ok_and(|d| d.is_some())
            };
            if digest.is_some_and(opens) {
                matched += 1;
            } else {
                wrong.push((
                    private.seq,
                    private.name,
                    "does not match its digest in the log",
                ));
            }
            Ok(())
        })
        .map_err(|e| Failure::fault("reading the database", e))?;
    let erased: BTreeSet<u64> = replay
        .state
        .people
        .researchers
        .values()
        .filter(|r| r.erased)
        .map(|r| r.entry)
        .collect();
    let mut lawful = 0;
    for (entry, name) in expected.keys() {
        if erased.contains(entry) {
            lawful += 1;
        } else {
            wrong.push((
                *entry,
                (*name).to_owned(),
                "is missing, and no event says that it was erased",
            ));
        }
    }
    verified.notes.push(format!(
        "{matched} of {named} private values are kept and match their digests; {lawful} were erased"
    ));
    for (entry, name, what) in wrong {
        verified.findings.push(format!(
            "state.sqlite: the private value `{name}` of entry {entry} {what}"
        ));
    }
    Ok(())
}

/// Which participant has which internal index must be what the releases were sealed with.
fn index(store: &Store, replay: &Replay, verified: &mut Verified) -> Result<(), Failure> {
    let index = store
        .participant_indices()
        .map_err(|e| Failure::fault("reading the participant index", e))?;
    for (name, release) in &replay.state.data.releases {
        let kept = store
            .disclosures(release.entry)
            .map_err(|e| Failure::fault("reading the database", e))?;
        let sealed = kept
            .iter()
            .find(|(n, _)| n == "index_sha256")
            .map(|(_, text)| text);
        let sealed = sealed.and_then(|text| Disclosure::parse(text).ok());
        let digest = index_digest(&index, release.participants);
        if sealed.as_ref().and_then(|d| d.value().as_str()) != Some(digest.as_str()) {
            verified.findings.push(format!(
                "state.sqlite: the participants' indices are not those with which release {name} was sealed"
            ));
        }
    }
    Ok(())
}

fn policies(dir: &Path, replay: &Replay, verified: &mut Verified) {
    let Some(adopted) = &replay.state.settings.policies else {
        return;
    };
    for (name, digest) in &adopted.files {
        match std::fs::read(dir.join(files::POLICIES).join(name)) {
            Ok(bytes) if Digest::of(&bytes) == *digest => {}
            Ok(_) => verified.findings.push(format!(
                "policies/{name}: not the file that was adopted in entry {}",
                adopted.entry
            )),
            Err(e) => verified.findings.push(format!("policies/{name}: {e}")),
        }
    }
    verified.notes.push(format!(
        "{} policy files compared with the adopted ones",
        adopted.files.len()
    ));
}

fn releases(dir: &Path, replay: &Replay, verified: &mut Verified) -> Result<(), Failure> {
    for (name, release) in &replay.state.data.releases {
        let folder = dir.join(files::RELEASES).join(name.as_str());
        let place = format!("{}/{name}", files::RELEASES);
        let manifest = match std::fs::read(folder.join("manifest.json")) {
            Ok(bytes) if Digest::of(&bytes) == release.manifest_sha256 => bytes,
            Ok(_) => {
                verified.findings.push(format!(
                    "{place}/manifest.json: not the one that was sealed in entry {}",
                    release.entry
                ));
                continue;
            }
            Err(e) => {
                verified
                    .findings
                    .push(format!("{place}/manifest.json: {e}"));
                continue;
            }
        };
        let manifest = serde_json::from_slice(&manifest)
            .map_err(|e| Failure::fault("reading a sealed manifest", e))?;
        verified
            .findings
            .extend(keys(dir, &folder, &place, release));
        let wrong = verify_files(&folder, &manifest);
        if wrong.is_empty() {
            verified
                .notes
                .push(format!("release {name}: every file has its sealed digest"));
        }
        verified
            .findings
            .extend(wrong.iter().map(|f| format!("{place}/{f}")));
    }
    Ok(())
}

/// The keys of a release: each opens, except those that the log says were destroyed.
fn keys(dir: &Path, folder: &Path, place: &str, release: &Release) -> Vec<String> {
    let kms = match crate::instance::kms(dir) {
        Ok(kms) => kms,
        Err(e) => return vec![format!("{}: {}", files::KEKS, e.text())],
    };
    let keys = match ReleaseKeys::load(folder) {
        Ok(keys) => keys,
        Err(e) => return vec![format!("{place}/{KEYS}: {e}")],
    };
    let mut findings = Vec::new();
    for (class, there) in keys.classes() {
        let erased = release.retired || release.erased.iter().any(|c| c.as_str() == class);
        if there && !erased && keys.open(&kms, [class]).is_err() {
            findings.push(format!(
                "{place}/{KEYS}: the key of class {class} does not open"
            ));
        }
        if !there && !erased {
            findings.push(format!(
                "{place}/{KEYS}: the key of class {class} was destroyed, and the log does not say so"
            ));
        }
    }
    if keys.release()
        != folder
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default()
    {
        findings.push(format!("{place}/{KEYS}: the keys of another release"));
    }
    findings
}

/// Files of requests that are open or left must be there, with the verdicts on them; those of other requests may be. All
/// must have their digest.
fn outputs(dir: &Path, replay: &Replay, verified: &mut Verified) {
    let mut compared = 0;
    for request in replay.state.outputs.requests.values() {
        let needed = !matches!(
            request.standing,
            OutputStanding::Rejected | OutputStanding::Withdrawn
        );
        let told = request.engine.iter().map(|e| (&e.verdicts_sha256, needed));
        let own = request.files.values().map(|f| (&f.sha256, needed));
        let past = request.history.iter().flat_map(|v| v.files.values());
        let past = past.map(|f| (&f.sha256, false));
        for (sha256, needed) in own.chain(told).chain(past) {
            let place = format!("{}/{sha256}", files::OUTPUTS);
            match std::fs::read(dir.join(&place)) {
                Ok(bytes) if Digest::of(&bytes) == *sha256 => compared += 1,
                Ok(_) => verified.findings.push(format!(
                    "{place}: its bytes do not have the digest of its name"
                )),
                Err(e) if needed => verified.findings.push(format!("{place}: {e}")),
                Err(_) => {}
            }
        }
    }
    if compared > 0 {
        verified.notes.push(format!(
            "files that asked to leave, and verdicts on them: {compared} have their digests"
        ));
    }
}
