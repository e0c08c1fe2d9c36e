//! The rounds: each question goes to each contestant in turn, then again in another order, so that every two of them were
//! timed in the same minute and a ratio is a ratio of neighbours.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;
use vault::query::bench::by_index;

use super::contestant::project_key;
use super::players::{Player, Reply};
use super::prepare::Data;
use super::questions::{PERSON, Question};
use super::{answers, layout, spelling};
use crate::cli::BenchQuery;
use crate::failure::Failure;

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// Ours, governed, on sealed files.
    Sealed,
    /// Ours, governed, on the same files unsealed.
    Governed,
    /// Our engine without governance, on the unsealed files.
    Bare,
    /// The engine as its makers deliver it, on the unsealed files.
    Stock,
    /// DuckDB on plain files.
    Plain,
    /// DuckDB on our files, unsealed.
    Layout,
    /// Ours in aggregate mode, on the files of the first column.
    Aggregate,
}

impl Column {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 7] = [
        Self::Sealed,
        Self::Governed,
        Self::Bare,
        Self::Stock,
        Self::Plain,
        Self::Layout,
        Self::Aggregate,
    ];

    /// Its heading.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Governed => "governed",
            Self::Bare => "bare",
            Self::Stock => "stock",
            Self::Plain => "DuckDB plain",
            Self::Layout => "DuckDB layout",
            Self::Aggregate => "aggregate",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.heading())
    }
}

/// What one contestant did with one question.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Timing {
    /// Seconds of each round.
    pub seconds: Vec<f64>,
    /// Largest resident memory, in kilobytes.
    pub peak_kb: u64,
    /// Why it was not timed.
    pub error: Option<String>,
}

/// One question's outcome.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The question.
    pub name: &'static str,
    /// In words.
    pub about: &'static str,
    /// Its text.
    pub sql: String,
    /// Rows of the answer.
    pub rows: u64,
    /// Whether all contestants take the withdrawn out in the same way: governance, and nobody else.
    pub same_text: bool,
    /// Answers that are not equal: whose, and where.
    pub unequal: Vec<String>,
    /// What was timed.
    pub timings: BTreeMap<Column, Timing>,
}

/// Everything that was played.
pub struct Played {
    /// One for each question.
    pub outcomes: Vec<Outcome>,
    /// DuckDB's version.
    pub duckdb: String,
}

/// All contestants, and the one whose answers governed answers are held against.
struct Field {
    players: BTreeMap<Column, Player>,
    /// DuckDB without the withdrawn people; never timed.
    check: Player,
}

impl Field {
    fn start(data: &Data, args: &BenchQuery) -> Result<Self, Failure> {
        let ours = |name, kind: &str, release: &std::path::Path, sealed: bool| {
            let path = |p: &std::path::Path| p.to_string_lossy().into_owned();
            let mut args = vec![
                "--kind".to_owned(),
                kind.to_owned(),
                "--release".to_owned(),
                path(release),
                "--withdrawn".to_owned(),
                path(&data.withdrawn),
                "--lists".to_owned(),
                path(&data.lists),
            ];
            if sealed {
                args.extend(["--kek".to_owned(), path(&data.kek)]);
            }
            Player::ours(name, &args)
        };
        let duckdb = |name, first: Vec<String>| Player::duckdb(name, &args.python, &first);
        let plain =
            |without| layout::views_of_plain(&data.manifest, &data.plain, &data.withdrawn, without);
        let release = &data.release;
        let views = layout::views_of_release(&data.manifest, release, &data.lists, &data.withdrawn);
        let players = BTreeMap::from([
            (
                Column::Sealed,
                ours("our sealed side", "governed", &data.sealed, true)?,
            ),
            (
                Column::Governed,
                ours("our governed side", "governed", release, false)?,
            ),
            (Column::Bare, ours("our bare side", "bare", release, false)?),
            (
                Column::Stock,
                ours("the stock engine", "stock", release, false)?,
            ),
            (
                Column::Plain,
                duckdb("DuckDB on plain files", plain(false))?,
            ),
            (Column::Layout, duckdb("DuckDB on our files", views)?),
        ]);
        Ok(Self {
            players,
            check: duckdb("DuckDB without the withdrawn", plain(true))?,
        })
    }

    /// The numbers of the texts of a list for which a condition holds.
    fn numbers(&mut self, list: &str, condition: &str) -> Result<Vec<i64>, Failure> {
        let sql = format!("SELECT id FROM {list} WHERE {condition} ORDER BY id");
        let player = self.players.get_mut(&Column::Layout);
        let reply = match player {
            Some(player) => player.ask(&sql, "", true)?,
            None => Reply::default(),
        };
        if let Some(error) = reply.error {
            return Err(Failure::Fault(format!("{list}: {error}")));
        }
        let rows = reply.rows.unwrap_or_default();
        Ok(rows
            .iter()
            .filter_map(|row| row.first().and_then(Value::as_i64))
            .collect())
    }

    /// One question to one contestant. Aggregate mode is a question to our first side.
    fn ask(&mut self, turn: &Turn, rows: bool) -> Result<Reply, Failure> {
        let side = match turn.column {
            Column::Aggregate => [Column::Sealed, Column::Governed]
                .into_iter()
                .find(|c| self.players.contains_key(c))
                .unwrap_or(Column::Governed),
            other => other,
        };
        let mode = match turn.column {
            Column::Aggregate => "aggregate",
            _ => "enclave",
        };
        match self.players.get_mut(&side) {
            Some(player) => player.ask(&turn.sql, mode, rows),
            None => Err(Failure::Fault(format!("{side} does not play"))),
        }
    }
}

/// One question as one contestant is asked it.
struct Turn {
    column: Column,
    sql: String,
}

/// The turns of a question.
fn turns(
    data: &Data,
    question: &Question,
    columns: &[Column],
    field: &mut Field,
) -> Result<Vec<Turn>, Failure> {
    let open = question.ungoverned.as_ref().unwrap_or(&question.sql);
    let template = question.on_layout.as_ref().unwrap_or(open);
    let on_layout = spelling::on_files(template, &data.manifest, &mut |list, condition| {
        field.numbers(list, condition)
    })?;
    let (index, eid) = &data.person;
    let pseudonym = || format!("'{}'", project_key().pseudonym(*index));
    let of = |column: Column| {
        let sql = match column {
            Column::Sealed | Column::Governed => question.sql.replace(PERSON, &pseudonym()),
            Column::Aggregate => question.aggregate.clone()?,
            Column::Bare => open.replace(PERSON, &pseudonym()),
            Column::Stock | Column::Layout => {
                by_index(&on_layout.replace(PERSON, &index.to_string()))
            }
            Column::Plain => open.replace(PERSON, eid),
        };
        Some(Turn { column, sql })
    };
    Ok(columns.iter().filter_map(|c| of(*c)).collect())
}

/// Plays every question.
pub fn play(
    data: &Data,
    questions: &[Question],
    args: &BenchQuery,
    tell: &dyn Fn(&str),
) -> Result<Played, Failure> {
    let mut field = Field::start(data, args)?;
    let columns: Vec<Column> = Column::ALL
        .into_iter()
        .filter(|c| *c == Column::Aggregate || field.players.contains_key(c))
        .collect();
    let mut outcomes = Vec::new();
    for question in questions {
        let outcome = one(data, question, &columns, &mut field, args.rounds)?;
        tell(&line(&outcome));
        outcomes.push(outcome);
    }
    Ok(Played {
        outcomes,
        duckdb: field.check.version()?,
    })
}

/// A question's answers are compared, which warms every cache; then it is timed.
fn one(
    data: &Data,
    question: &Question,
    columns: &[Column],
    field: &mut Field,
    rounds: u32,
) -> Result<Outcome, Failure> {
    let turns = turns(data, question, columns, field)?;
    let mut outcome = Outcome {
        name: question.name,
        about: question.about,
        sql: question.sql.clone(),
        rows: 0,
        same_text: question.ungoverned.is_none(),
        unequal: Vec::new(),
        timings: BTreeMap::new(),
    };
    let mut found = BTreeMap::new();
    for turn in &turns {
        let reply = field.ask(turn, true)?;
        let timing = outcome.timings.entry(turn.column).or_default();
        timing.error = reply.error;
        timing.peak_kb = reply.peak_kb.unwrap_or(0);
        found.insert(turn.column, reply.rows);
    }
    let governed = question.sql.replace(PERSON, &data.person.1);
    let check = field.check.ask(&governed, "enclave", true)?;
    if let Some(error) = &check.error {
        outcome
            .unequal
            .push(format!("the check was not answered: {error}"));
    }
    outcome.rows = check.count;
    outcome.unequal.extend(compare(&found, check.rows.as_ref()));
    for round in 0..usize::try_from(rounds).unwrap_or(0) {
        for at in 0..turns.len() {
            // another one begins each round
            let Some(turn) = turns.get((at + round) % turns.len()) else {
                continue;
            };
            let Some(timing) = outcome.timings.get_mut(&turn.column) else {
                continue;
            };
            if timing.error.is_some() {
                continue;
            }
            let reply = field.ask(turn, false)?;
            timing.seconds.push(reply.seconds);
            timing.peak_kb = timing.peak_kb.max(reply.peak_kb.unwrap_or(0));
            timing.error = reply.error;
        }
    }
    Ok(outcome)
}

/// Governed answers against DuckDB's without the withdrawn people, all others against DuckDB's over everybody. Answers in
/// aggregate mode are rounded and partly withheld, and are not compared.
fn compare(
    found: &BTreeMap<Column, Option<Vec<Vec<Value>>>>,
    check: Option<&Vec<Vec<Value>>>,
) -> Vec<String> {
    let everybody = found.get(&Column::Plain).and_then(Option::as_ref);
    let mut out = Vec::new();
    for (column, rows) in found {
        let right = match column {
            Column::Sealed | Column::Governed => check,
            Column::Bare | Column::Stock | Column::Layout => everybody,
            Column::Plain | Column::Aggregate => continue,
        };
        if let (Some(rows), Some(right)) = (rows, right)
            && let Some(difference) = answers::difference(rows, right)
        {
            out.push(format!("{column}: {difference}"));
        }
    }
    out
}

/// What is told while it runs.
fn line(outcome: &Outcome) -> String {
    let mut text = format!("{:<20}", outcome.name);
    for (column, timing) in &outcome.timings {
        let ms = super::figures::median(&timing.seconds).map(|s| s * 1e3);
        match (ms, &timing.error) {
            (_, Some(error)) => text.push_str(&format!("  {column}: {error}")),
            (Some(ms), None) => text.push_str(&format!("  {column} {ms:.0}")),
            (None, None) => {}
        }
    }
    for unequal in &outcome.unequal {
        text.push_str(&format!("\n    not equal: {unequal}"));
    }
    text
}
