//! NumPy arrays (`.npy`, NEP 1): shape, kind of number, and the values as a table. Arrays of objects are a pickle inside.
//!
//! A plain array has no names for its numbers; one of an `.npz` file has the name of its entry.

use super::frame::{Cursor, length};
use super::{Budget, Document, Fact, part, unknown};
use crate::limits;
use crate::table::{Row, Table};
use crate::verdict::Findings;

const MAGIC: &[u8] = b"\x93NUMPY";

pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

pub(crate) fn read(bytes: &[u8], budget: &mut Budget, findings: &mut Findings) -> Document {
    read_named("", bytes, budget, findings)
}

/// Reads an array under the name that an archive gives it.
pub(crate) fn read_named(
    name: &str,
    bytes: &[u8],
    budget: &mut Budget,
    findings: &mut Findings,
) -> Document {
    let Some((header, data)) = header(bytes) else {
        return unknown::read(bytes, "NumPy array", findings);
    };
    let (Some(descr), Some(shape)) = (value_of(header, "descr"), shape(header)) else {
        return unknown::read(bytes, "NumPy array", findings);
    };
    let mut document = Document {
        kind: "NumPy array".into(),
        read: length(bytes).saturating_sub(length(data)),
        facts: vec![Fact::Array {
            name: name.to_owned(),
            shape: shape.clone(),
        }],
        ..Document::default()
    };
    document.search_text(header);
    let descr = descr.trim_matches(['\'', '"']);
    if descr == "|O" {
        let inner = part("objects of the array", data, budget, findings);
        document.inner.push(inner);
        return document;
    }
    let by_column = value_of(header, "fortran_order").is_some_and(|text| text.starts_with("True"));
    let array = Array {
        name,
        shape: &shape,
        by_column,
        data,
    };
    let size = if descr.starts_with('[') {
        fields(descr).and_then(|fields| array.records(&fields, &mut document))
    } else {
        Kind::of(descr).and_then(|kind| array.numbers(&kind, &mut document))
    };
    match size {
        Some(size) => {
            let rest = data.get(size..).unwrap_or_default();
            document.leftover(rest, "bytes after the end of a NumPy array", findings);
        }
        None => {
            document.search(data);
            document.unread += length(data);
            unknown::say("a NumPy array of a kind or size that is not read", findings);
        }
    }
    document
}

/// The header (a Python literal) and what follows it.
fn header(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let mut cursor = Cursor::new(bytes);
    cursor.take(MAGIC.len())?;
    let [major, _minor] = cursor.array::<2>()?;
    let size = if major == 1 {
        cursor.len_16()?
    } else {
        cursor.len_32()?
    };
    let header = std::str::from_utf8(cursor.take(size)?).ok()?;
    Some((header, cursor.rest()))
}

/// The text of a key's value, up to the next key.
fn value_of<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(&format!("'{key}':"))?;
    let next = ["'descr':", "'fortran_order':", "'shape':"]
        .iter()
        .filter_map(|key| rest.find(key))
        .min()
        .unwrap_or(rest.len());
    let value = rest.get(..next)?;
    Some(value.trim().trim_end_matches([',', '}', ' ', '\n']))
}

fn shape(header: &str) -> Option<Vec<u64>> {
    let text = value_of(header, "shape")?;
    let inner = text.trim_start_matches('(').trim_end_matches(')');
    inner
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect()
}

/// What one element is: its byte order, its letter and its size in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    big: bool,
    letter: char,
    size: usize,
}

impl Kind {
    /// Reads a type as NumPy writes it: `<f8`, `|b1`, `<U12`.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        let first = chars.next()?;
        let (big, letter) = match first {
            '<' | '|' | '=' => (false, chars.next()?),
            '>' => (true, chars.next()?),
            letter => (false, letter),
        };
        let rest = chars.as_str();
        let digits = rest.split('[').next().unwrap_or_default();
        let size: usize = digits.parse().ok()?;
        let size = if letter == 'U' {
            size.checked_mul(4)?
        } else {
            size
        };
        let known = "biufcSUMmV".contains(letter) && size <= limits::CELL_BYTES;
        (known && size > 0).then_some(Self { big, letter, size })
    }

    /// Bytes of an element.
    pub(crate) const fn size(&self) -> usize {
        self.size
    }

    /// An element in words.
    pub(crate) fn text(&self, bytes: &[u8]) -> String {
        let mut little = bytes.to_vec();
        if self.big && self.letter != 'U' {
            little.reverse();
        }
        match (self.letter, self.size) {
            ('b', 1) => if bytes.iter().any(|b| *b != 0) {
                "True"
            } else {
                "False"
            }
            .into(),
            ('S' | 'V', _) => {
                let text: String = bytes.iter().map(|b| char::from(*b)).collect();
                text.trim_end_matches('\0').to_owned()
            }
            ('U', _) => {
                let (units, _) = bytes.as_chunks::<4>();
                let code = |unit: &[u8; 4]| {
                    if self.big {
                        u32::from_be_bytes(*unit)
                    } else {
                        u32::from_le_bytes(*unit)
                    }
                };
                let text: String = units
                    .iter()
                    .map(|unit| char::from_u32(code(unit)).unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect();
                text.trim_end_matches('\0').to_owned()
            }
            ('f', 2) => half(&little),
            ('f', 4) => {
                fixed(&little).map_or_else(String::new, |b| f32::from_le_bytes(b).to_string())
            }
            ('f', 8) => {
                fixed(&little).map_or_else(String::new, |b| f64::from_le_bytes(b).to_string())
            }
            ('u', _) => unsigned(&little).to_string(),
            ('M', 8) => moment(signed(&little)),
            ('i' | 'm' | 'M', _) => signed(&little).to_string(),
            _ => bytes.iter().map(|b| format!("{b:02x}")).collect(),
        }
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn unsigned(little: &[u8]) -> u64 {
    little
        .iter()
        .take(8)
        .rev()
        .fold(0, |number, b| number << 8 | u64::from(*b))
}

fn signed(little: &[u8]) -> i64 {
    let bits = 8 * u32::try_from(little.len().clamp(1, 8)).unwrap_or(8);
    let unused = 64 - bits;
    (unsigned(little) << unused).cast_signed() >> unused
}

/// A day since 1 January 1970 as `2020-01-31` (Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`).
pub(crate) fn date(days: i64) -> String {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A moment in units that its size tells: nanoseconds (pandas), microseconds, milliseconds or seconds since 1970, or days.
fn moment(units: i64) -> String {
    if units == i64::MIN {
        return String::new();
    }
    let a_day = match units.unsigned_abs() {
        100_000_000_000_000_000.. => 86_400_000_000_000,
        100_000_000_000_000.. => 86_400_000_000,
        100_000_000_000.. => 86_400_000,
        1_000_000.. => 86_400,
        _ => 1,
    };
    date(units.div_euclid(a_day))
}

/// IEEE 754 half precision.
fn half(little: &[u8]) -> String {
    let bits = u16::try_from(unsigned(little) & 0xffff).unwrap_or(0);
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 31);
    let fraction = f64::from(bits & 1023) / 1024.0;
    let value = match exponent {
        0 => fraction * 2_f64.powi(-14),
        31 if fraction > 0.0 => f64::NAN,
        31 => f64::INFINITY,
        _ => (1.0 + fraction) * 2_f64.powi(exponent - 15),
    };
    (sign * value).to_string()
}

/// The fields of a record array: `[('eid', '<i8'), ('age', '<f8')]`.
fn fields(descr: &str) -> Option<Vec<(String, Kind)>> {
    let quoted: Vec<&str> = descr.split(['\'', '"']).skip(1).step_by(2).collect();
    let (pairs, rest) = quoted.as_chunks::<2>();
    // Fields of arrays, and fields within fields, have a third part.
    let plain = descr.matches('(').count() == pairs.len();
    if !rest.is_empty() || !plain {
        return None;
    }
    pairs
        .iter()
        .map(|[name, kind]| Some(((*name).to_owned(), Kind::of(kind)?)))
        .collect()
}

/// An array's values and how they lie.
pub(crate) struct Array<'a> {
    pub(crate) name: &'a str,
    pub(crate) shape: &'a [u64],
    /// Whether the first index runs fastest.
    pub(crate) by_column: bool,
    pub(crate) data: &'a [u8],
}

impl Array<'_> {
    /// Rows, columns and elements: an array of more than two axes is cut along the last.
    fn size(&self) -> Option<(usize, usize, usize)> {
        let axes: Vec<usize> = self
            .shape
            .iter()
            .map(|n| usize::try_from(*n).ok())
            .collect::<Option<_>>()?;
        let all = axes.iter().try_fold(1_usize, |n, m| n.checked_mul(*m))?;
        let columns = if axes.len() < 2 {
            1
        } else {
            axes.last().copied()?
        };
        let rows = all.checked_div(columns).unwrap_or(0);
        let fits = rows <= limits::ROWS && columns <= limits::COLUMNS && all <= limits::CELLS;
        fits.then_some((rows, columns, all))
    }

    /// Adds the values as a table; the bytes that they take.
    pub(crate) fn numbers(&self, kind: &Kind, document: &mut Document) -> Option<usize> {
        let (rows, columns, all) = self.size()?;
        let bytes = all.checked_mul(kind.size)?;
        let data = self.data.get(..bytes)?;
        let at = |row: usize, column: usize| {
            let index = if self.by_column && self.shape.len() == 2 {
                column * rows + row
            } else {
                row * columns + column
            };
            let start = index * kind.size;
            data.get(start..start + kind.size).unwrap_or_default()
        };
        let mut records = Vec::with_capacity(rows + 1);
        if !self.name.is_empty() {
            let name = |column: usize| {
                if columns == 1 {
                    self.name.to_owned()
                } else {
                    format!("{}_{}", self.name, column + 1)
                }
            };
            records.push(record(0, (0..columns).map(name)));
        }
        for row in 0..rows {
            let cells = (0..columns).map(|column| kind.text(at(row, column)));
            records.push(record(row + 1, cells));
        }
        push_table(records, bytes, document);
        Some(bytes)
    }

    /// The same for an array of records.
    fn records(&self, fields: &[(String, Kind)], document: &mut Document) -> Option<usize> {
        let (_, _, rows) = self.size()?;
        let width: usize = fields.iter().map(|(_, kind)| kind.size).sum();
        let bytes = rows.checked_mul(width)?;
        let data = self.data.get(..bytes)?;
        if rows.checked_mul(fields.len())? > limits::CELLS {
            return None;
        }
        let mut records = Vec::with_capacity(rows + 1);
        records.push(record(0, fields.iter().map(|(name, _)| name.clone())));
        for (number, row) in (1..).zip(data.chunks_exact(width.max(1))) {
            let mut cursor = Cursor::new(row);
            let cell =
                |(_, kind): &(String, Kind)| kind.text(cursor.take(kind.size).unwrap_or_default());
            records.push(record(number, fields.iter().map(cell)));
        }
        push_table(records, bytes, document);
        Some(bytes)
    }
}

/// A row of a table, by its number; the header has number 0.
pub(crate) fn record(number: usize, cells: impl Iterator<Item = String>) -> Row {
    Row {
        line: u64::try_from(number).unwrap_or(0) + 1,
        cells: cells.collect(),
    }
}

fn push_table(records: Vec<Row>, bytes: usize, document: &mut Document) {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    if records.is_empty() {
        document.read = document.read.saturating_add(bytes);
    } else {
        document.tables.push(Table::new(records, bytes));
    }
}
