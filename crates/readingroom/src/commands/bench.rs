//! `readingroom bench`: what the program's questions cost, beside another engine.

use std::process::ExitCode;

use crate::bench;
use crate::cli::Bench;
use crate::failure::Failure;

pub fn run(command: &Bench) -> Result<ExitCode, Failure> {
    match command {
        Bench::Query(args) => bench::run(args),
        Bench::Airlock(args) => bench::airlock::run(args),
        Bench::Contestant(args) => bench::serve(args),
    }
}
