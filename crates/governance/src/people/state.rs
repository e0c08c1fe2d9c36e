//! What is known of people and institutions; each record names the log entry it comes from.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{InstitutionKind, PeopleEvent, Role};
use crate::ids::{Digest, Id, Territory};
use crate::time::{Time, Window};

/// People and institutions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct People {
    /// The custodian's staff and committees.
    pub staff: BTreeMap<Id, Staff>,
    /// Institutions.
    pub institutions: BTreeMap<Id, Institution>,
    /// Who owns whom.
    pub ownerships: Vec<Ownership>,
    /// Entries of public lists.
    pub listings: Vec<Listing>,
    /// Researchers.
    pub researchers: BTreeMap<Id, Researcher>,
    /// Tokens, those that ended too.
    pub tokens: BTreeMap<Id, Token>,
}

/// A token with which a program asks questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// SHA-256 of its text.
    pub sha256: Digest,
    /// Who asks with it.
    pub researcher: Id,
    /// For which project.
    pub project: Id,
    /// First instant at which it is no longer taken.
    pub until: Time,
    /// Whether it was ended before.
    pub ended: bool,
    /// Log entry.
    pub entry: u64,
}

impl Token {
    /// Whether it is taken at an instant.
    pub fn is_live(&self, at: Time) -> bool {
        !self.ended && at < self.until
    }
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Staff {
    /// Roles.
    pub roles: BTreeSet<Role>,
    /// Institution they also belong to.
    pub institution: Option<Id>,
    /// Log entry.
    pub entry: u64,
}

/// An institution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Institution {
    /// Full name.
    pub name: String,
    /// Territory of registration.
    pub territory: Territory,
    /// Kind.
    pub kind: InstitutionKind,
    /// ROR or LEI.
    pub external_id: Option<String>,
    /// Log entry.
    pub entry: u64,
}

/// An ownership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ownership {
    /// The owner.
    pub owner: Id,
    /// The owned.
    pub owned: Id,
    /// Share in percent; `None` when not known.
    pub percent: Option<u8>,
    /// When.
    pub window: Window,
    /// Log entry.
    pub entry: u64,
}

/// A listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// The list.
    pub list: Id,
    /// Its entry.
    pub listed_as: String,
    /// The institution.
    pub institution: Id,
    /// When.
    pub window: Window,
    /// Log entry.
    pub entry: u64,
}

/// A researcher, without name or address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Researcher {
    /// Institution.
    pub institution: Id,
    /// When they belong to it.
    pub affiliation: Window,
    /// Training, newest last.
    pub training: Vec<Window>,
    /// Whether their private values were erased.
    pub erased: bool,
    /// Log entry of registration.
    pub entry: u64,
    /// Log entry of the newest accreditation.
    pub accredited_entry: Option<u64>,
}

impl People {
    /// Whether someone has a role.
    pub fn has_role(&self, person: &Id, role: Role) -> bool {
        self.staff
            .get(person)
            .is_some_and(|s| s.roles.contains(&role))
    }

    /// Whether a second person agrees: another than the one who gives the command, with one of some roles.
    pub(crate) fn second(&self, by: &Id, second: &Id, roles: &[Role]) -> bool {
        by != second && roles.iter().any(|role| self.has_role(second, *role))
    }

    pub(crate) fn evolve(&mut self, entry: u64, event: &PeopleEvent) {
        match event {
            PeopleEvent::StaffAppointed(e) => {
                let staff = Staff {
                    roles: e.roles.clone(),
                    institution: e.institution.clone(),
                    entry,
                };
                self.staff.insert(e.person.clone(), staff);
            }
            PeopleEvent::InstitutionRegistered(e) => {
                let institution = Institution {
                    name: e.name.clone(),
                    territory: e.territory.clone(),
                    kind: e.kind,
                    external_id: e.external_id.clone(),
                    entry,
                };
                self.institutions.insert(e.id.clone(), institution);
            }
            PeopleEvent::OwnershipRecorded(e) => self.ownerships.push(Ownership {
                owner: e.owner.clone(),
                owned: e.owned.clone(),
                percent: e.percent,
                window: e.window,
                entry,
            }),
            PeopleEvent::ListingRecorded(e) => self.listings.push(Listing {
                list: e.list.clone(),
                listed_as: e.entry.clone(),
                institution: e.institution.clone(),
                window: e.window,
                entry,
            }),
            PeopleEvent::ResearcherRegistered {
                id,
                institution,
                affiliation,
            } => {
                let researcher = Researcher {
                    institution: institution.clone(),
                    affiliation: *affiliation,
                    training: Vec::new(),
                    erased: false,
                    entry,
                    accredited_entry: None,
                };
                self.researchers.insert(id.clone(), researcher);
            }
            PeopleEvent::ResearcherAccredited(e) => {
                if let Some(r) = self.researchers.get_mut(&e.researcher) {
                    r.training.push(e.window);
                    r.accredited_entry = Some(entry);
                }
            }
            PeopleEvent::AffiliationEnded(e) => {
                if let Some(r) = self.researchers.get_mut(&e.researcher) {
                    r.affiliation.until = Some(e.until);
                }
            }
            PeopleEvent::ResearcherErased(e) => {
                if let Some(r) = self.researchers.get_mut(&e.researcher) {
                    r.erased = true;
                }
            }
            PeopleEvent::TokenIssued(e) => {
                let token = Token {
                    sha256: e.sha256.clone(),
                    researcher: e.researcher.clone(),
                    project: e.project.clone(),
                    until: e.until,
                    ended: false,
                    entry,
                };
                self.tokens.insert(e.id.clone(), token);
            }
            PeopleEvent::TokenEnded(e) => {
                if let Some(token) = self.tokens.get_mut(&e.id) {
                    token.ended = true;
                }
            }
        }
    }
}
