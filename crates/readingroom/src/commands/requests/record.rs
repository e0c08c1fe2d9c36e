//! The record of a release: one file for machines, beside the released files, that anybody can verify offline.
//!
//! SATRE 3.3.09 asks for a machine-readable record of each release. It says what left, of which project, by which rules and
//! on whose word, is signed with the log's key, and carries the release event with the proof that it is in the log. It
//! names no reviewer and repeats no reviewer's reasons: those are private, and the log holds their digests.

use std::collections::{BTreeMap, BTreeSet};

use governance::outputs::{CheckOutcome, Flag, Output, Verdict};
use governance::{Digest, Id, Time, ledger};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{DirReader, layout};
use transparency::{TlogProof, VerifierKey};

use super::{leave, request};
use crate::failure::Failure;
use crate::instance::Instance;

/// What the signed text says it is.
pub const KIND: &str = "readingroom release record v1";
/// Name of the file.
pub const RECORD_FILE: &str = "release-record.json";

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// What is stated.
    pub record: Stated,
    /// C2SP signature line over [`KIND`], a line end, the canonical JSON of `record` (RFC 8785), and a line end.
    pub signature: String,
    /// The key that signed, as C2SP verifier key: to be compared with one from a source that is trusted.
    pub vkey: String,
    /// The release event, as it stands in the log.
    pub event: String,
    /// C2SP tlog-proof that the event is in the log.
    pub proof: String,
}

/// What is stated about a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stated {
    /// Origin of the log.
    pub origin: String,
    /// The custodian.
    pub custodian: String,
    /// The project, and its title.
    pub project: Id,
    pub project_title: String,
    /// The request, its version, and what it is for.
    pub request: Id,
    pub version: u32,
    pub purpose: String,
    /// Which output of the project's plan it is said to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<String>,
    /// Colour of the whole request, and what the request adds to its files.
    pub colour: Verdict,
    pub flags: BTreeSet<Flag>,
    /// Whether it left without a person's look.
    pub automatic: bool,
    /// Files by name.
    pub files: BTreeMap<String, FileStated>,
    /// The rules: name, and the guidance they follow.
    pub rules: String,
    pub rules_source: String,
    /// Digest of verdicts and rules in full, which the instance keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdicts_sha256: Option<Digest>,
    /// Version of the program that judged.
    pub program: String,
    /// Reviews, by role and not by name.
    pub reviews: Vec<ReviewStated>,
    /// Log entries of request and release, and when they were.
    pub submitted_entry: u64,
    pub submitted_at: Time,
    pub released_entry: u64,
    pub released_at: Time,
}

/// A file that left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileStated {
    pub sha256: Digest,
    pub bytes: u64,
    pub verdict: Verdict,
    /// Share of the content that was understood by exact means, in percent.
    pub confidence_percent: u8,
    /// What the file was read as.
    pub kind: String,
    /// Why the verdict is what it is; never the disclosing value.
    pub reasons: Vec<ReasonStated>,
}

/// A reason of a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonStated {
    pub rule: String,
    pub source: String,
    #[serde(rename = "where")]
    pub place: String,
    pub what: String,
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewStated {
    /// In which role.
    pub role: String,
    pub outcome: CheckOutcome,
    /// Log entry, which holds the salted digest of the reasons.
    pub entry: u64,
}

/// The verdicts as they were kept when the request was submitted.
#[derive(Deserialize)]
struct Kept {
    verdicts: Vec<airlock::Verdict>,
}

/// Writes the record of a release, signed: the same bytes each time, but for the newest checkpoint in its proof.
pub(super) fn signed(instance: &Instance, id: &Id) -> Result<String, Failure> {
    let output = request(instance, id)?;
    let released = output.released_entry.unwrap_or(output.entry);
    let record = stated(instance, id, output, released)?;
    let json = canonical(&record)?;
    let store = &instance.store;
    let fault = |e: store::StoreError| Failure::fault("signing the record", e);
    let signature = store.sign_statement(KIND, &json).map_err(fault)?;
    let vkey = store.vkey().map_err(fault)?;
    let event = store.event(released).map_err(fault)?.unwrap_or_default();
    let key = VerifierKey::parse(&vkey).map_err(|e| Failure::fault("reading the log's key", e))?;
    let proof = TlogProof::prove(
        &DirReader::new(&instance.dir.join(layout::LEDGER)),
        store.checkpoint().map_err(fault)?.as_bytes(),
        &key,
        released,
        &event,
    )
    .map_err(|e| Failure::fault("proving that the release is in the log", e))?;
    let file = Record {
        record,
        signature,
        vkey,
        event: String::from_utf8(event).map_err(|e| Failure::fault("reading the event", e))?,
        proof: proof.to_string(),
    };
    let text =
        serde_json::to_string_pretty(&file).map_err(|e| Failure::fault("writing the record", e))?;
    Ok(text + "\n")
}

/// Canonical JSON of what is stated: the line that is signed.
pub fn canonical(record: &Stated) -> Result<String, Failure> {
    let bytes =
        ledger::canonical_of(record).map_err(|e| Failure::fault("writing the record", e))?;
    String::from_utf8(bytes).map_err(|e| Failure::fault("writing the record", e))
}

fn stated(
    instance: &Instance,
    id: &Id,
    output: &Output,
    released_entry: u64,
) -> Result<Stated, Failure> {
    let settings = &instance.state.settings;
    let projects = &instance.state.projects.all;
    let engine = output.engine.as_ref();
    let reviews = output.reviews.values().filter_map(|r| {
        Some(ReviewStated {
            role: "output-checker".to_owned(),
            outcome: r.outcome?,
            entry: r.entry,
        })
    });
    Ok(Stated {
        origin: settings.origin.clone().unwrap_or_default(),
        custodian: settings.custodian.clone().unwrap_or_default(),
        project: output.project.clone(),
        project_title: projects
            .get(&output.project)
            .map(|p| p.application.title.clone())
            .unwrap_or_default(),
        request: id.clone(),
        version: output.version,
        purpose: output.purpose.clone(),
        planned: output.planned.clone(),
        colour: output.colour,
        flags: output.flags.clone(),
        automatic: output.automatic,
        files: files(instance, output)?,
        rules: engine.map(|e| e.rules.clone()).unwrap_or_default(),
        rules_source: engine.map(|e| e.source.clone()).unwrap_or_default(),
        verdicts_sha256: engine.map(|e| e.verdicts_sha256.clone()),
        program: engine.map(|e| e.program.clone()).unwrap_or_default(),
        reviews: reviews.collect(),
        submitted_entry: output.entry,
        submitted_at: output.submitted_at,
        released_entry,
        released_at: output.closed_at.unwrap_or(output.submitted_at),
    })
}

fn files(instance: &Instance, output: &Output) -> Result<BTreeMap<String, FileStated>, Failure> {
    let verdicts: Vec<airlock::Verdict> = match &output.engine {
        Some(engine) => {
            let bytes = leave::kept(instance, &engine.verdicts_sha256)?;
            let kept: Kept = serde_json::from_slice(&bytes)
                .map_err(|e| Failure::fault("reading the kept verdicts", e))?;
            kept.verdicts
        }
        None => Vec::new(),
    };
    let state = |(name, file): (&String, &governance::outputs::OutputFile)| {
        let verdict = verdicts.iter().find(|v| v.file == *name);
        let reasons = verdict.into_iter().flat_map(|v| &v.reasons);
        let stated = FileStated {
            sha256: file.sha256.clone(),
            bytes: file.bytes,
            verdict: file.verdict,
            confidence_percent: verdict.map_or(0, |v| percent(v.confidence)),
            kind: verdict.map(|v| v.kind.clone()).unwrap_or_default(),
            reasons: reasons
                .map(|r| ReasonStated {
                    rule: r.rule.clone(),
                    source: r.source.clone(),
                    place: r.place.clone(),
                    what: r.what.clone(),
                })
                .collect(),
        };
        (name.clone(), stated)
    };
    Ok(output.files.iter().map(state).collect())
}

/// A share of two decimals in percent.
fn percent(share: f64) -> u8 {
    (0..=100_u8)
        .rev()
        .find(|p| f64::from(*p) / 100.0 <= share + 1e-9)
        .unwrap_or(0)
}

/// What is wrong with a record, by its own key or one from elsewhere; nothing if it holds.
pub fn wrong_with(file: &Record, vkey: &str) -> Result<Vec<String>, Failure> {
    let mut wrong = Vec::new();
    if file.vkey.trim() != vkey.trim() {
        wrong.push("the record names another key than the one that is trusted".to_owned());
    }
    let key = match VerifierKey::parse(vkey.trim()) {
        Ok(key) => key,
        Err(e) => return Ok(vec![e.to_string()]),
    };
    if key.name() != file.record.origin {
        wrong.push("the record names another log than its key does".to_owned());
    }
    let json = canonical(&file.record)?;
    if let Err(e) = transparency::statement::verify(&key, KIND, &json, &file.signature) {
        wrong.push(format!("the signature: {e}"));
    }
    match TlogProof::parse(file.proof.as_bytes()) {
        Err(e) => wrong.push(format!("the proof: {e}")),
        Ok(proof) => {
            if proof.index != file.record.released_entry {
                wrong.push("the proof is of another entry than the release".to_owned());
            }
            if let Err(e) = proof.verify(file.event.as_bytes(), &key, &[], 0) {
                wrong.push(format!("the proof: {e}"));
            }
        }
    }
    if event_of(&file.record)? != event_in(&file.event) {
        wrong.push("the event in the log is not the release that the record states".to_owned());
    }
    Ok(wrong)
}

/// The part of the release event that the record determines.
fn event_of(record: &Stated) -> Result<Option<Value>, Failure> {
    let files: BTreeMap<&String, &Digest> =
        record.files.iter().map(|(n, f)| (n, &f.sha256)).collect();
    Ok(Some(serde_json::json!({
        "at": record.released_at, "type": "output.released",
        "data": {
            "output": record.request, "project": record.project, "version": record.version,
            "files": files, "automatic": record.automatic,
        },
    })))
}

fn event_in(event: &str) -> Option<Value> {
    let mut value: Value = serde_json::from_str(event).ok()?;
    let fields = value.as_object_mut()?;
    fields.retain(|name, _| matches!(name.as_str(), "at" | "type" | "data"));
    Some(value)
}
