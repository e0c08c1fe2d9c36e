//! Consent records and withdrawal lists of a raw folder: read here, logged by the caller, never sealed as tables.
//!
//! Stricter than data: one line that cannot be understood refuses the release, because a withdrawal that is skipped
//! is a person's no that nobody hears.

use std::path::Path;

use governance::Refusal;
use jiff::civil::Date;

use super::people::{Id, People};
use super::reader::{Block, RowReader};
use super::refuse;

/// One record of consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The participant's id as stored (no leading zeros).
    pub participant: String,
    /// Their internal index, if the instance knows them.
    pub person: Option<u32>,
    /// Day on which it was recorded.
    pub recorded_on: Date,
    /// `full`, or a level of withdrawal.
    pub level: String,
    /// What it covers, for example `genomics`; in the order given.
    pub scopes: Vec<String>,
}

/// One withdrawal list, `w<project>_<yyyymmdd>.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawals {
    /// File name.
    pub file: String,
    /// Project for which the list was made, from the file's name.
    pub project: String,
    /// Day of the list, from the file's name.
    pub date: Date,
    /// Ids as stored, in the order given, each with its internal index if the instance knows it.
    pub ids: Vec<(String, Option<u32>)>,
}

/// Levels that a consent record may have.
const LEVELS: [&str; 4] = [
    "full",
    "no-further-contact",
    "no-further-access",
    "no-further-use",
];

/// Scopes that a consent record may have.
const SCOPES: [&str; 5] = [
    "health-records",
    "genomics",
    "imaging",
    "recontact",
    "commercial",
];

/// Reads a consent file: columns eid, recorded_on, level, scopes.
pub(super) fn read_consents(
    path: &Path,
    file: &str,
    people: &People,
) -> Result<Vec<Consent>, Refusal> {
    let unreadable = |error| refuse::unreadable(file, &error);
    let mut reader = RowReader::open(path, None).map_err(unreadable)?;
    let mut places = [0usize; 4];
    for (place, wanted) in places
        .iter_mut()
        .zip(["eid", "recorded_on", "level", "scopes"])
    {
        let found = reader.header().iter().position(|name| name == wanted);
        *place = found.ok_or_else(|| refuse::missing_column(file, "consent", wanted))?;
    }
    let width = reader.header().len();
    let mut consents = Vec::new();
    each_row(&mut reader, file, |line, cells| {
        let bad = |expected: &str| refuse::bad_list(file, line, expected, "something else");
        if cells.len() != width {
            return Err(bad(&format!("{width} columns")));
        }
        let [id, day, level, scopes] =
            places.map(|place| cells.get(place).map_or("", |c| c.as_str()));
        let id =
            Id::parse(id.as_bytes()).ok_or_else(|| bad("a participant's id in the column eid"))?;
        let known = |known: &[&str], word: &str| known.contains(&word);
        if !known(&LEVELS, level) {
            return Err(bad(&format!("a level ({})", LEVELS.join(", "))));
        }
        let scopes: Vec<String> = scopes
            .split('|')
            .filter(|s| !s.is_empty())
            .map(str::to_owned)
            .collect();
        if !scopes.iter().all(|scope| known(&SCOPES, scope)) {
            return Err(bad(&format!("scopes joined by | ({})", SCOPES.join(", "))));
        }
        consents.push(Consent {
            participant: id.to_string(),
            person: people.index_of(id),
            recorded_on: day
                .parse()
                .map_err(|_| bad("a date YYYY-MM-DD in the column recorded_on"))?,
            level: level.to_owned(),
            scopes,
        });
        Ok(())
    })?;
    Ok(consents)
}

/// Reads a withdrawal list: one id a line, no header.
pub(super) fn read_withdrawals(
    path: &Path,
    file: &str,
    people: &People,
) -> Result<Withdrawals, Refusal> {
    let (project, date) = project_and_date(file).ok_or_else(|| {
        let expected = "a file name w<project>_<yyyymmdd>.csv";
        refuse::bad_list(
            file,
            0,
            expected,
            "another form or a day that does not exist",
        )
    })?;
    let unreadable = |error| refuse::unreadable(file, &error);
    let mut reader = RowReader::open_headless(path).map_err(unreadable)?;
    let mut ids = Vec::new();
    each_row(&mut reader, file, |line, cells| {
        let id = match cells {
            [cell] => Id::parse(cell.as_bytes()),
            _ => None,
        };
        let id = id.ok_or_else(|| {
            refuse::bad_list(
                file,
                line,
                "one participant's id and nothing else",
                "something else",
            )
        })?;
        ids.push((id.to_string(), people.index_of(id)));
        Ok(())
    })?;
    Ok(Withdrawals {
        file: file.to_owned(),
        project,
        date,
        ids,
    })
}

/// Project and day of `w<project>_<yyyymmdd>`.
fn project_and_date(file: &str) -> Option<(String, Date)> {
    let stem = crate::catalogue::stem(file);
    let (project, day) = stem.strip_prefix('w')?.rsplit_once('_')?;
    let date = (day.len() == 8).then(|| {
        let year = day.get(..4)?.parse().ok()?;
        let month = day.get(4..6)?.parse().ok()?;
        Date::new(year, month, day.get(6..)?.parse().ok()?).ok()
    })??;
    (!project.is_empty()).then(|| (project.to_owned(), date))
}

fn each_row(
    reader: &mut RowReader,
    file: &str,
    mut take: impl FnMut(u64, &[String]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut block = Block::default();
    loop {
        let more = reader
            .fill(&mut block)
            .map_err(|error| refuse::unreadable(file, &error))?;
        for row in block.rows() {
            let cells: Vec<String> = (0..row.len())
                .map(|place| String::from_utf8_lossy(row.cell(place)).trim().to_owned())
                .collect();
            take(row.line, &cells)?;
        }
        if !more {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use super::*;

    #[test]
    fn a_withdrawal_file_says_project_and_day() {
        let date = jiff::civil::date(2026, 1, 31);
        assert_eq!(
            project_and_date("w12345_20260131.csv"),
            Some(("12345".to_owned(), date))
        );
        assert_eq!(
            project_and_date("W7_20260131.txt.gz"),
            Some(("7".to_owned(), date))
        );
        assert_eq!(project_and_date("w12345_20261331.csv"), None);
        assert_eq!(project_and_date("w_20260131.csv"), None);
    }
}
