//! The refusals of ingest, in one place: each says where, what was expected, what was found and what to do.

use governance::Refusal;

use super::reader::ReadError;
use super::recipe::Role;

/// A release name that is not one.
pub(super) fn bad_name() -> Refusal {
    Refusal::new(
        "release-name-invalid",
        "ingest/release-name",
        "expected a release name of lower-case letters, digits, `.`, `_` and `-`, at most 64, beginning with a letter or digit",
        "choose a name such as 2026-11",
    )
}

/// A release of this name is there already.
pub(super) fn name_taken(name: &str) -> Refusal {
    Refusal::new(
        "release-exists",
        "ingest/release-is-sealed",
        format!("expected a new release name, found that {name} is sealed already"),
        "choose another name; a sealed release is never changed",
    )
}

/// The source is no folder that can be read.
pub(super) fn no_source(what: &str) -> Refusal {
    Refusal::new(
        "source-unreadable",
        "ingest/source",
        format!("expected a folder of raw files, found {what}"),
        "give the folder that holds main.csv and the linked tables",
    )
}

/// Neither main nor identity table.
pub(super) fn no_participants(patterns: &str) -> Refusal {
    Refusal::new(
        "no-participants",
        "ingest/participants",
        "expected a main or an identity file, found neither: nothing says who the participants are",
        format!("add a file whose name fits one of: {patterns}; or change `files` in the recipe"),
    )
}

/// The main table needs a catalogue.
pub(super) fn no_catalogue() -> Refusal {
    Refusal::new(
        "no-catalogue",
        "ingest/catalogue",
        "expected a catalogue (data dictionary and codings) for the main table, found none in the instance and none in the folder",
        "put fields.csv and codings.csv (or Data_Dictionary_Showcase.csv and Codings_Showcase.csv) into the instance's catalogue folder",
    )
}

/// The catalogue cannot be read.
pub(super) fn bad_catalogue(error: &crate::catalogue::CatalogueError) -> Refusal {
    Refusal::new(
        "catalogue-invalid",
        "ingest/catalogue",
        error.to_string(),
        "repair the file; expected are the columns of UK Biobank's Data_Dictionary_Showcase and Codings_Showcase",
    )
}

/// One file for two tables.
pub(super) fn ambiguous_file(file: &str, tables: &[&str]) -> Refusal {
    Refusal::new(
        "file-ambiguous",
        "ingest/file-names",
        format!(
            "{file}: expected a name that fits one table, found that it fits {}",
            tables.join(" and ")
        ),
        "rename the file, or make the recipe's patterns narrower",
    )
}

/// A file that cannot be read to its end.
pub(super) fn unreadable(file: &str, error: &ReadError) -> Refusal {
    let code = match error {
        ReadError::Truncated { .. } => "file-truncated",
        ReadError::Damaged { .. } => "file-damaged",
        ReadError::RowTooLong { .. } => "row-too-long",
        ReadError::Header(_) => "header-unreadable",
        ReadError::Io(_) => "file-unreadable",
    };
    Refusal::new(
        code,
        "ingest/whole-files",
        format!("{file}: {error}"),
        "fetch the file again and compare its size and checksum with the sender's; a part of a file is never sealed",
    )
}

/// A column that must be there.
pub(super) fn missing_column(file: &str, table: &str, column: &str) -> Refusal {
    Refusal::new(
        "header-missing-column",
        "ingest/header",
        format!("{file}:1: expected a column {column} (table {table}), found none of that name"),
        "check that the first line is the header and that the file belongs to this table",
    )
}

/// More than one id column.
pub(super) fn several_ids(file: &str, n: usize) -> Refusal {
    Refusal::new(
        "header-several-ids",
        "ingest/header",
        format!("{file}:1: expected one column with the rule pseudonymise, found {n}"),
        "a file with two ids is a bridge, not data: translate the ids first",
    )
}

/// A column without a usable name.
pub(super) fn bad_column_name(file: &str, column: usize) -> Refusal {
    Refusal::new(
        "header-bad-name",
        "ingest/header",
        format!("{file}:1:{column}: expected a column name of 1 to 128 bytes, found none"),
        "name the column in the header",
    )
}

/// One name twice.
pub(super) fn duplicate_column(file: &str, first: usize, second: usize, name: &str) -> Refusal {
    Refusal::new(
        "header-duplicate-column",
        "ingest/header",
        format!(
            "{file}:1:{second} ({name}): expected a column that no other column repeats, found it in column {first} too"
        ),
        "remove one of the two columns",
    )
}

/// Files of one table differ.
pub(super) fn different_columns(file: &str, table: &str) -> Refusal {
    Refusal::new(
        "header-differs",
        "ingest/header",
        format!(
            "{file}:1: expected the same columns as the first file of table {table}, found others"
        ),
        "join files that hold different columns of the same rows before ingest, or take one of them out of the folder",
    )
}

/// A column that the recipe does not name.
pub(super) fn column_without_rule(
    file: &str,
    column: usize,
    name: &str,
    table: &str,
    role: Role,
) -> Refusal {
    let kind = if role == Role::Identity {
        ""
    } else {
        "type = \"text\", "
    };
    let key = if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        name.to_ascii_lowercase()
    } else {
        format!("{:?}", name.to_ascii_lowercase())
    };
    let keep = if role == Role::Identity {
        String::new()
    } else {
        format!(", or {key} = {{ {kind}rule = \"keep\", title = \"…\" }} to seal it")
    };
    Refusal::new(
        "column-without-rule",
        "ingest/every-column-has-a-rule",
        format!(
            "{file}:1:{column} ({name}): expected a rule for the column in the recipe, found none"
        ),
        format!("add under [tables.{table}.columns] the line {key} = {{ rule = \"drop\" }}{keep}"),
    )
}

/// A field that the catalogue does not list.
pub(super) fn unlisted_field(file: &str, column: usize, name: &str, table: &str) -> Refusal {
    Refusal::new(
        "field-unlisted",
        "ingest/every-column-has-a-rule",
        format!(
            "{file}:1:{column} ({name}): expected a field of the catalogue, found one that it does not list"
        ),
        format!(
            "use a newer catalogue, or add under [tables.{table}] the line unlisted_fields = \"drop\""
        ),
    )
}

/// A rule for another kind of value.
pub(super) fn rule_does_not_fit(
    table: &str,
    field: u32,
    error: &privacy::deid::RuleError,
) -> Refusal {
    Refusal::new(
        "rule-does-not-fit",
        "ingest/recipe",
        format!("table {table}, field {field}: {error}"),
        "give the field a rule that fits its type in the catalogue",
    )
}

/// The recipe cannot be used.
pub(super) fn bad_recipe(error: &super::recipe::RecipeError) -> Refusal {
    Refusal::new(
        "recipe-invalid",
        "ingest/recipe",
        error.to_string(),
        "repair the recipe; the default recipe explains each key",
    )
}

/// Shifts without a key.
pub(super) fn no_shift_key() -> Refusal {
    Refusal::new(
        "shift-key-missing",
        "ingest/recipe",
        "expected a key for the recipe's rule shift, found none",
        "give the instance's shift key, or take the rule out of the recipe",
    )
}

/// Too many bad rows.
pub(super) fn over_limit(table: &str, refused: u64, rows: u64, limit: f64) -> Refusal {
    Refusal::new(
        "too-many-bad-rows",
        "ingest/quarantine-limit",
        format!(
            "table {table}: expected at most {} % of the rows to be refused, found {refused} of {rows}",
            limit * 100.0
        ),
        "see the report for the places; repair the files, or raise the limit if these rows may be left out",
    )
}

/// A consent or withdrawal file that cannot be understood.
pub(super) fn bad_list(file: &str, line: u64, expected: &str, found: &str) -> Refusal {
    Refusal::new(
        "consent-unreadable",
        "ingest/consent-is-whole",
        format!("{file}:{line}: expected {expected}, found {found}"),
        "repair the line; a release is not sealed while a consent or withdrawal cannot be read",
    )
}
