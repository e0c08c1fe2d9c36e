//! How a total is spread over people, in bounded memory.
//!
//! Must never: give a lower bound for the largest person.

use crate::sdc::Weights;

/// A mergeable summary of the largest per-person totals of absolute values, and the exact total of all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {}

impl Summary {
    /// Adds the absolute value of one row. Rows of one person that follow each other are added up first.
    pub fn add(&mut self, person: u32, value: f64) {
        let _ = (person, value);
    }

    /// Adds another summary.
    pub fn merge(&mut self, other: &Self) {
        let _ = other;
    }

    /// Total and upper bounds.
    #[must_use]
    pub fn weights(&self) -> Weights {
        Weights {
            total: 0.0,
            top: [0.0; 2],
        }
    }

    /// The summary as bytes, for passing between threads and processes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// Takes a summary from the front of `bytes`; `None` if there is none.
    pub fn read(bytes: &mut &[u8]) -> Option<Self> {
        let _ = bytes;
        None
    }
}
