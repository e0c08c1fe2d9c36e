//! Who stands behind an institution: listed itself, owned by listed owners, or not known.
//!
//! The 50 percent rule (OFAC, Revised Guidance, 13 August 2014): what listed owners own at 50 % or more in
//! the aggregate, directly or indirectly, is treated as listed; and so is what is owned in that way by
//! something so owned. Being so owned is yes or no; shares are added, never multiplied along a chain.
//! A listing does not pass to a parent or a sibling. The three findings are kept apart and must stay so.

use std::collections::{BTreeMap, BTreeSet};

use governance::limits::OWNERSHIP_STEPS;
use governance::people::{Listing, Ownership, People};
use governance::{Id, Time};
use serde::Serialize;

use super::dated::{Edges, speaking, standing};
use crate::limits::GROUP_MEMBERS;

/// The share, in percent, from which an owner's listing passes on.
const HALF: u32 = 50;

/// An entry of a public list that is in force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Hit {
    /// Who is listed.
    pub institution: Id,
    /// Its name.
    pub name: String,
    /// The list.
    pub list: Id,
    /// Its own number or name for the entry.
    pub listed_as: String,
    /// First instant of the listing.
    pub since: Time,
    /// Log entry.
    pub entry: u64,
}

/// A share that leads from an institution towards a listed owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Share {
    /// The owned.
    pub owned: Id,
    /// Its name.
    pub owned_name: String,
    /// The owner.
    pub owner: Id,
    /// Its name.
    pub owner_name: String,
    /// Share in percent; `None` when not known.
    pub percent: Option<u8>,
    /// Log entry.
    pub entry: u64,
}

/// The shares that lead to listed owners, nearest first, and the listings at the other end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Path {
    /// Shares.
    pub shares: Vec<Share>,
    /// Listings of the owners at the end.
    pub listings: Vec<Hit>,
}

/// What stands behind one institution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Backing {
    /// Lists that name the institution itself.
    pub listed: Vec<Hit>,
    /// How listed owners hold 50 % or more of it; `None` when they do not.
    pub owned: Option<Path>,
    /// How listed owners could hold 50 % or more of it, if shares that are not known were large.
    pub unknown: Option<Path>,
    /// Whether the owners could not be followed to the end within limits; counts as unknown.
    pub unfinished: bool,
}

impl Backing {
    /// Every log entry that this comes from.
    pub fn entries(&self) -> impl Iterator<Item = u64> {
        let paths = || self.owned.iter().chain(&self.unknown);
        let shares = paths().flat_map(|p| p.shares.iter().map(|s| s.entry));
        let ends = paths().flat_map(|p| p.listings.iter().map(|h| h.entry));
        self.listed
            .iter()
            .map(|h| h.entry)
            .chain(shares)
            .chain(ends)
    }
}

/// Institutions with everybody above them, at one instant.
pub(crate) struct Group<'a> {
    people: &'a People,
    /// Owners of each member, with the share, at that instant.
    owners: BTreeMap<&'a Id, Vec<&'a Ownership>>,
    /// Listings in force of each member that has any.
    listings: BTreeMap<&'a Id, Vec<&'a Listing>>,
    members: BTreeSet<&'a Id>,
    unfinished: bool,
}

impl<'a> Group<'a> {
    /// Gathers everybody who ever owned a share of these institutions, directly or through others, and notes
    /// every window that was looked at.
    pub(crate) fn above(
        people: &'a People,
        start: impl IntoIterator<Item = &'a Id>,
        at: Time,
        edges: &mut Edges,
    ) -> Self {
        let records = standing(&people.ownerships);
        let mut upwards: BTreeMap<&Id, Vec<&Ownership>> = BTreeMap::new();
        for record in &records {
            upwards.entry(&record.owned).or_default().push(record);
        }
        let (members, unfinished) = climb(&upwards, start);
        for record in members.iter().filter_map(|m| upwards.get(*m)).flatten() {
            edges.saw(&record.window, at);
        }
        let mut owners: BTreeMap<&Id, Vec<&Ownership>> = BTreeMap::new();
        for record in speaking(records, at) {
            if members.contains(&record.owned) {
                owners.entry(&record.owned).or_default().push(record);
            }
        }
        let entries = standing(&people.listings);
        for entry in entries.iter().filter(|e| members.contains(&e.institution)) {
            edges.saw(&entry.window, at);
        }
        let mut listings: BTreeMap<&Id, Vec<&Listing>> = BTreeMap::new();
        for entry in speaking(entries, at) {
            if members.contains(&entry.institution) {
                listings.entry(&entry.institution).or_default().push(entry);
            }
        }
        Self {
            people,
            owners,
            listings,
            members,
            unfinished,
        }
    }

    /// What stands behind one member.
    pub(crate) fn behind(&self, institution: &Id) -> Backing {
        // Its own listing says nothing about its owners; and in a circle of owners it must not come back
        // to it as if somebody else were listed.
        let certain = self.so_owned(institution, |share| share.map_or(0, u32::from));
        let possible = self.so_owned(institution, |share| share.map_or(100, u32::from));
        let owned = certain
            .get(institution)
            .map(|_| self.path(institution, &certain));
        let unknown = match &owned {
            None => possible
                .get(institution)
                .map(|_| self.path(institution, &possible)),
            Some(_) => None,
        };
        let listed = self
            .listings
            .get(institution)
            .into_iter()
            .flatten()
            .copied();
        Backing {
            listed: listed.map(|l| self.hit(l)).collect(),
            owned,
            unknown,
            unfinished: self.unfinished,
        }
    }

    /// Everybody who is treated as listed, apart from the listing of `except`, with the round in which
    /// that was found: 0 for the listed themselves. A fixpoint: each round adds somebody or is the last.
    fn so_owned(&self, except: &Id, weight: impl Fn(Option<u8>) -> u32) -> BTreeMap<&'a Id, usize> {
        let mut treated: BTreeMap<&Id, usize> = self
            .listings
            .keys()
            .filter(|id| **id != except)
            .map(|id| (*id, 0))
            .collect();
        for round in 1..=self.members.len() {
            let share = |shares: &Vec<&Ownership>| -> u32 {
                let by_listed = shares.iter().filter(|s| treated.contains_key(&s.owner));
                by_listed.map(|s| weight(s.percent)).sum()
            };
            let found: Vec<&Id> = self
                .owners
                .iter()
                .filter(|(owned, shares)| !treated.contains_key(*owned) && share(shares) >= HALF)
                .map(|(owned, _)| *owned)
                .collect();
            if found.is_empty() {
                break;
            }
            treated.extend(found.into_iter().map(|id| (id, round)));
        }
        treated
    }

    /// The shares by which `institution` came to be treated as listed, nearest first. Only owners of an
    /// earlier round count, so the way never turns in a circle.
    fn path(&self, institution: &Id, treated: &BTreeMap<&'a Id, usize>) -> Path {
        let mut path = Path::default();
        let mut todo: Vec<&Id> = self.members.get(institution).into_iter().copied().collect();
        let mut done: BTreeSet<&Id> = todo.iter().copied().collect();
        while let Some(owned) = todo.pop() {
            let round = treated.get(owned).copied().unwrap_or(0);
            for share in self.owners.get(owned).into_iter().flatten() {
                if treated
                    .get(&share.owner)
                    .is_none_or(|earlier| *earlier >= round)
                {
                    continue;
                }
                path.shares.push(Share {
                    owned: share.owned.clone(),
                    owned_name: self.name(&share.owned),
                    owner: share.owner.clone(),
                    owner_name: self.name(&share.owner),
                    percent: share.percent,
                    entry: share.entry,
                });
                if done.insert(&share.owner) {
                    if treated.get(&share.owner) == Some(&0) {
                        let listings = self.listings.get(&share.owner).into_iter().flatten();
                        path.listings.extend(listings.map(|l| self.hit(l)));
                    } else {
                        todo.push(&share.owner);
                    }
                }
            }
        }
        path
    }
}

impl Group<'_> {
    /// The name of an institution; its id when it is not registered.
    fn name(&self, id: &Id) -> String {
        let record = self.people.institutions.get(id);
        record.map_or_else(|| id.to_string(), |i| i.name.clone())
    }

    fn hit(&self, listing: &Listing) -> Hit {
        Hit {
            institution: listing.institution.clone(),
            name: self.name(&listing.institution),
            list: listing.list.clone(),
            listed_as: listing.listed_as.clone(),
            since: listing.window.from,
            entry: listing.entry,
        }
    }
}

/// Everybody above `start`, and whether a limit stopped the climb.
fn climb<'a>(
    upwards: &BTreeMap<&'a Id, Vec<&'a Ownership>>,
    start: impl IntoIterator<Item = &'a Id>,
) -> (BTreeSet<&'a Id>, bool) {
    let mut members: BTreeSet<&Id> = start.into_iter().collect();
    let mut level: Vec<&Id> = members.iter().copied().collect();
    for _ in 0..OWNERSHIP_STEPS {
        let owners = level
            .iter()
            .filter_map(|id| upwards.get(*id))
            .flatten()
            .map(|s| &s.owner);
        let next: BTreeSet<&Id> = owners.filter(|owner| !members.contains(owner)).collect();
        if next.is_empty() {
            return (members, false);
        }
        if members.len() + next.len() > GROUP_MEMBERS {
            return (members, true);
        }
        members.extend(&next);
        level = next.into_iter().collect();
    }
    (members, true)
}
