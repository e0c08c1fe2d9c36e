//! Answers over Flight SQL and HTTP: one desk behind both.

pub mod certificate;
pub mod desk;
pub mod http;
