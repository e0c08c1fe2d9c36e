//! Governed questions: rules as files, attacks, masking, pseudonyms and limits.

mod attacks;
mod hardening;
mod layout;
mod limits;
mod masking;
mod pseudonyms;
mod rules;
mod speed;
pub mod town;
