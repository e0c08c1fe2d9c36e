//! `readingroom init`: an instance, whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use governance::settings::{AdoptPolicies, FoundInstance};
use governance::{Command, Refusal};
use policy::Bundle;
use serde_json::json;
use store::Store;
use vault::sealed::LocalKms;

use crate::cli::Init;
use crate::clock;
use crate::config::{Config, FILE};
use crate::failure::Failure;
use crate::files;
use crate::instance::Instance;
use crate::print;

pub fn run(dir: &Path, args: &Init) -> Result<ExitCode, Failure> {
    let instance = create(dir, args, |_| Ok(()))?;
    let vkey = fs::read_to_string(dir.join("ledger/vkey")).unwrap_or_default();
    if args.print.json {
        print::json(&json!({
            "dir": dir, "custodian": args.custodian, "founder": args.founder,
            "entries": instance.state.size, "vkey": vkey.trim(),
        }));
    } else {
        print::line(&format!(
            "instance of {} made in {}\n  founder: {} (custodian, data manager, security officer)\n  ledger: {} entries; its verifier key, to publish:\n  {}\n  configuration: {FILE}; policies: {}/; recipe: {}",
            args.custodian,
            dir.display(),
            args.founder,
            instance.state.size,
            vkey.trim(),
            files::POLICIES,
            files::RECIPE,
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes an instance beside its place and moves it there, so that a killed `init` leaves nothing at it.
/// `more` may add to it before it is moved.
pub fn create(
    dir: &Path,
    args: &Init,
    more: impl FnOnce(&Path) -> Result<(), Failure>,
) -> Result<Instance, Failure> {
    if !files::names(dir)?.is_empty() {
        return Err(Refusal::new(
            "folder-in-use",
            "instances-start-empty",
            "the folder for the instance is not empty",
            "name a folder that does not exist or is empty",
        )
        .into());
    }
    let founder = super::id("founder", &args.founder)?;
    let staging = beside(dir)?;
    if staging.exists() {
        files::remove_dir(&staging)?;
    }
    lay_out(&staging, args)?;
    let mut instance = Instance::open(&staging)?;
    let found = FoundInstance {
        custodian: args.custodian.clone(),
        origin: args.origin.clone(),
        founder: founder.clone(),
    };
    instance.give_program(&founder, &Command::from(found))?;
    let bundle = files::load_policies(&staging)?;
    let adopt = AdoptPolicies {
        bundle_sha256: bundle.sha256().clone(),
        files: bundle.files().clone(),
        agreed_by: None,
    };
    instance.give(&founder, &Command::from(adopt))?;
    drop(instance);
    more(&staging)?;
    fs::rename(&staging, dir).map_err(|e| files::io("moving the instance to", dir, e))?;
    Instance::open(dir)
}

fn lay_out(dir: &Path, args: &Init) -> Result<(), Failure> {
    for folder in [
        "keys",
        files::POLICIES,
        files::RELEASES,
        files::STAGING,
        files::REPORTS,
        files::OUTPUTS,
    ] {
        files::make_dir(&dir.join(folder))?;
    }
    let config = Config::new(&args.custodian, &args.origin, &args.founder);
    files::write_durably(&dir.join(FILE), config.to_toml()?.as_bytes())?;
    files::write_durably(
        &dir.join(files::RECIPE),
        vault::ingest::DEFAULT_RECIPE.as_bytes(),
    )?;
    for (name, text) in Bundle::default_files() {
        files::write_durably(&dir.join(files::POLICIES).join(name), text.as_bytes())?;
    }
    files::write_key(&dir.join(files::MASTER_KEY), &clock::random()?)?;
    let kek = LocalKms::new_line("kek-1").map_err(|e| Failure::fault("making a key", e))?;
    files::write_secret(&dir.join(files::KEKS), kek.as_bytes())?;
    Store::create(dir, &args.origin, &clock::random()?)
        .map_err(|e| Failure::fault("making the store", e))?;
    Ok(())
}

/// A hidden folder beside the instance's place: on the same file system, so that moving it is one step.
fn beside(dir: &Path) -> Result<PathBuf, Failure> {
    let name = dir.file_name().ok_or_else(|| {
        Failure::Misuse("the instance's folder needs a name of its own".to_owned())
    })?;
    let parent = match dir.parent() {
        Some(p) if !p.as_os_str().is_empty() => p.to_owned(),
        _ => PathBuf::from("."),
    };
    files::make_dir(&parent)?;
    Ok(parent.join(format!(".{}.init", name.to_string_lossy())))
}
