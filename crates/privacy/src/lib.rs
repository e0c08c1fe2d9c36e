//! Pseudonyms, de-identification recipes and statistical disclosure control.
//!
//! Pure: no clock, randomness, files, network or async.

pub mod deid;
pub mod identifiers;
pub mod intervals;
pub mod kanonymity;
pub mod limits;
mod linear;
pub mod marks;
pub mod people;
pub mod prf;
pub mod pseudonym;
pub mod released;
pub mod sdc;
