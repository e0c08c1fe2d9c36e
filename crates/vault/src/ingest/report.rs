//! What an ingest tells: for people and, word for word the same facts, for programs.
//!
//! Must never hold a participant's id or value: problems are told by place and shape, ranges hide the ten people at
//! each end, groups are told by size.

use std::collections::BTreeMap;
use std::fmt::Write;

use governance::Refusal;
use privacy::kanonymity::Summary;
use serde::{Deserialize, Serialize};

use super::plan::TablePlan;
use super::problem::{Problem, Reason};
use super::seal::Sealed;
use super::typer::Typed;

/// The report of one ingest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the release.
    pub release: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why not, if not.
    pub refusals: Vec<Refusal>,
    /// SHA-256 of the recipe, hex.
    pub recipe_sha256: String,
    /// SHA-256 of the manifest's bytes, hex, if sealed.
    pub manifest_sha256: Option<String>,
    /// Share of a table's rows that might be refused.
    pub quarantine_limit: f64,
    /// Participants of the release.
    pub participants: u32,
    /// Those of them that the instance did not know before.
    pub participants_new: u32,
    /// Tables by name.
    pub tables: BTreeMap<String, TableReport>,
    /// Columns that identify a person and were taken out, as `table.column`.
    pub identifiers_removed: Vec<String>,
    /// Files that no line of the recipe mentions.
    pub files_left_out: Vec<String>,
    /// Files of the catalogue in the folder.
    pub catalogue_files: Vec<String>,
    /// Fields and codes of the catalogue used.
    pub catalogue_fields: usize,
    /// See [`Report::catalogue_fields`].
    pub catalogue_codes: usize,
    /// Consent records read.
    pub consents: u64,
    /// Ids in withdrawal lists.
    pub withdrawals: u64,
    /// Those of them that no participant has.
    pub withdrawals_unknown: u64,
    /// How small the groups are that share all quasi-identifiers.
    pub k_anonymity: Option<KAnonymity>,
}

/// How an ingest ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A release is ready to be published.
    Sealed,
    /// Refused for the reasons given; nothing is left of it.
    Refused,
    /// The machine failed; nothing is left of it.
    #[default]
    Failed,
}

/// One table of a report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableReport {
    /// Its files and the rows read of each.
    pub files: Vec<(String, u64)>,
    /// Rows read.
    pub rows_in: u64,
    /// Rows sealed. The identity table has none.
    pub rows_out: u64,
    /// Rows refused, by reason.
    pub refused: BTreeMap<Reason, u64>,
    /// The first hundred of each reason with their places.
    pub problems: Vec<Problem>,
    /// Rows left out because an earlier row is the same in every column.
    pub repeated: u64,
    /// Rows that share a key with a different row and stay.
    pub key_conflicts: u64,
    /// Dates that mean something other than a day, and became missing.
    pub special_dates: u64,
    /// Codes that the column's coding does not have, and that stayed, by column.
    pub unknown_codes: BTreeMap<String, u64>,
    /// Rows in which a date is before the one it should follow, by `first > second`.
    pub out_of_order: BTreeMap<String, u64>,
    /// Columns sealed.
    pub columns: Vec<ColumnReport>,
    /// Columns left out, by reason.
    pub dropped: BTreeMap<String, Vec<String>>,
    /// Columns that the recipe names and the files do not have.
    pub absent: Vec<String>,
    /// Codings that the catalogue lacks; columns with them were not checked.
    pub unchecked_codings: Vec<u32>,
}

/// One sealed column of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnReport {
    /// SQL name.
    pub name: String,
    /// Class of data.
    pub class: String,
    /// Kind of value.
    pub kind: String,
    /// Rule of the recipe.
    pub rule: String,
    /// Rows without a value.
    pub missing: u64,
    /// The 10th lowest and 10th highest person's value (dates by month); nothing for text and for fewer than ten people.
    pub range: Option<(String, String)>,
}

/// The k-anonymity part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KAnonymity {
    /// Columns whose combinations were counted.
    pub quasi_identifiers: Vec<String>,
    /// The result.
    pub summary: Summary,
}

impl TableReport {
    pub(super) fn of_typed(plan: &TablePlan, typed: &Typed) -> Self {
        let files = plan.files.iter().map(|file| file.name.clone());
        let name = |place: &usize| plan.columns.get(*place).map_or("", |c| c.name.as_str());
        let pairs = plan.in_order.iter().zip(&typed.out_of_order);
        let mut dropped: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for column in &plan.dropped {
            dropped
                .entry(column.why.clone())
                .or_default()
                .push(column.column.clone());
        }
        Self {
            files: files.zip(typed.file_rows.iter().copied()).collect(),
            rows_in: typed.rows_in,
            refused: typed.problems.counts.clone(),
            problems: typed.problems.listed.clone(),
            special_dates: typed.special_dates,
            unknown_codes: plan
                .columns
                .iter()
                .zip(&typed.unknown_codes)
                .filter(|(_, count)| **count > 0)
                .map(|(column, count)| (column.name.clone(), *count))
                .collect(),
            out_of_order: pairs
                .filter(|(_, count)| **count > 0)
                .map(|((a, b), count)| (format!("{} > {}", name(a), name(b)), *count))
                .collect(),
            dropped,
            absent: plan.absent.clone(),
            unchecked_codings: plan.unchecked_codings.clone(),
            ..Self::default()
        }
    }

    pub(super) fn add_sealed(&mut self, plan: &TablePlan, sealed: &mut Sealed) {
        self.rows_out = sealed.rows;
        self.repeated = sealed.repeated;
        self.key_conflicts = sealed.conflicts;
        for (reason, count) in &sealed.problems.counts {
            *self.refused.entry(*reason).or_insert(0) += count;
        }
        self.problems.extend(sealed.problems.listed.iter().cloned());
        let columns = plan.columns.iter().zip(&mut sealed.stats);
        self.columns = columns
            .map(|(column, stats)| ColumnReport {
                name: column.name.clone(),
                class: column.class.clone(),
                kind: column.typing.stored().word().to_owned(),
                rule: column.rule.to_owned(),
                missing: stats.missing,
                range: stats.range(),
            })
            .collect();
    }

    /// Rows refused, for whatever reason.
    #[must_use]
    pub fn refused_total(&self) -> u64 {
        self.refused.values().sum()
    }
}

impl Report {
    /// The report for programs: JSON with sorted keys.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).map_or_else(|_| "{}\n".to_owned(), |json| json + "\n")
    }

    /// The report for people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = self.write_text(&mut text);
        text
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        let outcome = match self.outcome {
            Outcome::Sealed => "sealed",
            Outcome::Refused => "REFUSED, nothing was sealed",
            Outcome::Failed => "FAILED by a fault of the machine, nothing was sealed",
        };
        writeln!(out, "Release {}: {outcome}", self.release)?;
        for refusal in &self.refusals {
            writeln!(
                out,
                "\n  {} (rule {})\n    to do: {}",
                refusal.reason, refusal.rule, refusal.fix
            )?;
        }
        writeln!(
            out,
            "\nParticipants: {} ({} new)",
            self.participants, self.participants_new
        )?;
        writeln!(
            out,
            "Catalogue: {} fields, {} codes",
            self.catalogue_fields, self.catalogue_codes
        )?;
        writeln!(out, "Recipe: sha256 {}", self.recipe_sha256)?;
        if let Some(sha256) = &self.manifest_sha256 {
            writeln!(out, "Manifest: sha256 {sha256}")?;
        }
        writeln!(
            out,
            "Consent records: {}; withdrawals: {} ({} of no participant)",
            self.consents, self.withdrawals, self.withdrawals_unknown
        )?;
        writeln!(
            out,
            "Rows refused may be at most {} % of a table",
            self.quarantine_limit * 100.0
        )?;
        self.write_lists(out)?;
        for (name, table) in &self.tables {
            table.write_text(name, out)?;
        }
        Ok(())
    }

    fn write_lists(&self, out: &mut String) -> std::fmt::Result {
        if let Some(k) = &self.k_anonymity {
            let names = k.quasi_identifiers.join(", ");
            let summary = &k.summary;
            writeln!(
                out,
                "\nGroups that share {names}: {} of {} people; the smallest has {}",
                summary.groups, summary.people, summary.smallest
            )?;
            for below in &summary.below {
                writeln!(
                    out,
                    "  {} people are in {} groups of fewer than {}",
                    below.people, below.groups, below.k
                )?;
            }
        }
        if !self.identifiers_removed.is_empty() {
            writeln!(
                out,
                "\nIdentifiers removed: {}",
                self.identifiers_removed.join(", ")
            )?;
        }
        if !self.files_left_out.is_empty() {
            writeln!(
                out,
                "\nFiles left out (no line of the recipe mentions them): {}",
                self.files_left_out.join(", ")
            )?;
        }
        Ok(())
    }
}

impl TableReport {
    fn write_text(&self, name: &str, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "\n{name}: {} rows in, {} out, {} refused",
            self.rows_in,
            self.rows_out,
            self.refused_total()
        )?;
        for (file, rows) in &self.files {
            writeln!(out, "  from {file}: {rows} rows")?;
        }
        for (reason, count) in &self.refused {
            writeln!(out, "  refused for {}: {count}", reason.words())?;
        }
        for problem in &self.problems {
            writeln!(out, "    {problem}")?;
        }
        let counts = [
            (self.repeated, "rows the same as an earlier one, kept once"),
            (
                self.key_conflicts,
                "rows with the key of a different row, kept",
            ),
            (
                self.special_dates,
                "dates that mean something other than a day, now missing",
            ),
        ];
        for (count, words) in counts {
            if count > 0 {
                writeln!(out, "  {count} {words}")?;
            }
        }
        for (column, count) in &self.unknown_codes {
            writeln!(
                out,
                "  {count} codes in {column} that its coding does not have, kept"
            )?;
        }
        for (pair, count) in &self.out_of_order {
            writeln!(out, "  {count} rows with {pair}, kept")?;
        }
        for (why, columns) in &self.dropped {
            writeln!(out, "  left out ({why}): {}", columns.join(", "))?;
        }
        if !self.absent.is_empty() {
            writeln!(out, "  not in the files: {}", self.absent.join(", "))?;
        }
        if !self.unchecked_codings.is_empty() {
            let ids: Vec<String> = self.unchecked_codings.iter().map(u32::to_string).collect();
            writeln!(
                out,
                "  not checked, because the catalogue lacks their coding: {}",
                ids.join(", ")
            )?;
        }
        for column in &self.columns {
            self.write_column(column, out)?;
        }
        Ok(())
    }

    fn write_column(&self, column: &ColumnReport, out: &mut String) -> std::fmt::Result {
        let share = column.missing as f64 * 100.0 / self.rows_out.max(1) as f64;
        let range = match &column.range {
            Some((low, high)) => format!("{low} to {high}"),
            None if column.kind == "text" => "-".to_owned(),
            None => "fewer than 10 people".to_owned(),
        };
        writeln!(
            out,
            "    {:<24} {:<8} {:<12} {:<10} {share:>5.1} % missing  {range}",
            column.name, column.kind, column.class, column.rule
        )
    }
}
