//! The worker: reads one question from its standard input, answers it on its standard output, and ends.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use governance::Mode;
use privacy::pseudonym::ProjectKey;
use privacy::sdc;
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};
use serde::{Deserialize, Serialize};

use super::wire::{self, Kind, Secret};
use crate::limits;
use crate::query::answer::Answer;
use crate::query::{
    ColumnsRead, GrantedTable, Judge, JudgeStop, Named, QueryError, QueryLimits, Question,
    ask_judged,
};
use crate::release::Manifest;
use crate::sealed::Keyring;

/// A question as the worker is given it. The masks of its tables follow as parts, in the tables' order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) sql: String,
    pub(super) mode: Mode,
    pub(super) tables: Vec<JobTable>,
    pub(super) manifest: Manifest,
    pub(super) release_dir: PathBuf,
    pub(super) keyring: Option<Keyring>,
    pub(super) spill: Option<PathBuf>,
    /// The project's pseudonym key; only in enclave mode, in which pseudonyms are shown.
    pub(super) key: Option<Secret>,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) memory: usize,
    pub(super) seconds: u64,
}

/// A granted table, without its mask.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JobTable {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

/// What a judge says, on the wire.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ruling {
    Shown(sdc::Verdicts),
    /// The set follows as a part.
    Again,
    Refusal(governance::Refusal),
    Fault(String),
}

/// The whole life of a worker process. Returns when its one question is answered or refused, and says whether the parent
/// was told.
///
/// # Errors
/// The parent is gone, or does not speak as a parent does.
pub fn run(input: impl Read + Send, output: impl Write + Send) -> io::Result<()> {
    let mut input = BufReader::new(input);
    let frame = wire::read(&mut input)?.ok_or_else(gone)?;
    if frame.kind != Kind::Job {
        return Err(gone());
    }
    let (job, masks) = frame.open::<Job>()?;
    confine(job.memory, job.seconds)?;
    let tables = job
        .tables
        .into_iter()
        .zip(masks)
        .map(|(table, mask)| {
            Ok(GrantedTable {
                name: table.name,
                columns: table.columns,
                masked: Arc::new(wire::set_of(mask)?),
            })
        })
        .collect::<io::Result<Vec<_>>>()?;
    let key = job.key.as_ref().map(Secret::key).transpose()?;
    let question = Question {
        sql: &job.sql,
        mode: job.mode,
        tables,
        manifest: &job.manifest,
        release_dir: &job.release_dir,
        keyring: job.keyring,
        spill: job.spill.as_deref(),
        // without the project's key no pseudonym that means anything can be made
        key: ProjectKey::from_secret(&key.unwrap_or_default()),
        limits: QueryLimits {
            rows: job.rows,
            bytes: job.bytes,
            memory: job.memory,
            seconds: job.seconds,
        },
    };
    let output = Mutex::new(BufWriter::new(output));
    let done = {
        let mut pipe = Pipe {
            input: &mut input,
            output: &output,
        };
        ask_judged(question, &mut pipe)
    };
    let mut output = output.into_inner().unwrap_or_else(PoisonError::into_inner);
    match done {
        Ok(answer) => answer_out(&mut output, &answer),
        Err(QueryError::Refusal(refusal)) => wire::write(&mut output, Kind::Refusal, &refusal, []),
        Err(QueryError::Fault(text)) => wire::write(&mut output, Kind::Fault, &text, []),
        // the parent said so itself, and waits for nothing
        Err(QueryError::Again(_)) => Ok(()),
    }
}

fn answer_out(output: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let (head, rows) = answer.to_wire().map_err(|_| gone())?;
    wire::write(output, Kind::Answer, &head, [rows.as_slice()])
}

/// Limits that the kernel keeps, whatever the engine does: memory, processor time, open files, no core dump, and an end
/// with the parent's end.
fn confine(memory: usize, seconds: u64) -> io::Result<()> {
    let set = |resource, most: u64| {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        rustix::process::setrlimit(resource, limit)
    };
    let memory = u64::try_from(memory).unwrap_or(u64::MAX);
    let space = memory
        .saturating_mul(limits::WORKER_MEMORY_FACTOR)
        .saturating_add(limits::WORKER_SPACE);
    let threads = u64::try_from(limits::THREADS).unwrap_or(1);
    set(Resource::As, space)?;
    set(
        Resource::Cpu,
        seconds.saturating_mul(threads).saturating_add(10),
    )?;
    set(Resource::Core, 0)?;
    set(Resource::Nofile, limits::WORKER_FILES)?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // If memory runs out all the same, this process goes first. Best effort: not every system has the file.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

/// Asks the parent.
struct Pipe<'a, R, W: Write> {
    input: &'a mut BufReader<R>,
    output: &'a Mutex<BufWriter<W>>,
}

impl<R: Read + Send, W: Write + Send> Pipe<'_, R, W> {
    fn send<'p>(
        &self,
        kind: Kind,
        head: &impl Serialize,
        parts: impl IntoIterator<Item = &'p [u8]>,
    ) -> io::Result<()> {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        wire::write(&mut *output, kind, head, parts)
    }

    fn ruling(
        &mut self,
        table: &sdc::Table,
        named: &Named,
    ) -> io::Result<Result<sdc::Verdicts, JudgeStop>> {
        self.send(Kind::Table, named, [wire::table_bytes(table)?.as_slice()])?;
        let frame = wire::read(self.input)?.ok_or_else(gone)?;
        if frame.kind != Kind::Verdicts {
            return Err(gone());
        }
        let (ruling, parts) = frame.open::<Ruling>()?;
        Ok(match ruling {
            Ruling::Shown(verdicts) => Ok(verdicts),
            Ruling::Again => {
                let people = parts
                    .first()
                    .copied()
                    .ok_or_else(gone)
                    .and_then(wire::set_of)?;
                Err(JudgeStop::Again(people))
            }
            Ruling::Refusal(refusal) => Err(JudgeStop::Refusal(refusal)),
            Ruling::Fault(text) => Err(JudgeStop::Fault(text)),
        })
    }
}

impl<R: Read + Send, W: Write + Send> Judge for Pipe<'_, R, W> {
    fn planned(&mut self, used: &ColumnsRead) {
        // a parent that is gone takes this process with it
        let _ = self.send(Kind::Planned, used, []);
    }

    fn progress(&mut self, share: f64) {
        let _ = self.send(Kind::Progress, &share, []);
    }

    fn judge(&mut self, table: sdc::Table, named: Named) -> Result<sdc::Verdicts, JudgeStop> {
        self.ruling(&table, &named)
            .unwrap_or_else(|_| Err(JudgeStop::Fault("the parent does not answer".to_owned())))
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the other side is gone")
}
