//! Totals that were withheld because one or two people dominate them must not follow from other totals.
//!
//! A withheld total is known if its set is a combination of shown sets (the total of all groups without the other groups).

use roaring::RoaringBitmap;

use super::compare::Known;
use super::settle::Span;
use super::{Layer, ReleasedTable, Rule};

/// Refuses if a protected set of the new table or of an earlier one follows from what is shown.
pub(super) fn check(new: &ReleasedTable, earlier: &[Known]) -> Result<(), Rule> {
    let tables = || earlier.iter().map(|k| &k.table).chain(std::iter::once(new));
    let mut families: Vec<&str> = tables()
        .flat_map(|table| &table.protected)
        .map(|layer| layer.family.as_str())
        .collect();
    families.sort_unstable();
    families.dedup();
    for family in families {
        let of = |layer: &&Layer| layer.family == family;
        let mut span = Span::default();
        let mut shown: Vec<&Layer> = tables().flat_map(|t| t.layers.iter().filter(of)).collect();
        shown.sort_by_key(|layer| layer.cells.len());
        for layer in shown {
            let sets: Vec<&RoaringBitmap> = layer.cells.iter().map(|c| &c.people).collect();
            span.add(&sets);
        }
        let mut hidden = tables().flat_map(|t| t.protected.iter().filter(of));
        if hidden.any(|layer| layer.cells.iter().any(|c| span.has(&c.people))) {
            return Err(Rule::Difference);
        }
    }
    Ok(())
}
