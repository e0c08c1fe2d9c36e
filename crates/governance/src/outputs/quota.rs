//! What a project may ask for in a calendar month (UTC).

use super::{Output, OutputFile, Outputs};
use crate::ids::Id;
use crate::refusal::Refusal;
use crate::settings::Quota;
use crate::time::Time;

/// What a project asked for in a month: every version that was submitted counts, whatever became of it, since each is
/// looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Used {
    /// Requests, each counted in the month of its first version.
    pub requests: u64,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Used {
    /// What `project` used in the month of `at`.
    pub fn of(outputs: &Outputs, project: &Id, at: Time) -> Self {
        let mut used = Self::default();
        for output in outputs.requests.values().filter(|o| o.project == *project) {
            used.count(output, &month(at));
        }
        used
    }

    fn count(&mut self, output: &Output, this: &str) {
        let first = output
            .history
            .first()
            .map_or(output.submitted_at, |v| v.submitted_at);
        self.requests += u64::from(month(first) == this);
        for version in output
            .history
            .iter()
            .filter(|v| month(v.submitted_at) == this)
        {
            self.add(version.files.values());
        }
        if month(output.submitted_at) == this {
            self.add(output.files.values());
        }
    }

    fn add<'a>(&mut self, files: impl Iterator<Item = &'a OutputFile>) {
        for file in files {
            self.files += 1;
            self.bytes = self.bytes.saturating_add(file.bytes);
        }
    }
}

/// Refuses a request with which a project would ask for more than its month holds.
pub(super) fn within<'a>(
    mut used: Used,
    first_version: bool,
    files: impl Iterator<Item = &'a OutputFile>,
    most: &Quota,
) -> Result<(), Refusal> {
    used.requests += u64::from(first_version);
    used.add(files);
    let over = [
        ("requests", used.requests, most.requests),
        ("files", used.files, most.files),
        ("bytes", used.bytes, most.bytes),
    ]
    .into_iter()
    .find(|(_, used, most)| used > most);
    match over {
        None => Ok(()),
        Some((what, would, most)) => Err(Refusal::new(
            "quota-reached",
            "exports-have-a-quota",
            format!(
                "the project may ask for {most} {what} to leave in a month, with this request it would be {would}"
            ),
            "send fewer or smaller files, wait for the next month, or ask the custodian for a larger quota (`airlock.set`)",
        )),
    }
}

/// `YYYY-MM`.
fn month(at: Time) -> String {
    at.date().chars().take(7).collect()
}
