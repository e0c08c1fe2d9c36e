//! The forms of an answer that has left the desk: the same bytes over every protocol.

use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;

use super::answer::{About, Answer};
use super::desk::Asked;
use crate::flight::wire;

impl Asked {
    /// What is known of the answer, by the names under which it stands in schemas, gRPC and HTTP headers.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![
            ("readingroom-question", self.id.clone()),
            ("readingroom-entry", self.entry.to_string()),
            ("readingroom-release", self.release.clone()),
            ("readingroom-mode", self.mode.to_string()),
            (
                "readingroom-withheld-cells",
                self.withheld_cells.to_string(),
            ),
        ];
        if let Some(rows) = self.withheld_rows {
            facts.push(("readingroom-withheld-rows", rows.to_string()));
        }
        facts
    }

    /// CSV, as [`Answer::to_csv`]: the bytes whose digest stands in the ledger.
    ///
    /// # Errors
    /// Batches that have not the answer's schema: a bug.
    pub fn to_csv(&self) -> Result<Vec<u8>, ArrowError> {
        Ok(self.whole()?.to_csv().into_bytes())
    }

    /// JSON, as [`Answer::to_json`].
    ///
    /// # Errors
    /// As [`Asked::to_csv`].
    pub fn to_json(&self) -> Result<Vec<u8>, ArrowError> {
        Ok(self.whole()?.to_json().into_bytes())
    }

    /// Arrow's streaming format, with the types and the metadata that Flight SQL clients get.
    ///
    /// # Errors
    /// As [`Asked::to_csv`].
    pub fn to_arrow(&self) -> Result<Vec<u8>, ArrowError> {
        let (schema, batches) = wire::batches(self)?;
        let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
        for batch in &batches {
            writer.write(batch)?;
        }
        writer.into_inner()
    }

    /// The rows as they came: they are in order already.
    fn whole(&self) -> Result<Answer, ArrowError> {
        let about = About {
            mode: self.mode,
            ordered: true,
            withheld_rows: self.withheld_rows,
            withheld_cells: self.withheld_cells,
            used: super::Used::default(),
            plan_sha256: String::new(),
        };
        Answer::new(&self.schema, &self.batches, about)
    }
}
