//! The raw folder: which file is what, by its name alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use governance::Refusal;

use super::recipe::{Rules, like};
use super::refuse;
use crate::catalogue::stem;
use crate::limits;

/// A file: where it is and what it is called.
pub(super) type Named = (PathBuf, String);

/// The files of a raw folder.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) tables: BTreeMap<String, Vec<Named>>,
    pub(super) consent: Vec<Named>,
    pub(super) withdrawals: Vec<Named>,
    pub(super) catalogue: Vec<Named>,
    pub(super) left_out: Vec<String>,
    pub(super) bytes: u64,
}

impl Source {
    /// Looks at the names of a folder's files; folders within it are left out.
    pub(super) fn look(dir: &Path, rules: &Rules) -> Result<Self, Vec<Refusal>> {
        let unreadable = |_| {
            vec![refuse::no_source(
                "something that cannot be read as a folder",
            )]
        };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if names.len() == limits::MAX_SOURCE_FILES {
                let found = format!("more than {} files", limits::MAX_SOURCE_FILES);
                return Err(vec![refuse::no_source(&found)]);
            }
            names.push((
                entry.path(),
                entry.file_name().to_string_lossy().into_owned(),
            ));
        }
        names.sort();
        let mut source = Self::default();
        let mut refusals = Vec::new();
        for named in names {
            if let Err(refusal) = source.sort_in(named, rules) {
                refusals.push(refusal);
            }
        }
        if refusals.is_empty() {
            Ok(source)
        } else {
            Err(refusals)
        }
    }

    fn sort_in(&mut self, named: Named, rules: &Rules) -> Result<(), Refusal> {
        let (path, name) = &named;
        let size = std::fs::metadata(path)
            .ok()
            .filter(std::fs::Metadata::is_file);
        let Some(size) = size.filter(|_| is_delimited(name)) else {
            self.left_out.push(name.clone());
            return Ok(());
        };
        let stem = stem(name);
        let fits = |patterns: &[String]| patterns.iter().any(|pattern| like(pattern, &stem));
        let others = [
            (&rules.files.catalogue, &mut self.catalogue),
            (&rules.files.consent, &mut self.consent),
            (&rules.files.withdrawals, &mut self.withdrawals),
        ];
        for (patterns, list) in others {
            if fits(patterns) {
                list.push(named);
                return Ok(());
            }
        }
        let tables: Vec<&str> = rules
            .tables
            .iter()
            .filter(|(_, table)| fits(&table.files))
            .map(|(name, _)| name.as_str())
            .collect();
        match tables.as_slice() {
            [] => self.left_out.push(name.clone()),
            [table] => {
                self.bytes += size.len();
                self.tables
                    .entry((*table).to_owned())
                    .or_default()
                    .push(named);
            }
            several => return Err(refuse::ambiguous_file(name, several)),
        }
        Ok(())
    }
}

fn is_delimited(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let name = lower.strip_suffix(".gz").unwrap_or(&lower);
    [".csv", ".tsv", ".txt", ".tab"]
        .iter()
        .any(|kind| name.ends_with(kind))
}
