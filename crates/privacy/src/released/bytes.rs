//! A released table as bytes, for keeping.
//!
//! Version 1, little-endian: the version, the withdrawn, the stand-ins, the number of layers; for each layer its family,
//! the number of cells; for each cell its row, its number, what it has, the shown count, the meaning, the weights, and the people; then the
//! protected layers alike. Sets are
//! roaring bitmaps in their portable form, with their length before them. Every length is bounded before anything
//! is reserved for it.
//!
//! Must never: read past what is there, or take two spellings of one table.

use roaring::RoaringBitmap;

use super::{Cell, Layer, ReleasedTable};
use crate::limits::{KEPT_CELLS, KEPT_CONDITIONS, KEPT_LAYERS, KEPT_NAME};
use crate::sdc::Weights;

/// The version of the format.
const VERSION: u8 = 1;

/// Bytes that are no released table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BytesError {
    /// Another version of the format, or something else.
    #[error("the kept table has another format; expected version {VERSION}")]
    Version,
    /// Cut short, too long, or not in the one form that is written.
    #[error(
        "the kept table is not readable; take it from a backup or have the question asked again"
    )]
    NotReadable,
}

impl ReleasedTable {
    /// The table as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        write_set(&mut out, &self.withdrawn);
        write_set(&mut out, &self.stand_ins);
        write_layers(&mut out, &self.layers);
        write_layers(&mut out, &self.protected);
        out
    }

    /// The table in these bytes.
    ///
    /// # Errors
    /// [`BytesError`] if they are not what [`Self::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BytesError> {
        let mut from = Reader(bytes);
        if from.byte()? != VERSION {
            return Err(BytesError::Version);
        }
        let (withdrawn, stand_ins) = (from.set()?, from.set()?);
        let (layers, protected) = (from.layers()?, from.layers()?);
        if !from.0.is_empty() {
            return Err(BytesError::NotReadable);
        }
        Ok(Self {
            layers,
            protected,
            withdrawn,
            stand_ins,
        })
    }
}

fn write_layers(out: &mut Vec<u8>, layers: &[Layer]) {
    write_length(out, layers.len());
    for layer in layers {
        write_length(out, layer.family.len());
        out.extend_from_slice(layer.family.as_bytes());
        write_length(out, layer.cells.len());
        for cell in &layer.cells {
            write_cell(out, cell);
        }
    }
}

fn write_cell(out: &mut Vec<u8>, cell: &Cell) {
    out.extend_from_slice(&cell.row.to_le_bytes());
    out.extend_from_slice(&cell.number.to_le_bytes());
    let has = [
        cell.shown.is_some(),
        cell.meaning.is_some(),
        cell.weights.is_some(),
    ];
    out.push(
        has.iter()
            .rev()
            .fold(0, |bits, has| bits << 1 | u8::from(*has)),
    );
    if let Some(shown) = cell.shown {
        out.extend_from_slice(&shown.to_le_bytes());
    }
    if let Some(meaning) = &cell.meaning {
        write_length(out, meaning.len());
        for condition in meaning {
            out.extend_from_slice(&condition.to_le_bytes());
        }
    }
    if let Some(weights) = &cell.weights {
        for value in [weights.total, weights.top[0], weights.top[1]] {
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
    write_set(out, &cell.people);
}

fn write_length(out: &mut Vec<u8>, length: usize) {
    // beyond the limit it is not readable, which is noticed
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_le_bytes());
}

fn write_set(out: &mut Vec<u8>, set: &RoaringBitmap) {
    write_length(out, set.serialized_size());
    let before = out.len();
    if set.serialize_into(&mut *out).is_err() {
        out.truncate(before);
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], BytesError> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(BytesError::NotReadable)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BytesError> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| BytesError::NotReadable)
    }

    fn byte(&mut self) -> Result<u8, BytesError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn number(&mut self) -> Result<u32, BytesError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn length(&mut self, most: u32) -> Result<u32, BytesError> {
        let length = self.number()?;
        if length > most {
            return Err(BytesError::NotReadable);
        }
        Ok(length)
    }

    fn bytes(&mut self, most: u32) -> Result<&'a [u8], BytesError> {
        let length = self.length(most)?;
        self.take(usize::try_from(length).map_err(|_| BytesError::NotReadable)?)
    }

    fn set(&mut self) -> Result<RoaringBitmap, BytesError> {
        let bytes = self.bytes(u32::MAX)?;
        let set = RoaringBitmap::deserialize_from(bytes).map_err(|_| BytesError::NotReadable)?;
        if set.serialized_size() != bytes.len() {
            return Err(BytesError::NotReadable);
        }
        Ok(set)
    }

    fn layers(&mut self) -> Result<Vec<Layer>, BytesError> {
        (0..self.length(KEPT_LAYERS)?)
            .map(|_| self.layer())
            .collect()
    }

    fn layer(&mut self) -> Result<Layer, BytesError> {
        let family = std::str::from_utf8(self.bytes(KEPT_NAME)?)
            .map_err(|_| BytesError::NotReadable)?
            .to_owned();
        let cells = (0..self.length(KEPT_CELLS)?)
            .map(|_| self.cell())
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Layer { family, cells })
    }

    fn cell(&mut self) -> Result<Cell, BytesError> {
        let (row, number) = (self.number()?, self.number()?);
        let has = self.byte()?;
        if has > 7 {
            return Err(BytesError::NotReadable);
        }
        let shown = if has & 1 == 1 {
            Some(i64::from_le_bytes(self.array()?))
        } else {
            None
        };
        let meaning = if has & 2 == 2 {
            let conditions = (0..self.length(KEPT_CONDITIONS)?)
                .map(|_| Ok(u64::from_le_bytes(self.array()?)))
                .collect::<Result<Vec<_>, BytesError>>()?;
            Some(conditions)
        } else {
            None
        };
        let weights = if has & 4 == 4 {
            let mut value = || Ok(f64::from_le_bytes(self.array()?));
            Some(Weights {
                total: value()?,
                top: [value()?, value()?],
            })
        } else {
            None
        };
        Ok(Cell {
            people: self.set()?,
            shown,
            row,
            number,
            meaning,
            weights,
        })
    }
}
