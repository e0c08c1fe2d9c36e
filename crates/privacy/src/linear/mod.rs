//! What follows from numbers about overlapping sets of people, by exact elimination.
//!
//! Whoever knows a number for each of several sets knows it for every linear combination of them. People who are in
//! the same sets cannot be told apart by such combinations; they form an *atom*. The question is always the same: is there a combination
//! that is about someone, but about fewer than ten people ([`small`])? For two sets of disjoint cells this is a minimum cut
//! ([`cut`]), which is fast at any size.
//!
//! Elimination is over the whole numbers modulo the prime 2^31 − 1, so nothing is rounded.
//!
//! Must never: answer "no" because something was too large. Then it says that it was.

pub(crate) mod cut;
pub(crate) mod field;
pub(crate) mod small;
