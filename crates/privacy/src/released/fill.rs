//! From a judged table to what is kept of it.

use roaring::RoaringBitmap;

use super::{COUNTS, Cell, Layer, ReleasedTable, WITHHELD};
use crate::limits::PEOPLE_PER_CELL;
use crate::sdc::{Number, NumberKind, RowVerdict, Shown, Table, Verdicts};

impl ReleasedTable {
    /// Fills in everything that is shown, and the sets whose numbers must stay hidden.
    pub(super) fn fill(&mut self, table: &Table, verdicts: &Verdicts, families: &[String]) {
        let width = table
            .rows
            .iter()
            .map(|r| r.numbers.len())
            .max()
            .unwrap_or(0);
        let mut groups = Layer::default();
        let mut withheld = RoaringBitmap::new();
        let mut layers: Vec<Layer> = vec![Layer::default(); width];
        let mut conditions: Vec<Layer> = vec![Layer::default(); width];
        let mut protected: Vec<Layer> = vec![Layer::default(); width];
        for ((at, row), verdict) in (0_u32..).zip(&table.rows).zip(&verdicts.rows) {
            let shown = match verdict {
                RowVerdict::Shown(shown) => Some(shown),
                RowVerdict::Withheld => None,
            };
            if shown.is_some() {
                // a shown row says that its people are enough; its keys are about all of them
                groups.cells.push(cell(&row.people, at, u32::MAX, None));
            } else {
                withheld |= &row.people;
            }
            for (n, number) in row.numbers.iter().enumerate() {
                let shown = shown.and_then(|s| s.get(n)).copied();
                let index = u32::try_from(n).unwrap_or(u32::MAX);
                let family = name(number, families);
                let hidden = matches!(shown, None | Some(Shown::Withheld));
                let list = if hidden { &mut protected } else { &mut layers };
                if hidden && (number.weights.is_none() || number.people.len() < PEOPLE_PER_CELL) {
                    continue;
                }
                if let Some(layer) = list.get_mut(n) {
                    layer.family.clone_from(&family);
                    let count = match shown {
                        Some(Shown::Count(count)) if number.kind == NumberKind::People => {
                            Some(count)
                        }
                        _ => None,
                    };
                    layer.cells.push(Cell {
                        weights: number.weights,
                        ..cell(&number.people, at, index, count)
                    });
                }
                // who meets a condition is a group like any other, whatever is calculated of them
                if !hidden
                    && number.filtered
                    && family != COUNTS
                    && let Some(layer) = conditions.get_mut(n)
                {
                    layer.cells.push(cell(&number.people, at, index, None));
                }
            }
        }
        self.layers = layers;
        self.layers.extend(conditions);
        self.layers.push(groups);
        if verdicts.withheld_rows.is_some() && !withheld.is_empty() && table.grouped {
            self.layers.push(Layer {
                family: COUNTS.to_owned(),
                cells: vec![cell(&withheld, WITHHELD, u32::MAX, None)],
            });
        }
        self.layers.retain(|layer| !layer.cells.is_empty());
        protected.retain(|layer| !layer.cells.is_empty());
        self.protected = protected;
    }
}

fn cell(people: &RoaringBitmap, row: u32, number: u32, shown: Option<i64>) -> Cell {
    Cell {
        people: people.clone(),
        shown,
        row,
        number,
        meaning: None,
        weights: None,
    }
}

/// The name of a number's family.
fn name(number: &Number, families: &[String]) -> String {
    let counted = matches!(number.kind, NumberKind::People | NumberKind::Rows);
    if counted || number.family == 0 {
        return COUNTS.to_owned();
    }
    families.get(number.family).cloned().unwrap_or_default()
}
