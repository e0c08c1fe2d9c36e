//! The register, its pages and its server, over a sample instance with a few years of life.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod api;
mod pages;
mod register;
mod sample;
mod serving;
