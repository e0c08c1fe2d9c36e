//! Governed questions: rules as files, attacks, masking, pseudonyms and limits.

mod attacks;
mod hardening;
mod limits;
mod masking;
mod pseudonyms;
mod rules;
pub mod town;
