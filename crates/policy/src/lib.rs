//! Facts derived from the state, and Cedar policies over them: graded access.
//!
//! [`Facts::of`] derives typed facts about a project and a class of data from the state, each with the log
//! entries it comes from. [`Bundle`] is a set of policy files, checked as a whole before any of it is used.
//! [`assess`] puts the two together: the highest [`Mode`](governance::Mode) that passes every gate, every
//! gate that failed, and the instant until which the answer stands.
//!
//! Pure: no clock, files or network. Nothing here may widen access because something is not known: what is
//! missing is absent, and a gate over an absent fact fails.

mod access;
mod assess;
mod bundle;
pub mod facts;
pub mod limits;

pub use access::{Access, FailedGate, OnFail, Outcome};
pub use assess::{assess, judge};
pub use bundle::{Bundle, BundleError, Gate};
pub use facts::Facts;
