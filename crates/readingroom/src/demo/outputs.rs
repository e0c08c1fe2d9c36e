//! Files that ask to leave, and a register that somebody tampers with.

use std::path::{Path, PathBuf};

use governance::Mode;
use governance::outputs::{CheckOutcome, ReviewOutput};

use super::Stage;
use crate::commands;
use crate::commands::airlock::{judge, plain, read, word};
use crate::commands::requests::{Asking, release, review, submit};
use crate::failure::Failure;
use crate::files;
use crate::question::{self, Asked, Nobody};

/// Plays the airlock.
pub fn play(stage: &mut Stage) -> Result<(), Failure> {
    stage
        .tell
        .step("Files ask to leave: the airlock judges them");
    let safe = stage.work.join("diabetes_by_sex.csv");
    let rows = rows_of_people(stage)?;
    let small = stage.work.join("rare.csv");
    std::fs::write(&small, "diagnosis,people\nE11,412\nE13,3\n")
        .map_err(|e| files::io("writing", &small, e))?;
    let project = commands::id("project", "p-partner")?;
    for path in [&safe, &rows, &small] {
        for verdict in judge(
            &stage.instance,
            &project,
            &read(std::slice::from_ref(path))?,
        )? {
            stage.tell.say(&plain(&verdict));
            stage.tell.figure(&verdict.file, word(verdict.verdict));
        }
    }
    leave(stage, &safe)
}

/// Rows of people, as a researcher might try to take them.
fn rows_of_people(stage: &mut Stage) -> Result<PathBuf, Failure> {
    let project = commands::id("project", "p-heart")?;
    let lead = commands::airlock::researcher(&stage.instance, &project, None)?;
    let sql = "SELECT eid, p31, p34, p21001_i0, p4080_i0_a0 FROM main LIMIT 200";
    let asked = Asked {
        project: &project,
        researcher: &lead,
        token: None,
        mode: Some(Mode::Enclave),
        release: None,
        sql,
    };
    let answered = question::put(&mut stage.instance, asked, &mut Nobody)?;
    let path = stage.work.join("model_input.csv");
    std::fs::write(&path, &answered.csv).map_err(|e| files::io("writing", &path, e))?;
    Ok(path)
}

fn leave(stage: &mut Stage, file: &Path) -> Result<(), Failure> {
    stage
        .tell
        .step("Two people check it, neither its author; then it leaves");
    let project = commands::id("project", "p-partner")?;
    let author = commands::airlock::researcher(&stage.instance, &project, None)?;
    let id = commands::id("output", "o-001")?;
    let files = read(std::slice::from_ref(&file.to_owned()))?;
    let asking = Asking {
        project: &project,
        author: &author,
        id: &id,
        purpose: "Table 1 of the paper",
        context: Some("Counts by sex, from one recorded question."),
        planned: Some("tables"),
    };
    let submitted = submit(&mut stage.instance, &asking, files)?;
    stage.tell.say(&format!(
        "{author} submits o-001: ledger entry {}",
        submitted.entry
    ));
    for who in ["checker-1", "checker-2"] {
        let checker = commands::id("checker", who)?;
        let early = release(
            &mut stage.instance,
            &checker,
            &id,
            &stage.work.join("released"),
        );
        if let Err(Failure::Refused(refusal)) = early {
            stage.tell.say(&format!(
                "{who} tries to release it: refused: {}",
                refusal.reason
            ));
        }
        let given = ReviewOutput {
            output: id.clone(),
            outcome: CheckOutcome::Accept,
            reasons: "Counts of people above the threshold, made by a recorded question."
                .to_owned(),
        };
        let reviewed = review(&mut stage.instance, &checker, given)?;
        stage.tell.say(&format!(
            "{who} accepts: ledger entry {}; {}",
            reviewed.entry,
            if reviewed.opened {
                "both conclusions are opened"
            } else {
                "sealed, nobody sees it yet"
            }
        ));
    }
    let checker = commands::id("checker", "checker-1")?;
    let released = release(
        &mut stage.instance,
        &checker,
        &id,
        &stage.work.join("released"),
    )?;
    stage.tell.say(&format!(
        "released: {}; ledger entry {} holds the digest",
        released.files.join(", "),
        released.entry
    ));
    stage.tell.figure("released", released.entry);
    Ok(())
}

/// Flips one bit in a copy of the register's log and verifies the copy.
pub fn tamper(stage: &mut Stage, site: &Path) -> Result<(), Failure> {
    let copy = stage.work.join("tampered");
    if copy.exists() {
        files::remove_dir(&copy)?;
    }
    commands::register::copy_tree(&site.join("ledger"), &copy)?;
    let entries = copy.join("tile/entries");
    let name = files::names(&entries)?
        .into_iter()
        .next()
        .ok_or_else(|| Failure::Fault("demonstration: the log has no entries".to_owned()))?;
    let mut path = entries.join(name);
    while path.is_dir() {
        let name = files::names(&path)?.into_iter().next().unwrap_or_default();
        path = path.join(name);
    }
    let mut bytes = std::fs::read(&path).map_err(|e| files::io("reading", &path, e))?;
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    std::fs::write(&path, bytes).map_err(|e| files::io("writing", &path, e))?;
    let target = copy.to_string_lossy().into_owned();
    let verified = commands::verify::verify(&target, None)?;
    stage.tell.say("Somebody changes one bit of a copy:");
    stage.tell.say(&verified.text(&target));
    stage
        .tell
        .figure("tampered findings", verified.findings.len());
    files::remove_dir(&copy)?;
    if verified.findings.is_empty() {
        return Err(Failure::Fault(
            "demonstration: the changed bit was not found".to_owned(),
        ));
    }
    Ok(())
}
