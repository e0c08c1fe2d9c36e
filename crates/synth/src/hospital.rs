//! Hospital episodes with their diagnoses and operations: `hesin.csv`, `hesin_diag.csv`,
//! `hesin_oper.csv`. Day-first dates. All from April 1997 on, none after a death.

use crate::calendar::{Calendar, Day, civil};
use crate::disease::Medicopoeia;
use crate::limits::{MAX_DIAGNOSES, MAX_EPISODES};
use crate::person::{Person, Smoking};
use crate::rng::{Stream, item};
use crate::study::{HOSPITAL_FROM, YEAR};
use crate::write::File;

/// Header of `hesin.csv`: all columns of the real table, in its order.
pub(crate) const HESIN: &str = "eid,ins_index,dsource,source,epistart,epiend,epidur,bedyear,epistat,\
epitype,epiorder,spell_index,spell_seq,spelbgin,spelend,speldur,pctcode,gpprpct,category,elecdate,\
elecdur,admidate,admimeth_uni,admimeth,admisorc_uni,admisorc,firstreg,classpat_uni,classpat,\
intmanag_uni,intmanag,mainspef_uni,mainspef,tretspef_uni,tretspef,operstat,disdate,dismeth_uni,\
dismeth,disdest_uni,disdest,carersi";
/// Header of `hesin_diag.csv`.
pub(crate) const DIAG: &str =
    "eid,ins_index,arr_index,level,diag_icd9,diag_icd9_nb,diag_icd10,diag_icd10_nb";
/// Header of `hesin_oper.csv`.
pub(crate) const OPER: &str =
    "eid,ins_index,arr_index,level,opdate,oper3,oper3_nb,oper4,oper4_nb,posopdur,preopdur";

/// Reasons for a stay that belong to no disease of the table: code, share, operation, further
/// operation, planned, days, specialty.
type Reason = (
    &'static [u8],
    u32,
    &'static [u8],
    &'static [u8],
    bool,
    i32,
    &'static [u8],
);
const REASONS: [Reason; 22] = [
    (b"R074", 90, b"", b"", false, 1, b"300"),
    (b"R104", 80, b"", b"", false, 2, b"100"),
    (b"K635", 70, b"H201", b"Z286", true, 0, b"301"),
    (b"K297", 60, b"G451", b"Z274", true, 0, b"301"),
    (b"Z099", 60, b"H229", b"Z286", true, 0, b"301"),
    (b"R55", 40, b"", b"", false, 1, b"300"),
    (b"S099", 30, b"U051", b"Y981", false, 1, b"180"),
    (b"M232", 45, b"W822", b"Z846", true, 0, b"110"),
    (b"K088", 35, b"F109", b"Z942", true, 0, b"140"),
    (b"L720", 35, b"S065", b"Z473", true, 0, b"160"),
    (b"I839", 45, b"L851", b"Z943", true, 0, b"107"),
    (b"K649", 40, b"H524", b"Y902", true, 0, b"100"),
    (b"N939", 45, b"Q181", b"Y981", true, 0, b"502"),
    (b"R31", 40, b"M459", b"Z943", true, 0, b"101"),
    (b"D123", 35, b"H201", b"Z285", true, 0, b"301"),
    (b"J342", 25, b"E036", b"Y981", true, 1, b"120"),
    (b"M751", 35, b"O291", b"Z942", true, 1, b"110"),
    (b"L031", 35, b"", b"", false, 4, b"300"),
    (b"A099", 30, b"", b"", false, 3, b"300"),
    (b"R071", 30, b"", b"", false, 1, b"300"),
    (b"S826", 20, b"W192", b"Z943", false, 3, b"110"),
    (b"Z038", 75, b"", b"", false, 1, b"300"),
];

/// Findings written down beside the main one, and in how many of 1,000 people they are ever true.
const ASIDE: [(&[u8], u64); 14] = [
    (b"Z921", 60),
    (b"Z867", 250),
    (b"Z880", 150),
    (b"Z922", 120),
    (b"Z966", 70),
    (b"Z961", 90),
    (b"Z955", 50),
    (b"Z850", 40),
    (b"Z804", 90),
    (b"Z824", 250),
    (b"R32", 60),
    (b"Z907", 80),
    (b"Z874", 150),
    (b"Z988", 200),
];

/// The findings that are true of a person: the same at each of their stays.
fn aside_of(eid: u32) -> impl Iterator<Item = &'static [u8]> {
    ASIDE
        .iter()
        .zip(1_u64..)
        .filter_map(move |((code, of_thousand), place)| {
            // splitmix64 (Steele, Lea and Flood 2014) of the person and the finding
            let mut z = u64::from(eid).wrapping_add(place.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) % 1_000 < *of_thousand).then_some(*code)
        })
}

#[derive(Clone, Copy)]
struct Episode {
    day: Day,
    until: Day,
    main: &'static [u8],
    disease: Option<usize>,
    operations: [&'static [u8]; 2],
    elective: bool,
    specialty: &'static [u8],
}

/// The three files.
pub(crate) struct HospitalFiles {
    pub(crate) episodes: File,
    pub(crate) diagnoses: File,
    pub(crate) operations: File,
}

/// Makes and writes episodes; keeps its buffer from person to person.
pub(crate) struct Hospital {
    episodes: Vec<Episode>,
}

impl Hospital {
    pub(crate) fn new() -> Self {
        Self {
            episodes: Vec::with_capacity(MAX_EPISODES),
        }
    }

    pub(crate) fn write(
        &mut self,
        p: &Person,
        s: &mut Stream,
        m: &Medicopoeia,
        c: &Calendar,
        files: &mut HospitalFiles,
    ) {
        self.episodes.clear();
        self.illness(p, s, m);
        self.other(p, s);
        self.episodes.truncate(MAX_EPISODES);
        self.episodes.sort_by_key(|e| e.day);
        for (index, e) in self.episodes.iter().enumerate() {
            episode(p, s, c, &mut files.episodes, e, index);
            diagnoses(p, s, m, &mut files.diagnoses, e, index);
            operations(p, s, c, &mut files.operations, e, index);
        }
    }

    fn illness(&mut self, p: &Person, s: &mut Stream, m: &Medicopoeia) {
        let last = p.last_day();
        for (i, d) in m.diseases.iter().enumerate() {
            let onset = p.since(i);
            if onset > last {
                continue;
            }
            if s.chance(d.hospital) {
                let at = onset + s.below(80) as i32;
                self.stay(p, s, m, i, at);
            }
            let from = onset.max(HOSPITAL_FROM);
            let years = f64::from((last - from).max(0)) / YEAR;
            let expected = d.readmission * (1.0 + 0.3 * p.frailty).max(0.2) * years.min(7.0) * 1.5;
            let again = (expected * 2.0 * s.uniform() + s.uniform()) as u32;
            for _ in 0..again.min(60) {
                let at = from + s.below((last - from).clamp(1, 2_900) as u32) as i32;
                self.stay(p, s, m, i, at);
            }
        }
    }

    fn stay(&mut self, p: &Person, s: &mut Stream, m: &Medicopoeia, disease: usize, at: Day) {
        let Some(d) = m.diseases.get(disease) else {
            return;
        };
        let (first, form, long, planned) = (s.below(100), s.bits(), s.uniform(), s.chance(35_000));
        let main = if first < 70 {
            d.icd10.first()
        } else {
            item(&d.icd10, form)
        };
        let mut e = Episode {
            day: at,
            until: at + (long * long * 9.0) as i32,
            main: main.copied().unwrap_or(b"R69"),
            disease: Some(disease),
            operations: [b"", b""],
            elective: planned,
            specialty: d.specialty,
        };
        for procedure in m.procedures.iter().filter(|o| o.disease == disease) {
            if s.chance(procedure.weight) {
                e.main = procedure.icd10;
                e.operations = [procedure.opcs, procedure.second];
                e.elective = procedure.elective;
                e.until = at + (f64::from(procedure.days) * (0.5 + long)) as i32;
                break;
            }
        }
        self.push(p, e);
    }

    fn other(&mut self, p: &Person, s: &mut Stream) {
        let last = p.last_day();
        let mut from = HOSPITAL_FROM;
        while from < last {
            let age = p.age(from);
            let rate = (0.07 + 0.0042 * (age - 35.0).max(0.0)) * (1.0 + 0.35 * p.frailty).max(0.25);
            let length = 730.min(last - from);
            let count =
                (2.0 * rate * 2.0 * s.uniform() * f64::from(length) / 730.0 + s.uniform()) as u32;
            for _ in 0..count.min(20) {
                let at = from + s.below(length.max(1) as u32) as i32;
                let (which, long) = (s.below(1_000), s.uniform());
                let mut left = which;
                for (main, share, first, second, elective, days, specialty) in REASONS {
                    if left < share {
                        let until = at + (f64::from(days) * 1.8 * long) as i32;
                        let operations = [first, second];
                        self.push(
                            p,
                            Episode {
                                day: at,
                                until,
                                main,
                                disease: None,
                                operations,
                                elective,
                                specialty,
                            },
                        );
                        break;
                    }
                    left -= share;
                }
            }
            from += 730;
        }
    }

    fn push(&mut self, p: &Person, mut e: Episode) {
        let last = p.last_day();
        if e.day < HOSPITAL_FROM || e.day > last || self.episodes.len() >= MAX_EPISODES {
            return;
        }
        e.until = e.until.min(last);
        self.episodes.push(e);
    }
}

fn source(p: &Person) -> &'static [u8] {
    match p.provider {
        2 => b"SMR",
        4 => b"PEDW",
        _ => b"HES",
    }
}

fn episode(p: &Person, s: &mut Stream, c: &Calendar, out: &mut File, e: &Episode, index: usize) {
    let bits = s.bits();
    let days = i64::from(e.until - e.day);
    let died = p.death.is_some_and(|d| d.day == e.until);
    let (year, month, _) = civil(e.until);
    let ends_in = i64::from(if month < 4 { year - 1 } else { year });
    let waited = (bits & 0x7f) as i32 + 5;
    out.int(i64::from(p.eid));
    out.int(index as i64);
    out.text(source(p));
    out.int(if p.provider == 2 { 8 } else { 6 });
    out.day_first(c, e.day);
    out.day_first(c, e.until);
    out.int(days);
    out.int(if ends_in > 0 { days.min(365) } else { 0 });
    out.int(3);
    out.int(1);
    out.int(1);
    out.int(index as i64);
    out.int(0);
    out.int(2);
    out.text(b"Y");
    out.int(days);
    out.text(b"5ZZ");
    out.text(b"5ZZ");
    out.int(10);
    if e.elective {
        out.day_first(c, e.day - waited);
        out.int(i64::from(waited));
    } else {
        out.empties(2);
    }
    out.day_first(c, e.day);
    out.int(if e.elective { 1001 } else { 2001 });
    out.int(if e.elective { 11 } else { 21 });
    out.int(1000);
    out.int(19);
    out.empty();
    out.int(if e.elective && days == 0 { 2000 } else { 1000 });
    out.int(if e.elective && days == 0 { 2 } else { 1 });
    out.int(1000);
    out.int(1);
    out.part(e.specialty);
    out.text(b"0");
    out.text(e.specialty);
    out.part(e.specialty);
    out.text(b"0");
    out.text(e.specialty);
    out.int(if e.operations.iter().any(|o| !o.is_empty()) {
        1
    } else {
        8
    });
    out.day_first(c, e.until);
    out.int(if died { 4000 } else { 1000 });
    out.int(if died { 4 } else { 1 });
    out.int(if died { 11_001 } else { 1000 });
    out.int(if died { 79 } else { 19 });
    out.int(99);
    out.end_row();
}

fn diagnoses(
    p: &Person,
    s: &mut Stream,
    m: &Medicopoeia,
    out: &mut File,
    e: &Episode,
    index: usize,
) {
    let mut used = 0;
    let mut row = |code: &[u8]| {
        if used < MAX_DIAGNOSES {
            out.int(i64::from(p.eid));
            out.int(index as i64);
            out.int(used as i64);
            out.int(if used == 0 { 1 } else { 2 });
            out.empties(2);
            out.text(code);
            out.empty();
            out.end_row();
            used += 1;
        }
    };
    row(e.main);
    for (i, d) in m.diseases.iter().enumerate() {
        // One draw a disease the person has, so that a new disease changes little else.
        if p.has(i, e.day)
            && Some(i) != e.disease
            && s.chance(WRITTEN_DOWN)
            && let Some(code) = d.icd10.first()
            && *code != e.main
        {
            row(code);
        }
    }
    if p.smoking == Smoking::Current && s.chance(35_000) {
        row(b"F171");
    }
    if p.smoking == Smoking::Former && s.chance(22_000) {
        row(b"Z864");
    }
    let bits = s.bits();
    let own: Vec<&[u8]> = aside_of(p.eid).collect();
    for k in 0..(bits & 3) {
        if let Some(code) = item(&own, bits >> (8 + 8 * k)) {
            row(code);
        }
    }
}

/// Of 100,000 diseases that a patient has, how many are noted beside the reason for the stay.
const WRITTEN_DOWN: u32 = 28_000;

fn operations(p: &Person, s: &mut Stream, c: &Calendar, out: &mut File, e: &Episode, index: usize) {
    let bits = s.bits();
    let [first, second] = e.operations;
    if first.is_empty() {
        return;
    }
    let before = i64::from(((bits & 3) as i32).min(e.until - e.day));
    // Approach, site and side follow the operation itself.
    let more: [&[u8]; 4] = [second, b"Y981", b"Z942", b"Y801"];
    let count = 1 + (bits >> 2 & 3) as usize;
    let all = std::iter::once(first).chain(more.into_iter().take(count));
    for (n, code) in all.enumerate() {
        out.int(i64::from(p.eid));
        out.int(index as i64);
        out.int(n as i64);
        out.int(if n == 0 { 1 } else { 2 });
        out.day_first(c, e.day + before as i32);
        out.empties(2);
        out.text(code);
        out.empty();
        out.int(i64::from(e.until - e.day) - before);
        out.int(before);
        out.end_row();
    }
}
