//! `readingroom bench airlock`: what a verdict costs against a reference of biobank size, and what the index of it costs.
//!
//! The reference and the files are made here, the same in every run. Each figure is that of one command of its own, with all that
//! it does: reading in a process of its own, opening the sealed index, judging. ACRO, if the given Python has it, is timed in the
//! same run. Must never touch an instance.

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use serde_json::json;

use crate::cli::BenchAirlock;
use crate::failure::Failure;
use crate::files;
use crate::print;

/// Where the generated section of the page begins and ends.
const BEGIN: &str = "<!-- bench airlock: begin -->";
const END: &str = "<!-- bench airlock: end -->";

/// One figure.
struct Figure {
    what: String,
    found: String,
    aim: &'static str,
}

/// Makes what is not there, measures, prints.
pub fn run(args: &BenchAirlock) -> Result<ExitCode, Failure> {
    let reference = args
        .work
        .join(format!("reference-{}-{}", args.participants, args.fields));
    let cache = args.work.join("cache");
    files::make_dir(&reference)?;
    let table = reference.join("people.csv");
    if !table.exists() {
        write(&table, &mut |out| {
            people(out, args.participants, args.fields)
        })?;
    }
    if cache.exists() {
        files::remove_dir(&cache)?;
    }
    let made = made(args)?;
    let check = |file: &Path| check(&reference, &cache, file);
    let mut figures = Vec::new();
    let (built, memory) = check(&made.small)?;
    let held = |path: &Path| std::fs::metadata(path).map_or(0, |m| m.len()) >> 20;
    figures.push(Figure {
        what: format!(
            "index of {} participants x {} fields ({} MB of CSV), with the first check",
            args.participants,
            args.fields,
            held(&table)
        ),
        found: format!("{built:.1} s, {memory} MB"),
        aim: "120 s, 2,000 MB",
    });
    for (what, file, aim) in [
        ("a table of 440 cells", &made.small, "1 s"),
        ("a table of 6,000 cells", &made.large, "3 s"),
        ("5,000 rows of 20 columns, made up", &made.strangers, "1 s"),
        (
            "5,000 rows of 20 columns of people, renamed and rounded",
            &made.disguised,
            "1 s",
        ),
    ] {
        let mut times = Vec::new();
        for _ in 0..args.rounds {
            times.push(check(file)?.0);
        }
        times.sort_by(f64::total_cmp);
        let median = times.get(times.len() / 2).copied().unwrap_or(0.0);
        let found = format!("{median:.2} s");
        figures.push(Figure {
            what: what.to_owned(),
            found,
            aim,
        });
    }
    let bytes = std::fs::read(&made.long).map_err(|e| files::io("reading", &made.long, e))?;
    let start = Instant::now();
    let reading = ::airlock::Reading::of(&bytes);
    let seconds = start.elapsed().as_secs_f64();
    drop(reading);
    figures.push(Figure {
        what: format!("reading {} MB of CSV in one thread", bytes.len() >> 20),
        found: format!("{:.0} MB/s", bytes.len() as f64 / 1e6 / seconds),
        aim: "100 MB/s",
    });
    figures.extend(acro(args));
    show(args, &figures)
}

fn show(args: &BenchAirlock, figures: &[Figure]) -> Result<ExitCode, Failure> {
    let profile = if cfg!(debug_assertions) {
        "dev"
    } else {
        "release"
    };
    let mut text = format!(
        "Profile {profile}, {} rounds.\n\n| what | found | aim |\n|---|---|---|\n",
        args.rounds
    );
    for figure in figures {
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            figure.what, figure.found, figure.aim
        );
    }
    if args.print.json {
        let of = |f: &Figure| json!({ "what": f.what, "found": f.found, "aim": f.aim });
        print::json(&json!(figures.iter().map(of).collect::<Vec<_>>()));
    } else {
        print::line(&text);
    }
    if let Some(path) = &args.markdown {
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
        let path = std::path::absolute(path).map_err(|e| files::io("finding", path, e))?;
        let page = format!("{before}{BEGIN}\n\n{text}\n{END}{after}");
        files::write_durably(&path, page.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Seconds and largest resident memory (MB) of a check.
fn check(reference: &Path, cache: &Path, file: &Path) -> Result<(f64, u64), Failure> {
    let fault = |e: std::io::Error| Failure::fault("starting a check", e);
    let start = Instant::now();
    let mut child = Command::new(std::env::current_exe().map_err(fault)?)
        .args(["airlock", "check", "--id", "eid", "--json", "--reference"])
        .arg(reference)
        .arg(file)
        .env("XDG_CACHE_HOME", std::path::absolute(cache).map_err(fault)?)
        .stdout(Stdio::null())
        .spawn()
        .map_err(fault)?;
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0;
    while child.try_wait().map_err(fault)?.is_none() {
        let told = std::fs::read_to_string(&status).unwrap_or_default();
        let most = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let most = most.and_then(|kb| kb.trim().trim_end_matches(" kB").trim().parse::<u64>().ok());
        memory = memory.max(most.unwrap_or(0) >> 10);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    Ok((start.elapsed().as_secs_f64(), memory))
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same data in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Nearly normal, by the sum of four.
    fn normal(&mut self) -> f64 {
        let sum: u64 = (0..4).map(|_| self.next() >> 32).sum();
        (sum as f64 / f64::from(u32::MAX) - 2.0) * 1.73
    }
}

/// One cell of field `field` of person `person`: by turns a code, a year, a measurement with one to four decimals, a date.
fn cell(out: &mut String, person: u64, field: u64) {
    let mut dice = Dice(person << 20 ^ field);
    dice.next();
    let _ = match field % 8 {
        0 => write!(out, "{}", dice.next() % 2),
        1 => write!(out, "{}", 40 + dice.next() % 31),
        2 => write!(out, "{:.1}", 27.0 + 4.5 * dice.normal()),
        3 => write!(out, "{:.3}", 3.5 + 0.9 * dice.normal()),
        4 => write!(out, "{:.0}", 130.0 + 18.0 * dice.normal()),
        5 => write!(out, "code {}", dice.next() % (3 + field)),
        6 => write!(
            out,
            "20{:02}-{:02}-{:02}",
            6 + dice.next() % 5,
            1 + dice.next() % 12,
            1 + dice.next() % 28
        ),
        _ => write!(out, "{:.4}", dice.normal()),
    };
}

fn write(
    path: &Path,
    fill: &mut dyn FnMut(&mut BufWriter<std::fs::File>) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let part = path.with_extension("part");
    let mut all = || -> std::io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(&part)?);
        fill(&mut out)?;
        out.flush()?;
        std::fs::rename(&part, path)
    };
    all().map_err(|e| files::io("writing", path, e))
}

fn people(out: &mut impl std::io::Write, participants: u64, fields: u64) -> std::io::Result<()> {
    let names: Vec<String> = (0..fields).map(|f| format!("f{f}")).collect();
    writeln!(out, "eid,{}", names.join(","))?;
    let mut line = String::new();
    for person in 0..participants {
        line.clear();
        let _ = write!(line, "{}", 1_000_000 + person * 9 + person % 7);
        for field in 0..fields {
            line.push(',');
            cell(&mut line, person, field);
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// The files that are checked.
struct Made {
    small: PathBuf,
    large: PathBuf,
    strangers: PathBuf,
    disguised: PathBuf,
    long: PathBuf,
}

fn made(args: &BenchAirlock) -> Result<Made, Failure> {
    let at = |name: &str| args.work.join(name);
    let made = Made {
        small: at("table-440.csv"),
        large: at("table-6000.csv"),
        strangers: at("strangers.csv"),
        disguised: at("disguised.csv"),
        long: at("long.csv"),
    };
    let counts = |out: &mut dyn std::io::Write, rows: u64, columns: u64| -> std::io::Result<()> {
        let mut dice = Dice(1);
        let names: Vec<String> = (0..columns).map(|c| format!("n_centre_{c}")).collect();
        writeln!(out, "group,{}", names.join(","))?;
        for row in 0..rows {
            let cells: Vec<String> = (0..columns)
                .map(|_| (20 + dice.next() % 900).to_string())
                .collect();
            writeln!(out, "g{row},{}", cells.join(","))?;
        }
        Ok(())
    };
    write(&made.small, &mut |out| counts(out, 22, 20))?;
    write(&made.large, &mut |out| counts(out, 300, 20))?;
    let rows = |out: &mut dyn std::io::Write, real: bool, rows: u64| -> std::io::Result<()> {
        let names: Vec<String> = (0..20).map(|c| format!("mean_{c}")).collect();
        writeln!(out, "{}", names.join(","))?;
        let mut line = String::new();
        for row in 0..rows {
            line.clear();
            for column in 0..20_u64 {
                let field = column * 7 % args.fields;
                // Each cell of a stranger is somebody else's.
                let person = if real {
                    row * 97
                } else {
                    row * 97 + column * 13 + 1
                };
                if column > 0 {
                    line.push(',');
                }
                cell(&mut line, person % args.participants, field);
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    };
    write(&made.strangers, &mut |out| rows(out, false, 5_000))?;
    write(&made.disguised, &mut |out| rows(out, true, 5_000))?;
    write(&made.long, &mut |out| rows(out, false, 400_000))?;
    Ok(made)
}

/// The same tables by ACRO 1.0 with suppression, in seconds as it measures them.
const ACRO: &str = "
import time, sys, io, contextlib, numpy as np, pandas as pd
from acro import ACRO
rng = np.random.default_rng(1); n = 500_000
d = pd.DataFrame(dict(a=rng.integers(0, 22, n), b=rng.integers(0, 20, n)))
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    acro = ACRO(suppress=True); start = time.time(); acro.crosstab(d.a, d.b); took = time.time() - start
sys.stdout.write('%.1f' % took)
";

fn acro(args: &BenchAirlock) -> Option<Figure> {
    let python = args.python.as_ref()?;
    let ran = Command::new(python)
        .args(["-W", "ignore", "-c", ACRO])
        .current_dir(&args.work)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let seconds = String::from_utf8(ran.stdout).ok()?;
    let seconds: f64 = seconds.trim().parse().ok()?;
    Some(Figure {
        what: "ACRO: a table of 440 cells from 500,000 rows, with suppression".to_owned(),
        found: format!("{seconds:.1} s"),
        aim: "for comparison",
    })
}
