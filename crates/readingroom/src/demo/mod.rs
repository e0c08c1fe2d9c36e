//! `readingroom demo`: the whole chain on a seeded synthetic cohort. Every step uses the same functions as the
//! commands that run it alone; nothing here has a rule, a number or an answer of its own.

mod cast;
mod narrator;
mod outputs;
mod questions;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use governance::{Id, Refusal};
use serde_json::json;

use crate::cli::{Demo, Ingest, Init, Print};
use crate::commands;
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;
use narrator::Narrator;

/// Where the demonstration lives when no folder is named.
const FOLDER: &str = "reading-room-demo";
/// Marks a folder as a demonstration, which the next one may replace.
const MARK: &str = "DEMONSTRATION.txt";
/// Work files of the demonstration inside its instance.
const WORK: &str = "demo";

/// What a step of the demonstration has at hand.
pub struct Stage {
    pub instance: Instance,
    pub tell: Narrator,
    pub work: PathBuf,
    pub custodian: Id,
}

pub fn run(dir: Option<PathBuf>, args: &Demo) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let dir = dir.unwrap_or_else(|| PathBuf::from(FOLDER));
    clear_earlier(&dir)?;
    let mut tell = Narrator::new(args.print.json);
    if !args.print.json {
        crate::print::line(&format!(
            "Reading Room: the question comes to the data, only the checked answer leaves, anyone can verify that.\nA demonstration with {} synthetic people (seed {}) in {}.",
            args.participants,
            args.seed,
            dir.display()
        ));
    }
    let mut stage = found(&dir, args, &mut tell)?;
    data(&mut stage, args)?;
    cast::play(&mut stage)?;
    questions::play(&mut stage)?;
    outputs::play(&mut stage)?;
    let site = prove(&mut stage, &dir)?;
    let seconds = started.elapsed().as_secs_f64();
    let Stage { tell, instance, .. } = stage;
    drop(instance);
    let end = json!({ "dir": dir, "site": site, "seconds": (seconds * 10.0).round() / 10.0 });
    tell.finish(&end);
    if !args.print.json {
        crate::print::line(&format!(
            "\nThe whole chain took {seconds:.0} s. Look further:\n   cargo run -q -- verify {d}\n   cargo run -q -- policy explain --project p-heart --dir {d}\n   cargo run -q -- query --project p-heart --dir {d} \"SELECT p31, count(*) FROM main GROUP BY p31\"",
            d = dir.display()
        ));
    }
    if !args.no_serve {
        commands::register::serve(&site, args.port, args.print.json)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A folder with an earlier demonstration is cleared; a folder with anything else is left alone.
fn clear_earlier(dir: &Path) -> Result<(), Failure> {
    if files::names(dir)?.is_empty() {
        return Ok(());
    }
    if dir.join(WORK).join(MARK).is_file() {
        return files::remove_dir(dir);
    }
    Err(Refusal::new(
        "folder-in-use",
        "demonstrations-replace-demonstrations",
        format!(
            "{} holds something that is not an earlier demonstration",
            dir.display()
        ),
        "name another folder with --dir",
    )
    .into())
}

fn found(dir: &Path, args: &Demo, tell: &mut Narrator) -> Result<Stage, Failure> {
    tell.step("An instance is founded");
    let init = Init {
        print: Print {
            json: args.print.json,
        },
        custodian: "Example Biobank".to_owned(),
        origin: "readingroom.example/demonstration".to_owned(),
        founder: "custodian".to_owned(),
    };
    let instance = commands::init::create(dir, &init, |staging| {
        let work = staging.join(WORK);
        files::make_dir(&work)?;
        files::write_durably(
            &work.join(MARK),
            b"A demonstration on synthetic data. The next demonstration in this folder replaces it.\n",
        )
    })?;
    tell.say("One configuration file, two keys, one database, the policies, and the first entries of a ledger\nthat anyone can verify.");
    tell.figure("entries", instance.state.size);
    Ok(Stage {
        instance,
        tell: std::mem::replace(tell, Narrator::new(args.print.json)),
        work: dir.join(WORK),
        custodian: commands::id("founder", "custodian")?,
    })
}

fn data(stage: &mut Stage, args: &Demo) -> Result<(), Failure> {
    let raw = stage.work.join("raw");
    stage
        .tell
        .step("Raw records arrive, as a biobank receives them");
    let bar = stage
        .tell
        .progress("making synthetic people", u64::from(args.participants));
    let written = commands::synth::write(&raw, args.participants, args.seed, 0.0, &mut |done| {
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    stage.tell.say(&format!(
        "{} people with names, addresses, NHS numbers and dates of birth; {} rows in {} files:\nquestionnaires and measurements, GP records, prescriptions, hospital episodes, deaths.",
        args.participants, written.rows(), written.files.len()
    ));
    stage.tell.figure("rows", written.rows());

    stage
        .tell
        .step("They are checked, stripped of identifiers, and sealed");
    let bar = stage.tell.progress("taking records in", written.rows());
    let ingest = Ingest {
        print: Print {
            json: args.print.json,
        },
        source: raw.clone(),
        release: "2026-11".to_owned(),
        catalogue: None,
        recipe: None,
        quarantine: None,
        consent_held: None,
        actor: None,
    };
    let sealed =
        commands::ingest::take_in(&mut stage.instance, &stage.custodian, &ingest, &|rows| {
            bar.set_position(rows)
        })?;
    bar.finish_and_clear();
    // The raw files hold direct identifiers: they go as soon as the release is sealed.
    files::remove_dir(&raw)?;
    stage.tell.say(&summary(&sealed.report));
    stage.tell.say(&format!(
        "Release 2026-11 is sealed: ledger entry {}. The raw files are gone.",
        sealed.entry
    ));
    stage.tell.figure(
        "report",
        serde_json::from_str::<serde_json::Value>(&sealed.report.to_json()).unwrap_or_default(),
    );
    stage.tell.figure("entry", sealed.entry);
    Ok(())
}

/// What the report of an ingest says, in three lines.
fn summary(report: &vault::ingest::Report) -> String {
    let rows_in: u64 = report.tables.values().map(|t| t.rows_in).sum();
    let rows_out: u64 = report.tables.values().map(|t| t.rows_out).sum();
    let columns: usize = report.tables.values().map(|t| t.columns.len()).sum();
    let mut text = format!(
        "{rows_in} rows read and checked against {} fields and {} codes; {rows_out} kept, in {} tables with {columns} columns.\nRemoved: {}.",
        report.catalogue_fields,
        report.catalogue_codes,
        report.tables.len(),
        report.identifiers_removed.join(", "),
    );
    if let Some(k) = &report.k_anonymity {
        let below = k.summary.below.last().map_or(0, |b| b.people);
        text.push_str(&format!(
            "\nk-anonymity over {}: the smallest group holds {}; {below} of {} people are in groups below ten,\nwhich is why rows are never shown outside.",
            k.quasi_identifiers.join(", "),
            k.summary.smallest,
            k.summary.people,
        ));
    }
    text
}

fn prove(stage: &mut Stage, dir: &Path) -> Result<PathBuf, Failure> {
    stage.tell.step("The public register, and its proof");
    let site = stage.work.join("site");
    let pages = commands::register::export(&stage.instance, &site)?;
    stage.tell.say(&format!(
        "{pages} files of pages, JSON and ledger written to {}",
        site.display()
    ));
    for target in [dir, &site] {
        let target = target.to_string_lossy();
        let verified = commands::verify::verify(&target, None)?;
        stage.tell.say(&verified.text(&target));
        stage
            .tell
            .figure(&format!("verify {target}"), verified.json(&target));
        if !verified.findings.is_empty() {
            return Err(Failure::Fault(
                "the demonstration's own ledger does not verify".to_owned(),
            ));
        }
    }
    outputs::tamper(stage, &site)?;
    Ok(site)
}
