//! The values of one field: a list of the different ones in order, a code for each record, and for each code its records.

use super::head::{FieldHead, Kind, QUANTILES, WORDS};

/// An opened field.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) kind: Kind,
    /// Different values in order: the bits of single-precision numbers, or hashes of words.
    values: Vec<u32>,
    /// The place of each record's value in `values`; [`MISSING`] where it has none.
    codes: Vec<u32>,
    /// Where the records of each value begin in `records`; one more than there are values.
    starts: Vec<u32>,
    /// Records in the order of their values.
    records: Vec<u32>,
}

/// The code of a record without a value.
pub(crate) const MISSING: u32 = u32::MAX;

/// Turns single-precision bits into a number that has their order.
fn order(bits: u32) -> u32 {
    if bits >> 31 == 1 {
        !bits
    } else {
        bits | 1 << 31
    }
}

impl Field {
    /// Writes a field and its sketch. `cells` are the bits of each record's value.
    pub(super) fn write(
        name: &str,
        kind: Kind,
        decimals: u8,
        cells: &[Option<u32>],
    ) -> (Vec<u8>, FieldHead) {
        let rank = |bits: u32| {
            if kind == Kind::Text {
                bits
            } else {
                order(bits)
            }
        };
        let mut sorted: Vec<u32> = cells.iter().flatten().copied().collect();
        sorted.sort_unstable_by_key(|bits| rank(*bits));
        let head = sketch(name, kind, decimals, &sorted);
        sorted.dedup();
        let ranks: Vec<u32> = sorted.iter().map(|bits| rank(*bits)).collect();
        let width = match sorted.len() {
            0..=0xFE => 1_u8,
            0xFF..=0xFFFE => 2,
            _ => 4,
        };
        let mut out = Vec::with_capacity(16 + sorted.len() * 4 + cells.len() * usize::from(width));
        out.extend([kind as u8, width]);
        out.extend((sorted.len() as u32).to_le_bytes());
        out.extend((cells.len() as u32).to_le_bytes());
        sorted
            .iter()
            .for_each(|bits| out.extend(bits.to_le_bytes()));
        for cell in cells {
            let code = cell
                .and_then(|bits| ranks.binary_search(&rank(bits)).ok())
                .map_or(MISSING, |at| at as u32);
            out.extend(code.to_le_bytes().into_iter().take(usize::from(width)));
        }
        (out, head)
    }

    /// Reads a field; `None` when the bytes are not one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<10>()?;
        let [kind, width, a, b, c, d, e, f, g, h] = *head;
        let kind = match kind {
            0 => Kind::Number,
            1 => Kind::Day,
            2 => Kind::Text,
            _ => return None,
        };
        let distinct = u32::from_le_bytes([a, b, c, d]) as usize;
        let records = u32::from_le_bytes([e, f, g, h]) as usize;
        let (values, codes) = rest.split_at_checked(distinct.checked_mul(4)?)?;
        if codes.len() != records.checked_mul(usize::from(width))? {
            return None;
        }
        let values: Vec<u32> = values
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| u32::from_le_bytes(*bytes))
            .collect();
        let codes: Vec<u32> = match width {
            1 => codes
                .iter()
                .map(|b| {
                    if *b == u8::MAX {
                        MISSING
                    } else {
                        u32::from(*b)
                    }
                })
                .collect(),
            2 => codes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|bytes| match u16::from_le_bytes(*bytes) {
                    u16::MAX => MISSING,
                    code => u32::from(code),
                })
                .collect(),
            4 => codes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|bytes| u32::from_le_bytes(*bytes))
                .collect(),
            _ => return None,
        };
        let (starts, records) = postings(distinct, &codes)?;
        Some(Self {
            kind,
            values,
            codes,
            starts,
            records,
        })
    }

    /// How many records the table has.
    pub(crate) fn len(&self) -> usize {
        self.codes.len()
    }

    /// Different values.
    pub(crate) fn distinct(&self) -> usize {
        self.values.len()
    }

    /// A value by its place, as a number or day.
    pub(crate) fn value(&self, code: usize) -> Option<f64> {
        let bits = *self.values.get(code)?;
        (self.kind != Kind::Text).then(|| f64::from(f32::from_bits(bits)))
    }

    /// The code of a record.
    pub(crate) fn code(&self, record: u32) -> u32 {
        self.codes.get(record as usize).copied().unwrap_or(MISSING)
    }

    /// The codes of values from `low` to `high`, both included.
    pub(crate) fn between(&self, low: f64, high: f64) -> std::ops::Range<u32> {
        let value = |bits: &u32| f64::from(f32::from_bits(*bits));
        let from = self.values.partition_point(|bits| value(bits) < low);
        let to = self.values.partition_point(|bits| value(bits) <= high);
        from as u32..(to.max(from)) as u32
    }

    /// The code of a word, as a range of one or none.
    pub(crate) fn word(&self, hash: u32) -> std::ops::Range<u32> {
        match self.values.binary_search(&hash.min(u32::MAX - 1)) {
            Ok(at) => at as u32..at as u32 + 1,
            Err(_) => 0..0,
        }
    }

    /// The records whose codes are in a range.
    pub(crate) fn records(&self, codes: &std::ops::Range<u32>) -> &[u32] {
        let at = |code: u32| self.starts.get(code as usize).map(|n| *n as usize);
        match (at(codes.start), at(codes.end)) {
            (Some(from), Some(to)) => self.records.get(from..to).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// Records by code, by counting.
fn postings(distinct: usize, codes: &[u32]) -> Option<(Vec<u32>, Vec<u32>)> {
    let mut starts = vec![0_u32; distinct.checked_add(1)?];
    for code in codes.iter().filter(|code| **code != MISSING) {
        *starts.get_mut(*code as usize + 1)? += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    let mut next = starts.clone();
    let mut records = vec![0_u32; sum as usize];
    for (record, code) in (0_u32..).zip(codes).filter(|(_, code)| **code != MISSING) {
        let at = next.get_mut(*code as usize)?;
        *records.get_mut(*at as usize)? = record;
        *at += 1;
    }
    Some((starts, records))
}

fn sketch(name: &str, kind: Kind, decimals: u8, sorted: &[u32]) -> FieldHead {
    let at = |i: usize| {
        let place = i * sorted.len().saturating_sub(1) / (QUANTILES - 1);
        sorted.get(place).map(|bits| f32::from_bits(*bits))
    };
    let (mut distinct, mut same) = (0_u32, 0.0_f64);
    let mut words = Vec::new();
    for run in sorted.chunk_by(|a, b| a == b) {
        distinct += 1;
        same += (run.len() as f64 / sorted.len() as f64).powi(2);
        if kind == Kind::Text && words.len() < WORDS {
            words.extend(run.first());
        }
    }
    FieldHead {
        name: name.to_owned(),
        kind,
        section: 0,
        filled: sorted.len() as u32,
        distinct,
        decimals,
        quantiles: if kind == Kind::Text {
            Vec::new()
        } else {
            (0..QUANTILES).filter_map(at).collect()
        },
        words,
        same: same as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Kind, MISSING};

    #[test]
    fn a_field_comes_back() {
        let numbers = [1.5_f32, -2.0, 1.5, 0.0, 300.25];
        let mut cells: Vec<Option<u32>> = numbers.iter().map(|n| Some(n.to_bits())).collect();
        cells.insert(2, None);
        let (bytes, head) = Field::write("x", Kind::Number, 2, &cells);
        assert_eq!((head.filled, head.distinct), (5, 4));
        let field = Field::read(&bytes).unwrap_or_else(|| unreachable!());
        assert_eq!(field.code(2), MISSING);
        assert_eq!(field.records(&field.between(1.0, 2.0)), [0, 3]);
        assert_eq!(field.records(&field.between(-2.0, 0.0)), [1, 4]);
        assert!(field.records(&field.between(2.0, 3.0)).is_empty());
        for cut in 0..bytes.len() {
            assert!(Field::read(bytes.get(..cut).unwrap_or_default()).is_none());
        }
    }
}
