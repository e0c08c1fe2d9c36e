//! Delimited text, row by row, in blocks: comma, tab or semicolon; gzip or not; any line end.
//!
//! Splits only: it knows lines and cells, no meaning. A row is never longer than a limit, so that an opening
//! quotation mark without its closing one cannot take the machine's memory. Must never put a cell into an error.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv_core::ReadRecordResult;
use flate2::bufread::MultiGzDecoder;

use crate::limits;

/// Why a file cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A gzip file that ends in the middle.
    #[error("after line {line}: expected the rest of the gzip data, found the end of the file")]
    Truncated {
        /// Last line that could be read.
        line: u64,
    },
    /// Not what gzip writes, or damaged.
    #[error("after line {line}: expected sound gzip data, found damaged data")]
    Damaged {
        /// Last line that could be read.
        line: u64,
    },
    /// A row beyond the limit.
    #[error(
        "line {line}: expected a row of at most {} MB and {} columns, found more: is a closing quotation mark missing?",
        limits::MAX_ROW_BYTES / 1_000_000,
        limits::MAX_COLUMNS
    )]
    RowTooLong {
        /// Line on which the row begins.
        line: u64,
    },
    /// A header that cannot be read as text.
    #[error("line 1: expected a header line in UTF-8, found {0}")]
    Header(&'static str),
    /// The operating system says no.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Some rows of a file: the cells' bytes, where each ends, and where the rows begin.
#[derive(Debug, Default)]
pub struct Block {
    data: Vec<u8>,
    used: usize,
    ends: Vec<usize>,
    cells: usize,
    rows: Vec<Mark>,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    line: u64,
    data: usize,
    data_end: usize,
    cell: usize,
    cell_end: usize,
}

/// One row of a [`Block`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Line on which it begins, from 1.
    pub line: u64,
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl Block {
    /// The rows, in the order of the file.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|mark| Row {
            line: mark.line,
            bytes: self.data.get(mark.data..mark.data_end).unwrap_or(&[]),
            ends: self.ends.get(mark.cell..mark.cell_end).unwrap_or(&[]),
        })
    }

    fn clear(&mut self) {
        self.used = 0;
        self.cells = 0;
        self.rows.clear();
    }
}

impl<'a> Row<'a> {
    /// Number of cells.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no cell.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of all cells, one after another without separators.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes of one cell; nothing if there is no such cell.
    #[must_use]
    #[inline]
    pub fn cell(&self, place: usize) -> &'a [u8] {
        let Some(&end) = self.ends.get(place) else {
            return &[];
        };
        let start = match place.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        self.bytes.get(start..end).unwrap_or(&[])
    }
}

/// Reads one file.
pub struct RowReader {
    input: Box<dyn Read + Send>,
    core: csv_core::Reader,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    bare_cr: bool,
    skipped_lines: u64,
    header: Vec<String>,
}

impl std::fmt::Debug for RowReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowReader")
            .field("columns", &self.header.len())
            .finish_non_exhaustive()
    }
}

struct Counted<R> {
    input: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl RowReader {
    /// Opens a file and reads its header line. `bytes` counts what is read from disk.
    ///
    /// # Errors
    /// [`ReadError`] when the file cannot be read, or its header is not text.
    pub fn open(path: &Path, bytes: Option<Arc<AtomicU64>>) -> Result<Self, ReadError> {
        Self::open_any(path, bytes, true)
    }

    /// Opens a file that has no header line.
    ///
    /// # Errors
    /// [`ReadError`] when the file cannot be read.
    pub fn open_headless(path: &Path) -> Result<Self, ReadError> {
        Self::open_any(path, None, false)
    }

    fn open_any(
        path: &Path,
        bytes: Option<Arc<AtomicU64>>,
        has_header: bool,
    ) -> Result<Self, ReadError> {
        let bytes = bytes.unwrap_or_default();
        let file = File::open(path)?;
        let mut raw =
            BufReader::with_capacity(limits::READ_BUFFER_BYTES, Counted { input: file, bytes });
        let gzip = io::BufRead::fill_buf(&mut raw)?.starts_with(&[0x1f, 0x8b]);
        let input: Box<dyn Read + Send> = if gzip {
            Box::new(MultiGzDecoder::new(raw))
        } else {
            Box::new(raw)
        };
        let mut reader = Self {
            input,
            core: csv_core::Reader::new(),
            buffer: vec![0; limits::READ_BUFFER_BYTES],
            start: 0,
            end: 0,
            ended: false,
            bare_cr: false,
            skipped_lines: 0,
            header: Vec::new(),
        };
        reader.sniff()?;
        if has_header {
            reader.read_header()?;
        }
        Ok(reader)
    }

    /// Names of the columns, without surrounding spaces.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Looks at the beginning of the file for its separator and line ends.
    fn sniff(&mut self) -> Result<(), ReadError> {
        while self.end < self.buffer.len() && !self.ended {
            self.read_more()?;
        }
        let seen = self.buffer.get(..self.end).unwrap_or(&[]);
        self.bare_cr = seen.contains(&b'\r') && !seen.contains(&b'\n');
        let first = seen
            .split(|byte| matches!(byte, b'\r' | b'\n'))
            .find(|line| !line.is_empty())
            .unwrap_or(&[]);
        let separator = [b'\t', b',', b';']
            .into_iter()
            .find(|byte| first.contains(byte))
            .unwrap_or(b',');
        self.core = csv_core::ReaderBuilder::new().delimiter(separator).build();
        if self.bare_cr {
            self.replace_cr(0);
        }
        Ok(())
    }

    fn read_header(&mut self) -> Result<(), ReadError> {
        let mut block = Block::default();
        if !self.read_row(&mut block)? {
            return Err(ReadError::Header("an empty file"));
        }
        let row = block
            .rows()
            .next()
            .ok_or(ReadError::Header("an empty file"))?;
        let mut header = Vec::with_capacity(row.len());
        for place in 0..row.len() {
            let name = std::str::from_utf8(row.cell(place))
                .map_err(|_| ReadError::Header("bytes that are not UTF-8"))?;
            if name.contains('\0') {
                return Err(ReadError::Header("a NUL byte (is it UTF-16?)"));
            }
            header.push(name.trim().to_owned());
        }
        self.header = header;
        Ok(())
    }

    /// Fills `block` with the next rows; false when these are the last.
    ///
    /// # Errors
    /// [`ReadError`] when the file cannot be read on.
    pub fn fill(&mut self, block: &mut Block) -> Result<bool, ReadError> {
        block.clear();
        while block.used < limits::BLOCK_BYTES && block.rows.len() < limits::BLOCK_ROWS {
            if !self.read_row(block)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads one row into `block`; false at the end of the file.
    fn read_row(&mut self, block: &mut Block) -> Result<bool, ReadError> {
        self.skip_line_ends()?;
        let line = self.line();
        let (data, cell) = (block.used, block.cells);
        loop {
            if self.start == self.end && !self.ended {
                self.read_more()?;
            }
            let input = self.buffer.get(self.start..self.end).unwrap_or(&[]);
            let output = block.data.get_mut(block.used..).unwrap_or(&mut []);
            let ends = block.ends.get_mut(block.cells..).unwrap_or(&mut []);
            let (result, read, written, cells) = self.core.read_record(input, output, ends);
            self.start += read;
            block.used += written;
            block.cells += cells;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    if block.used - data > limits::MAX_ROW_BYTES {
                        return Err(ReadError::RowTooLong { line });
                    }
                    let grown = (block.data.len() * 2).max(limits::BLOCK_BYTES * 2);
                    block.data.resize(grown, 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    if block.cells - cell > limits::MAX_COLUMNS {
                        return Err(ReadError::RowTooLong { line });
                    }
                    let grown = (block.ends.len() * 2).max(1024);
                    block.ends.resize(grown, 0);
                }
                ReadRecordResult::Record => {
                    block.rows.push(Mark {
                        line,
                        data,
                        data_end: block.used,
                        cell,
                        cell_end: block.cells,
                    });
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    /// Passes over line ends between rows, so that a row's line is the one on which it begins.
    fn skip_line_ends(&mut self) -> Result<(), ReadError> {
        loop {
            while self.start < self.end {
                match self.buffer.get(self.start) {
                    Some(b'\n') => self.skipped_lines += 1,
                    Some(b'\r') => {}
                    _ => return Ok(()),
                }
                self.start += 1;
            }
            if self.ended {
                return Ok(());
            }
            self.read_more()?;
        }
    }

    fn line(&self) -> u64 {
        self.core.line() + self.skipped_lines
    }

    fn read_more(&mut self) -> Result<(), ReadError> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        let from = self.end;
        let Some(space) = self.buffer.get_mut(from..) else {
            return Ok(());
        };
        if space.is_empty() {
            return Ok(());
        }
        let n = loop {
            match self.input.read(space) {
                Ok(n) => break n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.explain(error)),
            }
        };
        self.end += n;
        self.ended = n == 0;
        if self.bare_cr {
            self.replace_cr(from);
        }
        Ok(())
    }

    /// Old Macintosh line ends become new ones, so that lines are counted.
    fn replace_cr(&mut self, from: usize) {
        for byte in self.buffer.get_mut(from..self.end).unwrap_or(&mut []) {
            if *byte == b'\r' {
                *byte = b'\n';
            }
        }
    }

    fn explain(&self, error: io::Error) -> ReadError {
        let line = self.line();
        match error.kind() {
            io::ErrorKind::UnexpectedEof => ReadError::Truncated { line },
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => ReadError::Damaged { line },
            _ => ReadError::Io(error),
        }
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
    use std::io::Write;

    use super::*;

    fn rows(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>, ReadError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let mut reader = RowReader::open(file.path(), None)?;
        let mut all = vec![(1, reader.header().to_vec())];
        let mut block = Block::default();
        loop {
            let more = reader.fill(&mut block)?;
            for row in block.rows() {
                let cells = (0..row.len())
                    .map(|i| String::from_utf8_lossy(row.cell(i)).into_owned())
                    .collect();
                all.push((row.line, cells));
            }
            if !more {
                return Ok(all);
            }
        }
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn every_line_end_and_separator_gives_the_same_rows() {
        for text in ["a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4", "a,b\r1,2\r3,4\r"] {
            for separator in [",", "\t", ";"] {
                let text = text.replace(',', separator);
                let expected = [
                    row(1, &["a", "b"]),
                    row(2, &["1", "2"]),
                    row(3, &["3", "4"]),
                ];
                assert_eq!(rows(text.as_bytes()).unwrap(), expected, "{text:?}");
            }
        }
    }

    #[test]
    fn lines_count_through_blank_lines_quotes_and_a_byte_order_mark() {
        let text = "\u{feff}a,b\n\n\n1,\"x\ny, \"\"z\"\"\"\n\r\n2,\n";
        let expected = [
            row(1, &["a", "b"]),
            row(4, &["1", "x\ny, \"z\""]),
            row(7, &["2", ""]),
        ];
        assert_eq!(rows(text.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn gzip_in_several_members_is_one_file_and_a_cut_one_is_reported() {
        let member = |text: &str| {
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gz.write_all(text.as_bytes()).unwrap();
            gz.finish().unwrap()
        };
        let mut bytes = member("a,b\n1,2\n");
        bytes.extend(member("3,4\n"));
        assert_eq!(rows(&bytes).unwrap().len(), 3);
        bytes.truncate(bytes.len() - 6);
        assert!(matches!(rows(&bytes), Err(ReadError::Truncated { .. })));
        let mut long = member(&format!("a,b\n{}", "1,2\n".repeat(400_000)));
        let middle = long.len() / 2;
        long[middle] ^= 0xff;
        assert!(rows(&long).is_err());
    }

    #[test]
    fn a_quotation_mark_that_never_closes_has_a_limit() {
        let mut text = b"a,b\n1,2\n3,\"".to_vec();
        text.resize(limits::MAX_ROW_BYTES * 3, b'x');
        assert!(matches!(
            rows(&text),
            Err(ReadError::RowTooLong { line: 3 })
        ));
    }

    #[test]
    fn an_empty_file_has_no_header() {
        assert!(matches!(rows(b""), Err(ReadError::Header(_))));
        assert!(matches!(rows(b"a\xff,b\n1,2\n"), Err(ReadError::Header(_))));
    }
}
