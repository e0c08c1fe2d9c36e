//! The program as people use it: real processes, real files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod airlock;
mod chain;
mod cli;
mod kill;
mod lifecycle;
mod program;
mod shared_data;
mod tamper;
mod tidy;
mod withdrawal;
