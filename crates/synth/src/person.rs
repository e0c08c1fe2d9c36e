//! One simulated person: who they are, how they live, when each disease came, when they died.
//!
//! Everything that several tables must agree on is decided here, once. Must never write anything.

use crate::calendar::{Day, NEVER, civil, day};
use crate::disease::{Disease, FIRST_AGE, Medicopoeia, STEPS};
use crate::rng::{Stream, grow};
use crate::study::*;

/// Smoking: never, former or current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Smoking {
    Never,
    Former,
    Current,
}

/// How and when a person died.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Death {
    pub(crate) day: Day,
    pub(crate) cause: &'static [u8],
}

/// A simulated person. Sizes in centimetres, kilograms, mmHg, mmol/L unless said otherwise.
pub(crate) struct Person {
    pub(crate) index: u32,
    pub(crate) eid: u32,
    pub(crate) male: bool,
    pub(crate) born: Day,
    pub(crate) birth_year: i32,
    pub(crate) birth_month: i32,
    /// Days of the visits; the first is recruitment.
    pub(crate) visits: [Option<Day>; 4],
    pub(crate) centre: u32,
    /// Townsend index; its deviation from the mean in `deprivation`.
    pub(crate) townsend: f64,
    pub(crate) deprivation: f64,
    pub(crate) frailty: f64,
    pub(crate) worry: f64,
    /// Value of coding 1001.
    pub(crate) ethnicity: u32,
    pub(crate) smoking: Smoking,
    pub(crate) smoke_from: u32,
    pub(crate) smoke_until: u32,
    pub(crate) cigarettes: u32,
    /// Value of coding 100402 (1 daily to 6 never).
    pub(crate) alcohol: u32,
    pub(crate) height: f64,
    pub(crate) bmi: f64,
    pub(crate) systolic: f64,
    pub(crate) diastolic: f64,
    pub(crate) cholesterol: f64,
    pub(crate) hdl: f64,
    pub(crate) triglycerides: f64,
    /// Glycated haemoglobin without diabetes, mmol/mol.
    pub(crate) hba1c: f64,
    /// Added by diabetes, if it comes.
    pub(crate) hba1c_excess: f64,
    /// Micromoles per litre, without kidney disease.
    pub(crate) creatinine: f64,
    pub(crate) haemoglobin: f64,
    /// Onset of each disease, by index; `NEVER` if it did not come in the time observed.
    pub(crate) onset: Vec<Day>,
    pub(crate) death: Option<Death>,
    /// GP data provider, 1 to 4.
    pub(crate) provider: u32,
    pub(crate) registered: Day,
    /// Last day of this person's GP record.
    pub(crate) gp_end: Day,
}

impl Person {
    pub(crate) fn new(diseases: usize) -> Self {
        Self {
            index: 0,
            eid: 0,
            male: false,
            born: 0,
            birth_year: 0,
            birth_month: 0,
            visits: [None; 4],
            centre: 0,
            townsend: 0.0,
            deprivation: 0.0,
            frailty: 0.0,
            worry: 0.0,
            ethnicity: 0,
            smoking: Smoking::Never,
            smoke_from: 0,
            smoke_until: 0,
            cigarettes: 0,
            alcohol: 0,
            height: 0.0,
            bmi: 0.0,
            systolic: 0.0,
            diastolic: 0.0,
            cholesterol: 0.0,
            hdl: 0.0,
            triglycerides: 0.0,
            hba1c: 0.0,
            hba1c_excess: 0.0,
            creatinine: 0.0,
            haemoglobin: 0.0,
            onset: vec![NEVER; diseases],
            death: None,
            provider: 0,
            registered: 0,
            gp_end: 0,
        }
    }

    /// Age in years, with its fraction.
    pub(crate) fn age(&self, at: Day) -> f64 {
        f64::from(at - self.born) / YEAR
    }

    /// Age in whole years, by birthdays.
    pub(crate) fn whole_age(&self, at: Day) -> i32 {
        let (y0, m0, d0) = civil(self.born);
        let (y, m, d) = civil(at);
        y - y0 - i32::from((m, d) < (m0, d0))
    }

    /// Onset of a disease.
    pub(crate) fn since(&self, disease: usize) -> Day {
        self.onset.get(disease).copied().unwrap_or(NEVER)
    }

    /// Does the person have the disease on that day?
    pub(crate) fn has(&self, disease: usize, at: Day) -> bool {
        self.since(disease) <= at
    }

    /// Day of recruitment.
    pub(crate) fn recruited(&self) -> Day {
        self.visits
            .first()
            .copied()
            .flatten()
            .unwrap_or(RECRUITED_FROM)
    }

    /// Last day on which anything can happen: death or the end of the hospital records.
    pub(crate) fn last_day(&self) -> Day {
        self.death.map_or(HOSPITAL_END, |d| d.day)
    }

    /// Makes this the person of that index.
    pub(crate) fn simulate(&mut self, index: u32, eid: u32, s: &mut Stream, m: &Medicopoeia) {
        self.index = index;
        self.eid = eid;
        self.origins(s);
        self.habits(s);
        self.measures(s);
        self.diseases(s, &m.diseases);
        self.blood_pressure(m);
        crate::death::fate(self, s, &m.diseases);
        self.later_visits(s);
        self.gp(s);
    }

    fn origins(&mut self, s: &mut Stream) {
        self.male = s.chance(45_600);
        let recruited = RECRUITED_FROM + s.below(RECRUITMENT_DAYS) as i32;
        let band = pick(
            s.below(1_000),
            &[
                (40, 103),
                (45, 132),
                (50, 152),
                (55, 181),
                (60, 242),
                (65, 190),
            ],
        );
        let age = band * 365 + band / 4 + s.below(1_824) as i32;
        self.born = recruited - age;
        (self.birth_year, self.birth_month, _) = civil(self.born);
        self.visits = [Some(recruited), None, None, None];
        self.centre = 11_001
            + pick(
                s.below(1_000),
                &[
                    (0, 28),
                    (1, 28),
                    (2, 36),
                    (3, 37),
                    (4, 34),
                    (5, 39),
                    (6, 59),
                    (7, 57),
                    (8, 74),
                    (9, 88),
                    (10, 86),
                    (11, 25),
                    (12, 67),
                    (13, 60),
                    (15, 65),
                    (16, 43),
                    (17, 57),
                    (19, 54),
                    (20, 51),
                    (21, 4),
                    (22, 8),
                ],
            ) as u32;
        self.deprivation = s.normal();
        self.townsend =
            (-1.3 + 3.0 * self.deprivation + 0.45 * (self.deprivation * self.deprivation - 1.0))
                .clamp(-6.26, 11.0);
        self.frailty = 0.9 * s.normal() + 0.3 * self.deprivation;
        self.worry = 0.8 * s.normal() + 0.35 * self.frailty + if self.male { -0.25 } else { 0.2 };
        self.ethnicity = pick(
            s.below(10_000),
            &[
                (1001, 8_820),
                (1002, 262),
                (1003, 322),
                (2001, 12),
                (2002, 8),
                (2003, 16),
                (2004, 20),
                (3001, 114),
                (3002, 35),
                (3003, 5),
                (3004, 35),
                (4001, 86),
                (4002, 64),
                (4003, 2),
                (5, 31),
                (6, 168),
            ],
        ) as u32;
    }

    fn habits(&mut self, s: &mut Stream) {
        let shift = 0.06 * self.deprivation + if self.male { 0.02 } else { -0.02 };
        let u = s.uniform();
        self.smoking = if u < (0.10 + shift).max(0.03) {
            Smoking::Current
        } else if u < 0.45 + shift {
            Smoking::Former
        } else {
            Smoking::Never
        };
        let age = self.age(self.recruited());
        self.smoke_from = (17.0 + 3.0 * s.normal()).clamp(10.0, 35.0) as u32;
        let share = s.uniform();
        let end = f64::from(self.smoke_from) + 2.0;
        self.smoke_until = (end + share * (age - end - 1.0).max(1.0)) as u32;
        self.cigarettes = (17.0 + 8.0 * s.normal()).clamp(1.0, 80.0) as u32;
        let tilt = (f64::from(s.below(1_000)) + 60.0 * self.deprivation
            - if self.male { 60.0 } else { 0.0 })
        .clamp(0.0, 999.0);
        self.alcohol = pick(
            tilt as u32,
            &[(1, 203), (2, 230), (3, 258), (4, 112), (5, 116), (6, 81)],
        ) as u32;
    }

    fn measures(&mut self, s: &mut Stream) {
        let age = self.age(self.recruited()) - 57.0;
        let male = self.male;
        let by = |m: f64, f: f64| if male { m } else { f };
        self.height =
            by(175.6, 162.4) + by(6.8, 6.3) * s.normal() - 0.12 * age - 0.4 * self.deprivation;
        self.bmi =
            (by(27.2, 26.3) * grow(0.165 * s.normal() + 0.02 * self.deprivation)).clamp(15.0, 65.0);
        let heavy = self.bmi - 27.0;
        self.systolic = by(137.0, 131.5) + 0.62 * age + 0.6 * heavy + 15.5 * s.normal();
        self.diastolic =
            by(83.5, 79.8) + 0.55 * heavy + 0.35 * (self.systolic - 135.0) + 6.5 * s.normal();
        self.cholesterol = by(5.75, 6.0) + by(-0.005, 0.025) * age + 0.95 * s.normal();
        self.hdl = (by(1.3, 1.62) - 0.025 * heavy + 0.28 * s.normal()).clamp(0.4, 3.8);
        self.triglycerides =
            (by(1.75, 1.35) * grow(0.42 * s.normal() + 0.03 * heavy)).clamp(0.25, 11.0);
        self.hba1c = 34.9 + 0.14 * age + 0.16 * heavy + 3.1 * s.normal();
        self.hba1c_excess = (16.0 * grow(0.55 * s.normal())).clamp(2.0, 80.0);
        self.creatinine = by(80.0, 63.5) * grow(0.15 * s.normal()) + 0.25 * age;
        self.haemoglobin = by(15.0, 13.5) + 0.95 * s.normal();
    }

    /// One uniform number a disease; onset is where the chance of being free of it falls below.
    fn diseases(&mut self, s: &mut Stream, diseases: &[Disease]) {
        let last = self.age(HOSPITAL_END);
        let recruited = self.recruited();
        for (i, d) in diseases.iter().enumerate() {
            let (u, place) = (s.uniform(), s.uniform());
            let onset = self.onset_of(d, u, place, last);
            // Volunteers come to an assessment centre alive: what kills fast cannot lie far behind.
            let long_past = d.fatal > 0.2 && onset < recruited - 700;
            if let Some(slot) = self.onset.get_mut(i) {
                *slot = if long_past { NEVER } else { onset };
            }
        }
    }

    fn onset_of(&self, d: &Disease, u: f64, place: f64, last: f64) -> Day {
        let smoker = match self.smoking {
            Smoking::Never => 1.0,
            Smoking::Former => 1.0 + 0.4 * d.smoke,
            Smoking::Current => 1.0 + d.smoke,
        };
        // Divided by its mean over the cohort, so that the table's rates are everybody's.
        let risk = smoker / (1.0 + 0.24 * d.smoke)
            * (1.0 + d.bmi * (self.bmi - 27.0) / 5.0).max(0.25)
            * (1.0 + d.deprivation * self.deprivation).max(0.4)
            * (1.0 + d.frailty * self.frailty).max(0.3);
        let hazards: &[f64; STEPS] = if self.male {
            &d.hazard[1]
        } else {
            &d.hazard[0]
        };
        let mut free = 1.0;
        let mut age = FIRST_AGE;
        for hazard in hazards {
            if age >= last {
                return NEVER;
            }
            let from = self.born + (age * YEAR) as i32;
            let mut yearly = hazard * risk;
            for (earlier, times) in &d.after {
                if self.has(*earlier, from) {
                    yearly *= times;
                }
            }
            free *= 1.0 - (5.0 * yearly).min(0.9);
            if free < u {
                return from + (place * 5.0 * YEAR) as i32;
            }
            age += 5.0;
        }
        NEVER
    }

    /// High pressure, lipids, sugar, kidneys: what is measured follows what is diagnosed.
    fn blood_pressure(&mut self, m: &Medicopoeia) {
        let then = self.recruited() + 1_000;
        if self.has(m.known.hypertension, then) {
            self.systolic += 9.0;
            self.diastolic += 4.0;
        }
        if self.has(m.known.ckd, then + 700) {
            self.creatinine *= 1.35;
        }
        if self.has(m.known.anaemia, then) && self.since(m.known.anaemia) > then - 1_600 {
            self.haemoglobin -= 1.6;
        }
        if self.has(m.known.cholesterol, then) {
            self.cholesterol += 0.35;
        }
        self.cholesterol = self.cholesterol.clamp(1.8, 14.0);
        self.systolic = self.systolic.clamp(82.0, 235.0);
        self.diastolic = self.diastolic.clamp(42.0, 135.0).min(self.systolic - 18.0);
    }

    fn later_visits(&mut self, s: &mut Stream) {
        let last = self.last_day() - 30;
        let mut days = [None; 2];
        for (slot, (from, length, share)) in days.iter_mut().zip(REPEATS) {
            // All numbers are drawn in any case, so that one person's choices never move another's.
            let at = from + s.below(length) as i32;
            let healthy = (1.0 - 0.25 * self.frailty - 0.1 * self.deprivation).max(0.2);
            if s.chance((f64::from(share) * healthy) as u32) && at < last {
                *slot = Some(at);
            }
        }
        let gap = 700 + s.below(900) as i32;
        let again = s.chance(FOURTH);
        let [second, third] = days;
        let fourth = third.map(|d| d + gap).filter(|d| again && *d < last);
        self.visits = [Some(self.recruited()), second, third, fourth];
    }

    fn gp(&mut self, s: &mut Stream) {
        self.provider = match self.centre {
            11_004 | 11_005 => 2,
            11_003 | 11_022 | 11_023 => 4,
            _ if s.chance(14_000) => 1,
            _ => 3,
        };
        let end = GP_END
            .get(self.provider as usize - 1)
            .copied()
            .unwrap_or(HOSPITAL_END);
        let back = s.uniform() * s.uniform() * 50.0;
        let grown = self.born + (18.0 * YEAR) as i32;
        self.registered = (self.recruited() - (back * YEAR) as i32)
            .max(grown)
            .max(day(1960, 1, 1));
        self.gp_end = end.min(self.last_day());
    }
}

/// The value whose share of the whole the number falls into; the last if none.
pub(crate) fn pick(mut at: u32, choices: &[(i32, u32)]) -> i32 {
    let mut last = 0;
    for (value, share) in choices {
        last = *value;
        if at < *share {
            break;
        }
        at -= share;
    }
    last
}
