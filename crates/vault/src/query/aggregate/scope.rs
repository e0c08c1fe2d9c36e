//! Which relation a name belongs to, and whose row it is.

use std::collections::BTreeMap;

use datafusion::sql::sqlparser::ast::Expr;
use governance::Refusal;

use super::PERSON;
use crate::query::sql::{build, expression};
use crate::query::{EID, no};

/// Where a column's values come from, which decides whether they may be summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A column of the data, or one number per person of such a column, null where the person has none.
    Value,
    /// Calculated: it can be made nought for everybody but one person (attack 10, the masked mean).
    Made,
}

/// Columns of something that can stand in FROM.
pub(super) type Columns = BTreeMap<String, Origin>;

/// One relation of a FROM.
#[derive(Debug)]
pub(super) struct Rel {
    pub(super) alias: String,
    /// The granted table behind it, if it is one.
    pub(super) table: Option<String>,
    pub(super) columns: Columns,
    /// Whether `eid` can be used of it.
    pub(super) eid: bool,
    /// Whether it came in by LEFT JOIN, so that its index can be null.
    pub(super) optional: bool,
}

/// The relations of one FROM.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) rels: Vec<Rel>,
}

impl Scope {
    /// The index of the person to whom a row belongs: that of the first relation, which is never null.
    pub(super) fn person(&self) -> Result<Expr, Refusal> {
        self.rels
            .first()
            .map(|rel| build::column_of(&rel.alias, PERSON))
            .ok_or_else(no::does_not_fit)
    }

    /// The relation whose eid an expression names, if it is just that.
    pub(super) fn eid_of(&self, expr: &Expr) -> Result<Option<&Rel>, Refusal> {
        let (table, column) = match expr {
            Expr::Identifier(column) => (None, column),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, column] => (Some(expression::name(table)?), column),
                _ => return Ok(None),
            },
            Expr::Nested(inner) => return self.eid_of(inner),
            _ => return Ok(None),
        };
        if expression::name(column)? != EID {
            return Ok(None);
        }
        let with_eid = || self.rels.iter().filter(|r| r.eid);
        match table {
            Some(table) => match with_eid().find(|r| r.alias == table) {
                Some(rel) => Ok(Some(rel)),
                None => Err(no::unknown_column(&format!("{table}.{EID}"), &[])),
            },
            None => match (with_eid().next(), with_eid().nth(1)) {
                (Some(rel), None) => Ok(Some(rel)),
                // joined by person, so unless a LEFT JOIN came between they are the same
                (Some(rel), Some(_)) if with_eid().all(|r| !r.optional) => Ok(Some(rel)),
                (Some(_), Some(_)) => Err(no::ambiguous(EID)),
                (None, _) => Err(no::unknown_column(EID, &[])),
            },
        }
    }

    /// The relation that has a column.
    pub(super) fn find(&self, table: Option<&str>, name: &str) -> Result<(&Rel, Origin), Refusal> {
        let shown = table.map_or_else(|| name.to_owned(), |t| format!("{t}.{name}"));
        let mut found = self
            .rels
            .iter()
            .filter(|r| table.is_none_or(|t| r.alias == t))
            .filter_map(|r| r.columns.get(name).map(|origin| (r, *origin)));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(no::ambiguous(&shown)),
            (None, _) => Err(no::unknown_column(&shown, &self.near(name))),
        }
    }

    /// Granted names that look like one that does not exist.
    pub(super) fn near(&self, name: &str) -> Vec<String> {
        crate::query::work::near(name, self.rels.iter().flat_map(|r| r.columns.keys()))
    }
}
