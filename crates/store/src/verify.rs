//! Checking a whole instance: every file of the log, and every row against it.
//!
//! It must never write, must work while another process appends and after a stop at any moment, and
//! must name the file in every finding.

use std::path::Path;

use transparency::audit::{CHECKPOINT, Finding, VKEY, Visit, verify_log_with_pending};
use transparency::{
    Checkpoint, Disclosure, Frontier, LogReader, Note, Report, VerifierKey, disclosure, leaf_hash,
};

use crate::database::Database;
use crate::disk::DirReader;
use crate::error::StoreError;
use crate::layout::{DATABASE, LEDGER};
use crate::publish::Committed;

/// What a verification of an instance found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// The log's own report. Its findings name paths below the instance's folder.
    pub log: Report,
    /// Events in the database.
    pub events: u64,
    /// Durable events under a signed checkpoint that is not published yet: the next open publishes
    /// it. Not a fault. None when no signed checkpoint covers them, which is.
    pub awaiting: u64,
    /// Private values that are kept, each with its digest in its event. Whether others were erased
    /// only the caller can tell, who knows which digests an event holds.
    pub disclosures: u64,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.log.is_sound()
    }

    fn fault(&mut self, what: &str, expected: &str, found: &str) {
        let own = str::to_owned;
        let (what, expected, found) = (own(what), own(expected), own(found));
        self.log.add(Finding {
            path: own(DATABASE),
            offset: None,
            what,
            expected,
            found,
        });
    }
}

/// Whether the digest of an encoded disclosure stands in an event's bytes as a quoted string.
pub fn digest_is_in(event: &[u8], encoded: &str) -> bool {
    let wanted = format!("\"{}\"", disclosure::digest(encoded));
    event
        .windows(wanted.len())
        .any(|window| window == wanted.as_bytes())
}

/// Verifies the instance in `dir`, calling `visit` with index and bytes of every event in order:
/// first those under the checkpoint, then those that await it. An error of `visit` becomes a finding
/// and ends the calls.
///
/// The log is checked against its own key: compare that with a copy kept elsewhere.
pub fn verify(dir: &Path, visit: &mut Visit<'_>) -> VerifyReport {
    let mut report = VerifyReport::default();
    let reader = DirReader::new(&dir.join(LEDGER));
    let moment = Moment::of(&reader);
    let rows = Database::open_read(dir)
        .and_then(|database| Ok((Rows::of(&database, moment.size)?, database)));
    let (rows, database) = match rows {
        Ok((rows, database)) => (rows, Some(database)),
        Err(error) => {
            report.fault(
                "the database cannot be read",
                "the database of an instance",
                &error.to_string(),
            );
            (Rows::default(), None)
        }
    };
    (report.events, report.awaiting) = (rows.committed.count, rows.pending.len() as u64);
    let committed = &rows.committed;
    if committed.count != committed.tree.size() || !committed.contiguous {
        let (expected, found) = (
            format!("{} events numbered from 0", committed.tree.size()),
            format!("{} rows", committed.count),
        );
        report.fault(
            "the events are not those that were committed",
            &expected,
            &found,
        );
    }
    if let Some(database) = &database
        && let Err(error) = check_vouched(&moment, &rows, database, &mut report)
    {
        report.fault("the database cannot be read", "rows", &error.to_string());
    }
    let unborn = database
        .as_ref()
        .is_some_and(|database| matches!(database.published(), Ok(None)));
    let log = if unborn && moment.checkpoint == Ok(None) {
        check_unborn(&moment, &rows, &mut report)
    } else {
        check_log(&moment, &rows, database.as_ref(), &mut report, visit)
    };
    let others = std::mem::replace(&mut report.log, log).findings;
    for finding in &mut report.log.findings {
        finding.path = format!("{LEDGER}/{}", finding.path);
    }
    others
        .into_iter()
        .for_each(|finding| report.log.add(finding));
    if report.is_sound() {
        let start = report.events.saturating_sub(report.awaiting);
        let refused = (start..)
            .zip(&rows.pending)
            .find_map(|(index, bytes)| visit(index, bytes).err());
        if let Some(error) = refused {
            let what = "an event that awaits the checkpoint cannot be taken";
            report.fault(what, "an event that fits those before it", &error);
        }
    }
    if let Some(database) = &database
        && let Err(error) = check_rows(database, &mut report)
    {
        report.fault("the database cannot be read", "rows", &error.to_string());
    }
    report
}

/// The log as it stood when the verification began, so that one who appends meanwhile does not
/// disturb it. Files are listed first, then the checkpoint is read, then the rows are counted: each
/// is then explained by what was read after it, since events become durable before their files.
struct Moment<'a> {
    reader: &'a DirReader,
    files: Result<Option<Vec<String>>, String>,
    checkpoint: Result<Option<Vec<u8>>, String>,
    /// The size that the checkpoint claims, believed only for where to look.
    size: Option<u64>,
}

impl<'a> Moment<'a> {
    fn of(reader: &'a DirReader) -> Self {
        let files = reader.list();
        let checkpoint = reader.read(CHECKPOINT);
        let note = checkpoint
            .as_ref()
            .ok()
            .and_then(|bytes| Note::parse(bytes.as_deref()?).ok());
        let head = note.and_then(|note| Checkpoint::parse_text(note.text()).ok());
        Self {
            reader,
            files,
            checkpoint,
            size: head.map(|head| head.size),
        }
    }
}

impl LogReader for Moment<'_> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        if path == CHECKPOINT {
            self.checkpoint.clone()
        } else {
            self.reader.read(path)
        }
    }

    fn list(&self) -> Result<Option<Vec<String>>, String> {
        self.files.clone()
    }
}

/// What the database says of the events as a whole.
#[derive(Default)]
struct Rows {
    committed: Committed,
    vkey: Option<String>,
    /// The events beyond the checkpoint.
    pending: Vec<Vec<u8>>,
}

impl Rows {
    fn of(database: &Database, published: Option<u64>) -> Result<Self, StoreError> {
        let committed = database.count()?;
        let count = committed.count;
        let from = match published {
            Some(size) => size,
            None if database.published()?.is_none() => 0,
            // A checkpoint that cannot be read says nothing of what awaits it.
            None => count,
        };
        let mut pending = Vec::new();
        if committed.contiguous {
            database.events(from, |seq, bytes| {
                // Another process may have appended since the rows were counted.
                if seq < count {
                    pending.push(bytes.to_vec());
                }
                Ok::<(), StoreError>(())
            })?;
        }
        Ok(Self {
            committed,
            vkey: Some(database.vkey()?),
            pending,
        })
    }
}

/// Checks that the log's key vouched for the rows: the database names the key of the log, and the
/// signed checkpoint that was committed with the events covers them all. Events that await
/// publication are otherwise rows that anybody could have added.
fn check_vouched(
    moment: &Moment<'_>,
    rows: &Rows,
    database: &Database,
    report: &mut VerifyReport,
) -> Result<(), StoreError> {
    let published = moment.read(VKEY).ok().flatten();
    let published = published.and_then(|bytes| String::from_utf8(bytes).ok());
    let parse = |text: &str| VerifierKey::parse(text).ok();
    let published = published.and_then(|text| parse(text.trim_end_matches('\n')));
    let (vkey, origin) = (database.vkey()?, database.origin()?);
    // A file of the key that cannot be read is a finding of the log's own.
    let Some(key) = published.or_else(|| parse(&vkey)) else {
        report.fault("the database names no key", "the log's key", "another text");
        return Ok(());
    };
    if vkey != key.to_string() {
        let what = "the database names another key than the log";
        report.fault(what, &key.to_string(), "another text");
    }
    if origin != key.name() {
        let what = "the database names another origin than the log";
        report.fault(what, key.name(), "another text");
    }
    if let Some((expected, found)) = rows.committed.unvouched(&key) {
        let what = "the events are not those for which a checkpoint was signed";
        report.fault(what, &expected, &found);
        report.awaiting = 0;
    }
    Ok(())
}

/// A log that was stopped before its first checkpoint has no file but its key.
fn check_unborn(moment: &Moment<'_>, rows: &Rows, whole: &mut VerifyReport) -> Report {
    if rows.committed.count > 0 {
        let (what, found) = ("events without a checkpoint before them", "events");
        whole.fault(what, "no event before the first checkpoint", found);
    }
    let mut report = Report::default();
    let mut say = |path: &str, what: &str, expected: &str| {
        let (path, what, expected) = (path.to_owned(), what.to_owned(), expected.to_owned());
        report.add(Finding {
            path,
            offset: None,
            what,
            expected,
            found: "something else".to_owned(),
        });
    };
    let vkey = rows
        .vkey
        .as_ref()
        .map(|key| format!("{key}\n").into_bytes());
    if moment.read(VKEY).ok().flatten() != vkey {
        say(
            VKEY,
            "not the key of the database",
            rows.vkey.as_deref().unwrap_or_default(),
        );
    }
    for path in moment.list().ok().flatten().unwrap_or_default() {
        if path != VKEY {
            say(
                &path,
                "the file does not belong to the log",
                "no file before the first checkpoint",
            );
        }
    }
    report
}

/// Checks the log, comparing each entry with its row, and the tree that the database committed.
fn check_log(
    moment: &Moment<'_>,
    rows: &Rows,
    database: Option<&Database>,
    report: &mut VerifyReport,
    visit: &mut Visit<'_>,
) -> Report {
    let mut tree = Frontier::new();
    let mut differs = None;
    let mut compare = |index: u64, bytes: &[u8]| {
        tree.push(leaf_hash(bytes));
        let found = match database.map(|database| database.event(index)) {
            None => None,
            Some(Ok(Some(row))) => (row != bytes).then_some("other bytes"),
            Some(Ok(None)) => Some("no row"),
            Some(Err(_)) => Some("an unreadable row"),
        };
        differs = differs.or(found.map(|found| (index, found)));
        visit(index, bytes)
    };
    let mut log =
        verify_log_with_pending(moment, rows.vkey.as_deref(), &rows.pending, &mut compare);
    if moment.read(VKEY) == Ok(None) && rows.vkey.is_some() {
        let own = str::to_owned;
        let (what, expected) = (own("the file is missing"), own("the log's key"));
        log.add(Finding {
            path: own(VKEY),
            offset: None,
            what,
            expected,
            found: own("no file"),
        });
    }
    if let Some((index, found)) = differs {
        report.fault(
            &format!("event {index} is not that of the log"),
            "the bytes of the log entry",
            found,
        );
    }
    if let (Some(head), Some(_)) = (&log.checkpoint, database) {
        rows.pending
            .iter()
            .for_each(|entry| tree.push(leaf_hash(entry)));
        let count = rows.committed.count;
        if count < head.size {
            let (expected, found) = (format!("at least {}", head.size), count.to_string());
            report.fault(
                "there are fewer events than the checkpoint covers",
                &expected,
                &found,
            );
        } else if log.is_sound() && tree != rows.committed.tree {
            report.fault(
                "the tree committed with the events is not theirs",
                &tree.root().to_string(),
                "another",
            );
        }
    }
    log
}

/// Checks what only the database holds: SQLite's own structure, and every private value's digest.
fn check_rows(database: &Database, report: &mut VerifyReport) -> Result<(), StoreError> {
    for (object, found) in database.differences()? {
        let what = format!("the schema's {object} is not as this program made it");
        report.fault(&what, "the tables and indices of this program", found);
    }
    for problem in database.integrity()? {
        report.fault("sqlite finds the file damaged", "ok", &problem);
    }
    let mut event: Option<(u64, Vec<u8>)> = None;
    database.every_disclosure(|row| {
        if event.as_ref().is_none_or(|(seq, _)| *seq != row.seq) {
            event = Some((row.seq, database.event(row.seq)?.unwrap_or_default()));
        }
        let bytes = event.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        let named = Disclosure::parse(&row.disclosure)
            .is_ok_and(|disclosure| disclosure.name() == row.name);
        if named && digest_is_in(bytes, &row.disclosure) {
            report.disclosures += 1;
        } else {
            let what = format!(
                "a private value of event {} is not the one that was logged",
                row.seq
            );
            report.fault(
                &what,
                "a disclosure whose digest is in the event",
                "another text",
            );
        }
        Ok(())
    })
}
