//! Reads the embedded tables of `data/`: comma-separated, a header, quotes only where needed.
//!
//! They are part of the program, so an error here is a bug of the crate, never of a user.

use crate::SynthError;

/// One row of a table, with its place for messages.
pub(crate) struct Row {
    table: &'static str,
    line: usize,
    cells: std::vec::IntoIter<&'static str>,
}

impl Row {
    /// The next cell.
    pub(crate) fn text(&mut self) -> Result<&'static str, SynthError> {
        self.cells
            .next()
            .ok_or_else(|| self.broken("a further cell"))
    }

    /// The next cell as a number; an empty one is nought.
    pub(crate) fn number(&mut self) -> Result<f64, SynthError> {
        let text = self.text()?;
        if text.is_empty() {
            return Ok(0.0);
        }
        text.parse().map_err(|_| self.broken("a number"))
    }

    /// The next cell as a whole number; an empty one is nought.
    pub(crate) fn whole(&mut self) -> Result<u32, SynthError> {
        let text = self.text()?;
        if text.is_empty() {
            return Ok(0);
        }
        text.parse().map_err(|_| self.broken("a whole number"))
    }

    pub(crate) fn broken(&self, expected: &'static str) -> SynthError {
        SynthError::Table {
            table: self.table,
            line: self.line,
            expected,
        }
    }
}

/// The rows of a table, without its header.
pub(crate) fn rows(table: &'static str, text: &'static str) -> impl Iterator<Item = Row> {
    text.lines()
        .enumerate()
        .skip(1)
        .filter(|(_, l)| !l.is_empty())
        .map(move |(n, line)| Row {
            table,
            line: n + 1,
            cells: split(line).into_iter(),
        })
}

/// Cells as parts of the line. A quoted cell is quoted whole and holds no quote.
fn split(mut line: &'static str) -> Vec<&'static str> {
    let mut cells = Vec::new();
    loop {
        let (cell, rest) = match line.strip_prefix('"').and_then(|l| l.split_once('"')) {
            Some((cell, rest)) => (cell, rest.strip_prefix(',')),
            None => match line.split_once(',') {
                Some((cell, rest)) => (cell, Some(rest)),
                None => (line, None),
            },
        };
        cells.push(cell);
        match rest {
            Some(rest) => line = rest,
            None => return cells,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_commas() {
        assert_eq!(split("a,\"b, c\",,d"), ["a", "b, c", "", "d"]);
        assert_eq!(split("a,\"b\""), ["a", "b"]);
        assert_eq!(split(",a,"), ["", "a", ""]);
    }
}
