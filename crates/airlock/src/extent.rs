//! How much a file holds, and of what shape: what tells several requests of small files from one large one.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::readers::Document;

/// The tables of a file, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Rows of all tables, without their headers.
    pub rows: u64,
    /// Cells of all tables.
    pub cells: u64,
    /// SHA-256 over the names of the columns of every table that has names, lower-case hexadecimal: pages of one table have
    /// the same. None without such a table.
    pub shape_sha256: Option<String>,
}

impl Extent {
    pub(crate) fn of(document: &Document) -> Self {
        let mut extent = Self::default();
        let (mut names, mut named) = (Sha256::new(), false);
        for table in document.all_tables() {
            let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            extent.rows = extent.rows.saturating_add(count(table.rows.len()));
            extent.cells = extent.cells.saturating_add(count(table.cells()));
            if table.has_header {
                named = true;
                for column in &table.columns {
                    names.update(column.name.trim().to_lowercase().as_bytes());
                    names.update([0]);
                }
                names.update([1]);
            }
        }
        extent.shape_sha256 = named.then(|| crate::hex(&names.finalize()));
        extent
    }
}
