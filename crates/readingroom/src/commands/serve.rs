//! `readingroom serve`
use std::path::Path;
use std::process::ExitCode;

use crate::cli::Serve;
use crate::failure::Failure;

pub fn run(_dir: &Path, _args: &Serve) -> Result<ExitCode, Failure> {
    Err(Failure::Fault("not yet".to_owned()))
}
