//! `readingroom policy`: what a project may use and why; policies checked and put in force.

use std::path::Path;
use std::process::ExitCode;

use governance::Command;
use governance::settings::AdoptPolicies;
use serde_json::json;

use crate::access;
use crate::cli::Policy;
use crate::failure::Failure;
use crate::files;
use crate::instance::{self, Instance};
use crate::print;

pub fn run(dir: &Path, command: &Policy) -> Result<ExitCode, Failure> {
    match command {
        Policy::Explain { print, project } => explain(dir, project, print.json)?,
        Policy::Check { print } => {
            instance::must_exist(dir)?;
            let bundle = files::load_policies(dir)?;
            if print.json {
                print::json(&json!({ "policy_sha256": bundle.sha256(), "files": bundle.files() }));
            } else {
                print::line(&format!(
                    "{} policy files fit the schema; version {}",
                    bundle.files().len(),
                    bundle.sha256()
                ));
            }
        }
        Policy::Adopt {
            print,
            agreed_by,
            actor,
        } => {
            adopt(dir, agreed_by.as_deref(), actor.as_deref(), print.json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn explain(dir: &Path, project: &str, as_json: bool) -> Result<(), Failure> {
    let mut instance = Instance::open(dir)?;
    let project = super::id("--project", project)?;
    let bundle = instance.bundle()?;
    let answers = access::of_project(&instance, &bundle, &project)?;
    let operator = super::id("operator", &instance.config.operator)?;
    access::record(&mut instance, &operator, &answers)?;
    let answers: Vec<_> = answers.into_values().collect();
    if as_json {
        print::json(
            &serde_json::to_value(&answers).map_err(|e| Failure::fault("writing JSON", e))?,
        );
    } else {
        for access in &answers {
            print::line(access.plain().trim_end());
        }
    }
    Ok(())
}

fn adopt(
    dir: &Path,
    agreed_by: Option<&str>,
    actor: Option<&str>,
    as_json: bool,
) -> Result<(), Failure> {
    let bundle = files::load_policies(dir)?;
    let mut instance = Instance::open(dir)?;
    let person = super::id("--as", actor.unwrap_or(&instance.config.operator))?;
    let command = AdoptPolicies {
        bundle_sha256: bundle.sha256().clone(),
        files: bundle.files().clone(),
        agreed_by: agreed_by.map(|a| super::id("--agreed-by", a)).transpose()?,
    };
    let given = instance.give(&person, &Command::from(command))?;
    if as_json {
        print::json(&json!({ "entry": given.first, "policy_sha256": bundle.sha256() }));
    } else {
        print::line(&format!(
            "policies in force: version {}; ledger entry {}",
            bundle.sha256(),
            given.first
        ));
    }
    Ok(())
}
