//! `readingroom register`: the public record.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use governance::Refusal;
use serde_json::json;
use server::ServeError;
use server::register::Register;

use crate::cli;
use crate::failure::Failure;
use crate::files;
use crate::instance::{self, Instance};
use crate::print;

pub fn run(dir: Option<PathBuf>, command: &cli::Register) -> Result<ExitCode, Failure> {
    match command {
        cli::Register::Export { print, out } => {
            let instance = Instance::open(&super::instance_dir(dir)?)?;
            let pages = export(&instance, out)?;
            if print.json {
                print::json(
                    &json!({ "site": out, "files": pages, "entries": instance.state.size }),
                );
            } else {
                print::line(&format!(
                    "register written to {}; files: {pages}, ledger entries: {}",
                    out.display(),
                    instance.state.size
                ));
            }
            Ok(ExitCode::SUCCESS)
        }
        cli::Register::Serve { print, site, port } => {
            serve(site, *port, print.json)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Writes pages, JSON and the ledger; what is no longer part of the site is removed.
pub fn export(instance: &Instance, out: &Path) -> Result<usize, Failure> {
    let (state, log) = instance::replay(&instance.store)?;
    let entries: Vec<_> = (0_u64..).zip(log).collect();
    let register = Register::from_log(&entries, &state)
        .map_err(|e| Failure::fault("making the register", e))?;
    let pages =
        server::site::pages(&register).map_err(|e| Failure::fault("making the pages", e))?;
    let name = out
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let staging = out.with_file_name(format!(".{name}.export"));
    if staging.exists() {
        files::remove_dir(&staging)?;
    }
    let mut count = 0;
    for (path, bytes) in &pages {
        let path = staging.join(path);
        if let Some(parent) = path.parent() {
            files::make_dir(parent)?;
        }
        files::write_durably(&path, bytes)?;
        count += 1;
    }
    count += copy_tree(&instance.dir.join("ledger"), &staging.join("ledger"))?;
    if out.exists() {
        refuse_foreign(out)?;
        files::remove_dir(out)?;
    }
    std::fs::rename(&staging, out).map_err(|e| files::io("moving the register to", out, e))?;
    Ok(count)
}

/// An existing folder is replaced only if it is empty or holds an earlier export and nothing else.
fn refuse_foreign(out: &Path) -> Result<(), Failure> {
    let names = files::names(out)?;
    let own = |name: &String| {
        ["assets", "ledger", "projects", "register.json"].contains(&name.as_str())
            || name.ends_with(".html")
    };
    if names.is_empty() || (names.iter().all(own) && out.join("register.json").is_file()) {
        return Ok(());
    }
    Err(Refusal::new(
        "folder-in-use",
        "exports-replace-exports",
        "the folder for the register holds something else",
        "name a folder that does not exist, is empty, or holds an earlier export",
    )
    .into())
}

/// Copies a folder and all in it; the number of files.
pub fn copy_tree(from: &Path, to: &Path) -> Result<usize, Failure> {
    files::make_dir(to)?;
    let mut count = 0;
    for name in files::names(from)? {
        let (source, target) = (from.join(&name), to.join(&name));
        if source.is_dir() {
            count += copy_tree(&source, &target)?;
        } else {
            std::fs::copy(&source, &target).map_err(|e| files::io("copying", &source, e))?;
            count += 1;
        }
    }
    Ok(count)
}

/// Serves an exported folder on loopback until interrupted.
pub fn serve(site: &Path, port: u16, as_json: bool) -> Result<(), Failure> {
    server::serve::serve_until_interrupted(site.to_owned(), port, |address| {
        if as_json {
            print::json(&json!({ "serving": format!("http://{address}/") }));
        } else {
            print::line(&format!("register: http://{address}/  (Ctrl-C ends)"));
        }
    })
    .map_err(|e| match e {
        ServeError::System(error) => Failure::fault("serving the register", error),
        cannot => Refusal::new(
            "cannot-serve",
            "serve-what-exists",
            cannot.to_string(),
            "export a register first, or choose another port",
        )
        .into(),
    })
}
