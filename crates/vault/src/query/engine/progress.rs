//! How far the reading of a question's tables is.
//!
//! Must never: be exact. A table's rows are read whether or not their people may be counted, so the share is told in
//! twentieths, from which nobody is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::error::Result;
use futures::stream::{StreamExt, try_unfold};

use super::layout::read::Batches;
use crate::limits::PROGRESS_STEPS;

/// Rows that the scans of one question have to deal with, and have dealt with.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    all: AtomicU64,
    done: AtomicU64,
}

impl Meter {
    /// So many rows more are to be dealt with.
    pub(crate) fn expect(&self, rows: u64) {
        self.all.fetch_add(rows, Ordering::Relaxed);
    }

    fn did(&self, rows: u64) {
        self.done.fetch_add(rows, Ordering::Relaxed);
    }

    /// The share that is done, from 0 to 1, in steps. Reading is not all that a question is: it may be at the end of this and
    /// sort for a while.
    pub(crate) fn share(&self) -> f64 {
        let all = self.all.load(Ordering::Relaxed).max(1);
        let done = self.done.load(Ordering::Relaxed).min(all);
        let step = done.saturating_mul(u64::from(PROGRESS_STEPS)) / all;
        let step = u32::try_from(step).unwrap_or(PROGRESS_STEPS);
        f64::from(step) / f64::from(PROGRESS_STEPS)
    }
}

/// The same batches, counted. Of `rows` rows those that were left unread are counted at the end.
pub(crate) fn counted(batches: Batches, rows: u64, meter: Option<Arc<Meter>>) -> Batches {
    let Some(meter) = meter else {
        return batches;
    };
    let counted = try_unfold((batches, rows), move |(mut batches, left)| {
        let meter = Arc::clone(&meter);
        async move {
            let next = batches.next().await.transpose();
            let batch = next.inspect_err(|_| meter.did(left))?;
            let rows = batch.as_ref().map_or(left, |b| {
                u64::try_from(b.num_rows()).unwrap_or(left).min(left)
            });
            meter.did(rows);
            Result::Ok(batch.map(|batch| (batch, (batches, left - rows))))
        }
    });
    counted.boxed()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp)]
    use super::*;

    #[test]
    fn shares_come_in_steps() {
        let meter = Meter::default();
        assert_eq!(meter.share(), 0.0);
        meter.expect(1_000);
        meter.did(49);
        assert_eq!(meter.share(), 0.0);
        meter.did(2);
        assert_eq!(meter.share(), 0.05);
        meter.did(2_000);
        assert_eq!(meter.share(), 1.0);
    }
}
