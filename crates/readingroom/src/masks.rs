//! Who must not be counted: participants without consent for a class of data, or who withdrew.
//!
//! Consent and withdrawal stand in the log as digests; the lists are private values beside it. A list that is
//! missing, or does not match its digest, stops every question: a missing fact never widens access.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use governance::data::{ConsentScope, WithdrawalLevel, scope_of};
use governance::{Digest, Id, Refusal, Time, ledger};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use transparency::disclosure;

use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;
use crate::keys::{self, Use};

/// Consent and withdrawal over the internal index.
#[derive(Debug, Default)]
pub struct Masks {
    participants: u32,
    consented: BTreeMap<ConsentScope, RoaringBitmap>,
    anyone: RoaringBitmap,
    no_use: RoaringBitmap,
    no_access: Vec<(Time, RoaringBitmap)>,
}

impl Masks {
    /// Everybody's consents and withdrawals: as they were put together last, if the log names no others since.
    pub fn of(instance: &Instance) -> Result<Self, Failure> {
        let path = instance.dir.join(files::MASKS);
        let basis = Basis::of(instance);
        let stored = std::fs::read(&path).ok();
        if let Some(masks) = stored.and_then(|bytes| Self::stored(instance, &basis, &bytes)) {
            return Ok(masks);
        }
        let masks = Self::read(instance)?;
        let bytes = postcard::to_stdvec(&(&basis, masks.stored_form()))
            .map_err(|e| Failure::fault("keeping masks", e))?;
        let sealed = keys::seal(instance.master(), Use::Masks, files::MASKS, &bytes)?;
        files::write_durably(&path, &sealed)?;
        Ok(masks)
    }

    /// Participants who withdrew from further use.
    pub fn withdrawn(&self) -> &RoaringBitmap {
        &self.no_use
    }

    /// The masks in a file, if they are of this basis. A file that cannot be opened is as good as none: the log has it all.
    fn stored(instance: &Instance, basis: &Basis, bytes: &[u8]) -> Option<Self> {
        let plain = keys::open(instance.master(), Use::Masks, files::MASKS, bytes).ok()?;
        let (of, stored): (Basis, Stored) = postcard::from_bytes(&plain).ok()?;
        if of != *basis {
            return None;
        }
        let set = |bytes: &Vec<u8>| RoaringBitmap::deserialize_from(bytes.as_slice()).ok();
        Some(Self {
            participants: stored.participants,
            consented: stored
                .consented
                .iter()
                .map(|(scope, bytes)| {
                    let scope = serde_json::from_value(Value::from(scope.as_str())).ok()?;
                    Some((scope, set(bytes)?))
                })
                .collect::<Option<_>>()?,
            anyone: set(&stored.anyone)?,
            no_use: set(&stored.no_use)?,
            no_access: stored
                .no_access
                .iter()
                .map(|(at, bytes)| Some((Time::from_unix(*at).ok()?, set(bytes)?)))
                .collect::<Option<_>>()?,
        })
    }

    fn stored_form(&self) -> Stored {
        let bytes = |set: &RoaringBitmap| {
            let mut out = Vec::with_capacity(set.serialized_size());
            // writing into memory does not fail; a set cut short would not be read back
            if set.serialize_into(&mut out).is_err() {
                out.clear();
            }
            out
        };
        let word = |scope: &ConsentScope| {
            let value = serde_json::to_value(scope).ok();
            value
                .and_then(|v| v.as_str().map(str::to_owned))
                .unwrap_or_default()
        };
        Stored {
            participants: self.participants,
            consented: self
                .consented
                .iter()
                .map(|(s, set)| (word(s), bytes(set)))
                .collect(),
            anyone: bytes(&self.anyone),
            no_use: bytes(&self.no_use),
            no_access: self
                .no_access
                .iter()
                .map(|(at, set)| (at.unix(), bytes(set)))
                .collect(),
        }
    }

    /// Reads every consent and withdrawal that the log names.
    fn read(instance: &Instance) -> Result<Self, Failure> {
        let index = instance.participants()?;
        let participants = u32::try_from(index.len()).unwrap_or(u32::MAX);
        index_unchanged(instance, &index)?;
        let mut masks = Self {
            participants,
            ..Self::default()
        };
        let mut scopes: HashMap<u32, BTreeSet<ConsentScope>> = HashMap::new();
        for batch in &instance.state.data.consents {
            for item in list(instance, batch.entry, "consents")? {
                let (eid, given): (String, BTreeSet<ConsentScope>) =
                    serde_json::from_value(item).map_err(|_| unreadable(batch.entry))?;
                if let Some(person) = index.get(&eid) {
                    scopes.insert(*person, given);
                }
            }
        }
        for (person, given) in scopes {
            masks.anyone.insert(person);
            for scope in given {
                masks.consented.entry(scope).or_default().insert(person);
            }
        }
        for batch in &instance.state.data.withdrawals {
            let mut people = RoaringBitmap::new();
            for item in list(instance, batch.entry, "participants")? {
                let eid = item.as_str().ok_or_else(|| unreadable(batch.entry))?;
                if let Some(person) = index.get(eid) {
                    people.insert(*person);
                }
            }
            match batch.level {
                WithdrawalLevel::NoFurtherContact => {}
                WithdrawalLevel::NoFurtherAccess => masks.no_access.push((batch.at, people)),
                WithdrawalLevel::NoFurtherUse => masks.no_use |= people,
            }
        }
        Ok(masks)
    }

    /// Participants who must not be counted in these classes of a release sealed at an instant.
    pub fn masked<'a>(
        &self,
        classes: impl IntoIterator<Item = &'a Id>,
        sealed_at: Time,
    ) -> RoaringBitmap {
        let mut everyone = RoaringBitmap::new();
        everyone.insert_range(0..self.participants);
        let mut masked = &everyone - &self.anyone;
        masked |= &self.no_use;
        for class in classes {
            let Some(scope) = scope_of(class) else {
                continue;
            };
            let nobody = RoaringBitmap::new();
            masked |= &everyone - self.consented.get(&scope).unwrap_or(&nobody);
            if scope == ConsentScope::HealthRecords {
                // No further access to records: what came in after the withdrawal is not used.
                for (at, people) in &self.no_access {
                    if *at <= sealed_at {
                        masked |= people;
                    }
                }
            }
        }
        masked
    }
}

/// What masks are made of: entries of the log. Entries never change, so the same ones make the same masks.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Basis {
    consents: Vec<u64>,
    withdrawals: Vec<u64>,
    release: Option<u64>,
}

impl Basis {
    fn of(instance: &Instance) -> Self {
        let data = &instance.state.data;
        Self {
            consents: data.consents.iter().map(|b| b.entry).collect(),
            withdrawals: data.withdrawals.iter().map(|b| b.entry).collect(),
            release: data.current_release().map(|(_, r)| r.entry),
        }
    }
}

/// Masks as they stand in a file.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    participants: u32,
    consented: Vec<(String, Vec<u8>)>,
    anyone: Vec<u8>,
    no_use: Vec<u8>,
    no_access: Vec<(i64, Vec<u8>)>,
}

/// Digest of the participants with internal indices below a bound, in the order of their indices.
pub fn index_digest(index: &HashMap<String, u32>, below: u32) -> Digest {
    let mut people: Vec<(u32, &str)> = index
        .iter()
        .filter(|(_, i)| **i < below)
        .map(|(eid, i)| (*i, eid.as_str()))
        .collect();
    people.sort_unstable();
    let mut text = String::with_capacity(people.len() * 16);
    for (person, eid) in people {
        text.push_str(&person.to_string());
        text.push(':');
        text.push_str(eid);
        text.push('\n');
    }
    Digest::of(text.as_bytes())
}

/// The index must be the one under which the release in use was sealed, or consent and withdrawal would be read for
/// other people.
fn index_unchanged(instance: &Instance, index: &HashMap<String, u32>) -> Result<(), Failure> {
    let Some((_, release)) = instance.state.data.current_release() else {
        return Ok(());
    };
    let sealed = private(instance, release.entry, "index_sha256")?;
    if sealed.as_str() == Some(index_digest(index, release.participants).as_str()) {
        return Ok(());
    }
    Err(unreadable(release.entry))
}

/// The private list of a log entry, checked against the digest in the entry.
fn list(instance: &Instance, entry: u64, name: &str) -> Result<Vec<Value>, Failure> {
    match private(instance, entry, name)? {
        Value::Array(items) => Ok(items),
        _ => Err(unreadable(entry)),
    }
}

/// The private value of a log entry, checked against the digest in the entry.
pub fn private(instance: &Instance, entry: u64, name: &str) -> Result<Value, Failure> {
    let leaf = instance
        .store
        .event(entry)
        .map_err(|e| Failure::fault("reading the log", e))?
        .ok_or_else(|| unreadable(entry))?;
    let envelope = ledger::read(&leaf).map_err(|_| unreadable(entry))?;
    let digest = envelope
        .private
        .get(name)
        .ok_or_else(|| unreadable(entry))?;
    let disclosures = instance
        .store
        .disclosures(entry)
        .map_err(|e| Failure::fault("reading private values", e))?;
    let (_, encoded) = disclosures
        .into_iter()
        .find(|(n, _)| n == name)
        .ok_or_else(|| unreadable(entry))?;
    let opened = disclosure::check(&encoded, digest).ok().flatten();
    opened
        .map(|d| d.value().clone())
        .ok_or_else(|| unreadable(entry))
}

fn unreadable(entry: u64) -> Failure {
    Refusal::new(
        "consent-unreadable",
        "missing-facts-never-open",
        format!("what belongs to ledger entry {entry} (who consented, who withdrew, or which participant has which index) is missing or does not match its digest"),
        "restore the database from backup; no question is answered until then",
    )
    .into()
}
