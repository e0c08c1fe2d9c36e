//! Questions in a process of their own: one that aborts, or takes all the memory it may, harms nobody else, and
//! whoever must be stopped is stopped by ending the process.
//!
//! The parent decides, the worker counts. The worker is given one question and what it may read (the tables that are
//! granted, the keys of their classes, who is masked); it has no ledger, no master key and no database. In aggregate
//! mode it hands the sets of people behind each number to the parent, which knows what was shown before, and gets
//! back what may be shown.
//!
//! Must never: pass a key in an argument or the environment, let a worker outlive its parent, or write what a worker
//! says on its standard error anywhere (a panic may quote a value).

mod child;
mod parent;
mod wire;

pub use child::run;
pub use parent::{Launch, Seen, ask};
