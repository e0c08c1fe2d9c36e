//! The checks of a recipe as a whole, before any data is read.

use privacy::deid::Rule;

use super::{
    CLASSES, ColumnKind, ColumnRule, RecipeError, Role, Rules, TableRule, Unique, stored_as,
};
use crate::ingest::cell::parse_date;
use crate::limits;

impl Rules {
    /// Finds the first fault of a recipe.
    pub(super) fn check(&self) -> Result<(), RecipeError> {
        let fail = |text: String| Err(RecipeError(text));
        if self.version != 1 {
            return fail(format!("expected version = 1, found {}", self.version));
        }
        for role in [Role::Main, Role::Identity] {
            let n = self.tables.values().filter(|t| t.role == role).count();
            if n > 1 {
                return fail(format!(
                    "expected one table with the role {role:?}, found {n}"
                ));
            }
        }
        for rule in &self.classes {
            check_class(&rule.class)?;
        }
        for (name, dates) in &self.special_dates {
            if dates
                .iter()
                .any(|date| parse_date(date.as_bytes()).is_none())
            {
                return fail(format!(
                    "special_dates.{name}: expected dates as 1901-01-01"
                ));
            }
        }
        self.tables
            .iter()
            .try_for_each(|(name, table)| self.check_table(name, table))
    }

    fn check_table(&self, name: &str, table: &TableRule) -> Result<(), RecipeError> {
        let fail = |what: String| Err(RecipeError(format!("table {name}: {what}")));
        if !is_plain_name(name) {
            return fail("expected a name of lower-case letters, digits and _".to_owned());
        }
        if !table
            .columns
            .values()
            .any(|column| column.rule == Rule::Pseudonymise)
        {
            return fail(
                "expected a column with the rule \"pseudonymise\": the participant's id".to_owned(),
            );
        }
        if table.sort.len() > limits::MAX_SORT_COLUMNS {
            return fail(format!(
                "expected at most {} sort columns",
                limits::MAX_SORT_COLUMNS
            ));
        }
        if table.unique.is_some() && table.sort.is_empty() {
            return fail(
                "unique needs sort columns, which are the key together with the participant"
                    .to_owned(),
            );
        }
        check_cluster(table).map_err(|error| RecipeError(format!("table {name}: {error}")))?;
        match (&table.class, table.role) {
            (Some(class), _) => check_class(class)?,
            (None, Role::Linked) => return fail("expected a class".to_owned()),
            (None, _) => {}
        }
        for (column, rule) in &table.columns {
            self.check_column(column, rule)
                .map_err(|error| RecipeError(format!("table {name}, column {column}: {error}")))?;
        }
        for column in table
            .sort
            .iter()
            .chain(table.in_order.iter().flat_map(|(a, b)| [a, b]))
        {
            let kind = table.columns.get(column).and_then(|rule| rule.kind);
            if !matches!(
                kind,
                Some(ColumnKind::Int32 | ColumnKind::Int64 | ColumnKind::Date)
            ) {
                return fail(format!(
                    "expected a whole number or a date to sort and compare by, found {column}"
                ));
            }
        }
        for (value_type, rule) in &table.by_type {
            rule.apply_to(stored_as(*value_type).plain())
                .map_err(|error| {
                    RecipeError(format!(
                        "table {name}, type {}: {error}",
                        value_type.words()
                    ))
                })?;
            if *rule == Rule::Pseudonymise {
                return fail("the rule pseudonymise is for the id column alone".to_owned());
            }
        }
        Ok(())
    }

    fn check_column(&self, name: &str, column: &ColumnRule) -> Result<(), RecipeError> {
        let fail = |what: &str| Err(RecipeError(what.to_owned()));
        if let Some(class) = &column.class {
            check_class(class)?;
        }
        let list = column.special_dates.as_ref();
        if list.is_some_and(|list| !self.special_dates.contains_key(list)) {
            return fail("expected the name of a list under [special_dates]");
        }
        match (&column.rule, column.kind) {
            (Rule::Drop | Rule::Pseudonymise, _) => Ok(()),
            _ if self.is_identifier(name) => {
                fail("identifies a person (see identifiers): the only rule for it is drop")
            }
            (_, None) => fail("expected a type: int32, int64, float64, date or text"),
            (_, Some(_)) if !is_plain_name(name) => {
                fail("expected a name of lower-case letters, digits and _")
            }
            (rule, Some(kind)) => rule
                .apply_to(kind.plain())
                .map(|_| ())
                .map_err(|error| RecipeError(error.to_string())),
        }
    }
}

/// The second copy holds all columns, so they must be of one class: each class of data has its own key.
fn check_cluster(table: &TableRule) -> Result<(), RecipeError> {
    let fail = |what: String| Err(RecipeError(format!("cluster_by: {what}")));
    if table.cluster_by.is_empty() {
        return Ok(());
    }
    if table.role != Role::Linked {
        return fail("only tables of linked records have a second copy".to_owned());
    }
    if table.cluster_by.len() > limits::MAX_CLUSTER_COLUMNS {
        let most = limits::MAX_CLUSTER_COLUMNS;
        return fail(format!("expected at most {most} columns"));
    }
    if table.unique == Some(Unique::Quarantine) {
        return fail("rows may still be left out (unique = \"quarantine\")".to_owned());
    }
    for (place, column) in table.cluster_by.iter().enumerate() {
        let rule = table.columns.get(column);
        let text = rule.is_some_and(|rule| rule.kind == Some(ColumnKind::Text));
        let again = table.cluster_by.iter().take(place).any(|c| c == column);
        if !text || again {
            return fail(format!("expected different text columns, found {column}"));
        }
    }
    let mut classes = table.columns.iter();
    match classes.find(|(_, rule)| rule.class.is_some() && rule.class != table.class) {
        Some((column, _)) => fail(format!(
            "expected columns of one class, found another for {column}"
        )),
        None => Ok(()),
    }
}

/// Whether a name needs no quotation in SQL and no escape in a path.
fn is_plain_name(name: &str) -> bool {
    name.len() <= limits::MAX_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn check_class(class: &str) -> Result<(), RecipeError> {
    if CLASSES.contains(&class) {
        return Ok(());
    }
    let known = CLASSES.join(", ");
    Err(RecipeError(format!(
        "expected a class of data ({known}), found {class}"
    )))
}
