//! The engine under a question: a session of its own, in which only what the question may use exists.

mod alone;
pub(crate) mod catalogue;
pub(crate) mod dates;
pub(crate) mod exact;
mod fixed;
pub(crate) mod layout;
pub(crate) mod moments;
mod moments_columns;
pub(crate) mod people;
pub(crate) mod percentile;
pub(crate) mod persons;
mod persons_expressions;
mod persons_fence;
mod persons_functions;
#[cfg(test)]
mod persons_questions;
#[cfg(test)]
mod persons_tests;
pub(crate) mod progress;
pub(crate) mod rules;
pub(crate) mod scalars;
pub(crate) mod scan;
pub(crate) mod session;
mod spread;
pub(crate) mod weights;
