//! A contestant as the bench sees it: a process that is sent a question and sends back its seconds and, if asked for,
//! its answer. One line of JSON each way.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// DuckDB's side of the conversation.
const DUCKDB_SIDE: &str = include_str!("../../../../scripts/bench/duckdb_side.py");

/// What a contestant says about one question.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reply {
    /// Seconds from the text to the last row.
    pub seconds: f64,
    /// Largest resident memory while it was answered.
    pub peak_kb: Option<u64>,
    /// Rows of the answer.
    pub count: u64,
    /// The rows, if they were asked for.
    pub rows: Option<Vec<Vec<Value>>>,
    /// Why there is no answer.
    pub error: Option<String>,
    /// What it is, if that was asked.
    pub version: Option<String>,
}

/// A running contestant.
pub struct Player {
    name: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Player {
    /// Ourselves, with these arguments of `bench contestant`.
    pub fn ours(name: &'static str, args: &[String]) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|e| Failure::fault("finding itself", e))?;
        let mut command = Command::new(program);
        command.args(["bench", "contestant"]).args(args);
        Self::start(name, command)
    }

    /// DuckDB in this Python, with these statements run first.
    pub fn duckdb(name: &'static str, python: &str, first: &[String]) -> Result<Self, Failure> {
        let mut command = Command::new(python);
        command.args(["-c", DUCKDB_SIDE]);
        let mut player = Self::start(name, command)?;
        let there = player.say(&json!({ "op": "version" })).ok();
        if there.and_then(|r| r.version).is_none() {
            return Err(Failure::Misuse(format!(
                "`{python}` does not run DuckDB's package: use scripts/bench/run.sh, or name a Python that has it with --python"
            )));
        }
        player.all(first)?;
        Ok(player)
    }

    fn start(name: &'static str, mut command: Command) -> Result<Self, Failure> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| Failure::fault(&format!("starting {name}"), e))?;
        let missing = || Failure::Fault(format!("{name} cannot be spoken to"));
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        Ok(Self {
            name,
            child,
            input: Some(input),
            output,
        })
    }

    /// One request and its reply.
    pub fn say(&mut self, request: &Value) -> Result<Reply, Failure> {
        let lost = |e: &dyn std::fmt::Display| {
            Failure::Fault(format!("{} stopped answering: {e}", self.name))
        };
        let input = self.input.as_mut().ok_or_else(|| lost(&"it was ended"))?;
        writeln!(input, "{request}")
            .and_then(|()| input.flush())
            .map_err(|e| lost(&e))?;
        let mut line = String::new();
        let read = self.output.read_line(&mut line).map_err(|e| lost(&e))?;
        if read == 0 {
            return Err(lost(&"it ended"));
        }
        serde_json::from_str(&line).map_err(|e| lost(&e))
    }

    /// Runs statements whose result is not wanted.
    pub fn all(&mut self, statements: &[String]) -> Result<(), Failure> {
        let reply = self.say(&json!({ "op": "do", "sql": statements }))?;
        match reply.error {
            None => Ok(()),
            Some(error) => Err(Failure::Fault(format!("{}: {error}", self.name))),
        }
    }

    /// Asks a question.
    pub fn ask(&mut self, sql: &str, mode: &str, rows: bool) -> Result<Reply, Failure> {
        self.say(&json!({ "op": "ask", "sql": sql, "mode": mode, "rows": rows }))
    }

    /// What it says it is.
    pub fn version(&mut self) -> Result<String, Failure> {
        let reply = self.say(&json!({ "op": "version" }))?;
        Ok(reply.version.unwrap_or_default())
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        // it ends when its input does; it holds nothing that would be lost
        drop(self.input.take());
        let _ended = self.child.wait();
    }
}
