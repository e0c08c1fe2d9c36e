//! Death: when, of what, and its two tables.
//!
//! `death.csv` has ISO dates, as the real table does; every other linked table is day first.

use crate::calendar::Calendar;
use crate::disease::Disease;
use crate::person::{Death, Person, Smoking};
use crate::rng::Stream;
use crate::study::{HOSPITAL_END, YEAR};
use crate::write::File;

/// Header of `death.csv`.
pub(crate) const DEATH: &str = "eid,ins_index,dsource,source,date_of_death";
/// Header of `death_cause.csv`.
pub(crate) const CAUSE: &str = "eid,ins_index,arr_index,level,cause_icd10";

/// Yearly probability of death from what the disease table does not have, by five years from 40.
const OTHER: [f64; 10] = [
    0.0003, 0.0004, 0.0006, 0.0009, 0.0013, 0.0019, 0.003, 0.0055, 0.011, 0.02,
];

/// Causes for those deaths.
const OTHER_CAUSES: [(&[u8], u32); 10] = [
    (b"C80", 150),
    (b"C159", 90),
    (b"C719", 80),
    (b"I461", 140),
    (b"A419", 90),
    (b"N179", 40),
    (b"J180", 150),
    (b"W19", 60),
    (b"V892", 40),
    (b"R99", 160),
];

/// Walks year by year from recruitment and decides whether, when and of what the person dies.
pub(crate) fn fate(p: &mut Person, s: &mut Stream, diseases: &[Disease]) {
    p.death = None;
    let (u, place, which) = (s.uniform(), s.uniform(), s.uniform());
    let habit = match p.smoking {
        Smoking::Never => 0.85,
        Smoking::Former => 1.05,
        Smoking::Current => 1.9,
    };
    let risk = habit
        * (1.0 + 0.25 * p.frailty).max(0.4)
        * (1.0 + 0.12 * p.deprivation).max(0.6)
        * if p.male { 1.25 } else { 0.8 };
    let mut alive = 1.0;
    let mut from = p.recruited() + 20;
    while from < HOSPITAL_END {
        let other = other_hazard(p.age(from)) * risk;
        let total: f64 = other
            + diseases
                .iter()
                .enumerate()
                .map(|(i, d)| burden(p, i, d, from))
                .sum::<f64>();
        alive *= 1.0 - total.min(0.9);
        if alive < u {
            let day = from + (place * YEAR) as i32;
            if day <= HOSPITAL_END {
                p.death = Some(Death {
                    day,
                    cause: cause(p, diseases, from, which, other, total),
                });
            }
            return;
        }
        from += 365;
    }
}

fn other_hazard(age: f64) -> f64 {
    let step = ((age - 40.0).max(0.0) / 5.0) as usize;
    OTHER.get(step).or(OTHER.last()).copied().unwrap_or(0.0)
}

/// What a disease adds on a day: most in its first year, less once eight years have passed.
fn burden(p: &Person, index: usize, d: &Disease, at: i32) -> f64 {
    let years = match p.since(index) {
        onset if onset > at => return 0.0,
        onset => f64::from(at - onset) / YEAR,
    };
    let share = if years < 1.0 {
        1.5
    } else if years < 8.0 {
        0.9
    } else {
        0.4
    };
    d.fatal * share
}

fn cause(
    p: &Person,
    diseases: &[Disease],
    at: i32,
    which: f64,
    other: f64,
    total: f64,
) -> &'static [u8] {
    let mut left = which * total - other;
    if left >= 0.0 {
        for (i, d) in diseases.iter().enumerate() {
            left -= burden(p, i, d, at);
            if left < 0.0
                && let Some(code) = d.cause
            {
                return code;
            }
        }
    }
    let mut at = ((which * 7_919.0) % 1.0 * 1_000.0) as u32;
    for (code, share) in OTHER_CAUSES {
        if at < share {
            return code;
        }
        at -= share;
    }
    b"R99"
}

/// Writes the person's death, if there was one.
pub(crate) fn write(
    p: &Person,
    s: &mut Stream,
    diseases: &[Disease],
    c: &Calendar,
    death: &mut File,
    causes: &mut File,
) {
    let Some(d) = p.death else { return };
    let scottish = p.provider == 2;
    let eid = i64::from(p.eid);
    death.int(eid);
    death.int(0);
    death.text(if scottish { b"SCOT" } else { b"E/W" });
    death.int(if s.chance(88_000) { 2 } else { 1 });
    death.iso(c, d.day);
    death.end_row();
    let mut index = 0;
    let mut row = |level: i64, code: &[u8]| {
        causes.int(eid);
        causes.int(0);
        causes.int(index);
        causes.int(level);
        causes.text(code);
        causes.end_row();
        index += 1;
    };
    row(1, d.cause);
    for (i, other) in diseases.iter().enumerate() {
        if let Some(code) = other.cause
            && code != d.cause
            && p.has(i, d.day)
            && s.chance(38_000)
        {
            row(2, code);
        }
    }
}

/// Age at death in years with one decimal place, times ten, as field 40007 has it.
pub(crate) fn age_at_death(p: &Person, d: Death) -> i64 {
    (p.age(d.day) * 10.0) as i64
}
