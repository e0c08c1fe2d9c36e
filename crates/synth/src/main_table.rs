//! The wide main table: one row a participant, `field-instance.item` columns, ISO dates.
//!
//! Each cell draws exactly 64 bits, whether it uses them or not; so a change in one field's rules
//! leaves every other cell as it was.

mod body;
mod health;
mod life;

use crate::calendar::{Calendar, Day};
use crate::catalogue::{Catalogue, Counts, Field, Kind, Number, Sexed};
use crate::disease::Medicopoeia;
use crate::person::Person;
use crate::rng::{Stream, normal48};
use crate::scripts::Course;
use crate::write::File;

/// Everything a cell may depend on.
pub(crate) struct Cell<'a> {
    p: &'a Person,
    m: &'a Medicopoeia,
    c: &'a Calendar,
    /// Day and number of the visit.
    at: Day,
    visit: usize,
    item: usize,
    bits: u64,
    /// One number for the person and the visit, for what several cells must agree on.
    shared: u64,
    reported: &'a Reported,
}

/// What a person tells the interviewer at one visit.
#[derive(Default)]
pub(crate) struct Reported {
    illnesses: Vec<&'static str>,
    cancers: Vec<&'static str>,
    medicines: Vec<&'static str>,
}

impl Cell<'_> {
    /// A nearly normal number of this cell.
    fn normal(&self) -> f64 {
        normal48(self.bits)
    }

    /// True so many times in 1,000.
    fn chance(&self, per_1_000: u64) -> bool {
        (((self.bits >> 20) & 0xfffff) * 1_000) >> 20 < per_1_000
    }

    /// A number below `n`.
    fn below(&self, n: u64) -> u64 {
        ((self.bits >> 32) * n) >> 32
    }

    /// Age at the visit.
    fn age(&self) -> f64 {
        self.p.age(self.at)
    }
}

/// Writes main rows; keeps its buffers from person to person.
pub(crate) struct MainTable {
    reported: [Reported; 4],
    pub(crate) counts: Vec<Counts>,
}

impl MainTable {
    pub(crate) fn new(fields: usize) -> Self {
        Self {
            reported: Default::default(),
            counts: vec![Counts::default(); fields],
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub(crate) fn write(
        &mut self,
        p: &Person,
        s: &mut Stream,
        m: &Medicopoeia,
        courses: &[Course],
        c: &Calendar,
        catalogue: &Catalogue,
        out: &mut File,
    ) {
        let mut shared = [0u64; 4];
        for ((reported, day), seed) in self.reported.iter_mut().zip(p.visits).zip(&mut shared) {
            *seed = s.bits();
            health::report(reported, p, m, courses, day, *seed);
        }
        out.int(i64::from(p.eid));
        for (field, counts) in catalogue.fields.iter().zip(&mut self.counts) {
            let mut filled = 0;
            for instance in &field.columns {
                let visit = usize::from(*instance);
                let day = p.visits.get(visit).copied().flatten();
                for item in 0..usize::from(field.items) {
                    let bits = s.bits();
                    let (Some(at), Some(reported), Some(shared)) =
                        (day, self.reported.get(visit), shared.get(visit).copied())
                    else {
                        out.empty();
                        continue;
                    };
                    let cell = Cell {
                        p,
                        m,
                        c,
                        at,
                        visit,
                        item,
                        bits,
                        shared,
                        reported,
                    };
                    filled += u64::from(write_cell(field, &cell, out));
                }
            }
            counts.items += filled;
            counts.participants += u64::from(filled > 0);
        }
        out.end_row();
    }
}

/// Writes one cell; true if it has a value.
fn write_cell(field: &Field, cell: &Cell<'_>, out: &mut File) -> bool {
    let applies = match field.sexed {
        Sexed::Unisex => true,
        Sexed::Female => !cell.p.male,
        Sexed::Male => cell.p.male,
    };
    // Missing and special answers are the same for all items of a question: they come from the
    // shared bits where a field has items, else from the cell's own.
    let bits = if field.items > 1 {
        crate::rng::mix(cell.shared ^ u64::from(field.id))
    } else {
        cell.bits
    };
    let mut lot = (((bits & 0xffff) * 1_000) >> 16) as u32;
    if !applies || lot < field.missing {
        out.empty();
        return false;
    }
    lot -= field.missing;
    for (value, share) in &field.specials {
        if lot < *share && asked(field.id, cell) {
            let first = cell.item == 0;
            out.text(if first { value } else { b"" });
            return first;
        }
        lot = lot.saturating_sub(*share);
    }
    match &field.kind {
        Kind::Number(n) => {
            if !asked(field.id, cell) {
                out.empty();
                return false;
            }
            number(n, cell, out);
            true
        }
        Kind::Choice { bounds, tilt } => {
            let push = tilt * 7_000.0 * (0.6 * cell.p.frailty + 0.5 * cell.p.worry);
            let at = (((cell.bits >> 16) & 0xffff) as i32 + push as i32).clamp(0, 65_535) as u32;
            let chosen = bounds
                .iter()
                .find(|(bound, _)| at < *bound)
                .or(bounds.last());
            out.text(chosen.map_or(b"", |(_, value)| value));
            true
        }
        Kind::Code => body::write(field.id, cell, out)
            .or_else(|| health::write(field.id, cell, out))
            .or_else(|| life::write(field.id, cell, out))
            .unwrap_or_else(|| {
                out.empty();
                false
            }),
    }
}

/// Is the question put to this person? Some follow from the answer to another.
fn asked(field: u32, cell: &Cell<'_>) -> bool {
    match field {
        1568 | 1588 => cell.p.alcohol <= 3,
        2867 | 2897 | 3456 | 3581 | 2966 | 2976 | 3627 | 3786 | 3894 | 4056 => {
            life::answers(field, cell) || health::answers(field, cell)
        }
        _ => true,
    }
}

fn number(n: &Number, cell: &Cell<'_>, out: &mut File) {
    let p = cell.p;
    let mean = n.mean.get(usize::from(p.male)).copied().unwrap_or(0.0);
    let moved = n.age * (cell.age() - 57.0) / 10.0 + n.bmi * (p.bmi - 27.0) + n.frailty * p.frailty;
    let value = if n.skewed {
        let spread = (n.deviation / mean.max(0.01)).min(1.1);
        let middle = (mean + moved).max(0.1 * mean) / (1.0 + 0.4 * spread * spread);
        middle * crate::rng::grow(0.9 * spread * cell.normal())
    } else {
        mean + moved + n.deviation * cell.normal()
    };
    scaled(value.clamp(n.least, n.most), n.places, out);
}

/// Writes a number with its places, rounded to the nearest.
fn scaled(value: f64, places: u32, out: &mut File) {
    let unit = 10i64.pow(places) as f64;
    let half = if value < 0.0 { -0.5 } else { 0.5 };
    out.decimal((value * unit + half) as i64, places);
}

/// Writes a number and says that there is one.
fn some(value: f64, places: u32, out: &mut File) -> Option<bool> {
    scaled(value, places, out);
    Some(true)
}

/// Writes a whole number and says that there is one.
fn whole(value: i64, out: &mut File) -> Option<bool> {
    out.int(value);
    Some(true)
}

/// Writes an empty cell and says so.
fn nothing(out: &mut File) -> Option<bool> {
    out.empty();
    Some(false)
}
