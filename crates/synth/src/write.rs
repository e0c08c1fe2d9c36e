//! The files being written: a reusable buffer each, rows of known width, counts kept.
//!
//! Digits go straight into the buffer. Must never open anything itself: see [`Sink`].

use std::io::{self, Write};

use crate::calendar::{Calendar, Day};
use crate::dirt::{Dirt, Injected};
use crate::limits::FLUSH_AT;

/// Opens the files of a cohort. The program that composes the rooms decides where they are.
pub trait Sink {
    /// Opens the file of this name (no folder in it) for writing from its beginning.
    ///
    /// # Errors
    /// Whatever the opening gives; generation stops and passes it on.
    fn file(&mut self, name: &str) -> io::Result<Box<dyn Write + Send>>;
}

/// What was written to one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileWritten {
    /// Name without a folder.
    pub name: String,
    /// Rows, without the header, with any injected bad rows.
    pub rows: u64,
    /// Bytes, header included.
    pub bytes: u64,
    /// Bad rows injected on request, by kind.
    pub injected: Injected,
}

/// One file being written.
pub(crate) struct File {
    name: String,
    out: Box<dyn Write + Send>,
    buffer: Vec<u8>,
    row_start: usize,
    rows: u64,
    bytes: u64,
    dirt: Option<Dirt>,
}

impl File {
    pub(crate) fn open(sink: &mut dyn Sink, name: &str, dirt: Option<Dirt>) -> io::Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            out: sink.file(name)?,
            buffer: Vec::with_capacity(FLUSH_AT + FLUSH_AT / 4),
            row_start: 0,
            rows: 0,
            bytes: 0,
            dirt,
        })
    }

    /// Writes the header; not a row.
    pub(crate) fn header(&mut self, line: &str) {
        self.buffer.extend_from_slice(line.as_bytes());
        self.buffer.push(b'\n');
        self.row_start = self.buffer.len();
        if let Some(dirt) = &mut self.dirt {
            dirt.header(line);
        }
    }

    #[inline]
    pub(crate) fn empty(&mut self) {
        self.buffer.push(b',');
    }

    #[inline]
    pub(crate) fn empties(&mut self, count: usize) {
        for _ in 0..count {
            self.buffer.push(b',');
        }
    }

    #[inline]
    pub(crate) fn text(&mut self, text: &[u8]) {
        self.buffer.extend_from_slice(text);
        self.buffer.push(b',');
    }

    /// Adds to the current cell without ending it.
    #[inline]
    pub(crate) fn part(&mut self, text: &[u8]) {
        self.buffer.extend_from_slice(text);
    }

    #[inline]
    pub(crate) fn int(&mut self, value: i64) {
        push_int(&mut self.buffer, value);
        self.buffer.push(b',');
    }

    /// A value in units of 10^-places, written with that many places.
    #[inline]
    pub(crate) fn decimal(&mut self, scaled: i64, places: u32) {
        push_decimal(&mut self.buffer, scaled, places);
        self.buffer.push(b',');
    }

    #[inline]
    pub(crate) fn day_first(&mut self, calendar: &Calendar, day: Day) {
        self.text(calendar.day_first(day));
    }

    #[inline]
    pub(crate) fn iso(&mut self, calendar: &Calendar, day: Day) {
        self.text(calendar.iso(day));
    }

    /// Ends the row: the last comma becomes the line's end.
    #[inline]
    pub(crate) fn end_row(&mut self) {
        if let Some(last) = self.buffer.last_mut() {
            *last = b'\n';
        }
        self.rows += 1;
        if let Some(dirt) = &mut self.dirt {
            self.rows += dirt.after(&mut self.buffer, self.row_start);
        }
        self.row_start = self.buffer.len();
    }

    /// To be called when a participant begins: places the dirt's own randomness.
    pub(crate) fn participant(&mut self, index: u32) {
        if let Some(dirt) = &mut self.dirt {
            dirt.participant(index);
        }
    }

    /// To be called when a participant is done: hands over a full buffer.
    #[inline]
    pub(crate) fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= FLUSH_AT {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.bytes += self.buffer.len() as u64;
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        self.row_start = 0;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<FileWritten> {
        self.flush()?;
        self.out.flush()?;
        let injected = self.dirt.map(|d| d.injected()).unwrap_or_default();
        Ok(FileWritten {
            name: self.name,
            rows: self.rows,
            bytes: self.bytes,
            injected,
        })
    }
}

/// A cell of a house number and a street.
pub(crate) fn push_house(file: &mut File, number: u64, street: &[u8]) {
    push_digits(&mut file.buffer, number, 1);
    file.buffer.push(b' ');
    file.text(street);
}

#[inline]
pub(crate) fn push_int(buffer: &mut Vec<u8>, value: i64) {
    if value < 0 {
        buffer.push(b'-');
    }
    push_digits(buffer, value.unsigned_abs(), 1);
}

#[inline]
fn push_decimal(buffer: &mut Vec<u8>, scaled: i64, places: u32) {
    let unit = 10u64.pow(places);
    if scaled < 0 {
        buffer.push(b'-');
    }
    let size = scaled.unsigned_abs();
    push_digits(buffer, size / unit, 1);
    if places > 0 {
        buffer.push(b'.');
        push_digits(buffer, size % unit, places as usize);
    }
}

#[inline]
fn push_digits(buffer: &mut Vec<u8>, mut value: u64, least: usize) {
    let mut digits = [b'0'; 20];
    let mut used = 0;
    for slot in digits.iter_mut().rev() {
        if value == 0 && used >= least {
            break;
        }
        *slot = b'0' + (value % 10) as u8;
        value /= 10;
        used += 1;
    }
    if let Some(tail) = digits.get(20 - used..) {
        buffer.extend_from_slice(tail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(f: impl Fn(&mut Vec<u8>)) -> String {
        let mut buffer = Vec::new();
        f(&mut buffer);
        String::from_utf8_lossy(&buffer).into_owned()
    }

    #[test]
    fn numbers() {
        assert_eq!(written(|b| push_int(b, 0)), "0");
        assert_eq!(written(|b| push_int(b, -13)), "-13");
        assert_eq!(written(|b| push_int(b, i64::MAX)), "9223372036854775807");
        assert_eq!(written(|b| push_decimal(b, 5, 3)), "0.005");
        assert_eq!(written(|b| push_decimal(b, -12_345, 2)), "-123.45");
        assert_eq!(written(|b| push_decimal(b, 7, 0)), "7");
    }
}
