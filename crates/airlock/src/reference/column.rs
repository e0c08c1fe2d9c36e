//! A column of the reference while it is read: each different cell is understood once, and kept in four bytes.

use super::head::Kind;
use super::key::text_hash;
use crate::value::{Value, day_number};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// One cell, in a form that is compared quickly. Numbers in single precision: a value is compared with half a million others,
/// and 24 bits tell more of them apart than there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Atom {
    Missing,
    Number(f64),
    /// Days since 1970-01-01.
    Day(i32),
    /// A keyed hash.
    Text(u32),
}

impl Atom {
    /// Reads a cell.
    pub(crate) fn of(cell: &str, key: u64) -> Self {
        let cell = cell.trim();
        if let Some(number) = number_of(cell) {
            return Self::Number(number);
        }
        match Value::of(cell) {
            Value::Empty | Value::Missing => Self::Missing,
            Value::Number(n) if !n.percent && !n.beside => Self::Number(n.value),
            Value::Date => day_number(cell).map_or(Self::Missing, Self::Day),
            Value::Number(_) | Value::Hidden | Value::Text => Self::Text(text_hash(key, cell)),
        }
    }
}

/// The quick way for most cells. Leading zeros mark a code.
pub(crate) fn number_of(cell: &str) -> Option<f64> {
    let bytes = cell.as_bytes();
    let first = bytes.first()?;
    let second = bytes.get(1);
    let code = *first == b'0' && second.is_some_and(u8::is_ascii_digit);
    let plain = (first.is_ascii_digit() || *first == b'-') && !code && cell.len() <= 32;
    if !plain {
        return None;
    }
    cell.parse::<f64>().ok().filter(|n| n.is_finite())
}

/// Digits behind the decimal point.
pub(crate) fn decimals(cell: &str) -> u8 {
    let (_, behind) = cell.trim().split_once('.').unwrap_or_default();
    let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
    u8::try_from(digits).unwrap_or(u8::MAX)
}

/// Different cells up to which a column keeps a list of them; then each cell stands for itself. Two bytes a cell.
const LISTED: usize = 65_000;

/// Hashes are hashes already.
#[derive(Default)]
pub(crate) struct Through(u64);

impl Hasher for Through {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

type Listed = HashMap<u64, u16, BuildHasherDefault<Through>>;

enum Cells {
    /// A code for each cell, and what the codes stand for. Code 0 is a missing cell.
    Codes {
        of: Listed,
        atoms: Vec<Atom>,
        cells: Vec<u16>,
    },
    /// The bits of each cell, all of one kind.
    Wide { kind: Kind, bits: Vec<u32> },
}

/// Bits of a missing cell among wide ones: a NaN, and a day that is none.
const NONE: u32 = u32::MAX;

/// A column that grows.
pub(crate) struct Column {
    pub(crate) name: String,
    key: u64,
    cells: Cells,
    decimals: u8,
}

impl Column {
    pub(crate) fn new(name: &str, key: u64) -> Self {
        Self {
            name: name.to_owned(),
            key,
            cells: Cells::Codes {
                of: Listed::default(),
                atoms: vec![Atom::Missing],
                cells: Vec::new(),
            },
            decimals: 0,
        }
    }

    /// One more cell, as it is written.
    pub(crate) fn push(&mut self, cell: &str) {
        if cell.is_empty() {
            return self.push_atom(0, || (Atom::Missing, 0));
        }
        let key = self.key;
        self.push_atom(fnv(cell.as_bytes()), || {
            (Atom::of(cell, key), decimals(cell))
        });
    }

    /// One more cell that a typed file holds as a number.
    pub(crate) fn push_number(&mut self, number: f64) {
        if !number.is_finite() {
            return self.push_missing();
        }
        self.push_atom(super::key::mix(number.to_bits()), || {
            (Atom::Number(number), decimals(&number.to_string()))
        });
    }

    pub(crate) fn push_day(&mut self, day: i32) {
        self.push_atom(super::key::mix(day as u64 ^ 0x0DA7_E000), || {
            (Atom::Day(day), 0)
        });
    }

    pub(crate) fn push_missing(&mut self) {
        self.push_atom(0, || (Atom::Missing, 0));
    }

    fn push_atom(&mut self, hash: u64, read: impl FnOnce() -> (Atom, u8)) {
        match &mut self.cells {
            Cells::Wide { kind, bits } => {
                let atom = if hash == 0 { Atom::Missing } else { read().0 };
                bits.push(bits_of(atom, *kind));
            }
            Cells::Codes { of, atoms, cells } => {
                if hash == 0 {
                    return cells.push(0);
                }
                if let Some(code) = of.get(&hash) {
                    return cells.push(*code);
                }
                let (atom, digits) = read();
                self.decimals = self.decimals.max(digits);
                let code = u16::try_from(atoms.len()).unwrap_or(0);
                atoms.push(atom);
                of.insert(hash, code);
                cells.push(code);
                if atoms.len() > LISTED {
                    self.widen();
                }
            }
        }
    }

    fn widen(&mut self) {
        let kind = self.kind();
        if let Cells::Codes { atoms, cells, .. } = &self.cells {
            let bits = cells
                .iter()
                .map(|code| {
                    let atom = atoms.get(usize::from(*code)).copied();
                    bits_of(atom.unwrap_or(Atom::Missing), kind)
                })
                .collect();
            self.cells = Cells::Wide { kind, bits };
        }
    }

    /// What most of its different cells are.
    fn kind(&self) -> Kind {
        match &self.cells {
            Cells::Wide { kind, .. } => *kind,
            Cells::Codes { atoms, .. } => {
                let is = |kind: Kind| atoms.iter().filter(|a| kind_of(**a) == Some(kind)).count();
                let all = [Kind::Number, Kind::Day, Kind::Text];
                all.into_iter()
                    .max_by_key(|kind| is(*kind))
                    .unwrap_or(Kind::Text)
            }
        }
    }

    /// What it came to: kind, decimals, and the bits of each cell, `None` where it is missing or of another kind.
    pub(crate) fn finish(self) -> (Kind, u8, Vec<Option<u32>>) {
        let kind = self.kind();
        let some = |bits: u32| (bits != NONE).then_some(bits);
        let cells = match self.cells {
            Cells::Wide { bits, .. } => bits.into_iter().map(some).collect(),
            Cells::Codes { atoms, cells, .. } => {
                let of: Vec<u32> = atoms.iter().map(|a| bits_of(*a, kind)).collect();
                cells
                    .iter()
                    .map(|code| of.get(usize::from(*code)).copied().and_then(some))
                    .collect()
            }
        };
        (kind, self.decimals, cells)
    }
}

fn kind_of(atom: Atom) -> Option<Kind> {
    match atom {
        Atom::Missing => None,
        Atom::Number(_) => Some(Kind::Number),
        Atom::Day(_) => Some(Kind::Day),
        Atom::Text(_) => Some(Kind::Text),
    }
}

fn bits_of(atom: Atom, kind: Kind) -> u32 {
    match (kind, atom) {
        (Kind::Number, Atom::Number(n)) => (n as f32).to_bits(),
        (Kind::Day, Atom::Day(day)) => (day as f32).to_bits(),
        (Kind::Text, Atom::Text(hash)) => hash.min(NONE - 1),
        _ => NONE,
    }
}

/// Of a cell as it is written, to know it again within one build.
fn fnv(bytes: &[u8]) -> u64 {
    let state = bytes.iter().fold(0xCBF2_9CE4_8422_2325_u64, |state, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3)
    });
    super::key::mix(state) | 1
}
