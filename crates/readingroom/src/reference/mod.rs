//! A folder of participant-level tables as the airlock's index of the data: built once, kept sealed, opened for each check.
//!
//! Must never: leave a value of the tables anywhere in clear.

mod load;
mod sealed;

use std::path::Path;

use airlock::Reference;
use airlock::reference::{Builder, Sections};

use crate::clock;
use crate::failure::Failure;

/// An index that was opened.
pub struct Opened {
    /// The index.
    pub reference: Reference,
    /// What of the folder is not in it, for people.
    pub notices: Vec<String>,
}

/// Opens the index of a folder: the kept one if the folder has not changed since, else a new one.
pub fn open(dir: &Path, id: &str) -> Result<Opened, Failure> {
    let tables = load::tables(dir)?;
    let place = sealed::Place::of(dir, id, &tables);
    let known = place.as_ref().and_then(sealed::Place::open);
    if let Some((sections, notices)) = known
        && let Some(reference) = Reference::open(Box::new(sections))
    {
        return Ok(Opened { reference, notices });
    }
    let build = || -> Result<(Builder, Vec<String>), Failure> {
        let [a, b, c, d, e, f, g, h, ..] = clock::random()?;
        load::build(&tables, id, u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    };
    let (builder, notices) = build()?;
    let kept = place.and_then(|place| place.keep(&notices, builder).ok());
    let sections: Box<dyn Sections> = match kept {
        Some(sections) => Box::new(sections),
        // Nowhere to keep it, or no room: it lives as long as this check.
        None => Box::new(in_memory(build()?.0)?),
    };
    let reference = Reference::open(sections)
        .ok_or_else(|| Failure::Fault("the index that was just built cannot be read".to_owned()))?;
    Ok(Opened { reference, notices })
}

fn in_memory(builder: Builder) -> Result<Vec<Vec<u8>>, Failure> {
    let mut sections = Vec::new();
    builder.finish(&mut |bytes: &[u8]| {
        sections.push(bytes.to_vec());
        Ok::<(), Failure>(())
    })?;
    Ok(sections)
}
