//! Who a person is and how they live, as the touchscreen and the registers have it.

use super::{Cell, nothing, some, whole};
use crate::calendar::civil;
use crate::person::Smoking;
use crate::rng::{mix, normal};
use crate::write::File;

/// Was the question of this field put to the person?
pub(super) fn answers(field: u32, cell: &Cell<'_>) -> bool {
    match field {
        2867 | 2897 => cell.p.smoking == Smoking::Former,
        3456 => cell.p.smoking == Smoking::Current,
        3581 => menopause(cell).is_some(),
        _ => false,
    }
}

/// Age at menopause, if it has come; the same at every visit.
fn menopause(cell: &Cell<'_>) -> Option<i64> {
    let at = 50.3 + 4.2 * normal(mix(u64::from(cell.p.eid) ^ 3581));
    (!cell.p.male && at < cell.age()).then_some(at as i64)
}

fn pack_years(cell: &Cell<'_>) -> Option<f64> {
    let p = cell.p;
    let until = match p.smoking {
        Smoking::Never => return None,
        Smoking::Former => f64::from(p.smoke_until),
        Smoking::Current => cell.age(),
    };
    Some((until - f64::from(p.smoke_from)).max(0.5) * f64::from(p.cigarettes) / 20.0)
}

/// Writes a cell of this part; none if the field is not of it.
pub(super) fn write(field: u32, cell: &Cell<'_>, out: &mut File) -> Option<bool> {
    let p = cell.p;
    match field {
        31 => whole(i64::from(p.male), out),
        34 => whole(i64::from(p.birth_year), out),
        52 => whole(i64::from(p.birth_month), out),
        53 => {
            out.iso(cell.c, cell.at);
            Some(true)
        }
        54 => whole(i64::from(centre(cell)), out),
        55 => whole(i64::from(civil(cell.at).1), out),
        21003 => whole(i64::from(p.whole_age(cell.at)), out),
        21022 => whole(i64::from(p.whole_age(p.recruited())), out),
        21000 => whole(i64::from(p.ethnicity), out),
        189 => some(p.townsend, 5, out),
        26410 => match p.provider {
            1 | 3 => some(
                (16.0 + 9.5 * p.deprivation + 6.0 * cell.normal()).clamp(0.6, 82.0),
                2,
                out,
            ),
            _ => nothing(out),
        },
        1747 => whole(hair(cell), out),
        1797 => alive(cell, 86.0, out),
        1835 => alive(cell, 89.0, out),
        1845 => match mix(u64::from(p.eid) ^ 1845) % 100 {
            n if (n as f64) < 160.0 - 2.1 * cell.age() => some(
                cell.age() + 26.5 + 5.0 * normal(mix(u64::from(p.eid) ^ 26)),
                0,
                out,
            ),
            _ => nothing(out),
        },
        2365 => whole(
            i64::from(cell.chance(if cell.age() > 55.0 { 380 } else { 160 })),
            out,
        ),
        2724 => {
            let value = match menopause(cell) {
                _ if mix(u64::from(p.eid) ^ 2724) % 1_000 < 105 => 2,
                Some(_) => 1,
                None if cell.chance(90) => 3,
                None => 0,
            };
            whole(value, out)
        }
        2734 => whole((1.85 + 1.2 * cell.normal()).clamp(0.0, 15.0) as i64, out),
        2814 => whole(
            i64::from(cell.chance(if menopause(cell).is_some() { 520 } else { 90 })),
            out,
        ),
        3581 => match menopause(cell) {
            Some(age) => whole(age, out),
            None => nothing(out),
        },
        6138 => qualification(cell, out),
        6142 => employment(cell, out),
        20127 => some(
            (4.1 + 3.0 * p.worry + 1.3 * cell.normal()).clamp(0.0, 12.0),
            0,
            out,
        ),
        _ => habits(field, cell, out),
    }
}

fn habits(field: u32, cell: &Cell<'_>, out: &mut File) -> Option<bool> {
    let p = cell.p;
    let state = match p.smoking {
        Smoking::Never => 0,
        Smoking::Former => 1,
        Smoking::Current => 2,
    };
    match field {
        20116 => whole(state, out),
        20160 => whole(i64::from(state > 0), out),
        1239 => whole(
            match state {
                2 if p.cigarettes < 6 => 2,
                2 => 1,
                _ => 0,
            },
            out,
        ),
        1249 => match state {
            2 => nothing(out),
            1 => whole(if p.cigarettes < 8 { 2 } else { 1 }, out),
            _ => whole(if cell.chance(280) { 3 } else { 4 }, out),
        },
        2867 if state == 1 => whole(i64::from(p.smoke_from), out),
        2897 if state == 1 => whole(i64::from(p.smoke_until), out),
        3456 if state == 2 => whole(i64::from(p.cigarettes), out),
        20161 => match pack_years(cell) {
            Some(years) if mix(u64::from(p.eid) ^ 20161) % 100 < 68 => some(years, 3, out),
            _ => nothing(out),
        },
        1558 => whole(i64::from(p.alcohol), out),
        20117 => {
            let value = match p.alcohol {
                6 if mix(u64::from(p.eid) ^ 20117) % 100 < 45 => 1,
                6 => 0,
                _ => 2,
            };
            whole(value, out)
        }
        _ => genes(field, cell, out),
    }
}

fn genes(field: u32, cell: &Cell<'_>, out: &mut File) -> Option<bool> {
    let p = cell.p;
    let typed = mix(u64::from(p.eid) ^ 22_000) % 1_000 < 972;
    if !typed && matches!(field, 22001 | 22006 | 22009 | 22021) {
        return nothing(out);
    }
    let white = (1001..2000).contains(&p.ethnicity);
    match field {
        22001 => whole(i64::from(p.male), out),
        22006 if p.ethnicity == 1001 && mix(u64::from(p.eid) ^ 22_006) % 1_000 < 950 => {
            whole(1, out)
        }
        22006 => nothing(out),
        22021 => {
            let value = match mix(u64::from(p.eid) ^ 22_021) % 1_000 {
                0..=1 => -1,
                2..=304 => 1,
                305 => 10,
                _ => 0,
            };
            whole(value, out)
        }
        22009 => {
            // First two components part continents; the rest is noise that gets smaller.
            let centre = match (cell.item, p.ethnicity / 1000, white) {
                (0, _, true) => -12.4,
                (0, 4, _) => 380.0,
                (0, 3, _) => 55.0,
                (0, ..) => 150.0,
                (1, _, true) => 3.8,
                (1, 4, _) => 75.0,
                (1, 3, _) => -55.0,
                (1, ..) => -110.0,
                _ => 0.0,
            };
            some(
                centre + 3.0 / (1.0 + 0.15 * cell.item as f64) * cell.normal(),
                5,
                out,
            )
        }
        _ => None,
    }
}

fn centre(cell: &Cell<'_>) -> u32 {
    match cell.visit {
        0 => cell.p.centre,
        1 => 11_024,
        _ => 11_025 + (mix(u64::from(cell.p.eid) ^ 54) % 3) as u32,
    }
}

fn hair(cell: &Cell<'_>) -> i64 {
    let lot = mix(u64::from(cell.p.eid) ^ 1747) % 100;
    if cell.p.ethnicity >= 2000 || cell.p.ethnicity == 5 {
        return if lot < 82 { 5 } else { 4 };
    }
    match lot {
        0..=11 => 1,
        12..=16 => 2,
        17..=57 => 3,
        58..=94 => 4,
        95..=97 => 5,
        _ => 6,
    }
}

fn alive(cell: &Cell<'_>, span: f64, out: &mut File) -> Option<bool> {
    let lot = (mix(u64::from(cell.p.eid) ^ span as u64) % 1_000) as f64 / 1_000.0;
    let parent = cell.age() + 28.0;
    whole(
        i64::from(lot < ((span + 12.0 - parent) / 34.0).clamp(0.01, 0.9)),
        out,
    )
}

fn qualification(cell: &Cell<'_>, out: &mut File) -> Option<bool> {
    let lot = (mix(u64::from(cell.p.eid) ^ 6138) % 1_000) as f64 + 110.0 * cell.p.deprivation;
    let list: [i64; 2] = match lot {
        l if l < 325.0 => [1, 6],
        l if l < 440.0 => [2, 3],
        l if l < 660.0 => [3, 0],
        l if l < 720.0 => [4, 0],
        l if l < 790.0 => [5, 3],
        l if l < 845.0 => [6, 3],
        _ => [-7, 0],
    };
    match list.get(cell.item) {
        Some(0) | None => nothing(out),
        Some(value) => whole(*value, out),
    }
}

fn employment(cell: &Cell<'_>, out: &mut File) -> Option<bool> {
    if cell.item > 0 {
        let helps = mix(cell.shared ^ 6142) % 100 < 6;
        return if helps { whole(6, out) } else { nothing(out) };
    }
    let lot = (mix(u64::from(cell.p.eid) ^ 6142) % 1_000) as f64;
    let retired = ((cell.age() - 54.0) * 75.0).clamp(0.0, 950.0);
    let sick = 28.0 + 22.0 * (cell.p.frailty + cell.p.deprivation).max(-1.0);
    whole(
        match lot {
            l if l < retired => 2,
            l if l > 1_000.0 - sick => 4,
            l if l > 1_000.0 - sick - 28.0 => 3,
            l if l > 1_000.0 - sick - 48.0 => 5,
            l if l > 1_000.0 - sick - 52.0 => 7,
            _ => 1,
        },
        out,
    )
}
