//! What a check says: a verdict for each file, with reasons that name the rule, the place and the smallest change.
//!
//! A reason must never hold the disclosing value itself: it tells of shapes, counts, columns and lines.

use crate::Extent;
use crate::limits;
use serde::{Deserialize, Serialize};

/// How much one reason weighs. Ordered: the heaviest reason of a file decides its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing; does not stop the file.
    Info,
    /// A person must look.
    Amber,
    /// Discloses, by a rule that does not need judgement.
    Red,
}

/// The answer for one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// Everything was read and no rule objects.
    Green,
    /// Unclear, or not fully read: two people must look.
    Amber,
    /// At least one rule says that it discloses.
    Red,
}

/// Why a verdict is what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Name of the rule, kebab case, for example `small-count`.
    pub rule: String,
    /// Where the rule comes from: the guidance or paper.
    pub source: String,
    /// How much it weighs.
    pub level: Level,
    /// The place: column, lines, or the whole file. Names no value.
    #[serde(rename = "where")]
    pub place: String,
    /// What was seen, by shape and number, never the disclosing value.
    pub what: String,
    /// The smallest change that would satisfy the rule; empty when none is needed.
    pub fix: String,
}

/// The verdict on one file of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The file's name as given, but for control and invisible characters, which are escaped: `\u{202e}`.
    pub file: String,
    /// Green, amber or red.
    pub verdict: Colour,
    /// Share of the content that was understood by exact means, 0.00 to 1.00, rounded down to two decimals.
    pub confidence: f64,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub sha256: String,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// What the file was read as, for example `delimited (tab)`.
    pub kind: String,
    /// How much its tables hold.
    pub extent: Extent,
    /// Heaviest first.
    pub reasons: Vec<Reason>,
}

/// A rule as reasons name it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
}

/// The reasons gathered for one file, bounded.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Findings {
    /// The parts of the file that are being looked at, outermost first: `sheet 2`, `cell 3, output 1`, `inside a.csv`.
    within: Vec<String>,
    reasons: Vec<Reason>,
    more: usize,
    heaviest_unsaid: Option<Level>,
}

impl Findings {
    /// Goes into a part of the file: until [`Findings::leave`], every place is said to be within it.
    pub(crate) fn enter(&mut self, part: &str) {
        self.within.push(part.to_owned());
    }

    pub(crate) fn leave(&mut self) {
        self.within.pop();
    }

    pub(crate) fn red(
        &mut self,
        rule: Rule,
        place: impl Into<String>,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(Level::Red, rule, place.into(), what.into(), fix.into());
    }

    pub(crate) fn amber(
        &mut self,
        rule: Rule,
        place: impl Into<String>,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.add(Level::Amber, rule, place.into(), what.into(), fix.into());
    }

    pub(crate) fn info(&mut self, rule: Rule, place: impl Into<String>, what: impl Into<String>) {
        self.add(Level::Info, rule, place.into(), what.into(), String::new());
    }

    pub(crate) fn add(
        &mut self,
        level: Level,
        rule: Rule,
        place: String,
        what: String,
        fix: String,
    ) {
        let place = if self.within.is_empty() {
            place
        } else {
            format!("{}, {place}", self.within.join(", "))
        };
        let reason = Reason {
            rule: rule.name.into(),
            source: rule.source.into(),
            level,
            place,
            what,
            fix,
        };
        self.push(reason);
    }

    pub(crate) fn push(&mut self, reason: Reason) {
        if self.reasons.len() < limits::REASONS {
            self.reasons.push(reason);
            return;
        }
        self.more += 1;
        self.heaviest_unsaid = self.heaviest_unsaid.max(Some(reason.level));
    }

    /// The colour that the reasons give, and the reasons, heaviest first.
    pub(crate) fn close(mut self) -> (Colour, Vec<Reason>) {
        if let Some(level) = self.heaviest_unsaid {
            self.reasons.push(Reason {
                rule: "more".into(),
                source: "this project's limit on reasons".into(),
                level,
                place: "whole file".into(),
                what: format!("and {} more", self.more),
                fix: "clear the reasons above and check again".into(),
            });
        }
        self.reasons
            .sort_by_key(|reason| std::cmp::Reverse(reason.level));
        let colour = match self.reasons.first().map(|reason| reason.level) {
            None | Some(Level::Info) => Colour::Green,
            Some(Level::Amber) => Colour::Amber,
            Some(Level::Red) => Colour::Red,
        };
        (colour, self.reasons)
    }
}

/// "1 row", "3 rows".
pub(crate) fn count_of(n: usize, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {one}s")
    }
}

/// "line 3", "lines 3, 5, 9 and 12 more".
pub(crate) fn lines(all: &[u64]) -> String {
    let shown: Vec<String> = all
        .iter()
        .take(limits::PLACES)
        .map(u64::to_string)
        .collect();
    let more = all.len().saturating_sub(limits::PLACES);
    let word = if all.len() == 1 { "line" } else { "lines" };
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{word} {}{tail}", shown.join(", "))
}
