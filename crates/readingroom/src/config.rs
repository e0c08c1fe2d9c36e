//! The instance's one configuration file, `readingroom.toml`. Unknown keys are refused.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use governance::Refusal;

/// File name in the instance's folder.
pub const FILE: &str = "readingroom.toml";

/// What an operator may set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name of the custodian, as founded.
    pub custodian: String,
    /// Origin of the ledger, as founded.
    pub origin: String,
    /// Who gives commands when `--as` is left out.
    pub operator: String,
    /// How raw data is taken in.
    pub ingest: IngestConfig,
    /// What a question may use.
    pub query: QueryConfig,
}

/// How raw data is taken in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngestConfig {
    /// Share of a table's rows that may be put in quarantine before the release is refused, 0 to 1.
    pub quarantine: f64,
}

/// What a question may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryConfig {
    /// Rows of an answer.
    pub rows: u64,
    /// Memory in MiB.
    pub memory_mib: usize,
    /// Time in seconds.
    pub seconds: u64,
}

impl Config {
    /// The configuration that `init` writes.
    pub fn new(custodian: &str, origin: &str, operator: &str) -> Self {
        Self {
            custodian: custodian.to_owned(),
            origin: origin.to_owned(),
            operator: operator.to_owned(),
            ingest: IngestConfig { quarantine: 0.05 },
            query: QueryConfig {
                rows: 100_000,
                memory_mib: 2_048,
                seconds: 120,
            },
        }
    }

    /// Text with a comment on each part.
    pub fn to_toml(&self) -> Result<String, Failure> {
        let body =
            toml::to_string(self).map_err(|e| Failure::fault("writing the configuration", e))?;
        Ok(format!(
            "# Reading Room: configuration of this instance. Unknown keys are refused.\n{body}"
        ))
    }

    /// Reads and checks it.
    pub fn load(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(FILE);
        let text = std::fs::read_to_string(&path)
            .map_err(|e| Failure::fault(&format!("reading {}", path.display()), e))?;
        let config: Self = toml::from_str(&text).map_err(|e| {
            let start = e.span().map_or(0, |span| span.start);
            let line = text.bytes().take(start).filter(|b| *b == b'\n').count() + 1;
            Refusal::new(
                "config-form",
                "config-is-known",
                format!(
                    "{FILE}, line {line}: {}",
                    e.message().trim_end().replace('\n', "; ")
                ),
                "correct the named line; docs/reference/configuration.md lists every key",
            )
        })?;
        let share = config.ingest.quarantine;
        if !(0.0..=1.0).contains(&share) {
            return Err(Refusal::new(
                "config-range",
                "config-is-known",
                format!("{FILE}: `ingest.quarantine` is expected between 0 and 1"),
                "correct it",
            )
            .into());
        }
        Ok(config)
    }
}
