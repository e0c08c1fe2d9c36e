//! The release's files as DuckDB and the plain engine are given them, and the files that a user would have instead.
//!
//! Names: a table whose columns are in one family is called as it is; otherwise its families are `T__0`, `T__1` and so on.
//! The copy of T sorted by codes is `T__by_code`, the list of the texts of its column c is `T__c` (`id`, `value`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use vault::release::{self, DimensionEntry, FileEntry, Manifest, PERSON, TableEntry};

/// Columns that are stored together, and the paths of their files below the release's folder.
struct Family {
    columns: Vec<String>,
    files: Vec<String>,
}

/// A column whose texts are stored as numbers.
struct List {
    column: String,
    file: String,
    /// Rows of the file before the list's, and the list's.
    rows: (u64, u64),
}

fn paths(files: &[FileEntry]) -> Vec<String> {
    files.iter().map(|f| f.path.clone()).collect()
}

fn families(entry: &TableEntry) -> Vec<Family> {
    let family = |f: &release::Family| Family {
        columns: f.columns.clone(),
        files: paths(&f.files),
    };
    entry.families.iter().map(family).collect()
}

fn clustered(entry: &TableEntry) -> Vec<String> {
    let copy = entry.clustered.as_ref();
    copy.map(|c| paths(&c.files)).unwrap_or_default()
}

/// The lists of a table. A class's are row groups of one file, one after another.
fn lists(entry: &TableEntry) -> Vec<List> {
    let class_of = |column: &str| {
        let found = entry.columns.iter().find(|c| c.name == column);
        found.map(|c| c.class.as_str())
    };
    let list = |(column, list): (&String, &DimensionEntry)| {
        let class = class_of(column)?;
        let before = entry
            .dimensions
            .iter()
            .filter(|(c, other)| other.row_group < list.row_group && class_of(c) == Some(class))
            .map(|(_, other)| u64::from(other.values))
            .sum();
        Some(List {
            column: column.clone(),
            file: entry.dimension_files.get(class)?.path.clone(),
            rows: (before, u64::from(list.values)),
        })
    };
    entry.dimensions.iter().filter_map(list).collect()
}

/// Whether a table has a copy that is sorted by codes.
pub fn has_by_code(manifest: &Manifest, table: &str) -> bool {
    let entry = manifest.tables.get(table);
    entry.is_some_and(|entry| !clustered(entry).is_empty())
}

/// What that copy is called.
pub fn by_code_name(table: &str) -> String {
    format!("{table}__by_code")
}

/// Whether the texts of a column are stored as numbers into a list.
pub fn is_listed(manifest: &Manifest, table: &str, column: &str) -> bool {
    let entry = manifest.tables.get(table);
    entry.is_some_and(|entry| lists(entry).iter().any(|l| l.column == column))
}

/// What the list of a column's texts is called.
pub fn list_name(table: &str, column: &str) -> String {
    format!("{table}__{column}")
}

/// What is read in place of a table by a text that mentions these words: the table, one of its families, or those of its
/// families that have the columns, joined.
pub fn relation(table: &str, entry: &TableEntry, words: &BTreeSet<&str>) -> String {
    let families = families(entry);
    if families.len() < 2 {
        return table.to_owned();
    }
    let needed: Vec<(usize, Vec<&String>)> = families
        .iter()
        .enumerate()
        .map(|(at, f)| {
            let columns = f.columns.iter().filter(|c| words.contains(c.as_str()));
            (at, columns.collect::<Vec<_>>())
        })
        .filter(|(_, columns)| !columns.is_empty())
        .collect();
    match needed.as_slice() {
        [] => format!("{table}__0"),
        [(at, _)] => format!("{table}__{at}"),
        [(first, _), more @ ..] => {
            let columns: Vec<String> = needed
                .iter()
                .flat_map(|(at, columns)| columns.iter().map(move |c| format!(", f{at}.{c}")))
                .collect();
            let joins: Vec<String> = more
                .iter()
                .map(|(at, _)| {
                    format!(" JOIN {table}__{at} f{at} ON f{at}.{PERSON} = f{first}.{PERSON}")
                })
                .collect();
            format!(
                "(SELECT f{first}.{PERSON}{} FROM {table}__{first} f{first}{})",
                columns.concat(),
                joins.concat()
            )
        }
    }
}

/// Files of each name, as absolute paths. The lists are those that [`list_copies`] made.
pub fn tables_of_files(
    manifest: &Manifest,
    folder: &Path,
    list_folder: &Path,
) -> BTreeMap<String, Vec<String>> {
    let mut out = BTreeMap::new();
    for (name, entry) in &manifest.tables {
        let families = families(entry);
        let one = families.len() == 1;
        for (at, family) in families.into_iter().enumerate() {
            let called = if one {
                name.clone()
            } else {
                format!("{name}__{at}")
            };
            out.insert(called, absolute(folder, &family.files));
        }
        let copy = clustered(entry);
        if !copy.is_empty() {
            out.insert(by_code_name(name), absolute(folder, &copy));
        }
        for list in lists(entry) {
            let called = list_name(name, &list.column);
            let file = parquet(list_folder, &called);
            out.insert(called, vec![file]);
        }
    }
    out
}

fn absolute(folder: &Path, files: &[String]) -> Vec<String> {
    let path = |p: &String| folder.join(p).to_string_lossy().into_owned();
    files.iter().map(path).collect()
}

/// Two threads, and our functions' names.
pub fn settings() -> Vec<String> {
    vec![
        "SET threads = 2".to_owned(),
        "CREATE MACRO days_between(a, b) AS (b - a)".to_owned(),
    ]
}

/// Views of the release's files, the lists in memory, and the withdrawn people by index.
pub fn views_of_release(
    manifest: &Manifest,
    folder: &Path,
    list_folder: &Path,
    withdrawn: &Path,
) -> Vec<String> {
    let mut out = settings();
    let listed: BTreeSet<String> = manifest
        .tables
        .iter()
        .flat_map(|(name, entry)| lists(entry).into_iter().map(|l| list_name(name, &l.column)))
        .collect();
    for (name, files) in tables_of_files(manifest, folder, list_folder) {
        let kind = if listed.contains(&name) {
            "TABLE"
        } else {
            "VIEW"
        };
        out.push(format!(
            "CREATE {kind} {name} AS SELECT * FROM {}",
            scan(&files)
        ));
    }
    out.push(format!(
        "CREATE TABLE withdrawn AS SELECT CAST(person AS UINTEGER) AS {PERSON} FROM read_csv({})",
        text(&withdrawn.to_string_lossy())
    ));
    out
}

/// Views of the plain files. With `without`, the withdrawn people are absent from each.
pub fn views_of_plain(
    manifest: &Manifest,
    plain: &Path,
    withdrawn: &Path,
    without: bool,
) -> Vec<String> {
    let mut out = settings();
    out.push(format!(
        "CREATE TABLE withdrawn AS SELECT CAST(eid AS BIGINT) AS eid FROM read_csv({})",
        text(&withdrawn.to_string_lossy())
    ));
    for name in manifest.tables.keys() {
        let file = text(&parquet(plain, name));
        let anti = if without {
            " ANTI JOIN withdrawn USING (eid)"
        } else {
            ""
        };
        out.push(format!(
            "CREATE VIEW {name} AS SELECT * FROM read_parquet({file}){anti}"
        ));
    }
    out
}

/// Makes a file of each list.
pub fn list_copies(manifest: &Manifest, folder: &Path, list_folder: &Path) -> Vec<String> {
    let mut out = Vec::new();
    for (name, entry) in &manifest.tables {
        for list in lists(entry) {
            let file = text(&folder.join(&list.file).to_string_lossy());
            let to = text(&parquet(list_folder, &list_name(name, &list.column)));
            let (before, rows) = list.rows;
            out.push(format!(
                "COPY (SELECT id, value FROM read_parquet({file}, file_row_number = true) \
                 WHERE file_row_number >= {before} AND file_row_number < {} ORDER BY id) TO {to} (FORMAT parquet)",
                before + rows
            ));
        }
    }
    out
}

/// Makes the plain files: one for each table, sorted by participant and date, with the participant's id and everything
/// else as it stands in the release; DuckDB's own way to write them, unchanged.
pub fn plain_copies(
    manifest: &Manifest,
    folder: &Path,
    list_folder: &Path,
    people: &Path,
    plain: &Path,
) -> Vec<(String, String)> {
    let people = text(&people.to_string_lossy());
    let copy = |(name, entry): (&String, &Arc<TableEntry>)| {
        let families = families(entry);
        let lists = lists(entry);
        let mut columns: Vec<String> = Vec::new();
        let mut joins = String::new();
        for column in &entry.columns {
            let of = families
                .iter()
                .position(|f| f.columns.contains(&column.name));
            let stored = format!("f{}.{}", of.unwrap_or(0), quoted(&column.name));
            if lists.iter().any(|l| l.column == column.name) {
                let list = list_name(name, &column.name);
                let file = text(&parquet(list_folder, &list));
                joins.push_str(&format!(
                    " LEFT JOIN read_parquet({file}) {list} ON {list}.id = {stored}"
                ));
                columns.push(format!("{list}.value AS {}", quoted(&column.name)));
            } else {
                columns.push(stored);
            }
        }
        let mut from = String::new();
        for (at, family) in families.iter().enumerate() {
            let scan = scan(&absolute(folder, &family.files));
            from.push_str(&match at {
                0 => format!("{scan} f0"),
                // only tables of one row a person have several families
                _ => format!(" JOIN {scan} f{at} ON f{at}.{PERSON} = f0.{PERSON}"),
            });
        }
        let order: Vec<String> = order(entry).map(|c| format!(", f0.{c}")).collect();
        let sql = format!(
            "COPY (SELECT CAST(p.eid AS BIGINT) AS eid, {} FROM {from}{joins} \
             JOIN (SELECT CAST(person AS UINTEGER) AS person, eid FROM read_csv({people})) p ON p.person = f0.{PERSON} \
             ORDER BY p.eid{}) TO {} (FORMAT parquet)",
            columns.join(", "),
            order.concat(),
            text(&parquet(plain, name)),
        );
        (name.clone(), sql)
    };
    manifest.tables.iter().map(copy).collect()
}

/// Columns that rows of one person are ordered by, where the table has them.
fn order(entry: &TableEntry) -> impl Iterator<Item = &str> {
    [
        "event_dt",
        "issue_date",
        "reg_date",
        "admidate",
        "ins_index",
        "arr_index",
    ]
    .into_iter()
    .filter(|name| entry.columns.iter().any(|c| c.name == *name))
}

fn parquet(folder: &Path, name: &str) -> String {
    let path = folder.join(format!("{name}.parquet"));
    path.to_string_lossy().into_owned()
}

fn scan(files: &[String]) -> String {
    let files: Vec<String> = files.iter().map(|f| text(f)).collect();
    format!("read_parquet([{}])", files.join(", "))
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
