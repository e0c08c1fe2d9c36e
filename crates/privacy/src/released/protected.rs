//! Totals that were withheld because one or two people dominate them must not follow from other totals.
//!
//! A withheld total is known if its set is a combination of shown sets (the total of all groups without the other groups). And a
//! total that nobody asked for follows from one of more people without parts of it: it is judged by what is known of the
//! largest people of the larger one, who may or may not be among those left.

use roaring::RoaringBitmap;

use super::compare::Known;
use super::settle::Span;
use super::{COUNTS, Cell, Layer, ReleasedTable, Rule};
use crate::limits::DIFFERENCES_WEIGHED;
use crate::sdc::{Dominance, Weights};

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

/// Refuses if a total without parts of it, one of them new and one earlier, may be dominated.
pub(super) fn weigh(
    new: &ReleasedTable,
    earlier: &[Known],
    dominance: &Dominance,
) -> Result<(), Rule> {
    for known in earlier {
        for mine in new.layers.iter().filter(|l| l.family != COUNTS) {
            let theirs = known.table.layers.iter();
            for theirs in theirs.filter(|l| l.family == mine.family) {
                if mine.cells.len().saturating_mul(theirs.cells.len()) > DIFFERENCES_WEIGHED {
                    continue;
                }
                for (wholes, parts) in [(mine, theirs), (theirs, mine)] {
                    if wholes
                        .cells
                        .iter()
                        .any(|w| !rest(w, &parts.cells, dominance))
                    {
                        return Err(Rule::Difference);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Whether what is left of a total without its parts may be known.
fn rest(whole: &Cell, parts: &[Cell], dominance: &Dominance) -> bool {
    let Some(all) = whole.weights else {
        return true;
    };
    let (mut total, mut inside, mut sizes) = (all.total, RoaringBitmap::new(), 0);
    for part in parts {
        let Some(weights) = part.weights else {
            continue;
        };
        if part.people.len() <= whole.people.len() && part.people.is_subset(&whole.people) {
            total -= weights.total;
            sizes += part.people.len();
            inside |= &part.people;
        }
    }
    // parts that overlap are not a sum; the same people leave nobody
    if sizes == 0 || sizes != inside.len() || inside.len() == whole.people.len() {
        return true;
    }
    let total = total.max(0.0);
    let first = all.top[0].min(total);
    dominance.passes(&Weights {
        total,
        top: [first, all.top[1].min(total - first)],
    })
}
