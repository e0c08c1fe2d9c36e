//! The tables of `state.sqlite` and the settings every connection runs under.
//!
//! Durability comes before speed: a rollback journal that is cut to nothing and synced at each commit
//! (`journal_mode=TRUNCATE`, `synchronous=EXTRA`; sqlite.org/pragma.html), so that a commit that was
//! reported is never rolled back by a power cut. A write-ahead log would need mere readers to write.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

use crate::error::{StoreError, Tried as _};
use crate::limits::{BUSY_WAIT, MAX_OBJECTS};

/// The version of the tables, in `PRAGMA user_version`.
/// 2: the signed checkpoint is committed with the events.
pub(crate) const VERSION: i64 = 2;

/// "RdRm" in ASCII, so that `file` and a person can tell the database from others.
pub(crate) const APPLICATION_ID: i64 = 0x5264_526d;

/// The crate's own tests stop the store between steps, which does not depend on the disk's cache;
/// they make thousands of instances and do without the waits. The tests in `tests/` do not.
const SYNCHRONOUS: &str = if cfg!(test) { "OFF" } else { "EXTRA" };

const TABLES: &str = "
CREATE TABLE events (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE disclosures (
    seq INTEGER NOT NULL REFERENCES events (seq),
    name TEXT NOT NULL,
    disclosure TEXT NOT NULL,
    PRIMARY KEY (seq, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX disclosures_by_name ON disclosures (name, seq);
CREATE TABLE participants (eid TEXT PRIMARY KEY, idx INTEGER NOT NULL UNIQUE) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    digest TEXT NOT NULL,
    json TEXT NOT NULL
) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
";

/// Makes the tables inside of a transaction that the caller commits.
pub(crate) fn make_tables(connection: &Connection) -> Result<(), StoreError> {
    connection
        .execute_batch(TABLES)
        .tried("making the tables")?;
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .tried("marking the database")?;
    connection
        .pragma_update(None, "user_version", VERSION)
        .tried("marking the database")
}

/// Opens to read and write. The file must exist.
pub(crate) fn open(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).tried("opening")?;
    connection
        .busy_timeout(BUSY_WAIT)
        .tried("setting the wait")?;
    // secure_delete: what is erased is overwritten, not only unlinked.
    for (name, value) in [
        ("journal_mode", "TRUNCATE"),
        ("synchronous", SYNCHRONOUS),
        ("secure_delete", "ON"),
    ] {
        // Some of these answer with a row, which pragma_update does not take.
        connection
            .pragma_update_and_check(None, name, value, |_| Ok(()))
            .or_else(ignore_no_row)
            .tried("configuring")?;
    }
    // A trigger that somebody adds while the file is open must not run in our commits either.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)
        .tried("configuring")?;
    // trusted_schema: what somebody else wrote into the schema calls no function with side effects.
    for (name, value) in [("foreign_keys", "ON"), ("trusted_schema", "OFF")] {
        connection
            .pragma_update(None, name, value)
            .tried("configuring")?;
    }
    Ok(connection)
}

/// A pragma that answers with no row has still been obeyed.
fn ignore_no_row(error: rusqlite::Error) -> Result<(), rusqlite::Error> {
    if matches!(error, rusqlite::Error::QueryReturnedNoRows) {
        Ok(())
    } else {
        Err(error)
    }
}

/// Opens to read. Writes nothing, not even a journal.
pub(crate) fn open_read(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).tried("opening")?;
    connection
        .busy_timeout(BUSY_WAIT)
        .tried("setting the wait")?;
    for (name, value) in [("query_only", "ON"), ("trusted_schema", "OFF")] {
        connection
            .pragma_update(None, name, value)
            .tried("configuring")?;
    }
    Ok(connection)
}

/// Refuses a database of another program or version.
pub(crate) fn check(connection: &Connection) -> Result<(), StoreError> {
    let number = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .tried("reading")
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    if (application, version) == (APPLICATION_ID, VERSION) {
        return Ok(());
    }
    let what = format!(
        "expected a database of version {VERSION} of this program, found {application:#x}/{version}"
    );
    Err(StoreError::Damaged {
        path: crate::layout::DATABASE.to_owned(),
        what,
    })
}

/// One thing in `sqlite_schema`: type, name, table, and the text it was made with (none for the
/// indices that SQLite makes by itself).
type Object = (String, String, String, Option<String>);

/// All things in the schema, at most [`MAX_OBJECTS`] of them.
fn objects(connection: &Connection) -> Result<Vec<Object>, StoreError> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name LIMIT ?1";
    let mut statement = connection.prepare(sql).tried("reading the schema")?;
    let rows = statement
        .query_map([MAX_OBJECTS], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .tried("reading the schema")?;
    rows.collect::<Result<_, _>>().tried("reading the schema")
}

/// What in the schema is not as [`make_tables`] leaves it, each thing with what is the matter: a
/// trigger could add rows to a commit of ours, a view stand in for a table, another definition of a
/// table change what is written.
pub(crate) fn differences(
    connection: &Connection,
) -> Result<Vec<(String, &'static str)>, StoreError> {
    let model = Connection::open_in_memory().tried("making the tables to compare with")?;
    make_tables(&model)?;
    let (expected, found) = (objects(&model)?, objects(connection)?);
    let name = |object: &Object| format!("{} {:?}", object.0, object.1);
    let beyond = found.iter().filter(|object| !expected.contains(object));
    let missing = expected.iter().filter(|object| !found.contains(object));
    let beyond = beyond.map(|object| (name(object), "that is not as this program makes it"));
    let missing = missing.map(|object| (name(object), "missing or changed"));
    Ok(beyond.chain(missing).collect())
}
