//! What came out: a table for people, JSON for programs, a section of the benchmarks page.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::figures::{self, Aim};
use super::prepare::{Data, Made};
use super::rounds::{Column, Outcome, Played};
use crate::cli::BenchQuery;
use crate::failure::Failure;
use crate::files;

/// Where the generated section begins and ends.
const BEGIN: &str = "<!-- bench query: begin -->";
const END: &str = "<!-- bench query: end -->";

/// Ratios that are shown for each question.
const RATIOS: [(Column, Column, &str); 6] = [
    (Column::Sealed, Column::Plain, "sealed / plain"),
    (Column::Sealed, Column::Layout, "sealed / layout"),
    (Column::Governed, Column::Plain, "governed / plain"),
    (Column::Governed, Column::Layout, "governed / layout"),
    (Column::Governed, Column::Bare, "governed / bare"),
    (Column::Sealed, Column::Governed, "sealed / governed"),
];

/// Everything that is printed.
pub struct Report {
    made: Made,
    rounds: u32,
    duckdb: String,
    machine: String,
    profile: &'static str,
    tables: Vec<(String, u64)>,
    columns: Vec<Column>,
    outcomes: Vec<Outcome>,
    aims: Vec<Aim>,
}

impl Report {
    /// Puts a report together.
    pub fn new(data: &Data, args: &BenchQuery, played: Played) -> Self {
        let columns = Column::ALL
            .into_iter()
            .filter(|c| played.outcomes.iter().any(|o| o.timings.contains_key(c)))
            .collect();
        Self {
            made: data.made.clone(),
            rounds: args.rounds,
            duckdb: played.duckdb,
            machine: machine(),
            profile: if cfg!(debug_assertions) {
                "dev"
            } else {
                "release"
            },
            tables: data
                .manifest
                .tables
                .iter()
                .map(|(name, t)| (name.clone(), t.rows))
                .collect(),
            columns,
            aims: figures::aims(&played.outcomes),
            outcomes: played.outcomes,
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let ratios = |o: &Outcome| -> Value {
            let of = |(a, b, name): &(Column, Column, &str)| {
                Some(((*name).to_owned(), json!(figures::ratio(o, *a, *b)?)))
            };
            Value::Object(RATIOS.iter().filter_map(of).collect())
        };
        let means: serde_json::Map<String, Value> = RATIOS
            .iter()
            .filter_map(|(a, b, name)| {
                Some((
                    (*name).to_owned(),
                    json!(figures::mean(&self.outcomes, *a, *b)?),
                ))
            })
            .collect();
        json!({
            "made": self.made, "rounds": self.rounds, "duckdb": self.duckdb, "machine": self.machine,
            "build": self.profile, "rows": self.tables.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "questions": self.outcomes.iter().map(|o| json!({ "question": o, "ratios": ratios(o) })).collect::<Vec<_>>(),
            "geometric_means": means, "aims": self.aims,
        })
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}\n\nMilliseconds, median of {} rounds\n{}\nRatios, median of each round's pair\n{}\n",
            self.head(),
            self.rounds,
            aligned(&self.milliseconds()),
            aligned(&self.ratios()),
        );
        for aim in &self.aims {
            let _written = writeln!(text, "{:<8} {}: {}", met(aim), aim.aim, aim.found);
        }
        for outcome in &self.outcomes {
            for unequal in &outcome.unequal {
                let _written = writeln!(text, "not equal: {}: {unequal}", outcome.name);
            }
        }
        text
    }

    /// Rewrites the generated section of a page.
    pub fn rewrite(&self, path: &Path) -> Result<(), Failure> {
        let page = std::fs::read_to_string(path).map_err(|e| files::io("reading", path, e))?;
        let parts = page
            .split_once(BEGIN)
            .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
        let Some((before, after)) = parts else {
            return Err(Failure::Misuse(format!(
                "{} has no section between `{BEGIN}` and `{END}`",
                path.display()
            )));
        };
        let page = format!("{before}{BEGIN}\n\n{}\n{END}{after}", self.markdown());
        let path = std::path::absolute(path).map_err(|e| files::io("finding", path, e))?;
        files::write_durably(&path, page.as_bytes())
    }

    fn markdown(&self) -> String {
        let mut text = format!(
            "{}\n\nMilliseconds, median of {} rounds.\n\n",
            self.head(),
            self.rounds
        );
        text.push_str(&markdown_table(&self.milliseconds()));
        text.push_str(
            "\nRatios, median of each round's pair; the last line is the geometric mean.\n\n",
        );
        text.push_str(&markdown_table(&self.ratios()));
        text.push_str("\nLargest resident memory, MB.\n\n");
        text.push_str(&markdown_table(&self.memory()));
        text.push_str("\nThe aims.\n\n");
        let mut aims = vec![vec!["aim".to_owned(), "found".to_owned(), "met".to_owned()]];
        aims.extend(
            self.aims
                .iter()
                .map(|a| vec![a.aim.clone(), a.found.clone(), met(a).to_owned()]),
        );
        text.push_str(&markdown_table(&aims));
        text
    }

    fn head(&self) -> String {
        let rows = |name: &str| {
            let found = self.tables.iter().find(|(n, _)| n == name);
            thousands(found.map_or(0, |(_, rows)| *rows))
        };
        format!(
            "{} participants (seed {}), {} GP events, {} prescriptions, {} hospital diagnoses; {} build; DuckDB {}; two threads each; {}.",
            thousands(u64::from(self.made.participants)),
            self.made.seed,
            rows("gp_clinical"),
            rows("gp_scripts"),
            rows("hesin_diag"),
            self.profile,
            self.duckdb,
            self.machine,
        )
    }

    fn milliseconds(&self) -> Vec<Vec<String>> {
        self.each(&mut |timing| {
            let ms = figures::median(&timing.seconds).map(|s| s * 1e3);
            ms.map_or_else(String::new, |ms| {
                if ms < 100.0 {
                    format!("{ms:.1}")
                } else {
                    format!("{ms:.0}")
                }
            })
        })
    }

    fn memory(&self) -> Vec<Vec<String>> {
        self.each(&mut |timing| format!("{:.0}", figures::gigabytes(timing.peak_kb) * 1e3))
    }

    /// A line for each question, a cell for each column.
    fn each(&self, cell: &mut dyn FnMut(&super::rounds::Timing) -> String) -> Vec<Vec<String>> {
        let mut head = vec!["question".to_owned()];
        head.extend(self.columns.iter().map(ToString::to_string));
        let mut lines = vec![head];
        for outcome in &self.outcomes {
            let mut line = vec![outcome.name.to_owned()];
            for column in &self.columns {
                line.push(match outcome.timings.get(column) {
                    None => "–".to_owned(),
                    Some(timing) => timing.error.as_deref().map_or_else(|| cell(timing), short),
                });
            }
            lines.push(line);
        }
        lines
    }

    fn ratios(&self) -> Vec<Vec<String>> {
        let shown: Vec<_> = RATIOS
            .iter()
            .filter(|(a, b, _)| self.columns.contains(a) && self.columns.contains(b))
            .collect();
        let mut head = vec!["question".to_owned()];
        head.extend(shown.iter().map(|(_, _, name)| (*name).to_owned()));
        let mut lines = vec![head];
        let number = |r: Option<f64>| r.map_or_else(|| "–".to_owned(), |r| format!("{r:.2}"));
        for outcome in &self.outcomes {
            let mut line = vec![outcome.name.to_owned()];
            line.extend(
                shown
                    .iter()
                    .map(|(a, b, _)| number(figures::ratio(outcome, *a, *b))),
            );
            lines.push(line);
        }
        let mut last = vec!["geometric mean".to_owned()];
        last.extend(
            shown
                .iter()
                .map(|(a, b, _)| number(figures::mean(&self.outcomes, *a, *b))),
        );
        lines.push(last);
        lines
    }
}

fn met(aim: &Aim) -> &'static str {
    match aim.met {
        Some(true) => "met",
        Some(false) => "missed",
        None => "–",
    }
}

/// The first words of an error.
fn short(error: &str) -> String {
    error.chars().take(40).collect()
}

/// Columns under each other: names to the left, figures to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| {
        let cells = lines.iter().filter_map(|l| l.get(at));
        cells.map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        for (at, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let gap = " ".repeat(width.saturating_sub(cell.chars().count()));
            text.push_str(&match at {
                0 => format!("{cell}{gap}"),
                _ => format!("  {gap}{cell}"),
            });
        }
        text.push('\n');
    }
    text
}

fn markdown_table(lines: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        let cells: Vec<String> = line.iter().map(|c| c.replace('|', "/")).collect();
        let _written = writeln!(text, "| {} |", cells.join(" | "));
        if at == 0 {
            let _written = writeln!(text, "|{}", "---|".repeat(line.len()));
        }
    }
    text
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The processor and its number, as the kernel names them.
fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find(|l| l.starts_with("model name"))
        .and_then(|l| l.split_once(':'))
        .map_or("processor not known", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores")
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn numbers_are_written_in_groups_of_three() {
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(118_136_814), "118,136,814");
    }
}
