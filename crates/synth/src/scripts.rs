//! Prescriptions: `gp_scripts.csv`.
//!
//! A medicine for a disease never begins before the disease does. Which codes a row has depends on
//! the provider: 1 Read and dm+d, 2 Read and the long BNF code, 3 the BNF chapter code, 4 Read alone.

use crate::calendar::{Calendar, Day, NEVER, civil, day};
use crate::disease::{Medicine, Medicopoeia};
use crate::gp::SPECIAL;
use crate::limits::MAX_SCRIPTS;
use crate::person::Person;
use crate::rng::Stream;
use crate::study::GP_FROM;
use crate::write::File;

/// Header of `gp_scripts.csv`.
pub(crate) const SCRIPTS: &str =
    "eid,data_provider,issue_date,read_2,bnf_code,dmd_code,drug_name,quantity";

/// When a person takes a medicine: from, until (exclusive); `NEVER` to `NEVER` if they do not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) from: Day,
    pub(crate) until: Day,
    /// Days between two prescriptions: what the medicine lasts, once, twice or three times.
    pub(crate) every: i32,
}

/// Decides every medicine's course; `courses` is indexed like the medicines.
pub(crate) fn courses(p: &Person, s: &mut Stream, m: &Medicopoeia, courses: &mut Vec<Course>) {
    courses.clear();
    for medicine in &m.medicines {
        courses.push(course(p, s, medicine));
    }
}

fn course(p: &Person, s: &mut Stream, medicine: &Medicine) -> Course {
    let (taken, lag, length) = (s.below(100), s.below(60) as i32, s.uniform() + s.uniform());
    let (anywhere, long) = (s.uniform(), s.below(8));
    let none = Course {
        from: NEVER,
        until: NEVER,
        every: medicine.every,
    };
    if taken >= medicine.percent {
        return none;
    }
    let grown = GP_FROM.max(p.born + 18 * 365);
    let begin = match medicine.treats {
        Some(disease) => match p.since(disease) {
            NEVER => return none,
            onset => onset + lag,
        },
        None => grown + (anywhere * f64::from((p.gp_end - grown).max(1))) as i32,
    };
    let from = begin.max(grown).max(day(medicine.from_year, 1, 1));
    if from > p.gp_end {
        return none;
    }
    let until = match medicine.months {
        0 => p.last_day(),
        months => from + (f64::from(months) * 30.4 * length) as i32 + 1,
    };
    let times = match long {
        0 => 1,
        1..=3 => 2,
        _ => 3,
    };
    // Only what is taken daily is handed out for longer.
    let every = if medicine.every == 28 {
        28 * times
    } else {
        medicine.every
    };
    Course {
        from,
        until: until.min(p.last_day()),
        every,
    }
}

/// Writes the prescriptions in order of medicine, then date.
pub(crate) fn write(
    p: &Person,
    s: &mut Stream,
    m: &Medicopoeia,
    c: &Calendar,
    courses: &[Course],
    out: &mut File,
) {
    let mut written = 0;
    for (medicine, course) in m.medicines.iter().zip(courses) {
        if course.from > p.gp_end {
            continue;
        }
        let mut at = course.from;
        while at <= p.gp_end.min(course.until) && written < MAX_SCRIPTS {
            let bits = s.bits();
            // Paper kept on shelves before computers: the further back, the fewer rows.
            let (year, _, _) = civil(at);
            let kept = (year - 1997).clamp(1, 16) as u64;
            if (bits & 0xf) < kept {
                row(p, c, medicine, at, bits >> 8, out);
                written += 1;
            }
            at += course.every + ((bits >> 4) & 0xf) as i32 - 4;
        }
    }
}

fn row(p: &Person, c: &Calendar, medicine: &Medicine, at: Day, bits: u64, out: &mut File) {
    out.int(i64::from(p.eid));
    out.int(i64::from(p.provider));
    match bits & 0xffff {
        n @ 0..=3 => out.day_first(c, SPECIAL.get(n as usize).copied().unwrap_or(at)),
        _ => out.day_first(c, at),
    }
    let coded = (bits >> 16) & 0xff >= 6;
    out.text(if coded && p.provider != 3 {
        medicine.read2
    } else {
        b""
    });
    out.text(match p.provider {
        2 if coded => medicine.bnf_full,
        3 if coded => medicine.bnf,
        _ => b"",
    });
    out.text(if p.provider == 1 && coded {
        medicine.dmd
    } else {
        b""
    });
    if p.provider == 4 {
        out.empties(2);
    } else {
        out.text(medicine.name);
        out.part(medicine.quantity);
        if p.provider == 3 {
            out.part(b" ");
            out.text(medicine.units);
        } else {
            out.empties(1);
        }
    }
    out.end_row();
}
