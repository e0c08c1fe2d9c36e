//! SQLite databases: every table's rows; the text of the schema and of every page searched, deleted records with it.
//!
//! The database is opened in memory and read-only, and only tables are read: a view, a trigger or a virtual table would run what
//! the file says (a computed column may call harmless functions only: the schema is not trusted). What free pages and gaps
//! of pages hold is amber.

use super::columnar::Grid;
use super::frame::length;
use super::parquet::in_words;
use super::{Budget, Document, Fact, Inner, unknown};
use crate::limits;
use crate::verdict::Findings;
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, MAIN_DB, Result};

const MAGIC: &[u8] = b"SQLite format 3\0";
/// Size of the header of the first page (database file format, 1.3).
const HEADER: usize = 100;

pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    let mut document = Document {
        kind: "SQLite database".into(),
        read: u64::try_from(HEADER).unwrap_or(0),
        ..Document::default()
    };
    document.search(bytes);
    if inside(bytes, &mut document, budget, findings).is_err() {
        unknown::say("SQLite database that is damaged", findings);
        document.unread = length(bytes);
    }
    if has_deleted(bytes) {
        let what = "deleted records of a database".into();
        document.facts.push(Fact::Hidden { what });
        unknown::say(
            "deleted records of a database (VACUUM leaves them out)",
            findings,
        );
    }
    document
}

fn open(bytes: &[u8]) -> Result<Connection> {
    let mut database = Connection::open_in_memory()?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // A write-ahead log is a file of its own; in memory there is none, and the header must not ask for one.
    let mut owned = bytes.to_vec();
    for version in owned.iter_mut().skip(18).take(2) {
        *version = 1;
    }
    database.deserialize_read_exact(MAIN_DB, owned.as_slice(), owned.len(), true)?;
    database.execute_batch("PRAGMA cell_size_check = ON; PRAGMA query_only = ON;")?;
    Ok(database)
}

fn inside(
    bytes: &[u8],
    document: &mut Document,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Result<()> {
    let database = open(bytes)?;
    // Also finds pages that no table owns: there a table could hide.
    let check: String = database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if check != "ok" || !has_its_size(bytes) {
        unknown::say("SQLite database that is damaged", findings);
        document.unread += length(bytes);
    }
    let mut statement = database.prepare("SELECT type, name, sql FROM sqlite_schema")?;
    let schema: Vec<(String, String, String)> = statement
        .query_map([], |row| {
            let text = |index| {
                row.get::<_, Option<String>>(index)
                    .map(Option::unwrap_or_default)
            };
            Ok((text(0)?, text(1)?, text(2)?))
        })?
        .collect::<Result<_>>()?;
    let tables: Vec<&(String, String, String)> =
        schema.iter().filter(|(kind, ..)| kind == "table").collect();
    let share = length(bytes).saturating_sub(document.read)
        / u64::try_from(tables.len().max(1)).unwrap_or(1);
    for (kind, name, sql) in &schema {
        document.search_text(&format!("{name} {sql}"));
        if kind == "view" || kind == "trigger" {
            let what = "a view or trigger in a database".into();
            document.facts.push(Fact::Active { what });
        }
    }
    for (number, (_, name, sql)) in (1..).zip(tables) {
        let start: String = sql
            .chars()
            .take(20)
            .collect::<String>()
            .to_ascii_uppercase();
        if start.starts_with("CREATE VIRTUAL") || !budget.document() {
            unknown::say("a virtual table of a database", findings);
            document.unread += share;
            continue;
        }
        let place = if crate::table::is_harmless_name(name) {
            format!("table {name}")
        } else {
            format!("table {number} of the database")
        };
        findings.enter(&place);
        let mut inner = Document {
            kind: "table".into(),
            ..Document::default()
        };
        if !rows(&database, name, share, &mut inner)? {
            unknown::say("more rows or longer cells than are read", findings);
        }
        findings.leave();
        document.inner.push(Inner {
            place,
            document: inner,
        });
    }
    Ok(())
}

/// Reads a table's rows; says whether there was room for all.
fn rows(database: &Connection, name: &str, bytes: u64, document: &mut Document) -> Result<bool> {
    let quoted = name.replace('"', "\"\"");
    let mut statement = database.prepare(&format!("SELECT * FROM \"{quoted}\""))?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let columns = names.len();
    let mut grid = Grid::new(names.into_iter());
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let cells: Vec<String> = (0..columns)
            .map(|index| row.get_ref(index).map(cell))
            .collect::<Result<_>>()?;
        if !grid.push(cells.into_iter()) {
            break;
        }
    }
    Ok(grid.close(bytes, document))
}

fn cell(value: ValueRef<'_>) -> String {
    let most = limits::CELL_BYTES + 1;
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) => {
            String::from_utf8_lossy(bytes.get(..most).unwrap_or(bytes)).into_owned()
        }
        ValueRef::Blob(bytes) => in_words(bytes.get(..most).unwrap_or(bytes)),
    }
}

fn big_16(bytes: &[u8], at: usize) -> Option<usize> {
    let two = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(usize::from(u16::from_be_bytes(two)))
}

/// Whether the file has the number of pages that its header says (1.3.7).
fn has_its_size(bytes: &[u8]) -> bool {
    let pages = bytes
        .get(28..32)
        .and_then(|field| field.try_into().ok())
        .map(u32::from_be_bytes);
    let stated = page_size(bytes).and_then(|size| size.checked_mul(usize::try_from(pages?).ok()?));
    stated == Some(bytes.len())
}

fn page_size(bytes: &[u8]) -> Option<usize> {
    match big_16(bytes, 16)? {
        1 => Some(65_536),
        size if size >= 512 => Some(size),
        _ => None,
    }
}

/// Whether pages are on the free list, or a page holds bytes between its cells (1.6): what was deleted stays there.
fn has_deleted(bytes: &[u8]) -> bool {
    let free_pages = bytes.get(36..40).is_some_and(|count| count != [0; 4]);
    let Some(size) = page_size(bytes) else {
        return true;
    };
    let gap = |(number, page): (usize, &[u8])| {
        let start = if number == 0 { HEADER } else { 0 };
        has_gap(page, start).unwrap_or(false)
    };
    free_pages || bytes.chunks(size).enumerate().any(gap)
}

fn has_gap(page: &[u8], start: usize) -> Option<bool> {
    // Pages of tables and indexes, inner and leaf; others hold the rest of long cells.
    let header = match page.get(start)? {
        2 | 5 => 12,
        10 | 13 => 8,
        _ => return Some(false),
    };
    let free_block = big_16(page, start + 1)?;
    let cells = big_16(page, start + 3)?;
    let content = match big_16(page, start + 5)? {
        0 => page.len(),
        at => at,
    };
    let unused = page.get(start + header + 2 * cells..content)?;
    Some(free_block != 0 || unused.iter().any(|b| *b != 0))
}
