//! What a report says of a column: how many values are missing, and a range that shows nobody's value.
//!
//! The range runs from the 10th lowest to the 10th highest person, each person counted once at either end, so that at
//! least ten people lie at or beyond each number shown; dates are shown by month. With fewer than ten people who have
//! a value there is no range. This is the order-statistic form of the usual rule that minima and maxima are not shown.

use std::collections::BinaryHeap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int32Type, Int64Type};
use privacy::deid::civil_from_days;

use crate::limits;

/// Counts and range of one column.
#[derive(Debug, Clone)]
pub struct ColumnStats {
    /// Rows without a value.
    pub missing: u64,
    is_date: bool,
    ranged: bool,
    person: Option<u32>,
    run: (f64, f64),
    lowest: BinaryHeap<Ordered>,
    highest: BinaryHeap<Ordered>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Ordered(f64);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl ColumnStats {
    /// Statistics of a column of this type without rows.
    #[must_use]
    pub fn new(kind: &DataType) -> Self {
        Self {
            missing: 0,
            is_date: *kind == DataType::Date32,
            ranged: *kind != DataType::Utf8,
            person: None,
            run: (f64::INFINITY, f64::NEG_INFINITY),
            lowest: BinaryHeap::new(),
            highest: BinaryHeap::new(),
        }
    }

    /// Takes the next rows, which are sorted by person.
    pub fn add(&mut self, persons: &[u32], array: &ArrayRef) {
        self.missing += array.null_count() as u64;
        // Text, which may be stored as numbers that mean nothing by themselves.
        if !self.ranged {
            return;
        }
        match array.data_type() {
            DataType::Int32 => {
                let array = array.as_primitive::<Int32Type>();
                self.values(persons, array, f64::from);
            }
            DataType::Date32 => {
                let array = array.as_primitive::<Date32Type>();
                self.values(persons, array, f64::from);
            }
            DataType::Int64 => {
                let array = array.as_primitive::<Int64Type>();
                self.values(persons, array, |value| value as f64);
            }
            DataType::Float64 => {
                let array = array.as_primitive::<Float64Type>();
                self.values(persons, array, |value| value);
            }
            _ => {}
        }
    }

    fn values<T: arrow::datatypes::ArrowPrimitiveType>(
        &mut self,
        persons: &[u32],
        array: &arrow::array::PrimitiveArray<T>,
        number: impl Fn(T::Native) -> f64,
    ) {
        if array.null_count() == array.len() {
            return;
        }
        let nulls = array.nulls();
        for (row, (person, value)) in persons.iter().zip(array.values()).enumerate() {
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                continue;
            }
            let value = number(*value);
            if self.person != Some(*person) {
                self.end_person();
                self.person = Some(*person);
            }
            self.run = (self.run.0.min(value), self.run.1.max(value));
        }
    }

    fn end_person(&mut self) {
        let (low, high) = self.run;
        if self.person.take().is_some() {
            keep(&mut self.lowest, low);
            keep(&mut self.highest, -high);
        }
        self.run = (f64::INFINITY, f64::NEG_INFINITY);
    }

    /// Adds the statistics of other people of the same column.
    pub fn merge(&mut self, mut other: Self) {
        self.end_person();
        other.end_person();
        self.missing += other.missing;
        for value in other.lowest {
            keep(&mut self.lowest, value.0);
        }
        for value in other.highest {
            keep(&mut self.highest, value.0);
        }
    }

    /// The range in words; `None` for text and for columns with values of too few people.
    #[must_use]
    pub fn range(&mut self) -> Option<(String, String)> {
        self.end_person();
        if !self.ranged || self.lowest.len() < limits::RANGE_PEOPLE {
            return None;
        }
        let low = self.lowest.peek()?.0;
        let high = -self.highest.peek()?.0;
        // With few people the 10th from below may lie above the 10th from above.
        let (low, high) = (low.min(high), low.max(high));
        Some((self.show(low), self.show(high)))
    }

    fn show(&self, value: f64) -> String {
        if self.is_date {
            let (year, month, _) = civil_from_days(value as i32);
            format!("{year:04}-{month:02}")
        } else {
            format!("{value}")
        }
    }
}

/// Keeps the smallest [`limits::RANGE_PEOPLE`] values; the largest of them is on top.
fn keep(heap: &mut BinaryHeap<Ordered>, value: f64) {
    if heap.len() < limits::RANGE_PEOPLE {
        heap.push(Ordered(value));
    } else if heap.peek().is_some_and(|top| value < top.0) {
        heap.pop();
        heap.push(Ordered(value));
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )]
    use std::sync::Arc;

    use arrow::array::{Date32Array, Int64Array};

    use super::*;

    #[test]
    fn a_range_hides_the_ten_people_at_each_end() {
        // People 0 to 99 with two rows each: their own number and that number again.
        let persons: Vec<u32> = (0..200).map(|row| row / 2).collect();
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values(
            persons.iter().map(|p| i64::from(*p)),
        ));
        let mut stats = ColumnStats::new(&DataType::Int64);
        stats.add(&persons[..101], &values.slice(0, 101));
        stats.add(&persons[101..], &values.slice(101, 99));
        // By hand: ten people have 0 to 9, ten have 90 to 99.
        assert_eq!(stats.range(), Some(("9".to_owned(), "90".to_owned())));
        let mut low = ColumnStats::new(&DataType::Int64);
        low.add(&persons[..100], &values.slice(0, 100));
        let mut high = ColumnStats::new(&DataType::Int64);
        high.add(&persons[100..], &values.slice(100, 100));
        high.merge(low);
        assert_eq!(high.range(), Some(("9".to_owned(), "90".to_owned())));
    }

    #[test]
    fn few_people_have_no_range_and_dates_no_day() {
        let persons: Vec<u32> = (0..9).collect();
        let values: ArrayRef = Arc::new(Int64Array::from(vec![Some(1); 9]));
        let mut stats = ColumnStats::new(&DataType::Int64);
        stats.add(&persons, &values);
        assert_eq!(stats.range(), None);
        // One person with many rows is one person.
        let values: ArrayRef = Arc::new(Date32Array::from(vec![Some(0); 50]));
        let mut stats = ColumnStats::new(&DataType::Date32);
        stats.add(&[3; 50], &values);
        assert_eq!(stats.range(), None);
        let persons: Vec<u32> = (0..50).collect();
        stats.add(&persons, &values);
        assert_eq!(
            stats.range(),
            Some(("1970-01".to_owned(), "1970-01".to_owned()))
        );
    }
}
