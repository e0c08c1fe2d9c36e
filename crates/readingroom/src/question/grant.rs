//! What a project may use in a question: exactly the columns that are wanted and granted, of the release in use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use governance::projects::Want;
use governance::{Digest, Id, Mode, Refusal};
use policy::Access;
use vault::query::{Answer, GrantedTable};
use vault::release::Manifest;
use vault::sealed::{Keyring, ReleaseKeys};

use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;

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

/// The keys of the granted columns' classes.
pub fn keyring(
    instance: &Instance,
    folder: &std::path::Path,
    manifest: &Manifest,
    tables: &[GrantedTable],
) -> Result<Keyring, Failure> {
    let mut classes = BTreeSet::new();
    for granted in tables {
        let columns = manifest.tables.get(&granted.name).map(|t| &t.columns);
        for column in columns.into_iter().flatten() {
            if granted.columns.contains(&column.name) {
                classes.insert(column.class.as_str());
            }
        }
    }
    let fault = |e| Failure::fault("opening the release's keys", e);
    let keys = ReleaseKeys::load(folder).map_err(fault)?;
    keys.open(&instance.kms()?, classes).map_err(fault)
}

/// Exactly the columns that are wanted and whose class allows the mode; tables without any do not exist.
pub fn granted_tables(
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
pub fn columns_used(answer: &Answer) -> BTreeSet<String> {
    let named = |(table, columns): (&String, &BTreeSet<String>)| {
        columns
            .iter()
            .map(|column| format!("{table}.{column}"))
            .collect::<Vec<_>>()
    };
    answer.used.iter().flat_map(named).collect()
}

/// Classes of the columns that the question read; of a table of which it read none (as in `count(*)`), its first.
pub fn classes_used(manifest: &Manifest, answer: &Answer) -> BTreeSet<Id> {
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

pub fn no_release() -> Refusal {
    Refusal::new(
        "no-release",
        "data-first",
        "no release of the data is in use",
        "seal one with `readingroom ingest`",
    )
}

pub fn nothing_granted(project: &Id, mode: Mode, answers: &BTreeMap<Id, Access>) -> Refusal {
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
