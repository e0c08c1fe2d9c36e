//! The passing version of a file, where making it takes no judgement: counts withheld and rounded, outputs of a notebook cleared,
//! metadata dropped, a column of ids left out.
//!
//! What comes out was checked again and is green; otherwise there is no passing version to be had without a person, and nothing
//! comes out. Must never change what it does not say, nor add anything.

mod notebooks;
mod packages;
mod pictures;
mod tables;

use crate::{Colour, Context, File, Verdict, check};

/// A version that passes.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// Its content.
    pub bytes: Vec<u8>,
    /// What was changed, for people; names no value.
    pub changes: Vec<String>,
    /// The verdict on it: green.
    pub verdict: Verdict,
}

/// Content and what was changed in it.
struct Changed {
    bytes: Vec<u8>,
    changes: Vec<String>,
}

/// One way to make a version that might pass.
type Try = fn(&[u8], &Context<'_>) -> Option<Changed>;

/// Makes the version of a file that passes, or nothing where that is not mechanical. A green file has none: nothing is to be
/// changed.
#[must_use]
pub fn fix(file: &File<'_>, context: &Context<'_>) -> Option<Fixed> {
    let colour = |bytes: &[u8]| {
        let file = File {
            name: file.name,
            bytes,
        };
        check(&[file], context).into_iter().next()
    };
    if colour(file.bytes)?.verdict == Colour::Green {
        return None;
    }
    let tries: [Try; 5] = [
        pictures::fix,
        packages::fix,
        notebooks::fix,
        tables::suppressed,
        tables::rounded,
    ];
    tries
        .iter()
        .filter_map(|try_one| try_one(file.bytes, context))
        .find_map(|Changed { bytes, changes }| {
            let verdict = colour(&bytes)?;
            (verdict.verdict == Colour::Green && !changes.is_empty()).then_some(Fixed {
                bytes,
                changes,
                verdict,
            })
        })
}
