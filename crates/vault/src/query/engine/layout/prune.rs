//! Which rows of a file can meet a condition at all, by the smallest and largest value of each page (of each row group,
//! where a file does not say it of pages).
//!
//! Must never leave out a row for which a condition may hold: where a file does not say, it may.

use std::ops::Range;

use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;
use roaring::RoaringBitmap;

use super::filter::{Bounds, Range as Wished};
use super::wanted::{Values, Wanted};
use crate::release::PERSON;

/// Rows of a file, as ranges in order that do not touch.
pub(crate) type Ranges = Vec<Range<u64>>;

/// What is asked of the rows of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ask<'a> {
    /// A row of one of these people.
    People(&'a RoaringBitmap),
    /// Values of lists.
    Lists(&'a Wanted),
    /// A number or date.
    Bounds(&'a Bounds),
}

/// The rows of a file that can meet what is asked. What is asked of a column that the file does not have is met by all.
pub(crate) fn rows(file: &ParquetMetaData, ask: Ask<'_>) -> Ranges {
    match ask {
        Ask::Lists(wanted) => of_lists(file, wanted),
        Ask::People(people) => of_column(file, PERSON, &|page| {
            page.ends_unsigned()
                .is_none_or(|(low, high)| low <= high && people.range_cardinality(low..=high) > 0)
        }),
        Ask::Bounds(bounds) => of_column(file, &bounds.column, &|page| match bounds.range {
            Wished::Whole(low, high) => match page.ends {
                Ends::None => false,
                Ends::Whole(a, b) => a <= high && b >= low,
                _ => true,
            },
            Wished::Float(low, high) => match page.ends {
                Ends::None => false,
                Ends::Float(a, b) => a <= high && b >= low,
                _ => true,
            },
        }),
    }
}

fn of_lists(file: &ParquetMetaData, wanted: &Wanted) -> Ranges {
    let all = |parts: &[Wanted], join: fn(&Ranges, &Ranges) -> Ranges| {
        let mut parts = parts.iter().map(|part| of_lists(file, part));
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |rows, part| join(&rows, &part))
    };
    match wanted {
        Wanted::One { column, values } => of_column(file, column, &|page| page_has(&page, values)),
        Wanted::All(parts) => all(parts, both),
        Wanted::Any(parts) => all(parts, either),
    }
}

fn page_has(page: &Page, values: &Values) -> bool {
    let among = match page.ends {
        Ends::None => false,
        _ => page
            .ends_unsigned()
            .is_none_or(|(low, high)| values.any_in(low, high)),
    };
    among || (page.nulls && values.holds_null())
}

/// What a file says of one page or row group of a column.
#[derive(Debug, Clone, Copy)]
struct Page {
    ends: Ends,
    /// Whether there may be rows without a value.
    nulls: bool,
}

/// Smallest and largest value.
#[derive(Debug, Clone, Copy)]
enum Ends {
    /// There is no value.
    None,
    /// It does not say.
    Unknown,
    Whole(i64, i64),
    Float(f64, f64),
}

impl Page {
    /// The ends of unsigned numbers, which Parquet keeps in signed ones of the same bits; `None` if it does not say.
    fn ends_unsigned(&self) -> Option<(u32, u32)> {
        match self.ends {
            Ends::Whole(low, high) => Some((
                i32::try_from(low).ok()?.cast_unsigned(),
                i32::try_from(high).ok()?.cast_unsigned(),
            )),
            _ => None,
        }
    }
}

/// The rows of the pages of a column that `may` have what is wanted.
fn of_column(file: &ParquetMetaData, name: &str, may: &dyn Fn(Page) -> bool) -> Ranges {
    let columns = file.file_metadata().schema_descr().columns();
    let place = columns.iter().position(|column| column.name() == name);
    let mut out = Ranges::new();
    let mut start = 0;
    for (number, group) in file.row_groups().iter().enumerate() {
        let rows = u64::try_from(group.num_rows()).unwrap_or(0);
        let end = start + rows;
        match place {
            None => push(&mut out, start..end),
            Some(place) if may(of_group(group, place)) => {
                let mut pages = pages(file, number, place, rows);
                if pages.is_empty() {
                    pages.push((0..rows, None));
                }
                for (range, page) in pages {
                    if page.is_none_or(may) {
                        push(&mut out, start + range.start..start + range.end);
                    }
                }
            }
            Some(_) => {}
        }
        start = end;
    }
    out
}

/// The pages of a column in a row group, with their rows; empty if the file does not say.
fn pages(
    file: &ParquetMetaData,
    group: usize,
    place: usize,
    rows: u64,
) -> Vec<(Range<u64>, Option<Page>)> {
    let offsets = file
        .offset_index()
        .and_then(|index| index.get(group)?.get(place));
    let index = file
        .column_index()
        .and_then(|index| index.get(group)?.get(place));
    let Some(offsets) = offsets else {
        return Vec::new();
    };
    let starts = offsets.page_locations().iter();
    let starts = starts.map(|page| u64::try_from(page.first_row_index).unwrap_or(0));
    let ends = starts.clone().skip(1).chain([rows]);
    let pages = starts.zip(ends).enumerate();
    pages
        .map(|(page, (start, end))| (start..end, index.map(|index| of_page(index, page))))
        .collect()
}

fn of_page(index: &ColumnIndexMetaData, page: usize) -> Page {
    fn ends<T: Copy>(low: Option<&T>, high: Option<&T>, of: fn(T, T) -> Ends) -> Ends {
        match (low, high) {
            (Some(low), Some(high)) => of(*low, *high),
            _ => Ends::Unknown,
        }
    }
    let known = u64::try_from(page).is_ok_and(|page| page < index.num_pages());
    if !known || matches!(index, ColumnIndexMetaData::NONE) {
        return Page {
            ends: Ends::Unknown,
            nulls: true,
        };
    }
    let whole = |a: i32, b: i32| Ends::Whole(i64::from(a), i64::from(b));
    let ends = match index {
        _ if index.is_null_page(page) => Ends::None,
        ColumnIndexMetaData::INT32(i) => ends(i.min_value(page), i.max_value(page), whole),
        ColumnIndexMetaData::INT64(i) => ends(i.min_value(page), i.max_value(page), Ends::Whole),
        ColumnIndexMetaData::DOUBLE(i) => ends(i.min_value(page), i.max_value(page), Ends::Float),
        _ => Ends::Unknown,
    };
    Page {
        ends,
        nulls: index.null_count(page) != Some(0),
    }
}

fn of_group(group: &RowGroupMetaData, place: usize) -> Page {
    let statistics = group
        .columns()
        .get(place)
        .and_then(|column| column.statistics());
    let Some(statistics) = statistics else {
        return Page {
            ends: Ends::Unknown,
            nulls: true,
        };
    };
    let all_null = statistics.null_count_opt() == u64::try_from(group.num_rows()).ok();
    let ends = match statistics {
        _ if all_null => Ends::None,
        Statistics::Int32(s) => match (s.min_opt(), s.max_opt()) {
            (Some(a), Some(b)) => Ends::Whole(i64::from(*a), i64::from(*b)),
            _ => Ends::Unknown,
        },
        Statistics::Int64(s) => match (s.min_opt(), s.max_opt()) {
            (Some(a), Some(b)) => Ends::Whole(*a, *b),
            _ => Ends::Unknown,
        },
        Statistics::Double(s) => match (s.min_opt(), s.max_opt()) {
            (Some(a), Some(b)) => Ends::Float(*a, *b),
            _ => Ends::Unknown,
        },
        _ => Ends::Unknown,
    };
    Page {
        ends,
        nulls: statistics.null_count_opt() != Some(0),
    }
}

fn push(out: &mut Ranges, range: Range<u64>) {
    if range.start >= range.end {
        return;
    }
    match out.last_mut() {
        Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
        _ => out.push(range),
    }
}

/// Rows that are in both.
pub(crate) fn both(a: &Ranges, b: &Ranges) -> Ranges {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut out = Ranges::new();
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        push(&mut out, x.start.max(y.start)..x.end.min(y.end));
        if x.end < y.end {
            a.next();
        } else {
            b.next();
        }
    }
    out
}

/// Rows that are in either.
pub(crate) fn either(a: &Ranges, b: &Ranges) -> Ranges {
    let mut all: Ranges = a.iter().chain(b).cloned().collect();
    all.sort_by_key(|range| range.start);
    let mut out = Ranges::new();
    for range in all {
        push(&mut out, range);
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn of(rows: &BTreeSet<u64>) -> Ranges {
        let mut out = Ranges::new();
        for row in rows {
            push(&mut out, *row..row + 1);
        }
        out
    }

    proptest! {
        #[test]
        fn ranges_are_sets_of_rows(
            a in prop::collection::btree_set(0_u64..40, 0..20),
            b in prop::collection::btree_set(0_u64..40, 0..20),
        ) {
            prop_assert_eq!(both(&of(&a), &of(&b)), of(&(&a & &b)));
            prop_assert_eq!(either(&of(&a), &of(&b)), of(&(&a | &b)));
        }
    }
}
