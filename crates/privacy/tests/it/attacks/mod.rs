//! Attacks on aggregate answers, each with its success rate beside its bar.
//!
//! Every attack is run three times: against a machine that knows only the threshold, where it must work, and against the
//! product's rules with counts rounded and with counts perturbed, where it must not. The attackers see what a researcher
//! sees: numbers, refusals, how many rows and cells were withheld. They know the rules, everybody's other answers, and
//! which people exist. `docs/reference/attacks.md` says how each works and where it comes from.

mod averaging;
mod differencing;
mod hidden;
mod machine;
mod magnitudes;
mod ordinary;
mod reconstruction;
mod refusals;
mod report;
mod rng;
mod search;
mod solve;
mod tally;
mod withdrawal;
mod world;

/// How many lines of two the table has.
const ATTACKS: usize = 53;
