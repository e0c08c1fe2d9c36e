//! One file per command. Each reads its arguments, calls one function of the composition, and prints.

pub mod airlock;
pub mod ask;
pub mod bench;
pub mod fix;
pub mod govern;
pub mod ingest;
pub mod init;
pub mod keys;
pub mod policy;
pub mod reference;
pub mod register;
pub mod requests;
pub mod serve;
pub mod synth;
pub mod token;
pub mod trace;
pub mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use governance::{Id, Refusal};

use crate::cli::{Cli, Command};
use crate::failure::Failure;

/// Runs a command line.
pub fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let dir = cli.dir;
    match cli.command {
        Command::Demo(args) => crate::demo::run(dir, &args),
        Command::Synth(args) => synth::run(&args),
        Command::Init(args) => init::run(&instance_dir(dir)?, &args),
        Command::Ingest(args) => ingest::run(&instance_dir(dir)?, &args),
        Command::Do(args) => govern::run(dir, &args),
        Command::Policy { command } => policy::run(&instance_dir(dir)?, &command),
        Command::Query(args) => ask::run(&instance_dir(dir)?, &args),
        Command::Token { command } => token::run(&instance_dir(dir)?, &command),
        Command::Keys { command } => keys::run(&instance_dir(dir)?, &command),
        Command::Serve(args) => serve::run(&instance_dir(dir)?, &args),
        Command::Worker => worker(),
        Command::Reader => crate::reading::run(std::io::stdin(), std::io::stdout())
            .map(|()| ExitCode::SUCCESS)
            .map_err(|e| Failure::fault("reading files for another process", e.kind())),
        Command::Airlock {
            command: crate::cli::Airlock::Fix(args),
        } => fix::run(&args),
        Command::Airlock { command } => match reference::asked(&command) {
            Some(asked) => reference::check(&asked),
            None => airlock::run(&instance_dir(dir)?, &command),
        },
        Command::Trace(args) => trace::run(&instance_dir(dir)?, &args),
        Command::Register { command } => register::run(dir, &command),
        Command::Verify(args) => verify::run(dir, &args),
        Command::Bench { command } => bench::run(&command),
    }
}

/// Answers one question for the process that started this one.
fn worker() -> Result<ExitCode, Failure> {
    vault::query::worker::run(std::io::stdin(), std::io::stdout())
        .map(|()| ExitCode::SUCCESS)
        .map_err(|e| Failure::fault("answering a question as a worker", e.kind()))
}

/// The instance's folder, which these commands need.
pub fn instance_dir(dir: Option<PathBuf>) -> Result<PathBuf, Failure> {
    dir.ok_or_else(|| {
        Failure::Misuse("name the instance's folder with --dir DIR or READINGROOM_DIR".to_owned())
    })
}

/// Reads an id from the command line.
pub fn id(name: &str, text: &str) -> Result<Id, Failure> {
    Id::new(text).map_err(|e| {
        Refusal::new(
            "id-form",
            "ids-have-a-form",
            format!("`{name}`: {e}"),
            "correct it",
        )
        .into()
    })
}
