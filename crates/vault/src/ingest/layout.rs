//! Which column of a table goes into which file.
//!
//! Must never put columns of two classes of data into one file: each class has its own key.

use super::dimension::Stored;
use super::plan::TablePlan;
use crate::limits;

/// Folder of the copy that is sorted by codes. No class has this name.
const CLUSTERED: &str = "by-code";

/// Files of one table.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// Files in participant order.
    pub families: Vec<Part>,
    /// Files sorted by codes.
    pub clustered: Option<Part>,
}

/// Columns that are stored together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Their class.
    pub class: String,
    /// Folder below the table's.
    pub folder: String,
    /// Their places in the plan.
    pub columns: Vec<usize>,
    /// Places in the plan of the codes by which the rows are sorted; empty for participant order.
    pub by: Vec<usize>,
}

impl Layout {
    /// The layout of a table whose columns are stored like this.
    #[must_use]
    pub fn of(plan: &TablePlan, stored: &[Stored]) -> Self {
        let mut families: Vec<Part> = Vec::new();
        for (place, column) in plan.columns.iter().enumerate() {
            let class = &column.class;
            let same = |part: &&Part| part.class == *class;
            let folder = match families.iter().filter(same).count() {
                0 => class.clone(),
                n => format!("{class}-{}", n + 1),
            };
            let room = |part: &&mut Part| {
                part.class == *class && part.columns.len() < limits::FAMILY_COLUMNS
            };
            match families.iter_mut().find(room) {
                Some(part) => part.columns.push(place),
                None => families.push(Part {
                    class: class.clone(),
                    folder,
                    columns: vec![place],
                    by: Vec::new(),
                }),
            }
        }
        if families.is_empty() {
            families.push(Part {
                class: plan.class.clone(),
                folder: plan.class.clone(),
                columns: Vec::new(),
                by: Vec::new(),
            });
        }
        let clustered = match families.as_slice() {
            [one] => Self::clustered(plan, stored, one),
            _ => None,
        };
        Self {
            families,
            clustered,
        }
    }

    fn clustered(plan: &TablePlan, stored: &[Stored], one: &Part) -> Option<Part> {
        let listed = |column: &usize| matches!(stored.get(*column), Some(Stored::Dimension(_)));
        let sortable = !plan.cluster.is_empty() && plan.cluster.iter().all(listed);
        sortable.then(|| Part {
            folder: CLUSTERED.to_owned(),
            by: plan.cluster.clone(),
            ..one.clone()
        })
    }
}
