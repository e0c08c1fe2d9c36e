//! The rules of access, played through.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod lifecycle;
mod outputs;
mod outputs_any_order;
mod permissions;
mod refusals;
mod replay;
mod tokens;
mod world;
