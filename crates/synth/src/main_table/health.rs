//! What a person says of their health at a visit, and what is linked to them later.

use super::{Cell, Reported, nothing, whole};
use crate::calendar::Day;
use crate::disease::Medicopoeia;
use crate::person::Person;
use crate::rng::mix;
use crate::scripts::Course;
use crate::study::HOSPITAL_END;
use crate::write::File;

/// Fills in what the person reports at the interview: most of what they have, not all.
pub(super) fn report(
    r: &mut Reported,
    p: &Person,
    m: &Medicopoeia,
    courses: &[Course],
    day: Option<Day>,
    seed: u64,
) {
    r.illnesses.clear();
    r.cancers.clear();
    r.medicines.clear();
    let Some(at) = day else { return };
    for (i, d) in m.diseases.iter().enumerate() {
        let told = mix(seed ^ (i as u64)) % 100 < 86;
        if let Some(code) = d.reported
            && told
            && p.has(i, at)
        {
            let list = if d.cancer {
                &mut r.cancers
            } else {
                &mut r.illnesses
            };
            if !list.contains(&code) {
                list.push(code);
            }
        }
    }
    for (medicine, course) in m.medicines.iter().zip(courses) {
        if let Some(code) = medicine.reported
            && course.from <= at
            && at < course.until
            && !r.medicines.contains(&code)
        {
            r.medicines.push(code);
        }
    }
}

/// Age in whole years when a disease came, if it had by the visit.
fn onset_age(cell: &Cell<'_>, disease: usize) -> Option<i64> {
    let onset = cell.p.since(disease);
    (onset <= cell.at).then(|| i64::from(cell.p.whole_age(onset)))
}

fn age_field(field: u32, cell: &Cell<'_>) -> Option<i64> {
    let k = &cell.m.known;
    let disease = match field {
        2966 => k.hypertension,
        2976 if cell.p.has(k.t1d, cell.at) => k.t1d,
        2976 => k.t2d,
        3627 => k.angina,
        3786 => k.asthma,
        3894 => k.mi,
        4056 => k.stroke,
        _ => return None,
    };
    onset_age(cell, disease)
}

/// Was the question of this field put to the person?
pub(super) fn answers(field: u32, cell: &Cell<'_>) -> bool {
    age_field(field, cell).is_some()
}

/// Items of a question of which several may apply; "none of these" if none does.
fn several(
    list: &[(i64, bool)],
    cell: &Cell<'_>,
    none: Option<i64>,
    out: &mut File,
) -> Option<bool> {
    let mut yes = list.iter().filter(|(_, is)| *is).map(|(value, _)| *value);
    match (yes.nth(cell.item), none) {
        (Some(value), _) => whole(value, out),
        (None, Some(value)) if cell.item == 0 => whole(value, out),
        _ => nothing(out),
    }
}

fn taking(cell: &Cell<'_>, codes: &[&str]) -> bool {
    cell.reported.medicines.iter().any(|m| codes.contains(m))
}

const STATINS: [&str; 2] = ["1140861958", "1141146234"];
const PRESSURE: [&str; 7] = [
    "1140879802",
    "1140860806",
    "1140860696",
    "1141194794",
    "1140866738",
    "1140916356",
    "1140879778",
];

/// Writes a cell of this part; none if the field is not of it.
pub(super) fn write(field: u32, cell: &Cell<'_>, out: &mut File) -> Option<bool> {
    let (p, k, at, r) = (cell.p, &cell.m.known, cell.at, cell.reported);
    let diabetic = p.has(k.t2d, at) || p.has(k.t1d, at);
    match field {
        20001 => listed(&r.cancers, cell.item, out),
        20002 => listed(&r.illnesses, cell.item, out),
        20003 => listed(&r.medicines, cell.item, out),
        136 => whole(
            (r.illnesses.len() as i64 / 2 + cell.below(3) as i64).min(12),
            out,
        ),
        2443 => whole(i64::from(diabetic), out),
        2453 => whole(i64::from(!r.cancers.is_empty()), out),
        2492 => whole(i64::from(r.medicines.len() > 1 || cell.chance(60)), out),
        2188 => whole(i64::from(r.illnesses.len() > 2 || cell.chance(110)), out),
        2178 => whole(rating(cell), out),
        2247 => whole(i64::from(p.has(k.deafness, at) || cell.chance(210)), out),
        2316 => {
            let lungs = p.has(k.asthma, at) || p.has(k.copd, at);
            whole(i64::from(cell.chance(if lungs { 640 } else { 140 })), out)
        }
        2100 => {
            let low = p.has(k.depression, at);
            whole(i64::from(cell.chance(if low { 420 } else { 60 })), out)
        }
        2966 | 2976 | 3627 | 3786 | 3894 | 4056 => match age_field(field, cell) {
            Some(age) => whole(age, out),
            None => nothing(out),
        },
        6150 => several(
            &[
                (1, p.has(k.mi, at)),
                (2, p.has(k.angina, at)),
                (3, p.has(k.stroke, at)),
                (4, p.has(k.hypertension, at)),
            ],
            cell,
            Some(-7),
            out,
        ),
        6152 => several(
            &[
                (5, p.has(k.dvt, at)),
                (7, p.has(k.pe, at)),
                (6, p.has(k.copd, at)),
                (8, p.has(k.asthma, at)),
                (9, p.has(k.hayfever, at) || p.has(k.eczema, at)),
            ],
            cell,
            Some(-7),
            out,
        ),
        6153 | 6177 => {
            let hormones = field == 6153 && cell.age() < 62.0 && mix(cell.shared ^ 6) % 100 < 9;
            several(
                &[
                    (1, taking(cell, &STATINS)),
                    (2, taking(cell, &PRESSURE)),
                    (3, taking(cell, &["1140883066"])),
                    (4, hormones),
                ],
                cell,
                Some(-7),
                out,
            )
        }
        6154 => {
            let some = |n: u64, share: u64| mix(cell.shared ^ (60 + n)) % 100 < share;
            let sore = if p.has(k.oa, at) { 20 } else { 0 };
            let acid = if p.has(k.gord, at) { 55 } else { 2 };
            several(
                &[
                    (1, some(1, 13)),
                    (2, some(2, 13 + sore)),
                    (3, some(3, 19 + sore)),
                    (5, some(5, acid)),
                    (6, some(6, 3)),
                ],
                cell,
                Some(-7),
                out,
            )
        }
        40000 => match p.death {
            Some(d) => {
                out.iso(cell.c, d.day);
                Some(true)
            }
            None => nothing(out),
        },
        40001 => match p.death {
            Some(d) => {
                out.text(d.cause);
                Some(true)
            }
            None => nothing(out),
        },
        40007 => match p.death {
            Some(d) => {
                out.decimal(crate::death::age_at_death(p, d), 1);
                Some(true)
            }
            None => nothing(out),
        },
        42000 => first(cell, k.mi, out),
        42006 => first(cell, k.stroke, out),
        130708 => first(cell, k.t2d, out),
        131286 => first(cell, k.hypertension, out),
        _ => None,
    }
}

fn listed(list: &[&str], item: usize, out: &mut File) -> Option<bool> {
    match list.get(item) {
        Some(code) => {
            out.text(code.as_bytes());
            Some(true)
        }
        None => nothing(out),
    }
}

/// Date of first record, from linked sources up to their end.
fn first(cell: &Cell<'_>, disease: usize, out: &mut File) -> Option<bool> {
    let onset = cell.p.since(disease);
    if onset <= cell.p.last_day().min(HOSPITAL_END) {
        out.iso(cell.c, onset);
        Some(true)
    } else {
        nothing(out)
    }
}

/// Own rating: 1 excellent to 4 poor; illness and frailty make it worse.
fn rating(cell: &Cell<'_>) -> i64 {
    let load =
        cell.reported.illnesses.len() as f64 * 0.32 + 0.55 * cell.p.frailty + 0.75 * cell.normal();
    match load {
        l if l < -0.2 => 1,
        l if l < 1.45 => 2,
        l if l < 2.7 => 3,
        _ => 4,
    }
}
