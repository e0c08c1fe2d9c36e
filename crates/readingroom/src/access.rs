//! Policy's answers for a project, asked anew each time and written to the log whenever they change.

use std::collections::BTreeMap;

use governance::{Command, Id, Mode, Refusal};
use policy::{Access, Bundle, assess};

use crate::clock;
use crate::failure::Failure;
use crate::instance::Instance;

/// The answers for every class of data that the project asked for.
pub fn of_project(
    instance: &Instance,
    bundle: &Bundle,
    project: &Id,
) -> Result<BTreeMap<Id, Access>, Failure> {
    let at = clock::now()?;
    let found = instance
        .state
        .projects
        .all
        .get(project)
        .ok_or_else(|| unknown(project))?;
    let mut answers = BTreeMap::new();
    for class in found.wants.keys() {
        answers.insert(
            class.clone(),
            assess(&instance.state, bundle, project, class, at)?,
        );
    }
    Ok(answers)
}

/// Writes to the log each answer that differs from the one it holds.
pub fn record(
    instance: &mut Instance,
    by: &Id,
    answers: &BTreeMap<Id, Access>,
) -> Result<(), Failure> {
    for access in answers.values() {
        let record = access.record();
        let known = instance
            .state
            .projects
            .all
            .get(&record.project)
            .and_then(|p| p.access.get(&record.class))
            .map(|kept| &kept.answer);
        if known != Some(&record) {
            instance.give_program(by, &Command::from(record))?;
        }
    }
    Ok(())
}

/// The highest mode for questions that every class allows which allows anything. A question is answered inside:
/// a class that may be transferred is used as in the enclave.
pub fn common_mode(answers: &BTreeMap<Id, Access>) -> Mode {
    let open = answers.values().map(|a| a.mode).filter(|m| *m > Mode::Deny);
    open.min().unwrap_or(Mode::Deny).min(Mode::Enclave)
}

fn unknown(project: &Id) -> Refusal {
    Refusal::new(
        "project-unknown",
        "names-what-exists",
        format!("no project is called `{project}`"),
        "see the register for the projects there are",
    )
}
