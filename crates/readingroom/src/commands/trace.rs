//! `readingroom trace`: which project a file that was found outside came from, by what, and with what chance of error.
//!
//! Looks for digests of what was released or answered, for pseudonyms of every project, for raw ids, for the marks of extracts,
//! and, given a folder of the data, for rows by their values. Nothing is recorded, and no participant's id is printed: counts are.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::process::ExitCode;

use airlock::{Context, File, Lineage, Participants, Reference};
use governance::outputs::Output;
use governance::{Digest, Id, Mode};
use privacy::marks::{MarkKey, detect};
use privacy::pseudonym::ProjectKey;
use serde_json::{Value, json};

use crate::cli::Trace;
use crate::commands::airlock::{read_one, rules};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::limits::{MARK_CANDIDATES, MARKED_ROWS};
use crate::print;
use crate::reading::Readers;

/// Expected number of false hits below which a finding is believed.
const BELIEVED: f64 = 1e-6;

/// One thing that ties a file to a project.
struct Finding {
    project: Option<Id>,
    by: &'static str,
    what: String,
    /// Expected number of such findings if the file came from anywhere else.
    expected_false: f64,
    details: Value,
}

pub fn run(dir: &Path, args: &Trace) -> Result<ExitCode, Failure> {
    let instance = Instance::open(dir)?;
    let reference = match (&args.reference, &args.id) {
        (Some(folder), Some(id)) => Some(crate::reference::open(folder, id)?.reference),
        _ => None,
    };
    let known = Known::of(&instance, reference)?;
    for path in &args.files {
        let bytes = read_one(path)?;
        let mut findings = by_digest(&instance, &Digest::of(&bytes));
        findings.extend(known.by_ids(path, &bytes));
        findings.extend(by_marks(&instance, &bytes));
        findings.sort_by(|a, b| a.expected_false.total_cmp(&b.expected_false));
        let name = path.display().to_string();
        if args.print.json {
            let found: Vec<Value> = findings.iter().map(Finding::json).collect();
            print::line(
                &json!({ "file": name, "projects": projects(&findings), "findings": found })
                    .to_string(),
            );
        } else {
            print::line(&text(&name, &findings));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Projects that a believed finding names, the surest first.
fn projects(findings: &[Finding]) -> Vec<&Id> {
    let mut named = Vec::new();
    for project in findings
        .iter()
        .filter(|f| f.expected_false < BELIEVED)
        .filter_map(|f| f.project.as_ref())
    {
        if !named.contains(&project) {
            named.push(project);
        }
    }
    named
}

impl Finding {
    fn json(&self) -> Value {
        json!({
            "project": self.project, "by": self.by, "what": self.what,
            "expected_false": self.expected_false, "believed": self.expected_false < BELIEVED,
            "details": self.details,
        })
    }
}

fn text(name: &str, findings: &[Finding]) -> String {
    let mut lines = vec![match projects(findings).as_slice() {
        [] if findings.is_empty() => format!("{name}: nothing ties it to a project"),
        [] => format!("{name}: nothing that is sure ties it to a project"),
        named => {
            let named: Vec<&str> = named.iter().map(|p| p.as_str()).collect();
            format!("{name}: from {}", named.join(", "))
        }
    }];
    for f in findings {
        let project = f.project.as_ref().map_or("any project", Id::as_str);
        lines.push(format!(
            "  {project}, by {}: {}; expected by chance: {:.1e}",
            f.by, f.what, f.expected_false
        ));
    }
    lines.join("\n")
}

/// What was released, asked to leave or was answered with these very bytes. Two files of one digest: 2⁻²⁵⁶, so 0.
fn by_digest(instance: &Instance, sha256: &Digest) -> Vec<Finding> {
    let outputs = &instance.state.outputs;
    let same = |o: &&Output| o.files.values().any(|f| f.sha256 == *sha256);
    let mut findings: Vec<Finding> = outputs
        .requests
        .iter()
        .filter(|(_, o)| same(o))
        .map(|(id, o)| {
            let handed: Vec<&Id> = o.handed.keys().collect();
            Finding {
                project: Some(o.project.clone()),
                by: "digest",
                what: match o.released_entry {
                    Some(entry) => format!(
                        "released as request {id}, ledger entry {entry}; handed to {} people",
                        handed.len()
                    ),
                    None => format!("asked to leave as request {id}, and was not released"),
                },
                expected_false: 0.0,
                details: json!({ "request": id, "released_entry": o.released_entry, "handed_to": handed }),
            }
        })
        .collect();
    let answers = outputs
        .queries
        .iter()
        .filter(|(_, q)| q.mode == Mode::Aggregate && q.answer_sha256.as_ref() == Some(sha256));
    findings.extend(answers.map(|(entry, q)| Finding {
        project: Some(q.project.clone()),
        by: "digest",
        what: format!(
            "the answer of ledger entry {entry}, asked by {}",
            q.researcher
        ),
        expected_false: 0.0,
        details: json!({ "question": q.question, "entry": entry, "researcher": q.researcher }),
    }));
    findings
}

/// Every participant's raw id and every project's key, and what of them a file was seen to hold. The airlock asks for each
/// word of a file of any kind, also of one inside another or in disguise.
struct Known {
    raw: HashSet<String>,
    keys: Vec<(Id, ProjectKey)>,
    reference: Option<Reference>,
    seen: RefCell<Seen>,
}

#[derive(Default)]
struct Seen {
    people: BTreeMap<Id, BTreeSet<u32>>,
    raw: HashSet<String>,
    words: HashSet<String>,
}

/// Words that are remembered to count what chance would find; beyond so many the count says enough.
const WORDS: usize = 1_000_000;

impl Known {
    fn of(instance: &Instance, reference: Option<Reference>) -> Result<Self, Failure> {
        let projects = instance.state.projects.all.keys();
        Ok(Self {
            raw: instance.participants()?.into_keys().collect(),
            keys: projects
                .map(|p| (p.clone(), ProjectKey::derive(instance.master(), p.as_str())))
                .collect(),
            reference,
            seen: RefCell::default(),
        })
    }

    fn by_ids(&self, path: &Path, bytes: &[u8]) -> Vec<Finding> {
        *self.seen.borrow_mut() = Seen::default();
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let file = File { name: &name, bytes };
        let context = Context {
            participants: self,
            lineage: &NoLineage,
            rules: rules(),
        };
        let mut readers = Readers::default();
        let reading = readers.read(bytes);
        // Of the verdict only what was recognised by its values is asked for; the rest is what was looked up.
        let verdicts = airlock::judge(&[file], [reading], &context);
        // And every word of the bytes as they are, whatever they were read as.
        for word in String::from_utf8_lossy(bytes).split(|c: char| !c.is_ascii_alphanumeric()) {
            self.look(word);
        }
        let reasons = verdicts.iter().flat_map(|v| &v.reasons);
        let rows = reasons.filter(|r| r.rule == SAME_PEOPLE);
        self.found()
            .into_iter()
            .chain(rows.map(by_values))
            .collect()
    }

    fn look(&self, word: &str) -> (bool, bool) {
        let mut seen = self.seen.borrow_mut();
        let mut is_pseudonym = false;
        for (project, key) in &self.keys {
            if let Some(index) = key.index(word) {
                is_pseudonym = true;
                let people = seen.people.entry(project.clone()).or_default();
                people.insert(index);
            }
        }
        let is_raw = self.raw.contains(word);
        if is_raw {
            seen.raw.insert(word.to_owned());
        }
        let digits = word.bytes().all(|b| b.is_ascii_digit());
        if !word.is_empty() && (digits || is_raw) && seen.words.len() < WORDS {
            seen.words.insert(word.to_owned());
        }
        (is_pseudonym, is_raw)
    }

    #[allow(clippy::cast_precision_loss)] // counts of words and people
    fn found(&self) -> Vec<Finding> {
        let seen = self.seen.borrow();
        let mut findings: Vec<Finding> = seen
            .people
            .iter()
            .map(|(project, people)| Finding {
                project: Some(project.clone()),
                by: "pseudonyms",
                what: format!("pseudonyms of {} of its participants", people.len()),
                // A word that this key did not make decodes with chance 2⁻⁹⁶ (`privacy::pseudonym`).
                expected_false: 2_f64.powi(-96)
                    * seen.words.len().max(1_000) as f64
                    * self.keys.len() as f64,
                details: json!({ "participants": people.len() }),
            })
            .collect();
        if !seen.raw.is_empty() {
            findings.push(Finding {
                project: None,
                by: "raw ids",
                what: format!(
                    "ids of {} participants as the data hold them",
                    seen.raw.len()
                ),
                expected_false: self.by_chance(&seen.words, seen.raw.len()),
                details: json!({ "participants": seen.raw.len() }),
            });
        }
        findings
    }

    /// Numbers of as many digits as ids have hit ids by chance. An upper bound of the chance that at least `found` do
    /// (Chernoff for a Poisson number).
    #[allow(clippy::cast_precision_loss)] // counts of words and people
    fn by_chance(&self, words: &HashSet<String>, found: usize) -> f64 {
        let mut of_length = BTreeMap::<usize, usize>::new();
        for id in &self.raw {
            *of_length.entry(id.len()).or_default() += 1;
        }
        let expected: f64 = words
            .iter()
            .filter_map(|w| Some((w.len(), *of_length.get(&w.len())?)))
            .map(|(length, ids)| {
                let room = 9.0 * 10_f64.powi(i32::try_from(length).unwrap_or(i32::MAX) - 1);
                (ids as f64 / room).min(1.0)
            })
            .sum();
        let found = found as f64;
        if expected <= 0.0 || found <= expected {
            return if expected <= 0.0 { 0.0 } else { 1.0 };
        }
        (found - expected - found * (found / expected).ln()).exp()
    }
}

/// The airlock's rule that recognises rows by their values.
const SAME_PEOPLE: &str = "same-people";

/// Rows whose values are those of participants. Every project may see the same values, so no project is named. The airlock is sure
/// from 30 bits of evidence on, and wants a person's look from 12 on (`airlock::rules::same_people`).
fn by_values(reason: &airlock::Reason) -> Finding {
    Finding {
        project: None,
        by: "values",
        what: format!("{}: {}", reason.place, reason.what),
        expected_false: match reason.level {
            airlock::Level::Red => 2_f64.powi(-30),
            _ => 2_f64.powi(-12),
        },
        details: json!({ "where": reason.place }),
    }
}

impl Participants for Known {
    fn is_pseudonym(&self, token: &str) -> bool {
        self.look(token).0
    }
    fn is_raw_id(&self, token: &str) -> bool {
        self.look(token).1
    }
    fn count(&self) -> u64 {
        self.raw.len() as u64
    }
    fn reference(&self) -> Option<&Reference> {
        self.reference.as_ref()
    }
}

struct NoLineage;

impl Lineage for NoLineage {
    fn aggregate_answer(&self, _: &str) -> Option<u64> {
        None
    }
}

/// The marks of every project and person who works for it.
fn by_marks(instance: &Instance, bytes: &[u8]) -> Option<Finding> {
    let rows = rows(bytes)?;
    let mut people: Vec<(&Id, &Id)> = instance
        .state
        .projects
        .all
        .iter()
        .flat_map(|(id, p)| p.researchers().into_iter().map(move |who| (id, who)))
        .collect();
    people.truncate(MARK_CANDIDATES);
    let keys: Vec<MarkKey> = people
        .iter()
        .map(|(project, who)| MarkKey::derive(instance.master(), project.as_str(), who.as_str()))
        .collect();
    let hit = detect(&rows, &keys).best?;
    let (project, person) = people.get(hit.candidate)?;
    (hit.expected_false < BELIEVED).then(|| Finding {
        project: Some((*project).clone()),
        by: "marks",
        what: format!(
            "the marks of an extract given to {person}: {} of {} bits fit",
            hit.fit, hit.bits
        ),
        expected_false: hit.expected_false,
        details: json!({
            "person": person, "bits": hit.bits, "fit": hit.fit,
            "column": hit.column + 1, "anchor": hit.anchor + 1, "candidates": keys.len(),
        }),
    })
}

/// The rows of a delimited file, by the delimiter that gives the most columns.
fn rows(bytes: &[u8]) -> Option<Vec<Vec<String>>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let columns = |d: &u8| {
        let first = text.lines().nth(1).or_else(|| text.lines().next());
        first.map_or(0, |line| line.bytes().filter(|b| b == d).count())
    };
    let delimiter = [b',', b'\t', b';', b'|', b' ']
        .into_iter()
        .rev()
        .max_by_key(columns)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let rows: Vec<Vec<String>> = reader
        .records()
        .take(MARKED_ROWS)
        .filter_map(Result::ok)
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect();
    (rows.iter().map(Vec::len).max() >= Some(2)).then_some(rows)
}
