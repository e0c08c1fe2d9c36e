//! The recipe: which file is which table, and what happens to each of its columns before it is sealed.
//!
//! TOML, unknown keys refused. The project's default is `recipes/ukb.toml`, which is also the manual. A recipe is
//! checked as a whole before any data is read. Must never have a way to say "everything else: keep".

mod check;

use std::collections::BTreeMap;

use privacy::deid::{Kind, Rule};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::catalogue::{Field, ValueType};

/// The recipe that comes with the project, for raw data in UK Biobank's shapes.
pub const DEFAULT_RECIPE: &str = include_str!("../../recipes/ukb.toml");

/// Classes of data that policy speaks of.
pub const CLASSES: [&str; 8] = [
    "baseline",
    "hospital",
    "primary-care",
    "death",
    "genomic",
    "imaging",
    "samples",
    "sensitive",
];

/// A recipe that has been read and checked.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// What it says.
    pub rules: Rules,
    /// SHA-256 of its text, hex.
    pub sha256: String,
}

/// What a recipe says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Version of the recipe format: 1.
    pub version: u32,
    /// Cells that mean "no value".
    pub missing: Vec<String>,
    /// Columns that name or locate a person: no rule but drop is accepted for them, in any table.
    pub identifiers: Vec<String>,
    /// Other files that ingest reads.
    pub files: OtherFiles,
    /// Named lists of dates that mean something other than a day.
    #[serde(default)]
    pub special_dates: BTreeMap<String, Vec<String>>,
    /// Classes of data of the catalogue's fields; the first that matches holds, otherwise `baseline`.
    #[serde(default)]
    pub classes: Vec<ClassRule>,
    /// Values by which people could be picked out, and the group sizes to report.
    pub k_anonymity: KAnonymity,
    /// Tables by name.
    pub tables: BTreeMap<String, TableRule>,
}

/// File-name patterns of what is not a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherFiles {
    /// Consent records: eid, recorded_on, level, scopes.
    pub consent: Vec<String>,
    /// Withdrawal lists: one id a line, no header.
    pub withdrawals: Vec<String>,
    /// Dictionaries of the catalogue.
    pub catalogue: Vec<String>,
}

/// Which fields are of which class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassRule {
    /// The class, one of [`CLASSES`].
    pub class: String,
    /// Steps of the catalogue's path; a field matches if one of these is among its steps.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Field numbers and ranges, `20453-20460, 2139`.
    #[serde(default)]
    pub fields: FieldSet,
}

/// The k-anonymity part.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KAnonymity {
    /// Group sizes to report on.
    pub thresholds: Vec<u64>,
    /// Fields of the main table, first instance and item.
    pub quasi_identifiers: Vec<QuasiIdentifier>,
}

/// One quasi-identifier.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuasiIdentifier {
    /// Field number.
    pub field: u32,
    /// Width of the bands in which its numbers are counted; as they are without it.
    pub step: Option<u32>,
}

/// What a table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// One row a participant, columns are catalogue fields.
    Main,
    /// Names and addresses: read for its ids alone, never sealed.
    Identity,
    /// Records of participants of the main or identity table.
    #[default]
    Linked,
}

/// One table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRule {
    /// What it is for.
    #[serde(default)]
    pub role: Role,
    /// File-name patterns, without kind and `.gz`, in lower case; `*` stands for anything, `?` for one character.
    pub files: Vec<String>,
    /// Class of its columns; in the main table, of those that are no fields.
    pub class: Option<String>,
    /// Columns that must be there.
    #[serde(default)]
    pub required: Vec<String>,
    /// Columns by which one participant's rows are ordered: whole numbers or dates.
    #[serde(default)]
    pub sort: Vec<String>,
    /// Whether participant and sort columns together may occur only once, and what happens if they do.
    pub unique: Option<Unique>,
    /// Columns of codes by which a second copy of the rows is sorted, the most significant first.
    #[serde(default)]
    pub cluster_by: Vec<String>,
    /// Pairs of dates whose first should not be after the second; counted, nothing more.
    #[serde(default)]
    pub in_order: Vec<(String, String)>,
    /// Main table: what to do with fields that the catalogue does not list. Refused without it.
    pub unlisted_fields: Option<Unlisted>,
    /// What to do with codes that the column's coding does not have.
    #[serde(default)]
    pub unknown_codes: Unknown,
    /// Main table: what to do with a negative number in a measured field whose coding has special negative codes, of
    /// which it is none.
    #[serde(default)]
    pub uncoded_negatives: Unknown,
    /// Main table: rules for single fields; the first that matches holds.
    #[serde(default)]
    pub fields: Vec<FieldRule>,
    /// Main table: rules for all other fields by their type in the catalogue.
    #[serde(default)]
    pub by_type: BTreeMap<ValueType, Rule>,
    /// Rules of named columns.
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnRule>,
}

/// What happens to a row whose key an earlier row has. Rows that are alike in every column are kept once either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unique {
    /// The later row is left out.
    Quarantine,
    /// Both stay and are counted: nothing says which of them is right.
    Warn,
}

/// What happens to fields that the catalogue does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unlisted {
    /// They are left out and named in the report.
    Drop,
}

/// What happens to values that a coding does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// Their rows are left out.
    #[default]
    Quarantine,
    /// They stay and are counted.
    Warn,
}

/// A rule for some fields of the main table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// Field numbers and ranges.
    pub fields: FieldSet,
    /// The rule.
    pub rule: Rule,
    /// Why, for readers of the recipe and of the report.
    pub why: String,
}

/// A rule for a named column.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRule {
    /// What it holds; needed unless it is dropped or the id.
    #[serde(rename = "type")]
    pub kind: Option<ColumnKind>,
    /// The rule.
    pub rule: Rule,
    /// What it is, in plain words.
    #[serde(default)]
    pub title: String,
    /// Coding whose codes alone are accepted, if the catalogue has it.
    pub coding: Option<u32>,
    /// Name of a list of special dates, which become missing.
    pub special_dates: Option<String>,
    /// Class, if another than the table's.
    pub class: Option<String>,
}

/// What a column is stored as: the kinds of the release's manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Whole numbers of 32 bits.
    Int32,
    /// Whole numbers of 64 bits.
    Int64,
    /// Numbers with decimals.
    Float64,
    /// Days; written as 2006-03-31 or 31/03/2006, a time of day is cut off.
    Date,
    /// Anything else.
    Text,
}

/// Field numbers: single ones and ranges.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct FieldSet(Vec<(u32, u32)>);

/// What is wrong with a recipe: where and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RecipeError(pub String);

impl TryFrom<String> for FieldSet {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let part = |part: &str| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let range = (low.trim().parse().ok()?, high.trim().parse().ok()?);
            (range.0 <= range.1).then_some(range)
        };
        let wrong = |text: &str| {
            format!("expected field numbers such as `34, 20074-20075`, found `{text}`")
        };
        text.split(',')
            .map(|text| part(text).ok_or_else(|| wrong(text)))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl FieldSet {
    /// Whether `field` is among them.
    #[must_use]
    pub fn holds(&self, field: u32) -> bool {
        self.0
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&field))
    }
}

impl ColumnKind {
    /// The word of the manifest.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float64 => "float64",
            Self::Date => "date",
            Self::Text => "text",
        }
    }

    /// The kind as the de-identification rules know it.
    #[must_use]
    pub const fn plain(self) -> Kind {
        match self {
            Self::Int32 | Self::Int64 => Kind::Integer,
            Self::Float64 => Kind::Float,
            Self::Date => Kind::Date,
            Self::Text => Kind::Text,
        }
    }
}

impl Recipe {
    /// Reads and checks a recipe.
    ///
    /// # Errors
    /// [`RecipeError`] that says where and what to do.
    pub fn parse(text: &str) -> Result<Self, RecipeError> {
        let rules: Rules = toml::from_str(text)
            .map_err(|error| RecipeError(error.to_string().trim().to_owned()))?;
        rules.check()?;
        let digest = Sha256::digest(text.as_bytes());
        Ok(Self {
            rules,
            sha256: hex(&digest),
        })
    }

    /// The project's own recipe.
    ///
    /// # Errors
    /// Never, as a test makes sure.
    pub fn default_ukb() -> Result<Self, RecipeError> {
        Self::parse(DEFAULT_RECIPE)
    }
}

impl Rules {
    /// The class of a field.
    #[must_use]
    pub fn class_of(&self, field: &Field) -> &str {
        let matches = |rule: &&ClassRule| {
            rule.fields.holds(field.id)
                || field
                    .path
                    .split(" > ")
                    .any(|step| rule.paths.iter().any(|path| path == step))
        };
        self.classes
            .iter()
            .find(matches)
            .map_or("baseline", |rule| &rule.class)
    }

    /// Whether a column of this name may never be kept.
    #[must_use]
    pub fn is_identifier(&self, column: &str) -> bool {
        self.identifiers
            .iter()
            .any(|pattern| like(pattern, &column.to_ascii_lowercase()))
    }

    /// The name and rule of the table with this role.
    #[must_use]
    pub fn table_with(&self, role: Role) -> Option<(&str, &TableRule)> {
        self.tables
            .iter()
            .find(|(_, table)| table.role == role)
            .map(|(name, table)| (name.as_str(), table))
    }
}

/// What a field of this type is stored as if its codes are not whole numbers.
#[must_use]
pub const fn stored_as(value_type: ValueType) -> ColumnKind {
    match value_type {
        ValueType::Integer => ColumnKind::Int64,
        ValueType::Continuous => ColumnKind::Float64,
        ValueType::Date | ValueType::Time => ColumnKind::Date,
        ValueType::CategoricalSingle
        | ValueType::CategoricalMultiple
        | ValueType::Text
        | ValueType::Compound => ColumnKind::Text,
    }
}

/// Whether `name` fits `pattern`, in which `*` stands for anything and `?` for one character.
#[must_use]
pub fn like(pattern: &str, name: &str) -> bool {
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = pattern.get(1..).unwrap_or_default();
            let mut starts = name.char_indices().map(|(i, _)| i).chain([name.len()]);
            starts.any(|i| like(rest, name.get(i..).unwrap_or_default()))
        }
        Some(first) => match name.chars().next() {
            Some(c) if first == '?' || first == c => like(
                pattern.get(first.len_utf8()..).unwrap_or_default(),
                name.get(c.len_utf8()..).unwrap_or_default(),
            ),
            _ => false,
        },
    }
}

/// Bytes as lower-case hex.
#[must_use]
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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

    fn default_with(from: &str, to: &str) -> Result<Recipe, RecipeError> {
        assert!(DEFAULT_RECIPE.contains(from), "{from}");
        Recipe::parse(&DEFAULT_RECIPE.replacen(from, to, 1))
    }

    #[test]
    fn the_default_recipe_is_sound() {
        let recipe = Recipe::default_ukb().unwrap();
        assert_eq!(recipe.sha256.len(), 64);
        assert_eq!(recipe.rules.table_with(Role::Main).unwrap().0, "main");
    }

    #[test]
    fn unknown_keys_and_unfit_rules_are_refused_with_their_place() {
        let wrong = default_with("version = 1", "version = 1\nsurprise = 2").unwrap_err();
        assert!(wrong.0.contains("surprise"), "{wrong}");
        let wrong = default_with(
            r#"event_dt = { type = "date", rule = "keep""#,
            r#"event_dt = { type = "date", rule = { band = { edges = [1] } }"#,
        )
        .unwrap_err();
        assert!(wrong.0.contains("gp_clinical, column event_dt"), "{wrong}");
        let wrong = default_with(
            r#"postcode = { rule = "drop" }"#,
            r#"postcode = { type = "text", rule = "keep" }"#,
        )
        .unwrap_err();
        assert!(wrong.0.contains("the only rule for it is drop"), "{wrong}");
    }

    #[test]
    fn patterns_and_sets() {
        assert!(like("gp_prescriptions*", "gp_prescriptions_2"));
        assert!(!like("hesin", "hesin_diag"));
        assert!(like("w*_????????", "w12345_20260101"));
        assert!(!like("w*_????????", "w12345_2026"));
        assert!(like("*_main", "dummy_ukb_main"));
        let set = FieldSet::try_from("34, 20074-20075".to_owned()).unwrap();
        assert!(set.holds(34) && set.holds(20075) && !set.holds(35));
        assert!(FieldSet::try_from("5-3".to_owned()).is_err());
    }
}
