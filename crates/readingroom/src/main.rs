//! One program for the whole reading room: init, synth, ingest, do, policy, query, airlock, register, verify, demo.
//!
//! This crate puts the rooms together; it holds no rule of its own. Exit status: 0 done, 1 refused, 2 misuse,
//! 3 fault.

mod access;
mod bench;
mod cli;
mod clock;
mod commands;
mod config;
mod demo;
mod failure;
mod files;
mod instance;
mod keys;
mod limits;
mod live;
mod masks;
mod print;
mod question;
mod reading;
mod reference;
mod serve;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = !error.use_stderr();
            // Help and version go to standard output and are no misuse.
            return match error.print() {
                Ok(()) if asked => ExitCode::SUCCESS,
                _ => ExitCode::from(failure::MISUSE),
            };
        }
    };
    let json = cli.wants_json();
    match commands::run(cli) {
        Ok(code) => code,
        Err(failure) => {
            if json {
                print::json(&failure.json());
            } else {
                print::error(&failure.text());
            }
            failure.exit_code()
        }
    }
}
