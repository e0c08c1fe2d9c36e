//! The program as people use it: real processes, real files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod absent;
mod airlock;
mod chain;
mod cli;
mod keys;
mod kill;
mod lifecycle;
mod meanwhile;
mod noise;
mod program;
mod requests;
mod rerun;
mod room;
mod shared_data;
mod stopping;
mod tamper;
mod tidy;
mod trace;
mod withdrawal;
