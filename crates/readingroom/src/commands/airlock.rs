//! `readingroom airlock`: files that ask to leave.

use std::collections::{BTreeMap, HashSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use airlock::{Context, File, Lineage, Participants, Rules};
use governance::outputs::{
    CheckOutcome, OutputFile, ReleaseOutput, ReviewOutput, SubmitOutput, Verdict,
};
use governance::{Command, Digest, Id, Refusal};
use privacy::pseudonym::ProjectKey;
use serde_json::json;

use crate::cli::{self, Outcome};
use crate::failure::{Failure, REFUSED};
use crate::files;
use crate::instance::Instance;
use crate::print;
use crate::reading::Readers;

pub fn run(dir: &Path, command: &cli::Airlock) -> Result<ExitCode, Failure> {
    match command {
        cli::Airlock::Check {
            print,
            project,
            files,
            ..
        } => {
            let project = project
                .as_deref()
                .ok_or_else(|| Failure::Misuse("name the project with --project".to_owned()))?;
            check(dir, project, files, print.json)
        }
        cli::Airlock::Submit {
            print,
            project,
            id,
            purpose,
            actor,
            files,
        } => {
            let request = read(files)?;
            let mut instance = Instance::open(dir)?;
            let project = super::id("--project", project)?;
            let author = researcher(&instance, &project, actor.as_deref())?;
            let id = super::id("--id", id)?;
            let submitted = submit(&mut instance, &project, &author, &id, purpose, request)?;
            let text = format!(
                "submitted: {id}; ledger entry {}; two checkers must accept it",
                submitted.entry
            );
            done(
                print.json,
                json!({ "submitted": id, "entry": submitted.entry, "verdicts": submitted.verdicts }),
                &text,
            );
            Ok(ExitCode::SUCCESS)
        }
        cli::Airlock::Review {
            print,
            id,
            outcome,
            reasons,
            actor,
        } => {
            let mut instance = Instance::open(dir)?;
            let id = super::id("--id", id)?;
            let outcome = match outcome {
                Outcome::Accept => CheckOutcome::Accept,
                Outcome::Reject => CheckOutcome::Reject,
            };
            let review = ReviewOutput {
                output: id.clone(),
                outcome,
                reasons: reasons.clone(),
            };
            let given = instance.give(&super::id("--as", actor)?, &Command::from(review))?;
            let text = format!("reviewed: {id} by {actor}; ledger entry {}", given.first);
            done(
                print.json,
                json!({ "reviewed": id, "entry": given.first }),
                &text,
            );
            Ok(ExitCode::SUCCESS)
        }
        cli::Airlock::Release {
            print,
            id,
            to,
            actor,
        } => {
            let mut instance = Instance::open(dir)?;
            let id = super::id("--id", id)?;
            let person = super::id("--as", actor)?;
            let released = release(&mut instance, &person, &id, to)?;
            let text = format!(
                "released: {id}; ledger entry {}; written to {}: {}",
                released.entry,
                to.display(),
                released.files.join(", ")
            );
            done(
                print.json,
                json!({ "released": id, "entry": released.entry, "files": released.files }),
                &text,
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn done(as_json: bool, value: serde_json::Value, text: &str) {
    if as_json {
        print::json(&value)
    } else {
        print::line(text)
    }
}

/// The researcher on whose account a command goes: the one named, else the project's lead.
pub fn researcher(instance: &Instance, project: &Id, named: Option<&str>) -> Result<Id, Failure> {
    match named {
        Some(name) => super::id("--as", name),
        None => instance
            .state
            .projects
            .all
            .get(project)
            .map(|p| p.application.lead.clone())
            .ok_or_else(|| {
                Refusal::new(
                    "project-unknown",
                    "names-what-exists",
                    format!("no project is called `{project}`"),
                    "see the register for the projects there are",
                )
                .into()
            }),
    }
}

/// Knows every participant by raw id, and by the pseudonym of every project.
struct Known {
    raw: HashSet<String>,
    keys: Vec<ProjectKey>,
    count: u64,
}

impl Known {
    fn of(instance: &Instance) -> Result<Self, Failure> {
        let index = instance.participants()?;
        let keys = instance
            .state
            .projects
            .all
            .keys()
            .map(|p| ProjectKey::derive(instance.master(), p.as_str()))
            .collect();
        let count = index.len() as u64;
        Ok(Self {
            raw: index.into_keys().collect(),
            keys,
            count,
        })
    }
}

impl Participants for Known {
    fn is_pseudonym(&self, token: &str) -> bool {
        self.keys.iter().any(|key| key.index(token).is_some())
    }
    fn is_raw_id(&self, token: &str) -> bool {
        self.raw.contains(token)
    }
    fn count(&self) -> u64 {
        self.count
    }
}

/// Knows the answers that the project was given.
struct Answers<'a> {
    instance: &'a Instance,
    project: &'a Id,
}

impl Lineage for Answers<'_> {
    fn aggregate_answer(&self, sha256_hex: &str) -> Option<u64> {
        self.instance
            .state
            .outputs
            .aggregate_answer(self.project, sha256_hex)
    }
}

/// Judges files as one request.
pub fn judge(
    instance: &Instance,
    project: &Id,
    files: &[(String, Vec<u8>)],
) -> Result<Vec<airlock::Verdict>, Failure> {
    let known = Known::of(instance)?;
    let lineage = Answers { instance, project };
    let context = Context {
        participants: &known,
        lineage: &lineage,
        rules: Rules::default(),
    };
    let request: Vec<File<'_>> = files
        .iter()
        .map(|(name, bytes)| File { name, bytes })
        .collect();
    let mut readers = Readers::default();
    let readings = request.iter().map(|file| readers.read(file.bytes));
    Ok(airlock::judge(&request, readings, &context))
}

fn check(dir: &Path, project: &str, paths: &[PathBuf], as_json: bool) -> Result<ExitCode, Failure> {
    let request = read(paths)?;
    let instance = Instance::open(dir)?;
    let project = super::id("--project", project)?;
    researcher(&instance, &project, None)?;
    let verdicts = judge(&instance, &project, &request)?;
    let worst = verdicts.iter().map(|v| v.verdict).max();
    for verdict in &verdicts {
        if as_json {
            let line =
                serde_json::to_string(verdict).map_err(|e| Failure::fault("writing JSON", e))?;
            print::line(&line);
        } else {
            print::line(&plain(verdict));
        }
    }
    Ok(if worst == Some(airlock::Colour::Red) {
        ExitCode::from(REFUSED)
    } else {
        ExitCode::SUCCESS
    })
}

/// A verdict for people.
pub fn plain(verdict: &airlock::Verdict) -> String {
    let mut text = format!(
        "{}  {}  (confidence {:.2})",
        word(verdict.verdict).to_uppercase(),
        verdict.file,
        verdict.confidence
    );
    for reason in &verdict.reasons {
        text.push_str(&format!(
            "\n  {}: {}: {}",
            reason.rule, reason.place, reason.what
        ));
        if !reason.fix.is_empty() {
            text.push_str(&format!("\n    to do: {}", reason.fix));
        }
    }
    text
}

/// A colour in words.
pub const fn word(colour: airlock::Colour) -> &'static str {
    match colour {
        airlock::Colour::Green => "green",
        airlock::Colour::Amber => "amber",
        airlock::Colour::Red => "red",
    }
}

/// Reads files, each under its own name.
pub fn read(paths: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut files = BTreeMap::new();
    for path in paths {
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let bytes = read_one(path)?;
        if files.insert(name, bytes).is_some() {
            return Err(unreadable(
                path,
                "another file of the request has the same name",
            ));
        }
    }
    Ok(files.into_iter().collect())
}

/// Reads one file: a plain one, not a link, a pipe or a device, and no more of it than the airlock reads.
pub fn read_one(path: &Path) -> Result<Vec<u8>, Failure> {
    let plain = std::fs::symlink_metadata(path).map_err(|e| unreadable(path, &e.to_string()))?;
    if !plain.is_file() {
        return Err(unreadable(path, "it is not a plain file"));
    }
    let file = std::fs::File::open(path).map_err(|e| unreadable(path, &e.to_string()))?;
    let most = airlock::limits::BYTES as u64;
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| unreadable(path, &e.to_string()))?;
    if bytes.len() as u64 > most {
        return Err(unreadable(path, "it is larger than the airlock reads"));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, why: &str) -> Failure {
    Refusal::new(
        "file-unreadable",
        "input-is-readable",
        format!("{}: {why}", path.display()),
        "name readable files with different names",
    )
    .into()
}

/// A request that was submitted.
pub struct Submitted {
    /// Its ledger number.
    pub entry: u64,
    /// Verdict of each file.
    pub verdicts: Vec<airlock::Verdict>,
}

/// Judges files, keeps their bytes under their digest, and submits the request.
pub fn submit(
    instance: &mut Instance,
    project: &Id,
    author: &Id,
    id: &Id,
    purpose: &str,
    request: Vec<(String, Vec<u8>)>,
) -> Result<Submitted, Failure> {
    let verdicts = judge(instance, project, &request)?;
    let (mut files, mut kept) = (BTreeMap::new(), Vec::new());
    for ((name, bytes), verdict) in request.iter().zip(&verdicts) {
        let rules = verdict.reasons.iter().map(|r| r.rule.clone()).collect();
        let sha256 = Digest::of(bytes);
        kept.push((sha256.clone(), bytes));
        let file = OutputFile {
            sha256,
            bytes: bytes.len() as u64,
            verdict: match verdict.verdict {
                airlock::Colour::Green => Verdict::Green,
                airlock::Colour::Amber => Verdict::Amber,
                airlock::Colour::Red => Verdict::Red,
            },
            rules,
        };
        files.insert(name.clone(), file);
    }
    let command = Command::from(SubmitOutput {
        id: id.clone(),
        project: project.clone(),
        purpose: purpose.to_owned(),
        files,
    });
    // The bytes are kept before the event that names their digest, and only if there will be such an event.
    if instance.would_take(author, &command)? {
        for (sha256, bytes) in &kept {
            files::write_durably(&instance.kept_output(sha256), bytes)?;
        }
    }
    let given = instance.give_program(author, &command)?;
    Ok(Submitted {
        entry: given.first,
        verdicts,
    })
}

/// A release.
pub struct Released {
    /// Its ledger number.
    pub entry: u64,
    /// Names of the files that were written.
    pub files: Vec<String>,
}

/// Files are never released into the instance itself, where they could take the place of its own.
fn outside(instance: &Instance, to: &Path) -> Result<(), Failure> {
    // What is there of the path now decides where it leads.
    let mut there = to;
    while !there.exists() {
        there = match there.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => return Err(in_the_way(to)),
        };
    }
    let real = |path: &Path| {
        path.canonicalize()
            .map_err(|e| files::io("finding", path, e))
    };
    let (to, own) = (real(there)?, real(&instance.dir)?);
    // The demonstration keeps what leaves in its own folder of work files.
    if to.starts_with(&own) && !to.starts_with(own.join("demo")) {
        return Err(in_the_way(&to));
    }
    Ok(())
}

fn in_the_way(path: &Path) -> Failure {
    Refusal::new(
        "place-in-use",
        "releases-overwrite-nothing",
        format!(
            "{} belongs to the instance, or holds something else already",
            path.display()
        ),
        "name another folder with --to",
    )
    .into()
}

/// Releases a request: the event first, then the bytes, checked against the digest in the event.
pub fn release(instance: &mut Instance, by: &Id, id: &Id, to: &Path) -> Result<Released, Failure> {
    outside(instance, to)?;
    let before = instance
        .state
        .outputs
        .requests
        .get(id)
        .and_then(|o| o.released_entry);
    // Released before, perhaps by a process that was killed before it wrote the files: they are written again, by
    // somebody who may release, and that is an event of its own.
    let given = instance.give(by, &Command::from(ReleaseOutput { output: id.clone() }))?;
    let entry = before.unwrap_or(given.first);
    let output = instance
        .state
        .outputs
        .requests
        .get(id)
        .ok_or_else(|| Failure::Fault("the released request is not in the state".to_owned()))?;
    files::make_dir(to)?;
    files::make_dir(to)?;
    let mut names = Vec::new();
    for (name, file) in &output.files {
        let kept = instance.kept_output(&file.sha256);
        let bytes = std::fs::read(&kept).map_err(|e| files::io("reading", &kept, e))?;
        if Digest::of(&bytes) != file.sha256 {
            return Err(files::io(
                "releasing",
                &kept,
                "its bytes are not those that were checked",
            ));
        }
        let target = to.join(name);
        if std::fs::read(&target).is_ok_and(|there| there == bytes) {
            names.push(name.clone());
            continue;
        }
        if target.exists() {
            return Err(in_the_way(&target));
        }
        files::write_durably(&target, &bytes)?;
        names.push(name.clone());
    }
    Ok(Released {
        entry,
        files: names,
    })
}
