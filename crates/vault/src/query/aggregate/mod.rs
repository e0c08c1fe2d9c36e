//! Aggregate mode: no row is shown, and no number of fewer than ten people.
//!
//! A question is cut in two. The first part groups: it gives each group its keys, its numbers, and for each number
//! the set of people behind it. Disclosure control ([`crate::query::control`]) then takes out what may not be
//! shown. The second part (HAVING, ORDER BY, LIMIT, arithmetic between numbers) is asked of what is left, so there is
//! nothing in it to trick: a withheld number does not exist there.

mod meaning;
mod rows;
mod scope;
mod tables;
mod top;

use datafusion::sql::sqlparser::ast::Query;
use governance::Refusal;
use privacy::released::Meaning;
use privacy::sdc::NumberKind;

pub(crate) use tables::Mentions;

use super::GrantedTable;

/// Name of the internal index in the catalogue of an aggregate question. Users cannot write it.
pub(crate) const PERSON: &str = crate::release::PERSON;
/// Name of the table of groups in the second part.
pub(crate) const CELLS: &str = "__cells";
/// Name of the set of people of a group.
pub(crate) const GROUP_PEOPLE: &str = "__n";
/// Name of the function that makes a set of people.
pub(crate) const PEOPLE: &str = "__people";

/// Name of the number of rows of a group.
pub(crate) const GROUP_ROWS: &str = "__rows";
/// Name of the function that tells how a total is spread over people.
pub(crate) const WEIGHTS: &str = "__weights";

/// Name of a group key.
pub(crate) fn key(i: usize) -> String {
    format!("__k{i}")
}

/// Name of a number.
pub(crate) fn cell(i: usize) -> String {
    format!("__a{i}")
}

/// Name of the set of people behind a number.
pub(crate) fn people(i: usize) -> String {
    format!("__p{i}")
}

/// Name of how the number is spread over people, if it is a magnitude.
pub(crate) fn weights(i: usize) -> String {
    format!("__w{i}")
}

/// A question cut in two.
#[derive(Debug)]
pub(crate) struct Split {
    /// Keys, numbers and sets of people of each group.
    pub(crate) groups: Query,
    /// What is asked of the groups that may be shown.
    pub(crate) shown: Query,
    /// How many group keys there are.
    pub(crate) keys: usize,
    /// For each number, whether the engine calculates it; if not it is the size of its set of people.
    pub(crate) cells: Vec<bool>,
    /// For each number, which others it can be subtracted from (see [`privacy::sdc::Cell`]).
    pub(crate) families: Vec<usize>,
    /// For each number, what it is. A magnitude has a column [`weights`] in the first part.
    pub(crate) kinds: Vec<NumberKind>,
    /// For each number, whether it counts those who meet a condition (see [`privacy::sdc::Number::filtered`]).
    pub(crate) filtered: Vec<bool>,
    /// The names of families, by number: the table and column that numbers are calculated from.
    pub(crate) family_names: Vec<String>,
    /// What is asked for.
    pub(crate) meaning: Meaning,
    /// Granted columns that the question names.
    pub(crate) mentions: Mentions,
}

/// Checks a question of aggregate mode and cuts it in two.
///
/// # Errors
/// Anything through which a row, or a number of fewer than ten people, could be seen.
pub(crate) fn split(query: &Query, granted: &[GrantedTable]) -> Result<Split, Refusal> {
    top::split(query, granted)
}
