//! What is measured at a visit: size, pressure, breath, blood.

use super::{Cell, nothing, some, whole};
use crate::gp::sugar;
use crate::person::Smoking;
use crate::rng::{mix, normal};
use crate::write::File;

/// A nearly normal number that all cells of a visit share under a name.
fn shared(cell: &Cell<'_>, name: u64) -> f64 {
    normal(mix(cell.shared ^ name))
}

fn bmi(cell: &Cell<'_>) -> f64 {
    (cell.p.bmi
        + if cell.visit == 0 {
            0.0
        } else {
            0.8 * shared(cell, 1)
        })
    .clamp(14.0, 70.0)
}

fn height(cell: &Cell<'_>) -> f64 {
    cell.p.height - 0.15 * cell.visit as f64
}

/// Kilograms, from the height as written (one place) and the index.
fn weight(cell: &Cell<'_>) -> f64 {
    let metres = height(cell) / 100.0;
    bmi(cell) * metres * metres
}

/// Per cent of weight (Deurenberg and others, Br J Nutr 1991, with noise).
fn fat(cell: &Cell<'_>) -> f64 {
    let sex = if cell.p.male { 10.8 } else { 0.0 };
    (1.2 * bmi(cell) + 0.1 * cell.age() - sex - 1.5 + 2.5 * shared(cell, 2)).clamp(5.0, 65.0)
}

/// Best volume in the first second, litres; lower with smoke, asthma, and most with COPD.
fn first_second(cell: &Cell<'_>) -> f64 {
    let (p, k) = (cell.p, &cell.m.known);
    let usual = if p.male {
        0.043 * p.height - 0.029 * cell.age() - 2.49
    } else {
        0.0395 * p.height - 0.025 * cell.age() - 2.6
    };
    let lungs = if p.has(k.copd, cell.at + 700) {
        0.68
    } else {
        1.0
    } * if p.has(k.asthma, cell.at) { 0.91 } else { 1.0 }
        * if p.smoking == Smoking::Current {
            0.95
        } else {
            1.0
        };
    (usual * lungs * (1.0 + 0.12 * shared(cell, 3))).clamp(0.4, 6.5)
}

fn vital_capacity(cell: &Cell<'_>) -> f64 {
    let sick = cell.p.has(cell.m.known.copd, cell.at + 700);
    let ratio = if sick { 0.62 } else { 0.765 } + 0.045 * shared(cell, 4);
    (first_second(cell) / ratio.clamp(0.35, 0.93)).clamp(0.6, 8.0)
}

/// Lipids fall under treatment.
fn treated(cell: &Cell<'_>, much: f64) -> f64 {
    let statin = cell.p.has(cell.m.known.cholesterol, cell.at - 100);
    if statin { 1.0 - much } else { 1.0 }
}

/// Writes a cell of this part; none if the field is not of it.
pub(super) fn write(field: u32, cell: &Cell<'_>, out: &mut File) -> Option<bool> {
    let p = cell.p;
    let years = cell.age() - p.age(p.recruited());
    let z = cell.normal();
    match field {
        50 => some(height(cell), 1, out),
        21001 => some(bmi(cell), 4, out),
        21002 => some(weight(cell), 1, out),
        48 => some(
            bmi(cell) * 2.35 + if p.male { 31.0 } else { 20.5 } + 4.5 * z,
            0,
            out,
        ),
        49 => some(
            bmi(cell) * 1.85 + if p.male { 52.5 } else { 53.0 } + 3.6 * z,
            0,
            out,
        ),
        46 | 47 => {
            let usual =
                if p.male { 40.5 } else { 24.2 } - 0.3 * (cell.age() - 57.0) - 0.8 * p.frailty;
            some(
                (usual + 7.0 * z + if field == 47 { 1.6 } else { 0.0 }).clamp(0.0, 90.0),
                0,
                out,
            )
        }
        23099 => some(fat(cell), 1, out),
        23100 => some(weight(cell) * fat(cell) / 100.0, 1, out),
        23101 => some(weight(cell) * (100.0 - fat(cell)) / 100.0, 1, out),
        23105 => some(
            weight(cell) * (100.0 - fat(cell)) / 100.0 * 100.0 + 1_250.0 + 120.0 * z,
            0,
            out,
        ),
        4080 | 93 => some(
            (p.systolic + 0.4 * years + 5.0 * z).clamp(70.0, 260.0),
            0,
            out,
        ),
        4079 | 94 => some((p.diastolic + 3.0 * z).clamp(35.0, 150.0), 0, out),
        102 => some(
            (69.0 + 10.0 * shared(cell, 5) + 2.0 * z + 0.8 * p.frailty).clamp(35.0, 160.0),
            0,
            out,
        ),
        20150 => some(first_second(cell), 2, out),
        20151 => some(vital_capacity(cell), 2, out),
        3063 => some((first_second(cell) * (0.965 + 0.02 * z)).max(0.2), 2, out),
        3064 => some(
            (first_second(cell) * 130.0 + 30.0 + 25.0 * z).clamp(40.0, 900.0),
            0,
            out,
        ),
        _ => blood(field, cell, out),
    }
}

fn blood(field: u32, cell: &Cell<'_>, out: &mut File) -> Option<bool> {
    let (p, k, z) = (cell.p, &cell.m.known, cell.normal());
    let total = p.cholesterol * treated(cell, 0.24) + 0.12 * z;
    match field {
        30690 => some(total.clamp(1.5, 15.0), 3, out),
        30760 => some((p.hdl + 0.04 * z).clamp(0.3, 4.2), 3, out),
        30780 => some(
            (p.cholesterol * treated(cell, 0.3) * 0.72 - 0.35 * p.hdl - 0.05 + 0.15 * z)
                .clamp(0.3, 9.8),
            3,
            out,
        ),
        30640 => some(
            (p.cholesterol * treated(cell, 0.24) * 0.178 + 0.07 * z).clamp(0.4, 2.0),
            3,
            out,
        ),
        30870 => some(
            (p.triglycerides * (1.0 + 0.1 * z)).clamp(0.23, 11.3),
            3,
            out,
        ),
        30750 => some(
            (sugar(p, cell.m, cell.at) + 1.2 * z).clamp(15.0, 180.0),
            1,
            out,
        ),
        30740 => {
            let excess = sugar(p, cell.m, cell.at) - 36.0;
            some(
                (4.95 + 0.11 * excess.max(-2.0) + 0.45 * z).clamp(2.0, 36.0),
                3,
                out,
            )
        }
        30700 => some(
            (p.creatinine * (1.0 + 0.03 * z)).clamp(15.0, 1_400.0),
            1,
            out,
        ),
        30500 => {
            let sick = p.has(k.ckd, cell.at + 1_000) || p.has(k.t2d, cell.at);
            let level = 14.0 * crate::rng::grow(0.7 * z) * if sick { 3.2 } else { 1.0 };
            some(level.clamp(6.7, 9_000.0), 1, out)
        }
        30850 => {
            let level = if p.male {
                12.0 + 3.6 * z
            } else {
                1.1 + 0.6 * z
            };
            if level < 0.35 {
                nothing(out)
            } else {
                some(level, 3, out)
            }
        }
        134 => whole(cell.reported.cancers.len() as i64, out),
        135 => whole(cell.reported.illnesses.len() as i64, out),
        137 => whole(cell.reported.medicines.len() as i64, out),
        _ => None,
    }
}
