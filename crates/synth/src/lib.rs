//! A seeded synthetic cohort in the shapes a biobank receives.
//!
//! For demonstrations, tests and measurements: raw files in UK Biobank's own forms, as large as the
//! real ones, in which diseases, codes, medicines, hospital stays, measurements and deaths go
//! together. Each participant is made from their own random stream, one after the other, so memory
//! does not grow with the cohort, and the same seed gives the same bytes on every machine.
//!
//! Must never hold or resemble a real person: see `identity`. Opens nothing, asks no clock and no
//! operating system for randomness; bytes go to what a [`Sink`] opens.

mod calendar;
mod catalogue;
mod death;
mod dirt;
mod disease;
mod gp;
mod gp_codes;
mod hospital;
mod identity;
pub mod limits;
mod main_table;
mod person;
mod rng;
mod scripts;
mod study;
mod table;
mod write;

use std::io;

pub use dirt::Injected;
pub use write::{FileWritten, Sink};

use calendar::Calendar;
use catalogue::Catalogue;
use dirt::{Dirt, Strangers, Where};
use disease::Medicopoeia;
use gp::Gp;
use hospital::{Hospital, HospitalFiles};
use limits::{MAX_PARTICIPANTS, PROGRESS_EVERY, WITHDRAWN_ONE_IN};
use main_table::MainTable;
use person::Person;
use rng::{Permutation, Purpose, Stream};
use write::File;

/// Why a cohort could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// The number of participants is nought or above [`limits::MAX_PARTICIPANTS`].
    #[error(
        "a cohort needs between 1 and {most} participants, found {found}; ask for a number in that range"
    )]
    Size {
        /// What was asked for.
        found: u32,
        /// The largest cohort.
        most: u32,
    },
    /// The rate of bad rows is no share.
    #[error(
        "the rate of bad rows must be between 0 and 0.5, found {found}; give a share such as 0.01"
    )]
    Rate {
        /// What was asked for.
        found: f64,
    },
    /// A table built into the program is broken: a fault of the program.
    #[error("built-in table {table}, line {line}: expected {expected}")]
    Table {
        /// File name in `data/`.
        table: &'static str,
        /// Line, from 1; 0 for the whole table.
        line: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// A file could not be opened or written.
    #[error("writing the cohort failed: {0}")]
    Io(#[from] io::Error),
}

/// What was written, file by file, in the order of writing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The files.
    pub files: Vec<FileWritten>,
}

impl Written {
    /// Rows of all files, headers left out.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|f| f.rows).sum()
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|f| f.bytes).sum()
    }

    /// The file of that name.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&FileWritten> {
        self.files.iter().find(|f| f.name == name)
    }
}

/// A cohort that can be written: its size, its seed, and what follows from them.
pub struct Cohort {
    participants: u32,
    seed: u64,
    dirt: f64,
    ids: Permutation,
    numbers: Permutation,
    leavers: Permutation,
    medicopoeia: Medicopoeia,
    catalogue: Catalogue,
    calendar: Calendar,
}

impl std::fmt::Debug for Cohort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cohort")
            .field("participants", &self.participants)
            .field("seed", &self.seed)
            .field("dirt", &self.dirt)
            .finish_non_exhaustive()
    }
}

/// Participant ids are `FIRST_ID` plus an image of the permutation of this many numbers.
const IDS: u64 = 9_000_000;
const FIRST_ID: u64 = 1_000_000;

impl Cohort {
    /// A cohort of so many participants. The first participants of a larger cohort with the same
    /// seed are the same people.
    ///
    /// # Errors
    /// [`SynthError::Size`] for none or too many; [`SynthError::Table`] if the program is broken.
    pub fn new(participants: u32, seed: u64) -> Result<Self, SynthError> {
        if participants == 0 || participants > MAX_PARTICIPANTS {
            return Err(SynthError::Size {
                found: participants,
                most: MAX_PARTICIPANTS,
            });
        }
        Ok(Self {
            participants,
            seed,
            dirt: 0.0,
            ids: Permutation::new(seed, 1, IDS),
            numbers: Permutation::new(seed, 2, 100_000_000),
            leavers: Permutation::new(seed, 3, u64::from(participants)),
            medicopoeia: Medicopoeia::load()?,
            catalogue: Catalogue::load()?,
            calendar: Calendar::new(),
        })
    }

    /// The same cohort with bad rows: after a good row, with this probability, an extra bad one.
    /// With all bad rows set aside, the files are those of the clean cohort.
    ///
    /// # Errors
    /// [`SynthError::Rate`] if the rate is not between 0 and 0.5.
    pub fn with_dirt(mut self, rate: f64) -> Result<Self, SynthError> {
        if !(0.0..=0.5).contains(&rate) {
            return Err(SynthError::Rate { found: rate });
        }
        self.dirt = rate;
        Ok(self)
    }

    /// Number of participants.
    #[must_use]
    pub fn participants(&self) -> u32 {
        self.participants
    }

    /// Id (`eid`) of the participant with that index: seven digits, in no order.
    #[must_use]
    pub fn eid(&self, index: u32) -> u32 {
        (FIRST_ID + self.ids.of(u64::from(index))) as u32
    }

    /// Ids in the withdrawal file: one participant in 2,000, at least one.
    #[must_use]
    pub fn withdrawn(&self) -> Vec<u32> {
        let count = (self.participants / WITHDRAWN_ONE_IN).max(1);
        (0..count)
            .map(|n| self.eid(self.leavers.of(u64::from(n)) as u32))
            .collect()
    }

    /// Name of the withdrawal file, `w<project>_<yyyymmdd>.csv`: one id a line, no header.
    #[must_use]
    pub fn withdrawal_file(&self) -> &'static str {
        study::WITHDRAWAL_FILE
    }

    fn dirt(&self, file: u64, kinds: Where) -> Option<Dirt> {
        let strangers = Strangers {
            ids: self.ids.clone(),
            first: self.participants,
            beyond: (IDS - u64::from(self.participants)).min(1_000_000) as u32,
        };
        (self.dirt > 0.0).then(|| Dirt::new(self.dirt, self.seed, file, kinds, strangers))
    }
}

/// Every file of one row or more a participant, open.
struct Files {
    identity: File,
    main: File,
    clinical: File,
    scripts: File,
    registrations: File,
    hospital: HospitalFiles,
    death: File,
    causes: File,
    consent: File,
}

impl Files {
    fn open(cohort: &Cohort, sink: &mut dyn Sink) -> io::Result<Self> {
        let mut number = 0;
        let mut open = |name: &str, header: &str, date, coded, unique| -> io::Result<File> {
            number += 1;
            let dirt = cohort.dirt(
                number,
                Where {
                    date,
                    coded,
                    unique,
                },
            );
            let mut file = File::open(sink, name, dirt)?;
            file.header(header);
            Ok(file)
        };
        let catalogue = &cohort.catalogue;
        Ok(Self {
            identity: open("identity.csv", identity::IDENTITY, Some(8), None, true)?,
            main: open(
                "main.csv",
                &catalogue.header(),
                None,
                Some(catalogue.coded_column()),
                true,
            )?,
            clinical: open("gp_clinical.csv", gp::CLINICAL, Some(2), None, false)?,
            scripts: open("gp_scripts.csv", scripts::SCRIPTS, Some(2), None, false)?,
            registrations: open(
                "gp_registrations.csv",
                gp::REGISTRATIONS,
                Some(2),
                None,
                false,
            )?,
            hospital: HospitalFiles {
                episodes: open("hesin.csv", hospital::HESIN, Some(4), None, false)?,
                diagnoses: open("hesin_diag.csv", hospital::DIAG, None, None, false)?,
                operations: open("hesin_oper.csv", hospital::OPER, Some(4), None, false)?,
            },
            death: open("death.csv", death::DEATH, Some(4), None, false)?,
            causes: open("death_cause.csv", death::CAUSE, None, None, false)?,
            consent: open("consent.csv", identity::CONSENT, Some(1), None, true)?,
        })
    }

    fn all(&mut self) -> [&mut File; 11] {
        [
            &mut self.identity,
            &mut self.main,
            &mut self.clinical,
            &mut self.scripts,
            &mut self.registrations,
            &mut self.hospital.episodes,
            &mut self.hospital.diagnoses,
            &mut self.hospital.operations,
            &mut self.death,
            &mut self.causes,
            &mut self.consent,
        ]
    }

    fn finish(self) -> io::Result<Vec<FileWritten>> {
        let HospitalFiles {
            episodes,
            diagnoses,
            operations,
        } = self.hospital;
        [
            self.identity,
            self.main,
            self.clinical,
            self.scripts,
            self.registrations,
            episodes,
            diagnoses,
            operations,
            self.death,
            self.causes,
            self.consent,
        ]
        .into_iter()
        .map(File::finish)
        .collect()
    }
}

/// Writes the whole cohort. `progress` hears the number of participants done, now and then and at
/// the end. Needs memory for one participant and a buffer of about a megabyte a file.
///
/// # Errors
/// [`SynthError::Io`] if the sink or a file fails. Files are then incomplete.
pub fn write_all(
    cohort: &Cohort,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(u64),
) -> Result<Written, SynthError> {
    let mut files = Files::open(cohort, sink)?;
    let mut maker = Maker::new(cohort);
    for index in 0..cohort.participants {
        for file in files.all() {
            file.participant(index);
        }
        maker.participant(index, &mut files);
        for file in files.all() {
            file.flush_if_full()?;
        }
        if (index + 1) % PROGRESS_EVERY == 0 {
            progress(u64::from(index) + 1);
        }
    }
    let mut written = files.finish()?;
    written.push(withdrawals(cohort, sink)?);
    written.push(cohort.catalogue.write_fields(sink, &maker.main.counts)?);
    written.push(cohort.catalogue.write_codings(sink)?);
    progress(u64::from(cohort.participants));
    Ok(Written { files: written })
}

fn withdrawals(cohort: &Cohort, sink: &mut dyn Sink) -> io::Result<FileWritten> {
    let mut file = File::open(sink, cohort.withdrawal_file(), None)?;
    for id in cohort.withdrawn() {
        file.int(i64::from(id));
        file.end_row();
    }
    file.finish()
}

/// Makes participants one by one, reusing its buffers.
struct Maker<'a> {
    cohort: &'a Cohort,
    stream: Stream,
    person: Person,
    courses: Vec<scripts::Course>,
    gp: Gp,
    hospital: Hospital,
    main: MainTable,
}

impl<'a> Maker<'a> {
    fn new(cohort: &'a Cohort) -> Self {
        Self {
            cohort,
            stream: Stream::new(cohort.seed),
            person: Person::new(cohort.medicopoeia.diseases.len()),
            courses: Vec::new(),
            gp: Gp::new(),
            hospital: Hospital::new(),
            main: MainTable::new(cohort.catalogue.fields.len()),
        }
    }

    fn participant(&mut self, index: u32, files: &mut Files) {
        let (m, c, s) = (
            &self.cohort.medicopoeia,
            &self.cohort.calendar,
            &mut self.stream,
        );
        let p = &mut self.person;
        s.go(index, Purpose::Person);
        p.simulate(index, self.cohort.eid(index), s, m);
        let p = &self.person;
        s.go(index, Purpose::Identity);
        identity::write(p, s, &self.cohort.numbers, c, &mut files.identity);
        s.go(index, Purpose::Scripts);
        scripts::courses(p, s, m, &mut self.courses);
        scripts::write(p, s, m, c, &self.courses, &mut files.scripts);
        s.go(index, Purpose::Main);
        self.main.write(
            p,
            s,
            m,
            &self.courses,
            c,
            &self.cohort.catalogue,
            &mut files.main,
        );
        s.go(index, Purpose::Gp);
        Gp::registrations(p, s, c, &mut files.registrations);
        self.gp.write(p, s, m, c, &mut files.clinical);
        s.go(index, Purpose::Hospital);
        self.hospital.write(p, s, m, c, &mut files.hospital);
        s.go(index, Purpose::Death);
        death::write(p, s, &m.diseases, c, &mut files.death, &mut files.causes);
        s.go(index, Purpose::Consent);
        identity::consent(p, s, c, &mut files.consent);
    }
}

#[cfg(test)]
mod tests;
