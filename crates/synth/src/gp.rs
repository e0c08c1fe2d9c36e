//! GP events: `gp_clinical.csv` and `gp_registrations.csv`.
//!
//! Day-first dates; special dates, rows without a code and rows with both codes occur, rarely, as
//! in the real extracts. England's second provider (3) codes in CTV3, the others in Read version 2.

use crate::calendar::{Calendar, Day, civil, day};
use crate::disease::Medicopoeia;
use crate::gp_codes::*;
use crate::limits::MAX_GP_EVENTS;
use crate::person::{Person, Smoking};
use crate::rng::{Stream, item};
use crate::study::{GP_FROM, YEAR};
use crate::write::File;

/// Header of `gp_clinical.csv`.
pub(crate) const CLINICAL: &str = "eid,data_provider,event_dt,read_2,read_3,value1,value2,value3";
/// Header of `gp_registrations.csv`.
pub(crate) const REGISTRATIONS: &str = "eid,data_provider,reg_date,deduct_date";

/// Dates that mean something else (encoding 819): before birth, on the day of birth, in the year
/// of birth, in the future.
pub(crate) const SPECIAL: [Day; 4] = [
    day(1901, 1, 1),
    day(1902, 2, 2),
    day(1903, 3, 3),
    day(2037, 7, 7),
];

const NO_VALUE: i32 = i32::MIN;

#[derive(Clone, Copy)]
struct Event {
    day: Day,
    read2: &'static [u8],
    ctv3: &'static [u8],
    unit: &'static [u8],
    places: u32,
    value: i32,
    second: i32,
}

/// Makes and writes GP events; keeps its buffer from person to person.
pub(crate) struct Gp {
    events: Vec<Event>,
}

impl Gp {
    pub(crate) fn new() -> Self {
        Self {
            events: Vec::with_capacity(MAX_GP_EVENTS),
        }
    }

    pub(crate) fn write(
        &mut self,
        p: &Person,
        s: &mut Stream,
        m: &Medicopoeia,
        c: &Calendar,
        out: &mut File,
    ) {
        self.events.clear();
        self.diagnoses(p, m);
        self.years(p, s, m);
        self.events.truncate(MAX_GP_EVENTS);
        self.events.sort_by_key(|e| e.day);
        for e in &self.events {
            row(p, s, c, out, e);
        }
    }

    fn diagnoses(&mut self, p: &Person, m: &Medicopoeia) {
        for (i, d) in m.diseases.iter().enumerate() {
            let onset = p.since(i);
            if onset <= p.gp_end {
                self.events.push(Event {
                    day: onset,
                    read2: d.read2,
                    ctv3: d.ctv3,
                    unit: b"",
                    places: 0,
                    value: NO_VALUE,
                    second: NO_VALUE,
                });
            }
        }
    }

    fn years(&mut self, p: &Person, s: &mut Stream, m: &Medicopoeia) {
        let start = GP_FROM.max(p.born + (18.0 * YEAR) as i32);
        let mut from = start;
        while from < p.gp_end && self.events.len() < MAX_GP_EVENTS {
            let length = 365.min(p.gp_end - from);
            let chronic = m
                .diseases
                .iter()
                .zip(&p.onset)
                .filter(|(_, o)| **o < from)
                .count();
            let age = p.age(from);
            let (year, _, _) = civil(from);
            let kept = f64::from((year - 1984).clamp(4, 20)) / 20.0;
            let rate = kept
                * (VISITS_BASE
                    + 0.02 * (age - 35.0).max(0.0)
                    + 0.5 * (p.frailty + 0.5).max(0.0)
                    + 0.32 * (chronic as f64).min(12.0)
                    + if p.male { -0.2 } else { 0.4 });
            let visits =
                (rate * f64::from(length) / 365.0 * 2.0 * s.uniform() + s.uniform()) as u32;
            for _ in 0..visits.min(40) {
                let at = from + s.below(length.max(1) as u32) as i32;
                self.visit(p, s, m, at);
            }
            let elderly = age >= 65.0 || chronic > 4;
            if s.chance(if elderly && year >= 2000 {
                68_000
            } else {
                6_000
            }) {
                let autumn = day(year, 10, 1) + s.below(60) as i32;
                if autumn < p.gp_end && autumn > start {
                    self.code(autumn, &VACCINE);
                }
            }
            from += 365;
        }
    }

    fn code(&mut self, at: Day, code: &Code) {
        self.value(at, code, NO_VALUE);
    }

    fn value(&mut self, at: Day, code: &Code, value: i32) {
        self.events.push(Event {
            day: at,
            read2: code.read2,
            ctv3: code.ctv3,
            unit: code.unit,
            places: code.places,
            value,
            second: NO_VALUE,
        });
    }

    /// One consultation: what is said, what is measured, what is sent to the laboratory.
    fn visit(&mut self, p: &Person, s: &mut Stream, m: &Medicopoeia, at: Day) {
        let bits = s.bits();
        let roll = |shift: u32| ((bits >> shift) & 0xff) as u32;
        self.code(at, one_of(&CONTACT, roll(0)));
        if roll(8) < 120 {
            self.code(at, one_of(&SYMPTOM, roll(16)));
        }
        if roll(24) < 95 {
            self.pressure(p, s, at);
        }
        if roll(32) < 42 {
            let bmi = p.bmi + 0.06 * (p.age(at) - p.age(p.recruited())) + 0.5 * s.normal();
            let metres = p.height / 100.0;
            self.value(at, &WEIGHT, (bmi * metres * metres * 10.0) as i32);
            self.value(at, &BMI, (bmi * 10.0) as i32);
        }
        if roll(40) < 34 {
            self.code(at, smoking(p, at));
        }
        if roll(48) < 40 {
            self.laboratory(p, s, m, at);
        }
        if roll(56) < 46 {
            self.code(at, one_of(&ADMIN, roll(0)));
        }
        self.reviews(p, s, m, at);
    }

    fn pressure(&mut self, p: &Person, s: &mut Stream, at: Day) {
        let years = p.age(at) - p.age(p.recruited());
        let upper = (p.systolic + 0.5 * years + 9.0 * s.normal()).clamp(80.0, 240.0) as i32;
        let lower = (p.diastolic + 5.0 * s.normal()).clamp(40.0, 140.0) as i32;
        let lower = lower.min(upper - 12);
        if p.provider == 3 {
            self.value(at, &SYSTOLIC, upper);
            self.value(at, &DIASTOLIC, lower);
        } else {
            self.value(at, &PRESSURE, upper);
            if let Some(last) = self.events.last_mut() {
                last.second = lower;
            }
        }
    }

    fn laboratory(&mut self, p: &Person, s: &mut Stream, m: &Medicopoeia, at: Day) {
        let which = s.below(100);
        if which < 34 {
            self.value(
                at,
                &HAEMOGLOBIN,
                ((p.haemoglobin + 0.5 * s.normal()) * 10.0) as i32,
            );
            self.value(
                at,
                &WHITE_CELLS,
                ((6.8 + 1.6 * s.normal()) * 10.0).max(15.0) as i32,
            );
            self.value(at, &PLATELETS, (252.0 + 55.0 * s.normal()).max(20.0) as i32);
        } else if which < 62 {
            let sick = p.has(m.known.ckd, at);
            let creatinine =
                p.creatinine.max(30.0) * if sick { 1.1 } else { 1.0 } + 5.0 * s.normal();
            self.value(at, &CREATININE, creatinine as i32);
            self.value(at, &SODIUM, (140.0 + 2.4 * s.normal()) as i32);
            self.value(at, &POTASSIUM, ((4.4 + 0.4 * s.normal()) * 10.0) as i32);
            if at > day(2006, 4, 1) {
                self.value(at, &EGFR, filtration(p, at, creatinine));
            }
        } else if which < 78 {
            let treated = p.has(m.known.cholesterol, at - 90);
            let total =
                (p.cholesterol - if treated { 1.1 } else { 0.0 } + 0.4 * s.normal()).max(2.0);
            self.value(at, &CHOLESTEROL, (total * 10.0) as i32);
            self.value(
                at,
                &HDL,
                ((p.hdl + 0.08 * s.normal()) * 10.0).max(4.0) as i32,
            );
            self.value(at, &TRIGLYCERIDE, (p.triglycerides * 10.0).max(3.0) as i32);
        } else if which < 90 {
            self.value(at, &ALT, (24.0 + 9.0 * s.normal()).max(5.0) as i32);
            self.value(at, &ALBUMIN, (43.0 + 3.0 * s.normal()) as i32);
            self.value(at, &BILIRUBIN, (10.0 + 4.0 * s.normal()).max(2.0) as i32);
        } else {
            self.sugar(p, s, m, at);
            self.value(
                at,
                &THYROID,
                ((2.1 + 0.8 * s.normal()) * 10.0).max(1.0) as i32,
            );
        }
    }

    /// HbA1c: in per cent until June 2009, in mmol/mol after (IFCC standardisation in the UK).
    fn sugar(&mut self, p: &Person, s: &mut Stream, m: &Medicopoeia, at: Day) {
        let level = sugar(p, m, at) + 3.0 * s.normal();
        if at < day(2009, 6, 1) {
            self.value(at, &HBA1C_PERCENT, ((level / 10.929 + 2.15) * 10.0) as i32);
        } else {
            self.value(at, &HBA1C, (level * 10.0) as i32);
        }
    }

    fn reviews(&mut self, p: &Person, s: &mut Stream, m: &Medicopoeia, at: Day) {
        let k = &m.known;
        if (p.has(k.t2d, at) || p.has(k.t1d, at)) && s.chance(34_000) {
            self.code(at, &DIABETES_REVIEW);
            self.sugar(p, s, m, at);
        }
        if p.has(k.hypertension, at) && s.chance(15_000) {
            self.code(at, &PRESSURE_REVIEW);
        }
        if p.has(k.asthma, at) && s.chance(14_000) {
            self.code(at, &ASTHMA_REVIEW);
            self.value(at, &PEAK_FLOW, (430.0 + 80.0 * s.normal()).max(90.0) as i32);
        }
        if p.has(k.copd, at) && s.chance(18_000) {
            self.code(at, &COPD_REVIEW);
        }
        if p.has(k.depression, at) && s.chance(9_000) {
            self.code(at, &DEPRESSION_REVIEW);
        }
    }

    /// Writes the person's registrations: the present practice, sometimes one before.
    pub(crate) fn registrations(p: &Person, s: &mut Stream, c: &Calendar, out: &mut File) {
        let (gap, before, moved) = (s.below(20), 300 + s.below(9_000) as i32, s.chance(55_000));
        let row = |out: &mut File, from: Day, until: Option<Day>| {
            out.int(i64::from(p.eid));
            out.int(i64::from(p.provider));
            out.day_first(c, from);
            match until {
                Some(day) => out.day_first(c, day),
                None => out.empty(),
            }
            out.end_row();
        };
        let earlier = p.registered - gap as i32 - before;
        if moved && earlier > p.born {
            row(out, earlier, Some(p.registered - gap as i32));
        }
        let left = p.death.map(|d| d.day).filter(|d| *d <= p.gp_end);
        row(out, p.registered.min(p.gp_end), left);
    }
}

/// Glycated haemoglobin of a person on a day, mmol/mol.
pub(crate) fn sugar(p: &Person, m: &Medicopoeia, at: Day) -> f64 {
    let diabetic = p.has(m.known.t2d, at) || p.has(m.known.t1d, at);
    p.hba1c + if diabetic { p.hba1c_excess + 3.0 } else { 0.0 }
}

/// Estimated filtration from creatinine and age. A straight line near the CKD-EPI curve: it needs
/// no powers, which differ between machines.
fn filtration(p: &Person, at: Day, creatinine: f64) -> i32 {
    let usual = if p.male { 80.0 } else { 63.0 };
    let rate = 128.0 - 0.75 * p.age(at) - 62.0 * (creatinine / usual - 1.0);
    rate.clamp(5.0, 90.0) as i32
}

fn smoking(p: &Person, at: Day) -> &'static Code {
    let age = p.age(at);
    let from = f64::from(p.smoke_from);
    match p.smoking {
        Smoking::Never => &NEVER_SMOKED,
        _ if age < from => &NEVER_SMOKED,
        Smoking::Former if age > f64::from(p.smoke_until) => &EX_SMOKER,
        _ => &SMOKER,
    }
}

fn one_of(codes: &'static [Code], roll: u32) -> &'static Code {
    // The low bits of a roll in 0..256 favour the head of the list a little, as habits do.
    item(codes, u64::from(roll)).unwrap_or(&VACCINE)
}

fn row(p: &Person, s: &mut Stream, c: &Calendar, out: &mut File, e: &Event) {
    let bits = s.bits();
    let rare = (bits & 0xffff) as u32;
    let both_or_none = ((bits >> 16) & 0xfff) as u32;
    out.int(i64::from(p.eid));
    out.int(i64::from(p.provider));
    match rare {
        0..=15 => out.day_first(c, SPECIAL.get(rare as usize % 4).copied().unwrap_or(e.day)),
        16..=27 => out.empty(),
        _ => out.day_first(c, e.day),
    }
    let second = p.provider == 3;
    let valued = e.value != NO_VALUE;
    // A row without a code keeps its value in the real tables; diagnoses always have their code.
    let (mut v2, mut v3) = (!second, second);
    if valued && both_or_none < 160 {
        (v2, v3) = (both_or_none < 80, both_or_none < 80);
    }
    out.text(if v2 { e.read2 } else { b"" });
    out.text(if v3 { e.ctv3 } else { b"" });
    if !valued {
        out.empties(3);
        out.end_row();
        return;
    }
    if second {
        let thousands = [1_000, 100, 10, 1]
            .get(e.places as usize)
            .copied()
            .unwrap_or(1);
        out.decimal(i64::from(e.value) * thousands, 3);
    } else {
        out.decimal(i64::from(e.value), e.places);
    }
    if e.second == NO_VALUE {
        out.empty();
    } else {
        out.int(i64::from(e.second));
    }
    out.text(if p.provider == 1 { e.unit } else { b"" });
    out.end_row();
}
