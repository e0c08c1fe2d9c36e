//! The diseases, medicines and procedures that people of the cohort may have.
//!
//! The rates are rounded, plausible figures for a British cohort of volunteers, made so that
//! prevalence, age and sex patterns look right. They are no source for anyone's epidemiology.
//! Codes: Read version 2 and CTV3 (five characters, padded with `.`), ICD-10 without a point,
//! OPCS-4, BNF (the long form and the chapter form), UK Biobank's codings 3, 4 and 6. dm+d codes of
//! the form `nn9999999 10 c` are invented, in a namespace that nobody has; all have a valid check
//! digit.

use crate::SynthError;
use crate::table::rows;

/// Five-year steps of age from 20 to 90.
pub(crate) const STEPS: usize = 14;
/// Age at which the simulation of diseases begins.
pub(crate) const FIRST_AGE: f64 = 20.0;

/// A disease: how it comes, how it is coded, what follows.
pub(crate) struct Disease {
    pub(crate) key: &'static str,
    pub(crate) read2: &'static [u8],
    pub(crate) ctv3: &'static [u8],
    pub(crate) icd10: Vec<&'static [u8]>,
    /// Value of coding 6 (illness) or 3 (cancer), if people report it at interview.
    pub(crate) reported: Option<&'static str>,
    pub(crate) cancer: bool,
    /// Yearly probability of onset by sex (female, male) and five-year step.
    pub(crate) hazard: [[f64; STEPS]; 2],
    /// Relative change of the hazard: for a current smoker, for five units of BMI above 27, for one
    /// deviation of deprivation and of frailty.
    pub(crate) smoke: f64,
    pub(crate) bmi: f64,
    pub(crate) deprivation: f64,
    pub(crate) frailty: f64,
    /// Diseases (by index, all earlier in the table) that multiply the hazard once present.
    pub(crate) after: Vec<(usize, f64)>,
    /// Probability (per 100,000) that the onset brings a hospital stay.
    pub(crate) hospital: u32,
    /// Further stays a year.
    pub(crate) readmission: f64,
    pub(crate) specialty: &'static [u8],
    /// Added yearly probability of death.
    pub(crate) fatal: f64,
    pub(crate) cause: Option<&'static [u8]>,
}

/// A medicine and when it is given.
pub(crate) struct Medicine {
    /// Index of the disease it treats; none for anything a GP may give anyone.
    pub(crate) treats: Option<usize>,
    pub(crate) percent: u32,
    pub(crate) every: i32,
    /// Mean length in months; 0 for life.
    pub(crate) months: u32,
    pub(crate) from_year: i32,
    pub(crate) read2: &'static [u8],
    pub(crate) bnf: &'static [u8],
    pub(crate) bnf_full: &'static [u8],
    pub(crate) dmd: &'static [u8],
    pub(crate) name: &'static [u8],
    pub(crate) quantity: &'static [u8],
    pub(crate) units: &'static [u8],
    /// Value of coding 4, if it has one.
    pub(crate) reported: Option<&'static str>,
}

/// An operation that goes with a diagnosis.
pub(crate) struct Procedure {
    pub(crate) disease: usize,
    pub(crate) icd10: &'static [u8],
    pub(crate) weight: u32,
    pub(crate) opcs: &'static [u8],
    pub(crate) second: &'static [u8],
    pub(crate) elective: bool,
    pub(crate) days: i32,
}

/// Diseases that other parts of the simulation ask for by name.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) hypertension: usize,
    pub(crate) cholesterol: usize,
    pub(crate) t1d: usize,
    pub(crate) t2d: usize,
    pub(crate) asthma: usize,
    pub(crate) copd: usize,
    pub(crate) angina: usize,
    pub(crate) mi: usize,
    pub(crate) stroke: usize,
    pub(crate) dvt: usize,
    pub(crate) pe: usize,
    pub(crate) ckd: usize,
    pub(crate) depression: usize,
    pub(crate) anaemia: usize,
    pub(crate) hayfever: usize,
    pub(crate) eczema: usize,
    pub(crate) deafness: usize,
    pub(crate) gord: usize,
    pub(crate) oa: usize,
}

/// All that the simulation knows of medicine.
pub(crate) struct Medicopoeia {
    pub(crate) diseases: Vec<Disease>,
    pub(crate) medicines: Vec<Medicine>,
    pub(crate) procedures: Vec<Procedure>,
    pub(crate) known: Known,
}

impl Medicopoeia {
    pub(crate) fn load() -> Result<Self, SynthError> {
        let diseases = diseases()?;
        let medicines = medicines(&diseases)?;
        let procedures = procedures(&diseases)?;
        let known = known(&diseases)?;
        Ok(Self {
            diseases,
            medicines,
            procedures,
            known,
        })
    }
}

fn find(diseases: &[Disease], key: &str) -> Option<usize> {
    diseases.iter().position(|d| d.key == key)
}

fn diseases() -> Result<Vec<Disease>, SynthError> {
    let mut all: Vec<Disease> = Vec::new();
    for mut row in rows("diseases.csv", include_str!("../data/diseases.csv")) {
        let key = row.text()?;
        let _name = row.text()?;
        let sex = row.text()?;
        let (read2, ctv3) = (row.text()?.as_bytes(), row.text()?.as_bytes());
        let icd10 = row.text()?.split('|').map(str::as_bytes).collect();
        let reported = row.text()?;
        let mut decades = [0.0; 7];
        for rate in &mut decades {
            *rate = row.number()? / 100_000.0;
        }
        let (female, male) = (row.number()? / 100.0, row.number()? / 100.0);
        let female = if sex == "M" { 0.0 } else { female };
        let male = if sex == "F" { 0.0 } else { male };
        let (smoke, bmi) = (row.number()? / 100.0, row.number()? / 100.0);
        let (deprivation, frailty) = (row.number()? / 100.0, row.number()? / 100.0);
        let mut after = Vec::new();
        for part in row.text()?.split_whitespace() {
            let (name, times) = part
                .split_once(':')
                .ok_or_else(|| row.broken("disease:percent"))?;
            let earlier = find(&all, name).ok_or_else(|| row.broken("an earlier disease"))?;
            let times: f64 = times.parse().map_err(|_| row.broken("a percentage"))?;
            after.push((earlier, times / 100.0));
        }
        let hospital = row.whole()? * 1_000;
        let readmission = row.number()? / 100.0;
        let specialty = row.text()?.as_bytes();
        let fatal = row.number()? / 1_000.0;
        let cause = row.text()?.as_bytes();
        all.push(Disease {
            key,
            read2,
            ctv3,
            icd10,
            cancer: reported.starts_with('c'),
            reported: Some(reported.trim_start_matches('c')).filter(|r| !r.is_empty()),
            hazard: [spread(decades, female), spread(decades, male)],
            smoke,
            bmi,
            deprivation,
            frailty,
            after,
            hospital,
            readmission,
            specialty,
            fatal,
            cause: Some(cause).filter(|c| !c.is_empty()),
        });
    }
    Ok(all)
}

/// Rates of decades (20s to 80s) to five-year steps, straight lines between the middles.
fn spread(decades: [f64; 7], times: f64) -> [f64; STEPS] {
    let mut steps = [0.0; STEPS];
    for (i, step) in steps.iter_mut().enumerate() {
        let at = |d: usize| decades.get(d).or(decades.last()).copied().unwrap_or(0.0);
        let here = at(i / 2);
        let beside = if i % 2 == 0 {
            at((i / 2).saturating_sub(1))
        } else {
            at(i / 2 + 1)
        };
        *step = (0.75 * here + 0.25 * beside) * times;
    }
    steps
}

fn medicines(diseases: &[Disease]) -> Result<Vec<Medicine>, SynthError> {
    let mut all = Vec::new();
    for mut row in rows("medicines.csv", include_str!("../data/medicines.csv")) {
        let _key = row.text()?;
        let treats = match row.text()? {
            "any" => None,
            key => Some(find(diseases, key).ok_or_else(|| row.broken("a disease"))?),
        };
        all.push(Medicine {
            treats,
            percent: row.whole()?,
            every: row.number()? as i32,
            months: row.whole()?,
            from_year: row.number()? as i32,
            read2: row.text()?.as_bytes(),
            bnf: row.text()?.as_bytes(),
            bnf_full: row.text()?.as_bytes(),
            dmd: row.text()?.as_bytes(),
            name: row.text()?.as_bytes(),
            quantity: row.text()?.as_bytes(),
            units: row.text()?.as_bytes(),
            reported: Some(row.text()?).filter(|r| !r.is_empty()),
        });
    }
    Ok(all)
}

fn procedures(diseases: &[Disease]) -> Result<Vec<Procedure>, SynthError> {
    let mut all = Vec::new();
    for mut row in rows("procedures.csv", include_str!("../data/procedures.csv")) {
        let key = row.text()?;
        all.push(Procedure {
            disease: find(diseases, key).ok_or_else(|| row.broken("a disease"))?,
            icd10: row.text()?.as_bytes(),
            weight: row.whole()? * 1_000,
            opcs: row.text()?.as_bytes(),
            second: row.text()?.as_bytes(),
            elective: row.text()? == "1",
            days: row.number()? as i32,
        });
    }
    Ok(all)
}

fn known(diseases: &[Disease]) -> Result<Known, SynthError> {
    let at = |key| {
        find(diseases, key).ok_or(SynthError::Table {
            table: "diseases.csv",
            line: 0,
            expected: "a disease that the program names",
        })
    };
    Ok(Known {
        hypertension: at("hypertension")?,
        cholesterol: at("cholesterol")?,
        t1d: at("t1d")?,
        t2d: at("t2d")?,
        asthma: at("asthma")?,
        copd: at("copd")?,
        angina: at("angina")?,
        mi: at("mi")?,
        stroke: at("stroke")?,
        dvt: at("dvt")?,
        pe: at("pe")?,
        ckd: at("ckd")?,
        depression: at("depression")?,
        anaemia: at("anaemia")?,
        hayfever: at("hayfever")?,
        eczema: at("eczema")?,
        deafness: at("deafness")?,
        gord: at("gord")?,
        oa: at("oa")?,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The dihedral check digit of SNOMED CT identifiers (Verhoeff 1969), by its own definition:
    /// products in the group of a pentagon's symmetries, after powers of one permutation.
    fn verhoeff(digits: &[u8]) -> bool {
        let times = |a: u8, b: u8| match (a < 5, b < 5) {
            (true, true) => (a + b) % 5,
            (true, false) => (a + b - 5) % 5 + 5,
            (false, true) => (a - 5 + 5 - b) % 5 + 5,
            (false, false) => (a + 5 - b) % 5,
        };
        let step = [1u8, 5, 7, 6, 2, 8, 3, 0, 9, 4];
        let mut check = 0;
        for (place, digit) in digits.iter().rev().enumerate() {
            let moved = (0..place % 8).fold(digit - b'0', |d, _| step[d as usize]);
            check = times(check, moved);
        }
        check == 0
    }

    #[test]
    fn codes_have_their_forms() {
        let m = Medicopoeia::load().unwrap();
        let (mut read2, mut ctv3) = (HashSet::new(), HashSet::new());
        for d in &m.diseases {
            assert!(d.read2.len() == 5 && d.ctv3.len() == 5, "{}", d.key);
            assert!(
                read2.insert(d.read2) && ctv3.insert(d.ctv3),
                "{}: a code twice",
                d.key
            );
            assert!(
                d.icd10.iter().all(|c| (3..=5).contains(&c.len())),
                "{}",
                d.key
            );
            assert!(d.specialty.len() == 3, "{}", d.key);
        }
        assert!(verhoeff(b"24700007"), "multiple sclerosis in SNOMED CT");
        assert!(!verhoeff(b"24700008"));
        for medicine in &m.medicines {
            let name = std::str::from_utf8(medicine.name).unwrap();
            assert!(verhoeff(medicine.dmd), "{name}: dm+d");
            assert!(
                medicine.read2.len() == 5 && medicine.bnf_full.len() == 15,
                "{name}"
            );
            assert!(medicine.bnf.len() == 14 && medicine.every >= 14, "{name}");
        }
    }
}
