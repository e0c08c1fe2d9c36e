//! Our side of the conversation: `readingroom bench contestant`, started by the bench and by nobody else.

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use privacy::pseudonym::ProjectKey;
use roaring::RoaringBitmap;
use serde::Deserialize;
use serde_json::{Value, json};
use vault::query::bench::{self, Files, Stock};
use vault::query::{Answer, GrantedTable, QueryError, QueryLimits, Question, ask};
use vault::release::Manifest;
use vault::sealed::Keyring;

use super::{prepare, sealing};
use crate::cli::{BenchContestant, BenchKind};
use crate::failure::Failure;
use crate::files;
use crate::print;

/// Seconds that one question may take here: a bench shows slow questions, it does not stop them.
const SECONDS: u64 = 900;

#[derive(Debug, Deserialize)]
struct Request {
    op: String,
    #[serde(default)]
    sql: String,
    #[serde(default)]
    mode: String,
    #[serde(default)]
    rows: bool,
}

/// A release that is open for questions.
pub struct Open<'a> {
    /// Its folder.
    pub folder: &'a Path,
    /// Its manifest.
    pub manifest: Manifest,
    /// Its keys, if it is sealed.
    pub keyring: Option<Keyring>,
    /// People who withdrew.
    pub withdrawn: Arc<RoaringBitmap>,
}

impl<'a> Open<'a> {
    /// Opens a release of the bench.
    pub fn new(folder: &'a Path, kek: Option<&Path>, withdrawn: &Path) -> Result<Self, Failure> {
        let (manifest, _) =
            Manifest::load(folder).map_err(|e| Failure::fault("reading the release", e))?;
        Ok(Self {
            folder,
            manifest,
            keyring: kek.map(|kek| sealing::keyring(folder, kek)).transpose()?,
            withdrawn: Arc::new(prepare::read_withdrawn(withdrawn)?),
        })
    }

    /// The release for the engine without governance.
    pub fn files<'q>(&'q self, key: &'q ProjectKey) -> Files<'q> {
        Files {
            manifest: &self.manifest,
            release_dir: self.folder,
            key,
            keyring: self.keyring.clone(),
            memory: QueryLimits::default().memory,
        }
    }

    /// A question on behalf of the bench's project: all columns granted, the withdrawn masked.
    pub fn question<'q>(&'q self, sql: &'q str, mode: governance::Mode) -> Question<'q> {
        let tables = self.manifest.tables.iter();
        let tables = tables
            .map(|(name, entry)| GrantedTable {
                name: name.clone(),
                columns: entry.columns.iter().map(|c| c.name.clone()).collect(),
                masked: Arc::clone(&self.withdrawn),
            })
            .collect();
        Question {
            sql,
            mode,
            tables,
            manifest: &self.manifest,
            release_dir: self.folder,
            keyring: self.keyring.clone(),
            spill: None,
            key: project_key(),
            limits: QueryLimits {
                seconds: SECONDS,
                ..QueryLimits::default()
            },
        }
    }
}

/// The key of the bench's project. Its data is synthetic and its pseudonyms protect nobody.
pub fn project_key() -> ProjectKey {
    ProjectKey::derive(&[7; 32], "bench")
}

/// Answers until standard input ends.
pub fn serve(args: &BenchContestant) -> Result<ExitCode, Failure> {
    let open = Open::new(&args.release, args.kek.as_deref(), &args.withdrawn)?;
    let stock = match args.kind {
        BenchKind::Stock => Some(stock(&open, &args.lists)?),
        _ => None,
    };
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| Failure::fault("reading a request", e))?;
        let request: Request =
            serde_json::from_str(&line).map_err(|e| Failure::fault("reading a request", e))?;
        let reply = if request.op == "version" {
            json!({ "version": env!("CARGO_PKG_VERSION") })
        } else {
            reply(&open, stock.as_ref(), args.kind, &request)
        };
        print::line(&reply.to_string());
    }
    Ok(ExitCode::SUCCESS)
}

fn stock(open: &Open<'_>, lists: &Path) -> Result<Stock, Failure> {
    let tables: BTreeMap<String, Vec<String>> =
        super::layout::tables_of_files(&open.manifest, open.folder, lists);
    Stock::new(&tables, &open.withdrawn).map_err(|e| Failure::fault("opening the files", e))
}

fn reply(open: &Open<'_>, stock: Option<&Stock>, kind: BenchKind, request: &Request) -> Value {
    forget_peak();
    let started = Instant::now();
    let answer = match (kind, stock) {
        (BenchKind::Bare, _) => {
            bench::bare(&request.sql, &open.files(&project_key()), &open.withdrawn)
                .map(|(answer, _)| answer)
        }
        (BenchKind::Stock, Some(stock)) => stock.ask(&request.sql).map(|(answer, _)| answer),
        _ => ask(open.question(&request.sql, mode(&request.mode))),
    };
    let seconds = started.elapsed().as_secs_f64();
    match answer {
        Ok(answer) => json!({
            "seconds": seconds, "peak_kb": peak_kb(), "count": answer.rows,
            "rows": request.rows.then(|| rows(&answer)),
        }),
        Err(QueryError::Refusal(refusal)) => {
            json!({ "error": format!("refused: {}", refusal.code) })
        }
        Err(other) => json!({ "error": other.to_string() }),
    }
}

fn mode(word: &str) -> governance::Mode {
    match word {
        "aggregate" => governance::Mode::Aggregate,
        _ => governance::Mode::Enclave,
    }
}

/// The rows of an answer as they would be printed.
fn rows(answer: &Answer) -> Value {
    let mut whole: Value = serde_json::from_str(&answer.to_json()).unwrap_or_default();
    whole.get_mut("rows").map(Value::take).unwrap_or_default()
}

/// Starts the measuring of peak memory anew (Linux, proc(5): `clear_refs`). Elsewhere the peak is since the start.
fn forget_peak() {
    let _not_linux = std::fs::write("/proc/self/clear_refs", "5");
}

/// Largest resident memory since [`forget_peak`], in kilobytes.
fn peak_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Reads a file of one number a line, after a heading.
pub fn numbers(path: &Path) -> Result<Vec<u32>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| files::io("reading", path, e))?;
    text.lines()
        .skip(1)
        .map(|line| {
            let first = line.split(',').next().unwrap_or_default();
            first
                .parse()
                .map_err(|e| files::io("reading", path, format!("{e}")))
        })
        .collect()
}
