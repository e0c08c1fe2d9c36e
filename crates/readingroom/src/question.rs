//! The way of one question: who asks, what policy says, which columns exist, the answer, its event, and
//! only then the answer's bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use governance::outputs::RecordQuery;
use governance::projects::{Project, Want};
use governance::{Command, Digest, Id, Mode, Refusal};
use policy::Access;
use privacy::pseudonym::ProjectKey;
use vault::query::{Answer, GrantedTable, QueryError, QueryLimits, Question, ask};
use vault::release::Manifest;

use crate::access;
use crate::clock;
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;
use crate::masks::Masks;

/// An answer and its ledger number.
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// Its bytes as CSV: those whose digest stands in the ledger.
    pub csv: Vec<u8>,
    /// Ledger number of the question.
    pub entry: u64,
    /// Mode in which it was answered.
    pub mode: Mode,
    /// Release it ran on.
    pub release: Id,
}

/// Asks a question for a project. The answer is returned only after its event is durable.
pub fn put(
    instance: &mut Instance,
    project: &Id,
    researcher: &Id,
    mode: Option<Mode>,
    sql: &str,
) -> Result<Answered, Failure> {
    match answer(instance, project, researcher, mode, sql) {
        Err(Failure::Refused(refusal)) => {
            Err(instance.refused(researcher, "query", Some(project), *refusal))
        }
        Err(Failure::Fault(text)) => {
            let fault = Refusal::new(
                "fault",
                "faults-are-recorded",
                "the question ended in a fault",
                "tell the operator",
            );
            match instance.refused(researcher, "query", Some(project), fault) {
                Failure::Refused(_) => Err(Failure::Fault(text)),
                other => Err(other),
            }
        }
        other => other,
    }
}

fn answer(
    instance: &mut Instance,
    project: &Id,
    researcher: &Id,
    mode: Option<Mode>,
    sql: &str,
) -> Result<Answered, Failure> {
    let bundle = instance.bundle()?;
    let answers = access::of_project(instance, &bundle, project)?;
    access::record(instance, researcher, &answers)?;
    let found = member(instance, project, researcher)?;
    let (release, sealed) = instance
        .state
        .data
        .current_release()
        .ok_or_else(no_release)?;
    let (release, sealed_at) = (release.clone(), sealed.sealed_at);
    let folder = instance.releases().join(release.as_str());
    let manifest = load_manifest(&folder, &sealed.manifest_sha256)?;
    let mode = mode.unwrap_or_else(|| access::common_mode(&answers));
    let masks = Masks::of(instance)?;
    let tables = granted_tables(&manifest, &found.wants, &answers, mode, |classes| {
        masks.masked(classes, sealed_at)
    });
    if tables.is_empty() {
        return Err(nothing_granted(project, mode, &answers).into());
    }
    let limits = QueryLimits {
        rows: instance.config.query.rows,
        memory: instance.config.query.memory_mib << 20,
        seconds: instance.config.query.seconds,
        ..QueryLimits::default()
    };
    let question = Question {
        sql,
        mode,
        tables,
        manifest: &manifest,
        release_dir: &folder,
        key: ProjectKey::derive(instance.master(), project.as_str()),
        limits,
    };
    let answer = ask(question).map_err(|e| match e {
        QueryError::Refusal(refusal) => Failure::from(refusal),
        QueryError::Fault(text) => Failure::fault("answering the question", text),
    })?;
    let csv = answer.to_csv().into_bytes();
    let record = RecordQuery {
        project: project.clone(),
        researcher: researcher.clone(),
        mode,
        release: release.clone(),
        classes: classes_used(&manifest, &answer),
        columns: columns_used(&answer),
        sql: sql.to_owned(),
        plan_sha256: digest(&answer.plan_sha256)?,
        answer_sha256: Digest::of(&csv),
        rows: answer.rows,
        withheld_rows: answer.withheld_rows,
        withheld_cells: answer.withheld_cells,
        policy_sha256: bundle.sha256().clone(),
    };
    let given = instance.give_program(researcher, &Command::from(record))?;
    Ok(Answered {
        answer,
        csv,
        entry: given.first,
        mode,
        release,
    })
}

fn member(instance: &Instance, project: &Id, researcher: &Id) -> Result<Project, Failure> {
    let at = clock::now()?;
    Ok(governance::outputs::working_member(&instance.state, project, researcher, at)?.clone())
}

/// Reads a release's manifest and checks it against the ledger.
pub fn load_manifest(folder: &std::path::Path, expected: &Digest) -> Result<Manifest, Failure> {
    let path = folder.join("manifest.json");
    let bytes = std::fs::read(&path).map_err(|e| files::io("reading", &path, e))?;
    if Digest::of(&bytes) != *expected {
        return Err(Failure::Fault(format!(
            "{}: the manifest is not the one that was sealed; run `readingroom verify`",
            path.display()
        )));
    }
    serde_json::from_slice(&bytes).map_err(|e| files::io("reading", &path, e))
}

/// Exactly the columns that are wanted and whose class allows the mode; tables without any do not exist.
fn granted_tables(
    manifest: &Manifest,
    wants: &BTreeMap<Id, Want>,
    answers: &BTreeMap<Id, Access>,
    mode: Mode,
    masked: impl Fn(&BTreeSet<Id>) -> roaring::RoaringBitmap,
) -> Vec<GrantedTable> {
    let mut tables = Vec::new();
    for (name, table) in &manifest.tables {
        let mut columns = Vec::new();
        let mut classes = BTreeSet::new();
        for column in &table.columns {
            let Ok(class) = Id::new(column.class.as_str()) else {
                continue;
            };
            let open = mode > Mode::Deny && answers.get(&class).is_some_and(|a| a.mode >= mode);
            let wanted = wants
                .get(&class)
                .is_some_and(|w| names(w, name, &column.name));
            if open && wanted {
                columns.push(column.name.clone());
                classes.insert(class);
            }
        }
        if !columns.is_empty() {
            let masked = Arc::new(masked(&classes));
            tables.push(GrantedTable {
                name: name.clone(),
                columns,
                masked,
            });
        }
    }
    tables
}

fn names(want: &Want, table: &str, column: &str) -> bool {
    let named = |f: &String| {
        f == "*"
            || f.split_once('.')
                .is_some_and(|(t, c)| t == table && (c == "*" || c == column))
    };
    want.fields.iter().any(named)
}

/// Columns that the question read, as `table.column`.
fn columns_used(answer: &Answer) -> BTreeSet<String> {
    let named = |(table, columns): (&String, &BTreeSet<String>)| {
        columns
            .iter()
            .map(|column| format!("{table}.{column}"))
            .collect::<Vec<_>>()
    };
    answer.used.iter().flat_map(named).collect()
}

/// Classes of the columns that the question read; of a table of which it read none (as in `count(*)`), its first.
fn classes_used(manifest: &Manifest, answer: &Answer) -> BTreeSet<Id> {
    let mut classes = BTreeSet::new();
    for (table, columns) in &answer.used {
        let Some(entry) = manifest.tables.get(table) else {
            continue;
        };
        let read = |name: &String| columns.is_empty() || columns.contains(name);
        let found = entry
            .columns
            .iter()
            .filter(|c| read(&c.name))
            .map(|c| c.class.as_str());
        let most = if columns.is_empty() { 1 } else { columns.len() };
        classes.extend(found.take(most).filter_map(|c| Id::new(c).ok()));
    }
    classes
}

fn digest(text: &str) -> Result<Digest, Failure> {
    Digest::try_from(text.to_owned()).map_err(|e| Failure::fault("the plan's digest", e))
}

fn no_release() -> Refusal {
    Refusal::new(
        "no-release",
        "data-first",
        "no release of the data is in use",
        "seal one with `readingroom ingest`",
    )
}

fn nothing_granted(project: &Id, mode: Mode, answers: &BTreeMap<Id, Access>) -> Refusal {
    let gates: BTreeSet<String> = answers
        .values()
        .flat_map(|a| a.failed.iter().map(|g| g.id.clone()))
        .collect();
    let gates: Vec<String> = gates.into_iter().collect();
    Refusal::new(
        "nothing-granted",
        "graded-access",
        format!(
            "project `{project}` may use no class of data in mode {mode}; failed gates: {}",
            gates.join(", ")
        ),
        "see `readingroom policy explain` for what is missing",
    )
}
