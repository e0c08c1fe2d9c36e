//! Facts and policies over states that are folded from events.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod bundles;
mod clock;
mod deletion;
mod gates;
mod golden;
mod ownership;
mod world;
