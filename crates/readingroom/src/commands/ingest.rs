//! `readingroom ingest`: from raw folder to sealed release, and the consents and withdrawals it brings.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use governance::data::{
    Consent, ConsentScope, RecordConsent, RecordWithdrawal, SealRelease, WithdrawalLevel,
};
use governance::{Actor, Command, Digest, Id, Refusal};
use serde_json::json;
use vault::ingest::{IngestError, Ingested, Progress, Report, Request, ingest};
use vault::sealed::ReleaseKeys;

use crate::cli::Ingest;
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;
use crate::limits::RESUME_TRIES;
use crate::masks::index_digest;
use crate::print;

pub fn run(dir: &Path, args: &Ingest) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let mut instance = Instance::open(dir)?;
    let person = super::id(
        "--as",
        args.actor.as_deref().unwrap_or(&instance.config.operator),
    )?;
    let sealed = take_in(&mut instance, &person, args, &|_| {})?;
    let seconds = started.elapsed().as_secs_f64();
    if args.print.json {
        let mut report: serde_json::Value = serde_json::from_str(&sealed.report.to_json())
            .map_err(|e| Failure::fault("writing JSON", e))?;
        if let Some(object) = report.as_object_mut() {
            object.insert("entry".to_owned(), json!(sealed.entry));
            object.insert("manifest_sha256".to_owned(), json!(sealed.manifest_sha256));
        }
        print::json(&report);
    } else {
        print::line(sealed.report.to_text().trim_end());
        print::line(&format!(
            "sealed: release {} in {seconds:.1} s; ledger entry {}; manifest {}",
            args.release, sealed.entry, sealed.manifest_sha256
        ));
        if let Some(note) = nobody_counts(&sealed, args) {
            print::line(&format!("  note: {note}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What an operator should know who sealed a release without any consent record.
fn nobody_counts(sealed: &Sealed, args: &Ingest) -> Option<&'static str> {
    (sealed.report.consents == 0 && args.consent_held.is_none()).then_some(
        "no consent was recorded for the new participants of this release: until it is, no answer counts them; \
         record it with `do consent.record`, or state with --consent-held that it is held",
    )
}

/// A sealed release.
pub struct Sealed {
    /// Its ledger number.
    pub entry: u64,
    /// Digest of its manifest.
    pub manifest_sha256: Digest,
    /// What was found.
    pub report: Report,
}

/// Checks, transforms, publishes, then writes the event that makes the release exist.
///
/// The instance's lock is held at the beginning and at the end, not while raw data is read: questions are answered and
/// projects suspended meanwhile. What allowed it is looked at again at the end.
pub fn take_in(
    instance: &mut Instance,
    person: &Id,
    args: &Ingest,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Sealed, Failure> {
    let name = super::id("--release", &args.release)?;
    let held = args.consent_held.as_deref().map(scopes).transpose()?;
    if let Err(refusal) = may_seal(instance, person, &name) {
        return Err(instance.refused(person, "ingest", None, refusal));
    }
    let Some(_intake) = instance.intake()? else {
        return Err(instance.refused(person, "ingest", None, under_way()));
    };
    // A process that was killed between moving its release into place and writing the event left it unsealed.
    let leftover = instance.releases().join(name.as_str());
    if leftover.exists() {
        files::remove_dir(&leftover)?;
    }
    instance.pause()?;
    let read = read(instance, args, progress);
    resume(instance)?;
    if let Err(refusal) = may_seal(instance, person, &name) {
        return Err(instance.refused(person, "ingest", None, refusal));
    }
    let mut ingested = match read {
        Err(Failure::Refused(refusal)) => {
            return Err(instance.refused(person, "ingest", None, *refusal));
        }
        other => other?,
    };
    let manifest_sha256 = Digest::try_from(ingested.manifest_sha256.clone())
        .map_err(|e| Failure::fault("the manifest's digest", e))?;
    consents(instance, person, &mut ingested, held)?;
    let participants = std::mem::take(&mut ingested.new_participants);
    let mut index = instance.participants()?;
    index.extend(participants.iter().cloned());
    let seal = SealRelease {
        index_sha256: Some(index_digest(&index, ingested.manifest.participants)),
        release: name,
        manifest_sha256: manifest_sha256.clone(),
        participants: ingested.manifest.participants,
        tables: ingested
            .manifest
            .tables
            .iter()
            .map(|(n, t)| (n.clone(), t.rows))
            .collect(),
    };
    let report = ingested.report.clone();
    // The folder first, then the event: a folder without its event is removed by the next ingest of its name.
    let folder = ingested
        .publish(&instance.releases())
        .map_err(|e| Failure::fault("publishing the release", e))?;
    wrap(instance, &folder)?;
    let given = instance.give_as(
        &Actor::Program(person.clone()),
        &Command::from(seal),
        &participants,
    )?;
    Ok(Sealed {
        entry: given.first,
        manifest_sha256,
        report,
    })
}

/// Takes the instance's lock again. Hours of work may wait for it, so it is asked for more patiently than by a command.
fn resume(instance: &mut Instance) -> Result<(), Failure> {
    for _ in 1..RESUME_TRIES {
        if instance.resume().is_ok() {
            return Ok(());
        }
    }
    instance.resume()
}

/// Wraps the release's keys under the key-encryption key of now, which may have changed while raw data was read.
fn wrap(instance: &Instance, folder: &Path) -> Result<(), Failure> {
    let fault = |e| Failure::fault("wrapping the release's keys", e);
    let mut keys = ReleaseKeys::load(folder).map_err(fault)?;
    if keys.rotate(&instance.kms()?).map_err(fault)? > 0 {
        keys.save(folder).map_err(fault)?;
    }
    Ok(())
}

fn under_way() -> Refusal {
    Refusal::new(
        "ingest-under-way",
        "one-ingest-at-a-time",
        "another process takes in raw data at this time",
        "run it again when the other has ended",
    )
}

fn may_seal(instance: &Instance, person: &Id, name: &Id) -> Result<(), Refusal> {
    if !instance
        .state
        .people
        .has_role(person, governance::people::Role::DataManager)
    {
        return Err(Refusal::new(
            "not-permitted",
            "who-may-do-what",
            format!("a release may not be sealed by `{person}`: it needs the role data-manager"),
            "do it as a data manager (`--as`)",
        ));
    }
    if instance.state.data.releases.contains_key(name) {
        return Err(Refusal::new(
            "release-taken",
            "names-are-used-once",
            format!("a release called `{name}` exists already"),
            "choose another name",
        ));
    }
    Ok(())
}

fn read(
    instance: &Instance,
    args: &Ingest,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Ingested, Failure> {
    let recipe_path = args
        .recipe
        .clone()
        .unwrap_or_else(|| instance.dir.join(files::RECIPE));
    let recipe =
        std::fs::read_to_string(&recipe_path).map_err(|e| files::io("reading", &recipe_path, e))?;
    let participants = instance.participants()?;
    let releases = instance.releases();
    let (staging, reports) = (
        instance.dir.join(files::STAGING),
        instance.dir.join(files::REPORTS),
    );
    let catalogue = catalogue(instance, args);
    let told = |p: Progress<'_>| progress(p.rows);
    let kms = instance.kms()?;
    let request = Request {
        source: &args.source,
        release: &args.release,
        releases: &releases,
        staging: &staging,
        reports: &reports,
        catalogue: catalogue.as_deref(),
        recipe: &recipe,
        quarantine_limit: args.quarantine.unwrap_or(instance.config.ingest.quarantine),
        participants: &participants,
        shift_key: Some(instance.master()),
        kms: Some(&kms),
        progress: &told,
    };
    ingest(&request).map_err(|e| match e {
        IngestError::Refused {
            mut refusal,
            report,
        } => {
            if report.refusals.len() > 1 {
                let more = report.refusals.len() - 1;
                refusal
                    .reason
                    .push_str(&format!(" (and {more} more, in the report)"));
            }
            let text = reports.join(format!("{}.txt", args.release));
            refusal
                .fix
                .push_str(&format!("; the report is {}", text.display()));
            Failure::from(refusal)
        }
        IngestError::Fault(fault) => Failure::fault("taking in raw data", fault),
    })
}

fn catalogue(instance: &Instance, args: &Ingest) -> Option<PathBuf> {
    let own = instance.dir.join(files::CATALOGUE);
    args.catalogue
        .clone()
        .or_else(|| own.is_dir().then_some(own))
}

/// Writes consents and withdrawals before the release exists, so that no question can come between.
fn consents(
    instance: &mut Instance,
    person: &Id,
    ingested: &mut Ingested,
    held: Option<BTreeSet<ConsentScope>>,
) -> Result<(), Failure> {
    let mut list: Vec<Consent> = Vec::with_capacity(ingested.consents.len());
    let mut withdrawn: BTreeMap<WithdrawalLevel, Vec<String>> = BTreeMap::new();
    let mut known = HashSet::new();
    for record in std::mem::take(&mut ingested.consents) {
        let words = record.scopes.iter();
        let scopes = words
            .filter_map(|w| serde_json::from_value(json!(w)).ok())
            .collect();
        // A record at another level than `full` is a withdrawal.
        if let Ok(level) = serde_json::from_value(json!(record.level)) {
            withdrawn
                .entry(level)
                .or_default()
                .push(record.participant.clone());
        }
        known.insert(record.participant.clone());
        list.push(Consent {
            eid: record.participant,
            scopes,
        });
    }
    if let Some(held) = held {
        for (eid, _) in &ingested.new_participants {
            if !known.contains(eid) {
                list.push(Consent {
                    eid: eid.clone(),
                    scopes: held.clone(),
                });
            }
        }
    }
    if !list.is_empty() {
        instance.give(person, &Command::from(RecordConsent { consents: list }))?;
    }
    for file in std::mem::take(&mut ingested.withdrawals) {
        let ids = file.ids.into_iter().map(|(id, _)| id);
        withdrawn
            .entry(WithdrawalLevel::NoFurtherUse)
            .or_default()
            .extend(ids);
    }
    for (level, participants) in withdrawn.into_iter().filter(|(_, p)| !p.is_empty()) {
        instance.give(
            person,
            &Command::from(RecordWithdrawal {
                level,
                participants,
            }),
        )?;
    }
    Ok(())
}

fn scopes(text: &str) -> Result<BTreeSet<ConsentScope>, Failure> {
    if text == "none" {
        return Ok(BTreeSet::new());
    }
    text.split(',')
        .map(|word| {
            serde_json::from_value(json!(word.trim())).map_err(|_| {
                Failure::Misuse(format!("--consent-held: `{word}` is none of health-records, genomics, imaging, recontact, commercial, none"))
            })
        })
        .collect()
}
