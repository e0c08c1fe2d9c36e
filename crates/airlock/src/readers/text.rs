//! Running text: reports, Markdown, logs, and what programs print. Tables inside it are found by shape and taken out,
//! because a printed table discloses as much as a CSV file.

use super::printed_heading::{are_levels, header_above};
use super::{Document, Line};
use crate::limits;
use crate::prose::has_digit;
use crate::roles::{self, Role};
use crate::table::{Row, Table};
use crate::value::Value;

/// How the cells of a printed table are kept apart, the surest first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apart {
    Bars,
    Tabs,
    WideGaps,
    Commas,
    Semicolons,
    Gaps,
}

const WAYS: [Apart; 6] = [
    Apart::Bars,
    Apart::Tabs,
    Apart::WideGaps,
    Apart::Commas,
    Apart::Semicolons,
    Apart::Gaps,
];

/// Lines alike that make a table; a list of single numbers needs more, since short ones are results.
const TABLE_LINES: usize = 3;
const LIST_LINES: usize = 10;

/// Reads a text.
pub(crate) fn read(text: &str) -> Document {
    let mut document = Document {
        kind: "text".into(),
        prose_is_text: true,
        ..Document::default()
    };
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        if line.len() > limits::LINE_BYTES {
            document.unread += u64::try_from(line.len()).unwrap_or(u64::MAX);
        }
        lines.push(line);
    }
    let runs: Vec<Vec<usize>> = WAYS.iter().map(|way| run_lengths(&lines, *way)).collect();
    // After a stretch was no table, its second half may still be one. Halving keeps the work at n log n.
    let mut not_before = [0_usize; WAYS.len()];
    let mut at = 0;
    while at < lines.len() {
        let table =
            WAYS.iter()
                .zip(&runs)
                .zip(&mut not_before)
                .find_map(|((way, runs), not_before)| {
                    let run = runs.get(at).copied().unwrap_or(0);
                    if at < *not_before || document.tables.len() >= limits::TABLES {
                        return None;
                    }
                    let table = table_of(&lines, at, lines.get(at..at + run)?, *way);
                    if table.is_none() {
                        *not_before = at + (run / 2).max(1);
                    }
                    table
                });
        if let Some((table, taken)) = table {
            document.tables.push(table);
            at += taken;
        } else {
            push_prose(
                &mut document,
                at,
                lines.get(at).copied().unwrap_or_default(),
            );
            at += 1;
        }
    }
    document
}

fn push_prose(document: &mut Document, at: usize, line: &str) {
    if !line.trim().is_empty() {
        document.prose.push(Line {
            number: u64::try_from(at).unwrap_or(0) + 1,
            text: line.to_owned(),
        });
    }
}

/// For each line, how many lines from it on are cut into the same number of cells. One pass from the end.
fn run_lengths(lines: &[&str], way: Apart) -> Vec<usize> {
    let mut runs = vec![0; lines.len()];
    let (mut width_below, mut run_below) = (0, 0);
    for (slot, line) in runs.iter_mut().zip(lines).rev() {
        let width = if line.len() > limits::LINE_BYTES {
            0
        } else {
            cells(line, way).count()
        };
        // Prose has gaps too: a line with a word of prose's punctuation at its end is no row.
        let row = width > 0 && !(way == Apart::Gaps && is_sentence(line));
        run_below = match (row, width == width_below) {
            (false, _) => 0,
            (true, true) => run_below + 1,
            (true, false) => 1,
        };
        width_below = if row { width } else { 0 };
        *slot = run_below;
    }
    runs
}

fn is_sentence(line: &str) -> bool {
    let line = line.trim_end();
    (line.ends_with(['.', ';', '?', '!', ',']) && !line.ends_with(|c: char| c.is_ascii_digit()))
        || line.trim_start().starts_with(['#', '>'])
}

/// The cells of a line; for a line that is kept apart in no such way, none or one.
pub(crate) fn cells(line: &str, way: Apart) -> Box<dyn Iterator<Item = &str> + '_> {
    let line = without_clock(line.trim());
    match way {
        Apart::Bars => {
            let bars = line
                .trim_matches('|')
                .split('|')
                .filter(move |_| line.contains('|'));
            Box::new(bars.flat_map(move |cell| {
                if line.matches('|').count() == 1 {
                    wide_parts(cell)
                } else {
                    vec![cell.trim()]
                }
            }))
        }
        Apart::Tabs => Box::new(
            line.split('\t')
                .map(str::trim)
                .filter(move |_| line.contains('\t')),
        ),
        Apart::Commas => Box::new(
            line.split(',')
                .map(str::trim)
                .filter(move |_| line.contains(',')),
        ),
        Apart::Semicolons => Box::new(
            line.split(';')
                .map(str::trim)
                .filter(move |_| line.contains(';')),
        ),
        Apart::WideGaps => Box::new(
            line.split("  ")
                .map(str::trim)
                .filter(move |cell| !cell.is_empty() && line.contains("  ")),
        ),
        Apart::Gaps => Box::new(line.split_whitespace()),
    }
}

/// Stata parts the columns behind its one bar by wide gaps.
fn wide_parts(cell: &str) -> Vec<&str> {
    let parts: Vec<&str> = cell
        .split("  ")
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    if parts.len() < 2 {
        vec![cell.trim()]
    } else {
        parts
    }
}

/// A log's line without the clock at its head: `2026-01-02 10:11:12,345 …`. A date alone stays: it may be an event.
pub(crate) fn without_clock(line: &str) -> &str {
    let bare = line.trim_start_matches('[');
    let Some((date, rest)) = bare.split_once([' ', 'T']) else {
        return line;
    };
    let Some((clock, rest)) = rest.split_once([' ', ']']) else {
        return line;
    };
    let (time, fraction) = clock.split_at_checked(8).unwrap_or((clock, ""));
    let is_time = time.len() == 8
        && time.bytes().enumerate().all(|(i, b)| {
            if i % 3 == 2 {
                b == b':'
            } else {
                b.is_ascii_digit()
            }
        });
    let is_fraction = fraction
        .bytes()
        .all(|b| b.is_ascii_digit() || b".,Z+:".contains(&b));
    if is_time && is_fraction && crate::value::is_date(date) {
        rest.trim_start_matches([']', ' '])
    } else {
        line
    }
}

/// Whether most of the first lines begin with a clock: then their commas are those of a log and not of a table.
pub(crate) fn is_log(text: &str) -> bool {
    let lines = || {
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .take(limits::SNIFF_RECORDS)
    };
    let clocked = lines()
        .filter(|line| without_clock(line.trim()).len() < line.trim().len())
        .count();
    clocked * 2 > lines().count()
}

/// A table of the stretch of lines, if it is one: enough lines, and numbers in at least one column.
fn table_of(lines: &[&str], at: usize, stretch: &[&str], way: Apart) -> Option<(Table, usize)> {
    let width = stretch.first().map_or(0, |line| cells(line, way).count());
    // Groups `0 1` over rows `F 236  65`: two cells each by wide gaps, and three by all gaps.
    let below = stretch.get(1..).unwrap_or_default();
    let gaps_below = below
        .first()
        .map_or(0, |line| cells(line, Apart::Gaps).count());
    let levels: Vec<&str> = stretch
        .first()
        .map(|line| cells(line, way).collect())
        .unwrap_or_default();
    if way == Apart::WideGaps
        && gaps_below == width + 1
        && are_levels(&levels, gaps_below)
        && all_numbers(below, Apart::Gaps)
    {
        return None;
    }
    if way == Apart::WideGaps && all_numbers(stretch, Apart::Gaps) {
        // R keeps some columns apart by one space only; cut at each space the rows are regular.
        let gaps = cells(stretch.first()?, Apart::Gaps).count();
        if gaps > width
            && stretch
                .iter()
                .all(|line| cells(line, Apart::Gaps).count() == gaps)
        {
            return None;
        }
    }
    let enough = match (way, width) {
        (_, 0) => return None,
        (Apart::Gaps, 1) => LIST_LINES,
        (_, 1) => return None,
        _ if header_above(lines, at, width, way).is_some() && all_numbers(stretch, way) => 1,
        (Apart::Bars, _) => 2,
        _ => TABLE_LINES,
    };
    if stretch.len() < enough || is_key_and_value(stretch, way, width) {
        return None;
    }
    // `Min.   :14.15` of R's summary: names and values, each judged as a sentence.
    let valued =
        |line: &&str| cells(line, way).any(|cell| cell.starts_with(':') && has_digit(cell));
    if stretch.iter().any(valued) {
        return None;
    }
    if !stretch.iter().any(|line| has_digit(line)) {
        return None;
    }
    let mut rows: Vec<Row> = Vec::with_capacity(stretch.len() + 1);
    let mut shares = false;
    if let Some(header) = header_above(lines, at, width, way) {
        let names: Vec<&str> = header
            .cells
            .iter()
            .filter(|name| !name.is_empty())
            .collect();
        shares = names.iter().any(|name| name.ends_with('%')) || are_levels(&names, width);
        rows.push(header);
    }
    for (i, line) in stretch.iter().enumerate() {
        let row: csv::StringRecord = cells(line, way).collect();
        // Markdown's rule under the header, and the rulers that programs print.
        if row
            .iter()
            .all(|cell| cell.bytes().all(|b| b"-:=+ ".contains(&b)))
        {
            continue;
        }
        rows.push(Row {
            line: u64::try_from(at + i).unwrap_or(0) + 1,
            cells: row,
        });
    }
    if way == Apart::Gaps && is_clocked(stretch) && is_mixed(&rows, width) {
        return None;
    }
    let bytes = stretch
        .iter()
        .map(|line| u64::try_from(line.len()).unwrap_or(0) + 1)
        .sum();
    // Percentiles over numbers are a heading, though they are numbers themselves.
    let mut table = if shares {
        Table::headed(rows, bytes)
    } else {
        Table::new(rows, bytes)
    };
    let numeric = |c: &crate::table::Column| {
        c.numbers + c.dates > 0 && (c.numbers + c.dates + c.hidden) * 2 >= c.filled
    };
    if !table.columns.iter().any(numeric) {
        return None;
    }
    name_by_constants(&mut table);
    Some((table, stretch.len()))
}

fn is_clocked(stretch: &[&str]) -> bool {
    stretch
        .iter()
        .all(|line| without_clock(line.trim()).len() < line.trim().len())
}

/// Whether some column is words here and numbers there: messages of a log that happen to be of one length.
fn is_mixed(rows: &[Row], width: usize) -> bool {
    (0..width).any(|i| {
        let number = |row: &&Row| matches!(row.cells.get(i).map(Value::of), Some(Value::Number(_)));
        let numbers = rows.iter().filter(number).count();
        numbers > 0 && numbers < rows.len()
    })
}

/// Whether all but the first cells are numbers: then even one row under a heading is a table.
fn all_numbers(stretch: &[&str], way: Apart) -> bool {
    stretch.iter().all(|line| {
        cells(line, way)
            .skip(1)
            .all(|cell| matches!(Value::of(cell), Value::Number(_) | Value::Hidden))
    })
}

/// `Iterations: 7`: a list of names and values, each judged as a sentence.
fn is_key_and_value(stretch: &[&str], way: Apart, width: usize) -> bool {
    let names = |cell: &str| {
        cell.strip_suffix([':', '='])
            .is_some_and(|name| name.ends_with(|c: char| c.is_alphabetic() || c == ')'))
    };
    // statsmodels puts two pairs on a line, whose names have gaps too.
    let pairs = |line: &&str| cells(line, way).filter(|cell| names(cell)).count();
    let paired =
        |line: &&str| width > 2 && pairs(line) >= 1 && matches!(way, Apart::Gaps | Apart::WideGaps);
    let key = |line: &&str| {
        cells(line, way)
            .next()
            .is_some_and(|cell| cell.ends_with([':', '=']))
    };
    let keys = |line: &&str| {
        cells(line, way)
            .step_by(2)
            .all(|cell| cell.is_empty() || cell.ends_with([':', '=']))
    };
    let sign = |line: &&str| matches!(cells(line, way).nth(1), Some("=" | ":" | "<-"));
    let most = |is: &dyn Fn(&&str) -> bool| {
        stretch.iter().filter(|line| is(line)).count() * 2 > stretch.len()
    };
    // One name and one value a line, of different names: a list of results.
    let different: std::collections::HashSet<&str> = stretch
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.trim())
        .collect();
    let listed = |line: &&str| line.contains(": ");
    let plain = !different.iter().any(|name| has_digit(name));
    let list = matches!(way, Apart::WideGaps | Apart::Gaps)
        && plain
        && different.len() == stretch.len()
        && most(&listed);
    list || width == 3 && most(&sign)
        || width == 2 && most(&key)
        || width >= 4 && width.is_multiple_of(2) && most(&keys)
        || most(&paired)
}

/// `epoch 3 loss 0.51`: in a table without a header, a column of one word names the column after it.
fn name_by_constants(table: &mut Table) {
    if table.has_header {
        return;
    }
    let names: Vec<Option<String>> = table
        .columns
        .iter()
        .enumerate()
        .map(|(i, c)| {
            (c.distinct == 1 && c.is_text())
                .then(|| table.text(0, i).trim_end_matches([':', '=']).to_owned())
        })
        .collect();
    // `likelihood = -3870.09`: the word before the sign.
    let named = |i: usize| {
        let name = |back: usize| {
            i.checked_sub(back)
                .and_then(|i| names.get(i))
                .cloned()
                .flatten()
        };
        name(0).map(|word| {
            if word.is_empty() {
                name(1).unwrap_or(word)
            } else {
                word
            }
        })
    };
    let names: Vec<Option<String>> = (0..names.len()).map(named).collect();
    for (c, name) in table.columns.iter_mut().skip(1).zip(names) {
        // `Epoch 3/30`.
        let steps = c.values.iter().all(|v| *v == Value::Text) && c.distinct > 1 && !c.is_numeric();
        if let Some(name) = name
            && (c.is_numeric() || steps && roles::is_numbered(&name))
        {
            let role = roles::of(&name);
            c.role = if role == Role::Count && !c.is_whole() {
                Role::Unknown
            } else {
                role
            };
            c.name = name;
        }
    }
}
