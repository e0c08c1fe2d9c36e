//! Counts that agree with earlier answers.
//!
//! Noise and rounding that are new each time can be averaged away: the size of one population as many sums of two parts
//! (Asghar and Kaafar 2020, "Averaging attacks on bounded noise-based disclosure control algorithms"; attack 7). So a
//! count that follows from counts that were shown before is not drawn again: it is what follows. Then nothing is
//! learned by asking, and every sum of parts of a population gives the same, once perturbed, size.
//!
//! Sets are compared by sketches: each person adds a fixed weight to one of the places of a vector, and a dependency
//! between sets is one between their sketches. That two sets that do not depend on each other have sketches that do is
//! as likely as one in 2^31.
//!
//! Only answers since the last withdrawal are used: older counts depend on people who have gone.

use std::borrow::Cow;
use std::collections::HashMap;

use roaring::{MultiOps, RoaringBitmap};

use super::compare::Known;
use super::{COUNTS, Cell, Layer, Options, ReleasedTable, Settled};
use crate::limits::{PEOPLE_PER_CELL, SETTLED_SETS};
use crate::linear::field::{P, add, add_scaled, inverse, mul, neg};
use crate::sdc::{Treatment, cellkey};

/// Places of a sketch: more than there can be independent sets.
const PLACES: usize = SETTLED_SETS + 64;

/// Largest factor that is looked at; a dependency with larger ones is no sum or difference that somebody makes.
const FACTOR: i64 = 8;

/// The counts that must be shown otherwise than they were judged.
pub(super) fn settle(
    new: &ReleasedTable,
    earlier: &[Known],
    options: &Options<'_>,
) -> Vec<Settled> {
    let mut known = Counts::default();
    let tables = earlier
        .iter()
        .map(|known| &known.table)
        .filter(|table| table.withdrawn == new.withdrawn);
    let mut totals = Vec::new();
    for layer in tables.flat_map(|table| &table.layers) {
        totals.extend(total(layer));
        for cell in counts(layer) {
            known.add(Cow::Borrowed(&cell.people), cell.shown);
        }
    }
    let mut out = Vec::new();
    let mut wanted = Counts::default();
    let mut cells: Vec<(usize, &Cell)> = Vec::new();
    for cell in new.layers.iter().flat_map(counts) {
        // the same people: the same number, always
        match known.count(&cell.people) {
            Some(count) => set(&mut out, cell, count),
            None => cells.push((wanted.add(Cow::Borrowed(&cell.people), cell.shown), cell)),
        }
    }
    if cells.is_empty() || known.list.is_empty() {
        return out;
    }
    if wanted.list.len() > SETTLED_SETS / 2 {
        settle_totals(new, &known, totals, options, &mut out);
        return out;
    }
    let room = SETTLED_SETS - wanted.list.len();
    let known = known.within(room, totals);
    let counts = solve(&wanted.list, &known, options);
    for (at, cell) in cells {
        if let Some(count) = counts.get(at) {
            set(&mut out, cell, *count);
        }
    }
    out
}

fn set(out: &mut Vec<Settled>, cell: &Cell, count: i64) {
    if cell.shown != Some(count) {
        out.push(Settled {
            row: cell.row,
            number: cell.number,
            count,
        });
    }
}

fn counts(layer: &Layer) -> impl Iterator<Item = &Cell> {
    let of_counts = layer.family == COUNTS;
    layer
        .cells
        .iter()
        .filter(move |cell| of_counts && cell.shown.is_some())
}

/// The union of a layer of disjoint cells with counts, and their sum.
fn total(layer: &Layer) -> Option<(RoaringBitmap, i64)> {
    if layer.family != COUNTS || layer.cells.len() < 2 {
        return None;
    }
    let people: RoaringBitmap = layer.cells.iter().map(|c| &c.people).union();
    let (mut sum, mut sizes) = (0_i64, 0_u64);
    for cell in &layer.cells {
        sum = sum.checked_add(cell.shown?)?;
        sizes += cell.people.len();
    }
    (people.len() == sizes).then_some((people, sum))
}

/// Many cells: only their sum is made to agree, cell by cell in small steps.
fn settle_totals(
    new: &ReleasedTable,
    known: &Counts<'_>,
    totals: Vec<(RoaringBitmap, i64)>,
    options: &Options<'_>,
    out: &mut Vec<Settled>,
) {
    let step = step(options);
    let mut before: HashMap<u64, Vec<(Cow<'_, RoaringBitmap>, i64)>> = HashMap::new();
    for (people, sum) in totals {
        before
            .entry(people.len())
            .or_default()
            .push((Cow::Owned(people), sum));
    }
    for (people, count) in &known.list {
        before
            .entry(people.len())
            .or_default()
            .push((people.clone(), *count));
    }
    for layer in &new.layers {
        let Some((people, sum)) = total(layer) else {
            continue;
        };
        let same = before.get(&people.len()).into_iter().flatten();
        let Some(wanted) = same
            .filter(|(other, _)| other.as_ref() == &people)
            .map(|(_, sum)| *sum)
            .next()
        else {
            continue;
        };
        let mut left = wanted - sum;
        let mut largest: Vec<&Cell> = counts(layer).collect();
        largest.sort_by_key(|cell| (std::cmp::Reverse(cell.people.len()), cell.row));
        for cell in largest {
            if left.abs() < step
                || out
                    .iter()
                    .any(|s| (s.row, s.number) == (cell.row, cell.number))
            {
                continue;
            }
            let by = step * left.signum();
            set(out, cell, cell.shown.unwrap_or(0) + by);
            left -= by;
        }
    }
}

/// The smallest difference between two shown counts.
fn step(options: &Options<'_>) -> i64 {
    match options.treatment {
        Treatment::Round { base } => i64::from(base.max(1)),
        Treatment::CellKey => 1,
    }
}

/// Sets with their counts, each set once.
#[derive(Default)]
struct Counts<'a> {
    list: Vec<(Cow<'a, RoaringBitmap>, i64)>,
    places: HashMap<(u64, Option<u32>, Option<u32>), Vec<usize>>,
}

impl<'a> Counts<'a> {
    fn add(&mut self, people: Cow<'a, RoaringBitmap>, count: Option<i64>) -> usize {
        if let Some(at) = self.find(&people) {
            return at;
        }
        let at = self.list.len();
        let key = (people.len(), people.min(), people.max());
        self.places.entry(key).or_default().push(at);
        self.list.push((people, count.unwrap_or(0)));
        at
    }

    fn find(&self, people: &RoaringBitmap) -> Option<usize> {
        let alike = self
            .places
            .get(&(people.len(), people.min(), people.max()))?;
        alike.iter().copied().find(|at| {
            self.list
                .get(*at)
                .is_some_and(|(set, _)| set.as_ref() == people)
        })
    }

    fn count(&self, people: &RoaringBitmap) -> Option<i64> {
        self.list.get(self.find(people)?).map(|(_, count)| *count)
    }

    /// At most so many of them: totals first, as they stand for many, then the earliest.
    fn within(
        self,
        room: usize,
        totals: Vec<(RoaringBitmap, i64)>,
    ) -> Vec<(Cow<'a, RoaringBitmap>, i64)> {
        if self.list.len() <= room {
            return self.list;
        }
        let totals = totals.into_iter().map(|(set, sum)| (Cow::Owned(set), sum));
        totals.chain(self.list).take(room).collect()
    }
}

/// What follows from sets of people by sums and differences.
#[derive(Default)]
pub(super) struct Span {
    basis: Vec<Option<Vec<u32>>>,
    rank: usize,
}

impl Span {
    /// Adds the cells of a layer, or only their total if they are too many.
    pub(super) fn add(&mut self, sets: &[&RoaringBitmap]) {
        self.basis.resize(PLACES, None);
        if self.rank + sets.len() <= SETTLED_SETS {
            for set in sets {
                self.add_one(set);
            }
        } else if self.rank < SETTLED_SETS {
            let mut total = RoaringBitmap::new();
            for set in sets {
                total |= *set;
            }
            self.add_one(&total);
        }
    }

    fn add_one(&mut self, set: &RoaringBitmap) {
        let mut row = Row::new(set, 0);
        if !row.reduce(&self.basis) {
            row.insert(&mut self.basis);
            self.rank += 1;
        }
    }

    /// Whether a set follows.
    pub(super) fn has(&self, set: &RoaringBitmap) -> bool {
        Row::new(set, 0).reduce(&self.basis)
    }
}

/// One row: the sketch of a combination of sets, the factors of the wanted counts in it, and what the known ones come to.
struct Row(Vec<u32>);

impl Row {
    fn new(people: &RoaringBitmap, wanted: usize) -> Self {
        let mut row = vec![0; PLACES + wanted + 1];
        for person in people {
            let (place, weight) = sketch(person);
            if let Some(value) = row.get_mut(place) {
                *value = add(*value, weight);
            }
        }
        Self(row)
    }

    fn set(&mut self, place: usize, value: u32) {
        if let Some(slot) = self.0.get_mut(place) {
            *slot = value;
        }
    }

    /// Takes out what the basis spans; `true` if nothing of the sketch is left.
    fn reduce(&mut self, basis: &[Option<Vec<u32>>]) -> bool {
        let mut nothing = true;
        for (place, row) in basis.iter().enumerate() {
            let value = self.0.get(place).copied().unwrap_or(0);
            match row {
                Some(row) if value != 0 => add_scaled(&mut self.0, row, neg(value)),
                _ => nothing &= value == 0,
            }
        }
        nothing
    }

    fn insert(mut self, basis: &mut [Option<Vec<u32>>]) {
        let lead = self.0.iter().take(PLACES).position(|v| *v != 0);
        let Some(place) = lead else { return };
        let factor = inverse(self.0.get(place).copied().unwrap_or(1));
        for value in &mut self.0 {
            *value = mul(*value, factor);
        }
        if let Some(slot) = basis.get_mut(place) {
            *slot = Some(self.0);
        }
    }
}

/// The place and the weight of a person (SplitMix64, Steele, Lea and Flood 2014: as good as any fixed spreading).
fn sketch(person: u32) -> (usize, u32) {
    let mut z = u64::from(person).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    let place = usize::try_from((z >> 33) % u64::try_from(PLACES).unwrap_or(1)).unwrap_or(0);
    let weight = u32::try_from((z & 0xffff_ffff) % (P - 1)).unwrap_or(0) + 1;
    (place, weight)
}

/// What a wanted count must be: a known part, and other wanted counts with factors.
struct Follows {
    count: usize,
    known: i64,
    others: Vec<(usize, i64)>,
}

fn solve(
    wanted: &[(Cow<'_, RoaringBitmap>, i64)],
    known: &[(Cow<'_, RoaringBitmap>, i64)],
    options: &Options<'_>,
) -> Vec<i64> {
    let mut counts: Vec<i64> = wanted.iter().map(|(_, count)| *count).collect();
    let last = PLACES + wanted.len();
    let mut basis: Vec<Option<Vec<u32>>> = vec![None; PLACES];
    for (people, count) in known {
        let mut row = Row::new(people, wanted.len());
        row.set(last, residue(-count));
        if !row.reduce(&basis) {
            row.insert(&mut basis);
        }
    }
    let mut follow = Vec::new();
    for (at, (people, _)) in wanted.iter().enumerate() {
        let mut row = Row::new(people, wanted.len());
        row.set(PLACES + at, 1);
        if row.reduce(&basis) {
            follow.extend(follows(&row, at, wanted.len()));
        } else {
            row.insert(&mut basis);
        }
    }
    agree(&mut counts, &follow, options);
    counts
}

/// Reads a row whose sketch is nought.
fn follows(row: &Row, at: usize, wanted: usize) -> Option<Follows> {
    let known = signed(row.0.get(PLACES + wanted).copied()?);
    let mut others = Vec::new();
    for other in (0..wanted).filter(|other| *other != at) {
        let factor = signed(row.0.get(PLACES + other).copied()?);
        if factor.abs() > FACTOR {
            return None;
        }
        if factor != 0 {
            others.push((other, factor));
        }
    }
    Some(Follows {
        count: at,
        known,
        others,
    })
}

fn residue(count: i64) -> u32 {
    let prime = i64::try_from(P).unwrap_or(i64::MAX);
    u32::try_from(count.rem_euclid(prime)).unwrap_or(0)
}

fn signed(residue: u32) -> i64 {
    let prime = i64::try_from(P).unwrap_or(i64::MAX);
    let value = i64::from(residue);
    if value > prime / 2 {
        value - prime
    } else {
        value
    }
}

/// Makes the counts agree, moving those that are free by one step each before the one that follows is moved alone.
fn agree(counts: &mut [i64], follow: &[Follows], options: &Options<'_>) {
    let step = step(options);
    let most = match options.treatment {
        Treatment::Round { .. } => step,
        Treatment::CellKey => cellkey::BOUND,
    };
    let mut uses: HashMap<usize, usize> = HashMap::new();
    for (other, _) in follow.iter().flat_map(|f| &f.others) {
        *uses.entry(*other).or_default() += 1;
    }
    for one in follow {
        let value = |counts: &[i64]| {
            one.others.iter().fold(one.known, |sum, (other, factor)| {
                sum - factor * counts.get(*other).copied().unwrap_or(0)
            })
        };
        let judged = counts.get(one.count).copied().unwrap_or(0);
        for (other, factor) in &one.others {
            let error = value(counts) - judged;
            if error.abs() <= most {
                break;
            }
            let free = uses.get(other) == Some(&1) && factor.abs() == 1;
            if let (true, Some(count)) = (free, counts.get_mut(*other)) {
                *count += step * error.signum() * factor.signum();
            }
        }
        let least = i64::try_from(options.threshold.max(PEOPLE_PER_CELL)).unwrap_or(i64::MAX);
        let settled = value(counts).max(least);
        if let Some(count) = counts.get_mut(one.count) {
            *count = settled;
        }
    }
}
