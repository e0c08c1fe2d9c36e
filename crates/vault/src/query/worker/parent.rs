//! The parent's side: starts a worker, watches it, answers it, and ends it.

use std::collections::BTreeSet;
use std::io::{self, BufReader, BufWriter};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use governance::{Mode, Refusal};

use super::child::{Job, JobTable, Ruling};
use super::wire::{self, Frame, Kind, Secret};
use crate::limits;
use crate::query::answer::{Answer, Head};
use crate::query::{ColumnsRead, GrantedTable, Judge, JudgeStop, QueryError, Question, no};
use crate::release::Manifest;

/// How a worker is started: a program that calls [`super::run`] on its standard input and output.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// What is known of a running question.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Columns that it reads, once planned.
    pub used: Option<ColumnsRead>,
    /// How far it is, from 0 to 1.
    pub progress: f64,
    /// How long it has been running.
    pub elapsed: Duration,
}

/// Answers a question in a process of its own. `watch` is called every [`limits::WATCH`] and at each step; what it
/// returns ends the question at once.
///
/// # Errors
/// As [`crate::query::ask_judged`], and whatever `watch` says.
pub fn ask(
    launch: &Launch,
    question: Question<'_>,
    judge: &mut dyn Judge,
    watch: &mut dyn FnMut(&Seen) -> Option<QueryError>,
) -> Result<Answer, QueryError> {
    let mode = question.mode;
    let seconds = question.limits.seconds;
    let (job, masks) = job(question)?;
    let mut worker = Worker::start(launch).map_err(|e| failed("starting a worker", &e))?;
    let masks = masks.iter().map(Vec::as_slice);
    worker
        .send(Kind::Job, &job, masks)
        .map_err(|e| failed("handing a worker its question", &e))?;
    drop(job);
    let started = Instant::now();
    let mut seen = Seen::default();
    loop {
        seen.elapsed = started.elapsed();
        if let Some(stop) = watch(&seen) {
            return Err(stop);
        }
        // the worker keeps the time itself; this is for one that does not
        if seen.elapsed > Duration::from_secs(seconds.saturating_add(5)) {
            return Err(no::out_of_time(seconds).into());
        }
        let frame = match worker.frames.recv_timeout(limits::WATCH) {
            Ok(Ok(frame)) => frame,
            Ok(Err(e)) => return Err(failed("reading from a worker", &e)),
            Err(mpsc::RecvTimeoutError::Timeout) => continue,
            Err(mpsc::RecvTimeoutError::Disconnected) => return Err(worker.died()),
        };
        if let Some(done) = step(&mut worker, &frame, mode, judge, &mut seen)
            .unwrap_or_else(|e| Some(Err(failed("a worker's message", &e))))
        {
            return done;
        }
    }
}

/// One message of the worker; the end of the question, if this is it.
fn step(
    worker: &mut Worker,
    frame: &Frame,
    mode: Mode,
    judge: &mut dyn Judge,
    seen: &mut Seen,
) -> io::Result<Option<Result<Answer, QueryError>>> {
    match frame.kind {
        Kind::Planned => {
            let (used, _) = frame.open::<ColumnsRead>()?;
            judge.planned(&used);
            seen.used = Some(used);
            Ok(None)
        }
        Kind::Progress => {
            seen.progress = frame.open::<f64>()?.0.clamp(0.0, 1.0);
            Ok(None)
        }
        Kind::Table => {
            let (named, parts) = frame.open()?;
            let table = wire::table_of(parts.first().copied().unwrap_or_default())?;
            match judge.judge(table, named) {
                Ok(verdicts) => {
                    worker.send(Kind::Verdicts, &Ruling::Shown(verdicts), [])?;
                    Ok(None)
                }
                Err(JudgeStop::Again(people)) => Ok(Some(Err(QueryError::Again(people)))),
                Err(JudgeStop::Refusal(refusal)) => Ok(Some(Err(refusal.into()))),
                Err(JudgeStop::Fault(text)) => Ok(Some(Err(QueryError::Fault(text)))),
            }
        }
        Kind::Answer => {
            let (head, parts) = frame.open::<Head>()?;
            let rows = parts.first().copied().unwrap_or_default();
            let answer = Answer::from_wire(mode, head, rows);
            Ok(Some(answer.map_err(|_| {
                QueryError::Fault("a worker's answer cannot be read".to_owned())
            })))
        }
        Kind::Refusal => Ok(Some(Err(frame.open::<Refusal>()?.0.into()))),
        Kind::Fault => Ok(Some(Err(QueryError::Fault(frame.open::<String>()?.0)))),
        Kind::Job | Kind::Verdicts => Ok(Some(Err(QueryError::Fault(
            "a worker spoke as a parent".to_owned(),
        )))),
    }
}

/// The question as the worker gets it: just what it needs.
fn job(q: Question<'_>) -> Result<(Job, Vec<Vec<u8>>), QueryError> {
    let mut manifest = q.manifest.clone();
    manifest
        .tables
        .retain(|name, _| q.tables.iter().any(|t| t.name == *name));
    let masks = q
        .tables
        .iter()
        .map(|t| wire::set_bytes(&t.masked))
        .collect();
    let release_dir =
        std::path::absolute(q.release_dir).map_err(|e| failed("the folder of the release", &e))?;
    // just the keys of the classes that the granted columns have
    let keyring = q
        .keyring
        .map(|keys| keys.only(classes(&q.tables, &manifest)));
    let keyring = keyring
        .transpose()
        .map_err(|e| QueryError::Fault(format!("the release's keys: {e}")))?;
    let job = Job {
        keyring,
        spill: q.spill.map(std::path::Path::to_owned),
        sql: q.sql.to_owned(),
        mode: q.mode,
        tables: q
            .tables
            .into_iter()
            .map(|t| JobTable {
                name: t.name,
                columns: t.columns,
            })
            .collect(),
        manifest,
        release_dir,
        key: (q.mode == Mode::Enclave).then(|| Secret::of(q.key.secret())),
        rows: q.limits.rows,
        bytes: q.limits.bytes,
        memory: q.limits.memory,
        seconds: q.limits.seconds,
    };
    Ok((job, masks))
}

/// The classes of data of granted columns.
fn classes<'a>(tables: &[GrantedTable], manifest: &'a Manifest) -> BTreeSet<&'a str> {
    let mut classes = BTreeSet::new();
    for granted in tables {
        let Some(entry) = manifest.tables.get(&granted.name) else {
            continue;
        };
        let of_granted = entry
            .columns
            .iter()
            .filter(|c| granted.columns.contains(&c.name));
        classes.extend(of_granted.map(|c| c.class.as_str()));
    }
    classes
}

/// A running worker. Dropping it ends the process.
struct Worker {
    child: Child,
    input: BufWriter<ChildStdin>,
    frames: mpsc::Receiver<io::Result<Frame>>,
}

impl Worker {
    fn start(launch: &Launch) -> io::Result<Self> {
        let mut child = Command::new(&launch.program)
            .args(&launch.arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("a worker without pipes"));
        };
        let (send, frames) = mpsc::channel();
        // ends with the worker's output, which ends with the worker
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            loop {
                match wire::read(&mut output) {
                    Ok(Some(frame)) => {
                        if send.send(Ok(frame)).is_err() {
                            return;
                        }
                    }
                    Ok(None) => return,
                    Err(e) => {
                        // a worker that was ended in the middle of a frame is a worker that died
                        if e.kind() != io::ErrorKind::UnexpectedEof {
                            let _ = send.send(Err(e));
                        }
                        return;
                    }
                }
            }
        });
        Ok(Self {
            child,
            input: BufWriter::new(input),
            frames,
        })
    }

    fn send<'p>(
        &mut self,
        kind: Kind,
        head: &impl serde::Serialize,
        parts: impl IntoIterator<Item = &'p [u8]>,
    ) -> io::Result<()> {
        wire::write(&mut self.input, kind, head, parts)
    }

    /// Why a worker is gone without an answer. The kernel ended it at a limit, or it aborted, which is what an allocation
    /// beyond a limit leads to: both mean that the question needs more than it may have.
    fn died(&mut self) -> QueryError {
        use std::os::unix::process::ExitStatusExt as _;
        match self.child.wait().map(|status| status.signal()) {
            Ok(Some(_)) => no::worker_ended().into(),
            Ok(None) => QueryError::Fault("a worker ended without an answer".to_owned()),
            Err(e) => failed("waiting for a worker", &e),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // an error means that it has ended already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn failed(what: &str, error: &io::Error) -> QueryError {
    QueryError::Fault(format!("{what}: {:?}", error.kind()))
}
