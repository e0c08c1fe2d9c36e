//! Patterns across the requests of a project: a slow drip of small files counts as one request.
//!
//! A file that is harmless by itself can be one page of a book. What left or waits to leave within [`WINDOW_DAYS`] is added
//! up with the request at hand; over a threshold of the custodian's the request is amber and says why.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Output, OutputFile, OutputStanding, Outputs};
use crate::ids::{Digest, Id};
use crate::settings::Patterns;
use crate::time::Time;

/// Days over which requests are added up: a month's export, whichever day the month begins.
pub const WINDOW_DAYS: i64 = 30;
const WINDOW_SECONDS: i64 = WINDOW_DAYS * 86_400;

/// What makes a request as a whole worth a person's look, whatever its files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// It names no output of the project's output plan.
    NotPlanned,
    /// With the requests of the last days: many rows.
    ManyRows,
    /// With the requests of the last days: many cells.
    ManyCells,
    /// With the requests of the last days: many bytes.
    ManyBytes,
    /// Tables of the same columns were asked for in several requests.
    SameShape,
}

impl Flag {
    /// In plain words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotPlanned => "it names no output of the project's output plan",
            Self::ManyRows => "with the project's requests of the last 30 days it has many rows",
            Self::ManyCells => "with the project's requests of the last 30 days it has many cells",
            Self::ManyBytes => "with the project's requests of the last 30 days it is large",
            Self::SameShape => {
                "tables of the same columns were in several requests of the last 30 days"
            }
        }
    }
}

/// Volumes of several requests together.
#[derive(Debug, Default)]
struct Sum {
    rows: u64,
    cells: u64,
    bytes: u64,
    /// By the columns of a table: in how many requests it was, and with how many rows in all.
    shapes: BTreeMap<Digest, (u64, u64)>,
}

impl Sum {
    fn add<'a>(&mut self, files: impl Iterator<Item = &'a OutputFile>) {
        let mut here = BTreeMap::<&Digest, u64>::new();
        for file in files {
            let rows = file.rows.unwrap_or(0);
            self.rows = self.rows.saturating_add(rows);
            self.cells = self.cells.saturating_add(file.cells.unwrap_or(0));
            self.bytes = self.bytes.saturating_add(file.bytes);
            if let Some(shape) = &file.shape_sha256 {
                let sum = here.entry(shape).or_default();
                *sum = sum.saturating_add(rows);
            }
        }
        for (shape, rows) in here {
            let (requests, sum) = self.shapes.entry(shape.clone()).or_default();
            *requests += 1;
            *sum = sum.saturating_add(rows);
        }
    }
}

/// What the volume and the shapes of a request say, together with those of the same project within the window.
pub(super) fn flags(
    outputs: &Outputs,
    project: &Id,
    id: &Id,
    files: &BTreeMap<String, OutputFile>,
    at: Time,
    most: &Patterns,
) -> BTreeSet<Flag> {
    let mut sum = Sum::default();
    let others = outputs
        .requests
        .iter()
        .filter(|(other, o)| *other != id && o.project == *project && left_lately(o, at));
    for (_, other) in others {
        sum.add(other.files.values());
    }
    sum.add(files.values());
    let own: BTreeSet<&Digest> = files
        .values()
        .filter_map(|f| f.shape_sha256.as_ref())
        .collect();
    let same = own
        .into_iter()
        .filter_map(|shape| sum.shapes.get(shape))
        .any(|(requests, rows)| {
            *requests >= most.same_shape_requests && *rows >= most.same_shape_rows
        });
    [
        (Flag::ManyRows, sum.rows > most.rows),
        (Flag::ManyCells, sum.cells > most.cells),
        (Flag::ManyBytes, sum.bytes > most.bytes),
        (Flag::SameShape, same),
    ]
    .into_iter()
    .filter_map(|(flag, over)| over.then_some(flag))
    .collect()
}

/// Whether a request left or may still leave, and was submitted within the window.
fn left_lately(output: &Output, at: Time) -> bool {
    let leaves = matches!(
        output.standing,
        OutputStanding::Submitted | OutputStanding::Released | OutputStanding::Recalled
    );
    leaves && at.unix().saturating_sub(output.submitted_at.unix()) <= WINDOW_SECONDS
}
