//! A table of counts in the form in which tables are compared: each cell by the labels that it is about, whatever the layout,
//! and the sums that hold between cells.
//!
//! `sex=F, age=40-49` is the same cell in a long table, a crosstab and another file. A total is the cell without one of the
//! labels; where a table shows none, the total is a cell that is not said.

use crate::limits;
use crate::roles::{self, Role};
use crate::table::Table;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// What is shown of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Shown {
    Count(u64),
    /// Hidden, with what its marker tells: `<10`, `1-7`.
    Hidden {
        low: u64,
        high: Option<u64>,
    },
    /// A total that the table does not have.
    Unsaid,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// Its labels in the order of the alphabet.
    pub(crate) key: String,
    pub(crate) shown: Shown,
    pub(crate) line: u64,
    /// Row and column of the table; of a table that was kept, and of a total that is not shown, none.
    #[serde(skip)]
    pub(crate) at: Option<(usize, usize)>,
}

/// A total and its parts, by their places among the cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Total {
    pub(crate) whole: usize,
    pub(crate) parts: Vec<usize>,
    /// Whether not most of the totals of its kind that can be checked are wrong: then their names were not those of totals.
    pub(crate) believed: bool,
}

/// A table of counts. Holds labels and counts that were shown, and nothing else; to be kept with a release, so that later ones
/// can be compared with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub(crate) cells: Vec<Figure>,
    pub(crate) totals: Vec<Total>,
    /// Whether all counts are multiples of this; 1 where they are not.
    pub(crate) rounded: u64,
}

impl Figures {
    /// The counts of a table, if it has any.
    pub(crate) fn of(table: &Table) -> Option<Self> {
        let layout = Layout::of(table)?;
        let mut grid = Grid::default();
        for row in 0..table.rows.len() {
            let labels = layout.labels(table, row, &mut grid.before);
            for (column, label) in &layout.counts {
                let Some(shown) = shown(table, row, *column) else {
                    continue;
                };
                if grid.cells.len() >= limits::FIGURES {
                    return None;
                }
                let mut key = labels.clone();
                key.extend(layout.across.then(|| label.clone()));
                grid.add(key, shown, table.line(row), Some((row, *column)));
            }
        }
        let dimensions = layout.names.len();
        let all = dimensions + usize::from(layout.across);
        for dimension in 0..all {
            grid.unsaid_totals(dimension);
        }
        let rounded = grid.rounding();
        // One column beside a total is a part of it, not the whole.
        let is_whole = |d: usize, total: &Total| d < dimensions || total.parts.len() > 1;
        let totals = (0..all).flat_map(|d| {
            let of = grid.totals(d, rounded).into_iter();
            of.filter(move |total| is_whole(d, total))
        });
        let totals = grid.consistent(totals.collect());
        let keys = grid.keys(&layout.names);
        let cells = grid.cells.into_iter().zip(keys);
        let figures = Self {
            cells: cells
                .map(|((_, shown, (line, at)), key)| Figure {
                    key,
                    shown,
                    line,
                    at,
                })
                .collect(),
            totals,
            rounded,
        };
        (!figures.cells.is_empty()).then_some(figures)
    }

    /// Whether any count is hidden.
    pub(crate) fn hides(&self) -> bool {
        self.cells
            .iter()
            .any(|c| matches!(c.shown, Shown::Hidden { .. }))
    }

    /// Whether any count of nobody is shown: then a hidden one is of somebody.
    pub(crate) fn shows_zero(&self) -> bool {
        self.cells.iter().any(|c| c.shown == Shown::Count(0))
    }
}

/// Which columns are labels, and which are counts under which label.
struct Layout {
    labels: Vec<usize>,
    names: Vec<String>,
    counts: Vec<(usize, Option<String>)>,
    /// Whether the columns of counts are a dimension of their own.
    across: bool,
}

impl Layout {
    fn of(table: &Table) -> Option<Self> {
        let transposed = table.row_roles.contains(&Role::Count);
        let is_count = |i: usize| {
            table.columns.get(i).is_some_and(|c| {
                c.role == Role::Count
                    || (transposed && i > 0 && !c.role.is_aggregate() && !c.is_text())
            })
        };
        let counts: Vec<usize> = (0..table.columns.len()).filter(|i| is_count(*i)).collect();
        let name = |i: usize| table.columns.get(i).map_or("", |c| c.name.as_str());
        let is_label = |i: &usize| {
            table.columns.get(*i).is_some_and(|c| {
                matches!(c.role, Role::Label | Role::Attribute | Role::Date)
                    || (c.role == Role::Unknown && c.is_text())
            }) && !is_count(*i)
        };
        let labels: Vec<usize> = (0..table.columns.len())
            .filter(is_label)
            .take(limits::LABELS)
            .collect();
        if counts.is_empty() {
            return None;
        }
        let across = counts.len() > 1;
        let totals = counts.iter().any(|i| roles::says_total(name(*i)));
        // `n` beside `cases` and `controls` is their total, where no other column is.
        let whole = |i: usize| roles::says_total(name(i)) || !totals && is_measure(&plain(name(i)));
        let label = |i: usize| (!whole(i)).then(|| plain(name(i)));
        Some(Self {
            names: labels.iter().map(|i| plain(name(*i))).collect(),
            labels,
            counts: counts.into_iter().map(|i| (i, label(i))).collect(),
            across,
        })
    }

    /// The labels of a row; a total has none. An empty one stands for the one above, as printed tables leave it out.
    fn labels(
        &self,
        table: &Table,
        row: usize,
        before: &mut Vec<Option<String>>,
    ) -> Vec<Option<String>> {
        before.resize(self.labels.len(), None);
        let texts: Vec<&str> = self
            .labels
            .iter()
            .map(|i| table.text(row, *i).trim())
            .collect();
        let total = texts.iter().any(|text| roles::says_total(text));
        let mut labels = Vec::new();
        for (text, above) in texts.into_iter().zip(before.iter_mut()) {
            let label = if roles::says_total(text) || (total && text.is_empty()) {
                None
            } else if text.is_empty() && self.labels.len() > 1 {
                above.clone()
            } else {
                Some(plain(text))
            };
            above.clone_from(&label);
            labels.push(label);
        }
        labels
    }
}

/// Words in lower case: `40-49` and `40 – 49` are the same group.
fn plain(text: &str) -> String {
    roles::words(text).join(" ")
}

fn shown(table: &Table, row: usize, column: usize) -> Option<Shown> {
    if let Some(n) = table.count_at(row, column) {
        return Some(Shown::Count(n));
    }
    table
        .hidden_at(row, column)
        .then(|| marker(table.text(row, column)))
}

/// What the marker of a hidden count tells.
fn marker(text: &str) -> Shown {
    let bare = text.trim().trim_matches(['[', ']', '(', ')']);
    let number = |s: &str| s.trim().parse::<u64>().ok();
    let below = |sign: &str, less: u64| {
        let n = number(bare.strip_prefix(sign)?)?;
        Some((0, n.saturating_sub(less)))
    };
    let band = || {
        let (low, high) = bare.split_once(['-', '–'])?;
        Some((number(low)?, number(high)?))
    };
    let told = below("<=", 0)
        .or_else(|| below("≤", 0))
        .or_else(|| below("&lt;", 1))
        .or_else(|| below("<", 1))
        .or_else(band);
    told.map_or(Shown::Hidden { low: 0, high: None }, |(low, high)| {
        Shown::Hidden {
            low,
            high: Some(high),
        }
    })
}

/// A cell by its labels, one for each dimension; none is a total.
type Place = Vec<Option<String>>;

/// Its line, and its row and column.
type Stands = (u64, Option<(usize, usize)>);

/// How many cells that are no totals a cell is the sum of; each dimension is gone into once, so this is as deep as there are
/// labels.
fn leaves(at: usize, of: &HashMap<usize, Vec<&Total>>, known: &mut HashMap<usize, usize>) -> usize {
    if let Some(n) = known.get(&at) {
        return *n;
    }
    let most = of.get(&at).into_iter().flatten().map(|total| {
        let parts = total.parts.iter();
        parts.map(|part| leaves(*part, of, known)).sum::<usize>()
    });
    let n = most.max().unwrap_or(1);
    known.insert(at, n);
    n
}

/// Counts that are multiples of five from which this is no coincidence: one in 15,000.
const ROUNDED: usize = 6;

#[derive(Default)]
struct Grid {
    cells: Vec<(Place, Shown, Stands)>,
    places: HashMap<Place, usize>,
    before: Vec<Option<String>>,
}

impl Grid {
    /// A place that comes twice is not one cell: the first stays.
    fn add(&mut self, place: Place, shown: Shown, line: u64, at: Option<(usize, usize)>) {
        if !self.places.contains_key(&place) {
            self.places.insert(place.clone(), self.cells.len());
            self.cells.push((place, shown, (line, at)));
        }
    }

    /// Totals over a dimension of which the table shows none.
    fn unsaid_totals(&mut self, dimension: usize) {
        let is_total = |place: &Place| place.get(dimension) == Some(&None);
        if self.cells.iter().any(|(place, _, _)| is_total(place)) {
            return;
        }
        let places: Vec<Place> = self
            .cells
            .iter()
            .map(|(place, _, _)| without(place, dimension))
            .collect();
        for place in places {
            if self.cells.len() < limits::FIGURES {
                self.add(place, Shown::Unsaid, 0, None);
            }
        }
    }

    /// The totals over a dimension.
    fn totals(&self, dimension: usize, rounded: u64) -> Vec<Total> {
        let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, (place, _, _)) in self.cells.iter().enumerate() {
            if place.get(dimension).is_some_and(Option::is_some)
                && let Some(whole) = self.places.get(&without(place, dimension))
            {
                parts.entry(*whole).or_default().push(at);
            }
        }
        let known = |at: usize| match self.cells.get(at) {
            Some((_, Shown::Count(n), _)) => Some(*n),
            _ => None,
        };
        let (mut holds, mut fails) = (0_usize, 0_usize);
        for (whole, parts) in &parts {
            let sum = parts
                .iter()
                .try_fold(0_u64, |sum, at| sum.checked_add(known(*at)?));
            if let (Some(sum), Some(whole)) = (sum, known(*whole)) {
                let slack = slack(rounded, parts.len());
                if sum.abs_diff(whole) <= slack {
                    holds += 1;
                } else {
                    fails += 1;
                }
            }
        }
        let told = parts.into_iter().filter(|(_, parts)| !parts.is_empty());
        told.map(|(whole, parts)| Total {
            whole,
            parts,
            believed: fails <= holds,
        })
        .collect()
    }

    /// A total that the table does not show is taken over the cells that it does. Where that is not the same in each
    /// dimension (a row is shown as a total only), the first is kept.
    fn consistent(&self, totals: Vec<Total>) -> Vec<Total> {
        let mut of: HashMap<usize, Vec<&Total>> = HashMap::new();
        for total in &totals {
            of.entry(total.whole).or_default().push(total);
        }
        let mut known: HashMap<usize, usize> = HashMap::new();
        let unsaid = |at: usize| {
            self.cells
                .get(at)
                .is_some_and(|(_, s, _)| *s == Shown::Unsaid)
        };
        let keep: Vec<bool> = totals
            .iter()
            .map(|total| {
                let mut size = |total: &Total| -> usize {
                    let parts = total.parts.iter();
                    parts.map(|at| leaves(*at, &of, &mut known)).sum()
                };
                let first = of.get(&total.whole).and_then(|all| all.first());
                !unsaid(total.whole)
                    || first.is_none_or(|first| {
                        std::ptr::eq(*first, total) || size(first) == size(total)
                    })
            })
            .collect();
        let kept = totals.iter().zip(keep).filter(|(_, keep)| *keep);
        kept.map(|(total, _)| total.clone()).collect()
    }

    /// Whether the counts were rounded to five: so many of them are no coincidence. Multiples of ten are what people make up.
    fn rounding(&self) -> u64 {
        let counts = || {
            self.cells.iter().filter_map(|(_, shown, _)| match shown {
                Shown::Count(n) if *n > 0 => Some(*n),
                _ => None,
            })
        };
        let rounded = counts().all(|n| n % 5 == 0) && counts().any(|n| n % 10 != 0);
        if rounded && counts().count() >= ROUNDED {
            5
        } else {
            1
        }
    }

    /// A cell's labels as one text. A label that is used in two dimensions, or says nothing by itself (yes, 1), is told with its
    /// dimension's name.
    fn keys(&self, names: &[String]) -> Vec<String> {
        let bare = |label: &str| {
            label.len() <= 2
                || [
                    "yes", "true", "false", "missing", "other", "unknown", "none",
                ]
                .contains(&label)
                || label.bytes().all(|b| b.is_ascii_digit())
        };
        let key = |(place, _, _): &(Place, Shown, Stands)| {
            let labels = place.iter().enumerate().filter_map(|(d, label)| {
                let label = label.as_deref()?;
                let name = names.get(d).map_or("", String::as_str);
                Some(if bare(label) {
                    format!("{name}={label}")
                } else {
                    label.to_owned()
                })
            });
            let mut labels: Vec<String> = labels.filter(|l| !is_measure(l)).collect();
            labels.sort_unstable();
            labels.join("\u{1f}")
        };
        self.cells.iter().map(key).collect()
    }
}

/// `n`, `count`, `number of people`: names that say only that people are counted.
fn is_measure(label: &str) -> bool {
    label.trim_start_matches('=').split(' ').all(|word| {
        [
            "n",
            "count",
            "counts",
            "number",
            "of",
            "freq",
            "frequency",
            "people",
            "patients",
            "participants",
            "persons",
            "size",
            "total",
        ]
        .contains(&word)
    })
}

fn without(place: &Place, dimension: usize) -> Place {
    let mut place = place.clone();
    if let Some(label) = place.get_mut(dimension) {
        *label = None;
    }
    place
}

/// How far a sum of rounded counts may be from its rounded total.
pub(crate) fn slack(rounded: u64, parts: usize) -> u64 {
    let numbers = u64::try_from(parts).unwrap_or(u64::MAX).saturating_add(1);
    if rounded <= 1 {
        0
    } else {
        (rounded / 2).saturating_mul(numbers)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Figures, Shown};
    use crate::readers;
    use crate::verdict::Findings;

    fn figures(text: &str) -> Figures {
        let document = readers::read(text.as_bytes(), &mut Findings::default());
        Figures::of(document.tables.first().unwrap()).unwrap()
    }

    fn shown(figures: &Figures, key: &[&str]) -> Option<Shown> {
        let key = key.join("\u{1f}");
        figures.cells.iter().find(|c| c.key == key).map(|c| c.shown)
    }

    #[test]
    fn the_same_cell_in_any_layout() {
        let long = figures(
            "sex,smoking,n\nFemale,never,120\nFemale,ever,80\nMale,never,340\nMale,ever,90\n",
        );
        let wide = figures(
            "smoking,Female,Male,All\nnever,120,340,460\never,80,90,170\nAll,200,430,630\n",
        );
        for (key, n) in [(["female", "never"], 120), (["ever", "male"], 90)] {
            assert_eq!(shown(&long, &key), Some(Shown::Count(n)));
            assert_eq!(shown(&wide, &key), Some(Shown::Count(n)));
        }
        assert_eq!(shown(&wide, &["never"]), Some(Shown::Count(460)));
        assert_eq!(shown(&wide, &[]), Some(Shown::Count(630)));
        assert_eq!(shown(&long, &["never"]), Some(Shown::Unsaid));
        assert_eq!(shown(&long, &[]), Some(Shown::Unsaid));
        // Three totals down, three across.
        assert_eq!(wide.totals.len(), 6);
    }

    #[test]
    fn markers_tell_bounds() {
        let f = figures("group,n\nAa,120\nBb,<10\nCc,1-7\nDd,*\nEe,≤7\n");
        let hidden = |low, high| Some(Shown::Hidden { low, high });
        assert_eq!(
            shown(&f, &["bb"]).or(shown(&f, &["group=bb"])),
            hidden(0, Some(9))
        );
        assert_eq!(shown(&f, &["group=cc"]), hidden(1, Some(7)));
        assert_eq!(shown(&f, &["group=dd"]), hidden(0, None));
        assert_eq!(shown(&f, &["group=ee"]), hidden(0, Some(7)));
    }
}
