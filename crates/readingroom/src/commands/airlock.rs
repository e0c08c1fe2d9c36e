//! `readingroom airlock`: files that ask to leave.

use std::collections::{BTreeMap, HashSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use airlock::{Context, File, Lineage, Participants, Rules};
use governance::{Id, Refusal};
use privacy::pseudonym::ProjectKey;

use crate::cli;
use crate::failure::{Failure, REFUSED};
use crate::instance::Instance;
use crate::print;
use crate::reading::Readers;

pub fn run(dir: &Path, command: &cli::Airlock) -> Result<ExitCode, Failure> {
    match command {
        cli::Airlock::Check {
            print,
            project,
            reference,
            files,
        } => {
            if reference.rules.is_some() {
                let why = "--rules goes with --reference: a project's rules are the instance's";
                return Err(Failure::Misuse(why.to_owned()));
            }
            let project = project
                .as_deref()
                .ok_or_else(|| Failure::Misuse("name the project with --project".to_owned()))?;
            check(dir, project, files, print.json)
        }
        cli::Airlock::Fix(args) => super::fix::run(args),
        cli::Airlock::Request(request) => super::requests::run(dir, request),
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

/// The rules by which an instance judges.
pub fn rules() -> Rules {
    Rules::default()
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
        rules: rules(),
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
