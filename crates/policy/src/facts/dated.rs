//! Records that hold for a time, and which of several records about the same thing speaks.
//!
//! The log is never changed, so a later record is the only way to end or correct an earlier one:
//! 1. a record about the same thing with the same start replaces the earlier one (this is how an end is
//!    written into a listing, an ownership or an approval that had none);
//! 2. of the records that hold at an instant, the one that began last speaks (a new share, a new grade).
//!
//! A record that does neither changes nothing about the others. So what is written down late about the
//! distant past cannot open anything today.

use std::collections::{BTreeMap, BTreeSet};

use governance::data::Approval;
use governance::people::{Listing, Ownership};
use governance::{Id, Territory, Time, Window};
use serde::Serialize;

/// A record that holds for a time.
pub(crate) trait Dated {
    /// What it is about.
    type Thing<'a>: Ord
    where
        Self: 'a;
    /// What it is about.
    fn thing(&self) -> Self::Thing<'_>;
    /// When it holds.
    fn window(&self) -> Window;
    /// Its log entry.
    fn entry(&self) -> u64;
}

impl Dated for Ownership {
    type Thing<'a> = (&'a Id, &'a Id);
    fn thing(&self) -> Self::Thing<'_> {
        (&self.owner, &self.owned)
    }
    fn window(&self) -> Window {
        self.window
    }
    fn entry(&self) -> u64 {
        self.entry
    }
}

impl Dated for Listing {
    type Thing<'a> = (&'a Id, &'a str, &'a Id);
    fn thing(&self) -> Self::Thing<'_> {
        (&self.list, &self.listed_as, &self.institution)
    }
    fn window(&self) -> Window {
        self.window
    }
    fn entry(&self) -> u64 {
        self.entry
    }
}

impl Dated for Approval {
    type Thing<'a> = (&'a Id, &'a Territory);
    fn thing(&self) -> Self::Thing<'_> {
        (&self.class, &self.territory)
    }
    fn window(&self) -> Window {
        self.window
    }
    fn entry(&self) -> u64 {
        self.entry
    }
}

/// The records that no later one replaced (rule 1).
pub(crate) fn standing<'a, T: Dated>(records: impl IntoIterator<Item = &'a T>) -> Vec<&'a T> {
    let mut newest: BTreeMap<(T::Thing<'a>, Time), &'a T> = BTreeMap::new();
    for record in records {
        let place = newest
            .entry((record.thing(), record.window().from))
            .or_insert(record);
        if place.entry() <= record.entry() {
            *place = record;
        }
    }
    newest.into_values().collect()
}

/// The record that speaks about each thing at an instant (rule 2), out of [`standing`] ones.
pub(crate) fn speaking<'a, T: Dated>(
    standing: impl IntoIterator<Item = &'a T>,
    at: Time,
) -> Vec<&'a T> {
    let mut last: BTreeMap<T::Thing<'a>, &'a T> = BTreeMap::new();
    for record in standing.into_iter().filter(|r| r.window().holds(at)) {
        let place = last.entry(record.thing()).or_insert(record);
        if place.window().from <= record.window().from {
            *place = record;
        }
    }
    last.into_values().collect()
}

/// The instants at which something that was looked at changes.
#[derive(Debug, Default)]
pub(crate) struct Edges(BTreeSet<Time>);

impl Edges {
    /// Notes a window that was looked at, whether it holds now or not.
    pub(crate) fn saw(&mut self, window: &Window, at: Time) {
        self.0.extend(window.next_change(at));
    }

    /// The earliest.
    pub(crate) fn first(&self) -> Option<Time> {
        self.0.first().copied()
    }
}

/// Where an instant lies as to a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Before its start.
    NotBegun,
    /// Inside.
    InForce,
    /// After its end, or the window is empty.
    Over,
}

/// A window, and where the instant of the question lies as to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// When it holds.
    pub window: Window,
    /// Where the instant of the question lies.
    pub phase: Phase,
}

impl Held {
    /// Compares a window with an instant.
    pub fn of(window: Window, at: Time) -> Self {
        let phase = if window.holds(at) {
            Phase::InForce
        } else if !window.is_empty() && at < window.from {
            Phase::NotBegun
        } else {
            Phase::Over
        };
        Self { window, phase }
    }

    /// Whether the instant lies inside.
    pub fn holds(&self) -> bool {
        self.phase == Phase::InForce
    }
}
