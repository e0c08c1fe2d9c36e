//! What an audit says: findings that name file, place, and what was expected there.

use std::fmt;

use crate::checkpoint::Checkpoint;
use crate::limits::MAX_FINDINGS;

/// One damaged place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, as a path below the log's prefix.
    pub path: String,
    /// Byte in the file, where that is known.
    pub offset: Option<u64>,
    /// What is wrong.
    pub what: String,
    /// What the audit expected there.
    pub expected: String,
    /// What it found.
    pub found: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(offset) = self.offset {
            write!(f, ", byte {offset}")?;
        }
        write!(
            f,
            ": {}; expected {}, found {}",
            self.what, self.expected, self.found
        )
    }
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The checkpoint, if it could be read; believe it only when there are no findings.
    pub checkpoint: Option<Checkpoint>,
    /// Entries read and handed to the visitor.
    pub entries: u64,
    /// Files compared byte for byte.
    pub files: u64,
    /// Files that belong to entries after the checkpoint which the caller said to expect.
    pub ahead: u64,
    /// Signature lines by keys the audit does not know: nobody has checked them.
    pub unknown_signatures: u64,
    /// Damaged places, at most [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// Findings beyond those kept.
    pub more_findings: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Adds a finding, or counts it when the report is full.
    pub fn add(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }

    pub(super) fn say(
        &mut self,
        path: &str,
        offset: Option<u64>,
        what: &str,
        expected: &str,
        found: &str,
    ) {
        let own = str::to_owned;
        self.add(Finding {
            path: own(path),
            offset,
            what: own(what),
            expected: own(expected),
            found: own(found),
        });
    }
}
