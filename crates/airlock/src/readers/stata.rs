//! Stata's `.dta` files, formats 114 and 115 (Stata 10 to 12, and what pandas writes) and 117 to 119 (Stata 13 on): the data as a
//! table with value labels in place of codes; labels, notes and characteristics searched.
//!
//! Source: Stata's own `help dta`. Long strings (`strL`) are searched, and their columns are amber.

use super::columnar::Grid;
use super::frame::{Cursor, length};
use super::numpy::date;
use super::{Budget, Document, unknown};
use crate::limits;
use crate::verdict::Findings;
use std::collections::HashMap;

const XML: &[u8] = b"<stata_dta><header><release>";
/// Days from 1 January 1960, from which Stata counts, to 1970.
const FROM_1960: i64 = 3_653;

pub(crate) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(XML) || matches!(bytes, [114 | 115, 1 | 2, 1, 0, ..])
}

pub(crate) fn read(bytes: &[u8], _: &mut Budget, findings: &mut Findings) -> Document {
    let mut document = Document {
        kind: "Stata data".into(),
        ..Document::default()
    };
    let layout = if bytes.starts_with(XML) {
        new_layout(bytes)
    } else {
        old_layout(bytes)
    };
    let Some(layout) = layout else {
        return unknown::read(
            bytes,
            "Stata file of a kind that is not read, or damaged",
            findings,
        );
    };
    document.search(bytes.get(..layout.data.0).unwrap_or_default());
    document.search(bytes.get(layout.data.1..).unwrap_or_default());
    if layout
        .columns
        .iter()
        .any(|column| column.kind == Kind::Long)
    {
        unknown::say("long strings of a Stata file", findings);
        document.unread += length(bytes);
    }
    let labels = labels(bytes, &layout);
    let names = layout.columns.iter().map(|column| column.name.clone());
    let mut grid = Grid::new(names);
    let data = bytes.get(layout.data.0..layout.data.1).unwrap_or_default();
    let width: usize = layout.columns.iter().map(|column| column.kind.size()).sum();
    for row in data.chunks_exact(width.max(1)) {
        let mut cursor = Cursor::new(row);
        let cell = |column: &Column| {
            let field = cursor.take(column.kind.size()).unwrap_or_default();
            column.text(field, layout.big, labels.get(&column.labels))
        };
        if !grid.push(layout.columns.iter().map(cell)) {
            break;
        }
    }
    if !grid.close(length(bytes), &mut document) {
        unknown::say("more rows or longer cells than are read", findings);
    }
    document
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text(usize),
    Long,
    Byte,
    Int,
    Whole,
    Float,
    Double,
}

impl Kind {
    const fn size(self) -> usize {
        match self {
            Self::Text(size) => size,
            Self::Byte => 1,
            Self::Int => 2,
            Self::Whole | Self::Float => 4,
            Self::Long | Self::Double => 8,
        }
    }

    fn old(code: u8) -> Option<Self> {
        Some(match code {
            1..=244 => Self::Text(usize::from(code)),
            251 => Self::Byte,
            252 => Self::Int,
            253 => Self::Whole,
            254 => Self::Float,
            255 => Self::Double,
            _ => return None,
        })
    }

    fn new(code: u16) -> Option<Self> {
        Some(match code {
            1..=2_045 => Self::Text(usize::from(code)),
            32_768 => Self::Long,
            65_526 => Self::Double,
            65_527 => Self::Float,
            65_528 => Self::Whole,
            65_529 => Self::Int,
            65_530 => Self::Byte,
            _ => return None,
        })
    }
}

struct Column {
    name: String,
    kind: Kind,
    format: String,
    /// Name of the set of value labels.
    labels: String,
}

impl Column {
    /// A cell in words; empty when it is missing.
    fn text(&self, field: &[u8], big: bool, labels: Option<&HashMap<i64, String>>) -> String {
        let mut little = field.to_vec();
        if big && !matches!(self.kind, Kind::Text(_)) {
            little.reverse();
        }
        let whole = match self.kind {
            Kind::Text(_) | Kind::Long => return until_nul(field),
            Kind::Byte => number(&little).map(|[b]| i64::from(i8::from_le_bytes([b]))),
            Kind::Int => number(&little).map(|b| i64::from(i16::from_le_bytes(b))),
            Kind::Whole => number(&little).map(|b| i64::from(i32::from_le_bytes(b))),
            Kind::Float => {
                let value = number(&little).map_or(f32::NAN, f32::from_le_bytes);
                return self.real(f64::from(value), value.to_string(), value < 1.7e38);
            }
            Kind::Double => {
                let value = number(&little).map_or(f64::NAN, f64::from_le_bytes);
                return self.real(value, value.to_string(), value < 8.9e307);
            }
        };
        let most = match self.kind {
            Kind::Byte => 100,
            Kind::Int => 32_740,
            _ => 2_147_483_620,
        };
        match whole {
            Some(value) if value <= most => {
                let label = labels.and_then(|labels| labels.get(&value)).cloned();
                let day = || {
                    self.format
                        .starts_with("%td")
                        .then(|| date(value - FROM_1960))
                };
                label.or_else(day).unwrap_or_else(|| value.to_string())
            }
            _ => String::new(),
        }
    }

    fn real(&self, value: f64, written: String, there: bool) -> String {
        let a_day = match self.format.get(..3) {
            Some("%td") => 1.0,
            Some("%tc" | "%tC") => 86_400_000.0,
            _ if there => return written,
            _ => return String::new(),
        };
        let days = (value / a_day).floor();
        #[expect(clippy::cast_possible_truncation, reason = "checked: whole and small")]
        if days.abs() < 1e7 {
            date(days as i64 - FROM_1960)
        } else {
            String::new()
        }
    }
}

fn number<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn until_nul(bytes: &[u8]) -> String {
    let text = bytes.split(|b| *b == 0).next().unwrap_or_default();
    std::str::from_utf8(text).map_or_else(
        |_| text.iter().map(|b| char::from(*b)).collect(),
        str::to_owned,
    )
}

struct Layout {
    big: bool,
    columns: Vec<Column>,
    /// Where the data begin and end.
    data: (usize, usize),
    /// Bytes of the name of a set of labels, and whether its parts stand between tags.
    label_name: usize,
    tagged: bool,
}

fn whole(cursor: &mut Cursor<'_>, size: usize, big: bool) -> Option<usize> {
    let bytes = cursor.take(size)?;
    let fold = |all: u64, b: &u8| all << 8 | u64::from(*b);
    let value = if big {
        bytes.iter().fold(0, fold)
    } else {
        bytes.iter().rev().fold(0, fold)
    };
    usize::try_from(value).ok()
}

/// As many texts of a fixed size.
fn texts(cursor: &mut Cursor<'_>, count: usize, size: usize) -> Option<Vec<String>> {
    let bytes = cursor.take(count.checked_mul(size)?)?;
    Some(bytes.chunks(size).map(until_nul).collect())
}

fn columns(kinds: Vec<Kind>, parts: [Vec<String>; 3]) -> Vec<Column> {
    let [names, formats, labels] = parts;
    let named = kinds.into_iter().zip(names).zip(formats).zip(labels);
    named
        .map(|(((kind, name), format), labels)| Column {
            name,
            kind,
            format,
            labels,
        })
        .collect()
}

fn end_of(start: usize, rows: usize, columns: &[Column]) -> Option<usize> {
    let width: usize = columns.iter().map(|column| column.kind.size()).sum();
    start.checked_add(rows.checked_mul(width)?)
}

fn old_layout(bytes: &[u8]) -> Option<Layout> {
    let mut cursor = Cursor::new(bytes);
    let big = cursor.take(4)?.get(1) == Some(&1);
    let count = whole(&mut cursor, 2, big)?;
    let rows = whole(&mut cursor, 4, big)?;
    cursor.take(81 + 18)?;
    let kinds = cursor.take(count)?.iter().map(|code| Kind::old(*code));
    let kinds: Vec<Kind> = kinds.collect::<Option<_>>()?;
    let names = texts(&mut cursor, count, 33)?;
    cursor.take(2 * (count + 1))?;
    let formats = texts(&mut cursor, count, 49)?;
    let labels = texts(&mut cursor, count, 33)?;
    cursor.take(count.checked_mul(81)?)?;
    // Characteristics, until one of no kind and no length.
    loop {
        let kind = cursor.u8()?;
        let size = whole(&mut cursor, 4, big)?;
        if kind == 0 && size == 0 {
            break;
        }
        cursor.take(size)?;
    }
    let columns = columns(kinds, [names, formats, labels]);
    let start = cursor.position();
    let end = end_of(start, rows, &columns)?;
    cursor.take(end - start)?;
    Some(Layout {
        big,
        columns,
        data: (start, end),
        label_name: 33,
        tagged: false,
    })
}

fn tag(cursor: &mut Cursor<'_>, tag: &str) -> Option<()> {
    (cursor.take(tag.len())? == tag.as_bytes()).then_some(())
}

fn new_layout(bytes: &[u8]) -> Option<Layout> {
    let mut cursor = Cursor::new(bytes);
    cursor.take(XML.len())?;
    let release = cursor.take(3)?;
    let is_117 = release == b"117";
    tag(&mut cursor, "</release><byteorder>")?;
    let big = cursor.take(3)? == b"MSF";
    tag(&mut cursor, "</byteorder><K>")?;
    let count = whole(&mut cursor, if release == b"119" { 4 } else { 2 }, big)?;
    tag(&mut cursor, "</K><N>")?;
    let rows = whole(&mut cursor, if is_117 { 4 } else { 8 }, big)?;
    tag(&mut cursor, "</N><label>")?;
    let size = whole(&mut cursor, if is_117 { 1 } else { 2 }, big)?;
    cursor.take(size)?;
    tag(&mut cursor, "</label><timestamp>")?;
    let size = whole(&mut cursor, 1, big)?;
    cursor.take(size)?;
    tag(&mut cursor, "</timestamp></header><map>")?;
    cursor.take(14 * 8)?;
    tag(&mut cursor, "</map><variable_types>")?;
    let codes = cursor.take(count.checked_mul(2)?)?.chunks(2);
    let kinds: Vec<Kind> = codes
        .map(|code| Kind::new(u16::try_from(whole(&mut Cursor::new(code), 2, big)?).ok()?))
        .collect::<Option<_>>()?;
    let (name, format, label) = if is_117 { (33, 49, 81) } else { (129, 57, 321) };
    tag(&mut cursor, "</variable_types><varnames>")?;
    let names = texts(&mut cursor, count, name)?;
    tag(&mut cursor, "</varnames><sortlist>")?;
    let sorted = if release == b"119" { 4 } else { 2 };
    cursor.take(sorted * (count + 1))?;
    tag(&mut cursor, "</sortlist><formats>")?;
    let formats = texts(&mut cursor, count, format)?;
    tag(&mut cursor, "</formats><value_label_names>")?;
    let labels = texts(&mut cursor, count, name)?;
    tag(&mut cursor, "</value_label_names><variable_labels>")?;
    cursor.take(count.checked_mul(label)?)?;
    tag(&mut cursor, "</variable_labels><characteristics>")?;
    while cursor.rest().starts_with(b"<ch>") {
        cursor.take(4)?;
        let size = whole(&mut cursor, 4, big)?;
        cursor.take(size)?;
        tag(&mut cursor, "</ch>")?;
    }
    tag(&mut cursor, "</characteristics><data>")?;
    let columns = columns(kinds, [names, formats, labels]);
    let start = cursor.position();
    let end = end_of(start, rows, &columns)?;
    cursor.take(end - start)?;
    tag(&mut cursor, "</data>")?;
    let ends = cursor.rest().ends_with(b"</stata_dta>");
    ends.then_some(Layout {
        big,
        columns,
        data: (start, end),
        label_name: name,
        tagged: true,
    })
}

/// The sets of value labels behind the data, by name. What cannot be read is left out: the codes are shown then.
fn labels(bytes: &[u8], layout: &Layout) -> HashMap<String, HashMap<i64, String>> {
    let mut sets = HashMap::new();
    let mut rest = bytes.get(layout.data.1..).unwrap_or_default();
    if layout.tagged {
        let at = memchr::memmem::find(rest, b"<value_labels>").map_or(rest.len(), |at| at + 14);
        rest = rest.get(at..).unwrap_or_default();
    }
    let mut cursor = Cursor::new(rest);
    while let Some((name, set)) = one_set(&mut cursor, layout) {
        sets.insert(name, set);
        if sets.len() > limits::COLUMNS {
            break;
        }
    }
    sets
}

fn one_set(cursor: &mut Cursor<'_>, layout: &Layout) -> Option<(String, HashMap<i64, String>)> {
    if layout.tagged {
        tag(cursor, "<lbl>")?;
    }
    let size = whole(cursor, 4, layout.big)?;
    let name = until_nul(cursor.take(layout.label_name)?);
    cursor.take(3)?;
    let mut table = Cursor::new(cursor.take(size)?);
    if layout.tagged {
        tag(cursor, "</lbl>")?;
    }
    let count = whole(&mut table, 4, layout.big)?;
    whole(&mut table, 4, layout.big)?;
    let all = |table: &mut Cursor<'_>| -> Option<Vec<usize>> {
        let words = table.take(count.checked_mul(4)?)?.chunks(4);
        words
            .map(|word| whole(&mut Cursor::new(word), 4, layout.big))
            .collect()
    };
    let (offsets, values) = (all(&mut table)?, all(&mut table)?);
    let words = table.rest();
    let label = |(offset, value): (usize, usize)| {
        let value = i64::from(u32::try_from(value).ok()?.cast_signed());
        Some((value, until_nul(words.get(offset..)?)))
    };
    Some((
        name,
        offsets.into_iter().zip(values).filter_map(label).collect(),
    ))
}
