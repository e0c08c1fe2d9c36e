//! Questions: answered, refused, and the same one before and after a withdrawal.

use governance::data::{RecordWithdrawal, WithdrawalLevel};
use governance::{Command, Mode};
use privacy::pseudonym::ProjectKey;

use super::Stage;
use crate::commands;
use crate::commands::ask::{footer, table};
use crate::failure::Failure;
use crate::question::{self, Answered, Asked, Nobody};

/// Diagnoses of type 2 diabetes in GP records, by sex, in people. Read v2 `C10F.`, CTV3 `X40J5`.
pub const DIABETES_BY_SEX: &str = "SELECT m.p31 AS sex, count(DISTINCT g.eid) AS people \
     FROM gp_clinical g JOIN main m ON g.eid = m.eid \
     WHERE g.read_2 LIKE 'C10F%' OR g.read_3 LIKE 'X40J5%' GROUP BY m.p31 ORDER BY m.p31";
/// Everybody, and their mean body mass index, by sex.
const PEOPLE_BY_SEX: &str = "SELECT p31 AS sex, count(*) AS people, avg(p21001_i0) AS mean_bmi FROM main GROUP BY p31 ORDER BY p31";
/// Everybody, inside.
const EVERYBODY: &str = "SELECT count(*) AS people FROM main";

/// Plays the questions.
pub fn play(stage: &mut Stage) -> Result<(), Failure> {
    answered(stage)?;
    refused(stage)?;
    withdrawal(stage)?;
    pseudonyms(stage)
}

fn ask(
    stage: &mut Stage,
    project: &str,
    mode: Option<Mode>,
    sql: &str,
) -> Result<Answered, Failure> {
    let project = commands::id("project", project)?;
    let researcher = commands::airlock::researcher(&stage.instance, &project, None)?;
    let asked = Asked {
        project: &project,
        researcher: &researcher,
        token: None,
        mode,
        release: None,
        sql,
    };
    question::put(&mut stage.instance, asked, &mut Nobody)
}

fn show(
    stage: &mut Stage,
    project: &str,
    mode: Option<Mode>,
    sql: &str,
) -> Result<Answered, Failure> {
    stage.tell.say(&format!("{project} asks: {}", squeeze(sql)));
    let answered = ask(stage, project, mode, sql)?;
    stage.tell.say(&table(&answered));
    stage.tell.say(&footer(&answered));
    stage.tell.figure(
        &format!("{project}: {}", squeeze(sql)),
        serde_json::from_str::<serde_json::Value>(&answered.answer.to_json()).unwrap_or_default(),
    );
    Ok(answered)
}

fn squeeze(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn answered(stage: &mut Stage) -> Result<(), Failure> {
    stage
        .tell
        .step("Questions are answered, each with its ledger number");
    show(
        stage,
        "p-heart",
        Some(Mode::Enclave),
        "SELECT eid, p31, p34, p21001_i0 FROM main ORDER BY eid LIMIT 3",
    )?;
    let answer = show(stage, "p-partner", Some(Mode::Aggregate), DIABETES_BY_SEX)?;
    std::fs::write(stage.work.join("diabetes_by_sex.csv"), &answer.csv)
        .map_err(|e| crate::files::io("writing", &stage.work, e))?;
    show(
        stage,
        "p-heart",
        Some(Mode::Aggregate),
        "SELECT m.p31 AS sex, count(DISTINCT h.eid) AS people FROM hesin_diag h JOIN main m ON h.eid = m.eid \
         WHERE h.diag_icd10 LIKE 'I%' GROUP BY m.p31 ORDER BY m.p31",
    )?;
    Ok(())
}

fn refused(stage: &mut Stage) -> Result<(), Failure> {
    stage.tell.step("What is not granted cannot be asked");
    let mut count = 0;
    for (project, mode, sql) in [
        (
            "p-partner",
            Mode::Enclave,
            "SELECT * FROM gp_clinical LIMIT 10",
        ),
        (
            "p-partner",
            Mode::Aggregate,
            "SELECT eid, read_2 FROM gp_clinical LIMIT 10",
        ),
        ("p-heart", Mode::Enclave, "SELECT * FROM death LIMIT 10"),
        ("p-heart", Mode::Enclave, "COPY main TO '/tmp/rows.csv'"),
        (
            "p-heart",
            Mode::Aggregate,
            "SELECT max(p21001_i0) FROM main",
        ),
        ("p-markers", Mode::Aggregate, "SELECT count(*) FROM main"),
    ] {
        match ask(stage, project, Some(mode), sql) {
            Err(Failure::Refused(refusal)) => {
                count += 1;
                stage.tell.say(&format!(
                    "{project}, {mode}: {sql}\n  refused: {}\n  to do: {}",
                    refusal.reason, refusal.fix
                ));
            }
            Err(other) => return Err(other),
            Ok(_) => {
                return Err(Failure::Fault(format!(
                    "demonstration: was answered: {sql}"
                )));
            }
        }
    }
    stage.tell.figure("refused", count);
    Ok(())
}

fn withdrawal(stage: &mut Stage) -> Result<(), Failure> {
    stage
        .tell
        .step("A participant withdraws: the next answer does not count them, anywhere");
    show(stage, "p-heart", Some(Mode::Aggregate), PEOPLE_BY_SEX)?;
    let before = show(stage, "p-heart", Some(Mode::Enclave), EVERYBODY)?;
    let person = someone_counted(stage)?;
    let command = RecordWithdrawal {
        level: WithdrawalLevel::NoFurtherUse,
        participants: vec![person],
    };
    let custodian = stage.custodian.clone();
    let given = stage.instance.give(&custodian, &Command::from(command))?;
    stage.tell.say(&format!(
        "withdrawal recorded: ledger entry {}, which does not say whose",
        given.first
    ));
    let after = show(stage, "p-heart", Some(Mode::Enclave), EVERYBODY)?;
    let (before, after) = (count(&before), count(&after));
    stage.tell.say(&format!(
        "inside, {before} people before and {after} after: exactly one fewer."
    ));
    stage.tell.figure("people before", before);
    stage.tell.figure("people after", after);
    if before != after + 1 {
        return Err(Failure::Fault(
            "demonstration: the withdrawal did not change the answer by one".to_owned(),
        ));
    }
    show(stage, "p-heart", Some(Mode::Aggregate), PEOPLE_BY_SEX)?;
    stage.tell.say(
        "outside, the same table leaves others out with them and is rounded: it does not tell whose withdrawal it was.",
    );
    Ok(())
}

/// The raw id of somebody whom p-heart's answers count: the first that its rows name.
fn someone_counted(stage: &mut Stage) -> Result<String, Failure> {
    let rows = ask(
        stage,
        "p-heart",
        Some(Mode::Enclave),
        "SELECT eid FROM main ORDER BY eid LIMIT 1",
    )?;
    let pseudonym = rows
        .answer
        .table()
        .into_iter()
        .next()
        .and_then(|r| r.into_iter().next().flatten());
    let key = ProjectKey::derive(stage.instance.master(), "p-heart");
    let person = pseudonym.and_then(|p| key.index(&p));
    let index = stage.instance.participants()?;
    index
        .into_iter()
        .find(|(_, i)| Some(*i) == person)
        .map(|(eid, _)| eid)
        .ok_or_else(|| Failure::Fault("demonstration: nobody is counted".to_owned()))
}

/// The one number of an answer.
fn count(answered: &Answered) -> u64 {
    let table = answered.answer.table();
    let cell = table
        .first()
        .and_then(|row| row.first()?.as_ref()?.parse().ok());
    cell.unwrap_or(0)
}

fn pseudonyms(stage: &mut Stage) -> Result<(), Failure> {
    stage.tell.step("Two projects cannot join their data");
    let mut seen = Vec::new();
    for project in ["p-heart", "p-partner"] {
        let rows = ask(stage, project, Some(Mode::Enclave), "SELECT eid FROM main")?;
        let ids: std::collections::BTreeSet<String> = rows
            .answer
            .table()
            .into_iter()
            .filter_map(|r| r.into_iter().next().flatten())
            .collect();
        seen.push(ids);
    }
    let shared = match seen.as_slice() {
        [one, two] => one.intersection(two).count(),
        _ => 0,
    };
    let sizes: Vec<String> = seen.iter().map(|s| s.len().to_string()).collect();
    stage.tell.say(&format!(
        "{} pseudonyms of the same people in two projects: {shared} in common.",
        sizes.join(" and ")
    ));
    stage.tell.figure("pseudonyms in common", shared);
    Ok(())
}
