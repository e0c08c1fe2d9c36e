//! From headers to a plan: which cell of which file becomes which column, or why the release is refused.
//!
//! Nothing is sealed that a line of the recipe does not name. Every fault of every header is found before the first
//! row is read. Must never fall back to keeping a column.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use governance::Refusal;
use privacy::deid::{Generalise, Rule, Truncate};

mod file;

use super::column::{Codes, Transform, Typing};
use super::reader::RowReader;
use super::recipe::{
    ColumnKind, ColumnRule, Role, Rules, TableRule, Unique, Unknown, Unlisted, stored_as,
};
use super::refuse;
use crate::catalogue::{Catalogue, Field, FieldColumn, ValueType};
use crate::limits;

use file::FilePlanner;

/// A table about to be read.
#[derive(Debug, Clone)]
pub struct TablePlan {
    /// Its name in SQL.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Its files, by name.
    pub files: Vec<FilePlan>,
    /// Its columns as they will be sealed, in order.
    pub columns: Vec<ColumnPlan>,
    /// Columns left out.
    pub dropped: Vec<Dropped>,
    /// Columns that the recipe names and the files do not have.
    pub absent: Vec<String>,
    /// Codings that the catalogue does not have: their columns are not checked.
    pub unchecked_codings: Vec<u32>,
    /// Places (in `columns`) of the sort columns.
    pub sort: Vec<usize>,
    /// What happens when participant and sort columns repeat.
    pub unique: Option<Unique>,
    /// Places of the codes by which a second copy is sorted.
    pub cluster: Vec<usize>,
    /// Class of the table.
    pub class: String,
    /// Places of pairs that should be in order.
    pub in_order: Vec<(usize, usize)>,
    /// Places of the quasi-identifiers and the width of their bands.
    pub quasi: Vec<(usize, Option<u32>)>,
}

/// A file of a table.
#[derive(Debug, Clone)]
pub struct FilePlan {
    /// Where it is.
    pub path: PathBuf,
    /// Its name, for messages.
    pub name: String,
    /// Its header.
    pub header: Vec<String>,
    /// Place of the id.
    pub id: usize,
    /// Place of each of the table's columns.
    pub places: Vec<usize>,
}

/// A column that will be sealed.
#[derive(Debug, Clone)]
pub struct ColumnPlan {
    /// SQL name.
    pub name: String,
    /// What it is, in plain words.
    pub title: String,
    /// Class of data.
    pub class: String,
    /// Catalogue field.
    pub field: Option<u32>,
    /// Instance and item are the first.
    pub first: bool,
    /// Word of the rule.
    pub rule: &'static str,
    /// How its cells are typed.
    pub typing: Typing,
}

/// A column that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Its name in the raw file.
    pub column: String,
    /// Why.
    pub why: String,
    /// Whether it identifies a person by itself.
    pub identifier: bool,
}

enum Fate {
    Id,
    Drop(Dropped),
    Keep(Box<ColumnPlan>),
}

/// What planning needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The recipe.
    pub rules: &'a Rules,
    /// The catalogue; empty if there is none.
    pub catalogue: &'a Catalogue,
}

/// Plans one table from the headers of its files.
///
/// # Errors
/// Everything that is wrong with the headers.
pub fn plan_table(
    context: Context<'_>,
    name: &str,
    rule: &TableRule,
    files: &[(PathBuf, String)],
) -> Result<TablePlan, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let mut plan = TablePlan {
        name: name.to_owned(),
        role: rule.role,
        files: Vec::new(),
        columns: Vec::new(),
        dropped: Vec::new(),
        absent: Vec::new(),
        unchecked_codings: Vec::new(),
        sort: Vec::new(),
        unique: rule.unique,
        cluster: Vec::new(),
        class: rule.class.clone().unwrap_or_else(|| "baseline".to_owned()),
        in_order: Vec::new(),
        quasi: Vec::new(),
    };
    for (path, file) in files {
        let header = match RowReader::open(path, None) {
            Ok(reader) => reader.header().to_vec(),
            Err(error) => {
                refusals.push(refuse::unreadable(file, &error));
                continue;
            }
        };
        let planner = FilePlanner {
            context,
            table: name,
            rule,
            file,
        };
        match planner.plan(&mut plan, path, header) {
            Ok(file) => plan.files.push(file),
            Err(found) => refusals.extend(found),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    plan.finish(context, rule);
    Ok(plan)
}

impl TablePlan {
    fn finish(&mut self, context: Context<'_>, rule: &TableRule) {
        let place = |name: &String| self.columns.iter().position(|column| column.name == *name);
        self.sort = rule.sort.iter().filter_map(place).collect();
        self.cluster = rule.cluster_by.iter().filter_map(place).collect();
        // A key of which a part is absent is no key.
        if self.sort.len() < rule.sort.len() {
            self.unique = None;
        }
        self.in_order = rule
            .in_order
            .iter()
            .filter_map(|(a, b)| Some((place(a)?, place(b)?)))
            .collect();
        self.absent = rule
            .columns
            .iter()
            .filter(|(name, column)| {
                !matches!(column.rule, Rule::Drop | Rule::Pseudonymise) && place(name).is_none()
            })
            .map(|(name, _)| name.clone())
            .collect();
        if self.role == Role::Main {
            let quasi = &context.rules.k_anonymity.quasi_identifiers;
            let find = |field: u32| {
                let first = |column: &ColumnPlan| column.first && column.field == Some(field);
                self.columns.iter().position(first)
            };
            self.quasi = quasi
                .iter()
                .filter_map(|quasi| Some((find(quasi.field)?, quasi.step)))
                .collect();
        }
        self.unchecked_codings.sort_unstable();
        self.unchecked_codings.dedup();
    }
}
