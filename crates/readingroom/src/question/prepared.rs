//! What a question can be about: the release, the columns and the people, as policy, consent and the ledger have it at one
//! moment; and what else it takes to run it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use governance::{Digest, Id, Mode};
use policy::{Access, Bundle};
use privacy::pseudonym::ProjectKey;
use roaring::RoaringBitmap;
use vault::query::{GrantedTable, QueryLimits, Question};
use vault::release::Manifest;
use vault::sealed::Keyring;

use super::{Asked, grant};
use crate::access;
use crate::clock;
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;
use crate::masks::Masks;

/// Everything that bounds what a question can be about.
pub struct Scope {
    pub(super) mode: Mode,
    pub(super) release: Id,
    manifest_sha256: Digest,
    folder: PathBuf,
    pub(super) manifest: Arc<Manifest>,
    pub(super) tables: Vec<GrantedTable>,
    pub(super) answers: BTreeMap<Id, Access>,
    pub(super) bundle: Bundle,
}

impl Scope {
    /// For somebody who looks and does not ask: nothing is recorded.
    pub(super) fn looked_at(instance: &Instance, asked: Asked<'_>) -> Result<Self, Failure> {
        let bundle = instance.bundle()?;
        let answers = access::of_project(instance, &bundle, asked.project)?;
        Self::of(instance, asked, bundle, answers, None)
    }

    /// For a question: policy's answers are written to the log if they are not those it holds. A manifest that is known already
    /// is not read again.
    fn asked(
        instance: &mut Instance,
        asked: Asked<'_>,
        known: Option<&Self>,
    ) -> Result<Self, Failure> {
        let bundle = instance.bundle()?;
        let answers = access::of_project(instance, &bundle, asked.project)?;
        access::record(instance, asked.researcher, &answers)?;
        Self::of(instance, asked, bundle, answers, known)
    }

    fn of(
        instance: &Instance,
        asked: Asked<'_>,
        bundle: Bundle,
        answers: BTreeMap<Id, Access>,
        known: Option<&Self>,
    ) -> Result<Self, Failure> {
        let (state, at) = (&instance.state, clock::now()?);
        let project =
            governance::outputs::working_member(state, asked.project, asked.researcher, at)?;
        let (release, sealed) = match asked.release {
            Some(name) => state.data.releases.get_key_value(name),
            None => state.data.current_release(),
        }
        .filter(|(_, sealed)| !sealed.retired)
        .ok_or_else(grant::no_release)?;
        let folder = instance.releases().join(release.as_str());
        let known = known.filter(|k| k.manifest_sha256 == sealed.manifest_sha256);
        let manifest = match known {
            Some(known) => Arc::clone(&known.manifest),
            None => Arc::new(grant::load_manifest(&folder, &sealed.manifest_sha256)?),
        };
        let mode = asked.mode.unwrap_or_else(|| access::common_mode(&answers));
        let masks = Masks::of(instance)?;
        // a class whose keys were destroyed is a class that is not there
        let mut there = answers.clone();
        there.retain(|class, _| !sealed.erased.contains(class));
        let tables = grant::granted_tables(&manifest, &project.wants, &there, mode, |classes| {
            let mut masked = masks.masked(classes, sealed.sealed_at);
            // of people who came with later releases there is nothing in this one
            masked.remove_range(manifest.participants..);
            masked
        });
        if tables.is_empty() {
            return Err(grant::nothing_granted(asked.project, mode, &answers).into());
        }
        Ok(Self {
            mode,
            release: release.clone(),
            manifest_sha256: sealed.manifest_sha256.clone(),
            folder,
            manifest,
            tables,
            answers,
            bundle,
        })
    }

    /// Masks some more people in every table.
    fn without(mut self, people: &RoaringBitmap) -> Self {
        if !people.is_empty() {
            for table in &mut self.tables {
                table.masked = Arc::new(table.masked.as_ref() | people);
            }
        }
        self
    }

    /// Digest of who is masked in which table.
    pub(super) fn masked_sha256(&self) -> Digest {
        let mut bytes = Vec::new();
        for table in &self.tables {
            bytes.extend_from_slice(table.name.as_bytes());
            bytes.push(0);
            for run in table.masked.iter() {
                bytes.extend_from_slice(&run.to_be_bytes());
            }
            bytes.extend_from_slice(&u32::MAX.to_be_bytes());
        }
        Digest::of(&bytes)
    }

    /// Whether all that another may use may be used here, and nobody is masked here who is not masked there.
    fn covers(&self, other: &Self) -> bool {
        other.tables.iter().all(|theirs| {
            self.tables.iter().any(|ours| {
                ours.name == theirs.name
                    && theirs.columns.iter().all(|c| ours.columns.contains(c))
                    && ours.masked.is_subset(&theirs.masked)
            })
        })
    }

    /// What the project must keep to in this mode: what the mode itself demands, and what a higher one that the project has does.
    pub(super) fn obligations(&self) -> impl Iterator<Item = &str> {
        let of_mode = self.bundle.grants().get(&self.mode);
        let of_mode = of_mode.into_iter().flat_map(|grant| &grant.obligations);
        let of_access = self.answers.values().flat_map(|a| &a.obligations);
        of_mode.chain(of_access).map(String::as_str)
    }
}

/// A question's scope, and what it takes to run it.
pub struct Prepared {
    pub(super) scope: Scope,
    keyring: Keyring,
    spill: PathBuf,
    key: ProjectKey,
    limits: QueryLimits,
}

impl Prepared {
    /// Prepares a question in which these people are masked too.
    pub(super) fn of(
        instance: &mut Instance,
        asked: Asked<'_>,
        stand_ins: &RoaringBitmap,
    ) -> Result<Self, Failure> {
        let scope = Scope::asked(instance, asked, None)?;
        Self::within(instance, asked, scope.without(stand_ins))
    }

    /// Opens the keys of a scope.
    pub(super) fn within(
        instance: &Instance,
        asked: Asked<'_>,
        scope: Scope,
    ) -> Result<Self, Failure> {
        let keyring = grant::keyring(instance, &scope.folder, &scope.manifest, &scope.tables)?;
        let spill = instance.dir.join(files::SPILL);
        files::make_dir(&spill)?;
        let config = &instance.config.query;
        let limits = QueryLimits {
            rows: config.rows,
            memory: config.memory_mib << 20,
            seconds: config.seconds,
            ..QueryLimits::default()
        };
        Ok(Self {
            scope,
            keyring,
            spill,
            key: ProjectKey::derive(instance.master(), asked.project.as_str()),
            limits,
        })
    }

    /// The question, for whoever runs it.
    pub(super) fn question<'a>(&'a self, sql: &'a str) -> Question<'a> {
        Question {
            sql,
            mode: self.scope.mode,
            tables: self.scope.tables.clone(),
            manifest: &self.scope.manifest,
            release_dir: &self.scope.folder,
            keyring: Some(self.keyring.clone()),
            spill: Some(&self.spill),
            key: self.key.clone(),
            limits: self.limits,
        }
    }

    /// Whether a question prepared now would be about the same: the same release, columns and people.
    pub(super) fn still_holds(
        &self,
        instance: &mut Instance,
        asked: Asked<'_>,
    ) -> Result<bool, Failure> {
        let now = Scope::asked(instance, asked, Some(&self.scope))?;
        let same = now.release == self.scope.release && now.mode == self.scope.mode;
        Ok(same && now.covers(&self.scope))
    }
}
