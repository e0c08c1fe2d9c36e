//! What is known of data; each record names the log entry it comes from.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{DataEvent, WithdrawalLevel};
use crate::ids::{Digest, Id, Territory};
use crate::mode::Mode;
use crate::time::{Time, Window};

/// Directions, approvals, releases, and where consent and withdrawal were recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Data {
    /// Directions by name.
    pub directions: BTreeMap<Id, Direction>,
    /// Approved territories.
    pub approvals: Vec<Approval>,
    /// Releases by name.
    pub releases: BTreeMap<Id, Release>,
    /// Consent batches in order; who is in them is private.
    pub consents: Vec<ConsentBatch>,
    /// Withdrawal batches in order; who is in them is private.
    pub withdrawals: Vec<WithdrawalBatch>,
}

/// A direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Direction {
    /// Class it opens.
    pub class: Id,
    /// Title of the instrument.
    pub instrument: String,
    /// When.
    pub window: Window,
    /// Log entry.
    pub entry: u64,
}

/// A territory approved for a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// Class.
    pub class: Id,
    /// Territory.
    pub territory: Territory,
    /// Highest mode.
    pub mode: Mode,
    /// When.
    pub window: Window,
    /// Log entry.
    pub entry: u64,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Digest of its manifest.
    pub manifest_sha256: Digest,
    /// Participants.
    pub participants: u32,
    /// Rows by table.
    pub tables: BTreeMap<String, u64>,
    /// When it was sealed.
    pub sealed_at: Time,
    /// Whether it was taken out of use.
    pub retired: bool,
    /// Classes of data whose keys were destroyed.
    pub erased: BTreeSet<Id>,
    /// Log entry.
    pub entry: u64,
}

/// A batch of consents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ConsentBatch {
    /// Log entry, under which the private list is kept.
    pub entry: u64,
}

/// A batch of withdrawals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WithdrawalBatch {
    /// How far.
    pub level: WithdrawalLevel,
    /// When it was recorded.
    pub at: Time,
    /// Log entry, under which the private list is kept.
    pub entry: u64,
}

impl Data {
    /// The release in use: the one sealed last that was not retired.
    pub fn current_release(&self) -> Option<(&Id, &Release)> {
        self.releases
            .iter()
            .filter(|(_, r)| !r.retired)
            .max_by_key(|(_, r)| r.entry)
    }

    pub(crate) fn evolve(&mut self, entry: u64, at: Time, event: &DataEvent) {
        match event {
            DataEvent::DirectionIssued(e) => {
                let direction = Direction {
                    class: e.class.clone(),
                    instrument: e.instrument.clone(),
                    window: e.window,
                    entry,
                };
                self.directions.insert(e.id.clone(), direction);
            }
            DataEvent::DirectionEnded(e) => {
                if let Some(d) = self.directions.get_mut(&e.direction) {
                    d.window.until = Some(e.until);
                }
            }
            DataEvent::TerritoryApproved(e) => self.approvals.push(Approval {
                class: e.class.clone(),
                territory: e.territory.clone(),
                mode: e.mode,
                window: e.window,
                entry,
            }),
            DataEvent::ConsentRecorded {} => self.consents.push(ConsentBatch { entry }),
            DataEvent::WithdrawalRecorded { level } => {
                self.withdrawals.push(WithdrawalBatch {
                    level: *level,
                    at,
                    entry,
                });
            }
            DataEvent::ReleaseSealed(e) => {
                let release = Release {
                    manifest_sha256: e.manifest_sha256.clone(),
                    participants: e.participants,
                    tables: e.tables.clone(),
                    sealed_at: at,
                    retired: false,
                    erased: BTreeSet::new(),
                    entry,
                };
                self.releases.insert(e.release.clone(), release);
            }
            DataEvent::KeysErased(e) => {
                if let Some(r) = self.releases.get_mut(&e.release) {
                    match &e.class {
                        Some(class) => {
                            r.erased.insert(class.clone());
                        }
                        // of a release that nothing opens nothing can be asked
                        None => r.retired = true,
                    }
                }
            }
            DataEvent::ReleaseRetired(e) => {
                if let Some(r) = self.releases.get_mut(&e.release) {
                    r.retired = true;
                }
            }
        }
    }
}
