//! Spilled rows: sealed, without a name, within their limit, and read back by the engine.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::DiskManagerBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SpillFile, TempFileFactory};
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::TryStreamExt;
use proptest::prelude::*;

use super::*;

fn all_of(file: &dyn SpillFile) -> Vec<u8> {
    let pieces = block_on(file.read_stream().unwrap().try_collect::<Vec<_>>()).unwrap();
    pieces.concat()
}

fn names_in(dir: &std::path::Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Any writes, and a reader after any flush, while the file is still written: what the engine's pools of spilled
    /// batches do.
    #[test]
    fn a_reader_finds_what_was_flushed(
        writes in prop::collection::vec((0_usize..200_000, any::<bool>()), 1..8),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let temp = SealedTemp::new(dir.path(), u64::MAX);
        let file = temp.create_temp_file("test").unwrap();
        let mut writer = file.open_writer().unwrap();
        let (plain, mut at) = (bytes(writes.iter().map(|w| w.0).sum()), 0);
        for (length, flush) in writes {
            writer.write_all(&plain[at..at + length]).unwrap();
            at += length;
            if flush {
                writer.flush().unwrap();
                prop_assert!(all_of(file.as_ref()) == plain[..at]);
            }
        }
        writer.finish().unwrap();
        prop_assert!(all_of(file.as_ref()) == plain);
        prop_assert_eq!(file.size(), Some(plain.len() as u64));
        prop_assert!(temp.used() >= plain.len() as u64);
        prop_assert_eq!(names_in(dir.path()), 0);
        drop((file, writer));
        prop_assert_eq!(temp.used(), 0);
    }
}

#[test]
fn nothing_is_written_beyond_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let temp = SealedTemp::new(dir.path(), 200_000);
    let (one, two) = (
        temp.create_temp_file("one").unwrap(),
        temp.create_temp_file("two").unwrap(),
    );
    one.open_writer()
        .unwrap()
        .write_all(&bytes(150_000))
        .unwrap();
    let used = temp.used();
    assert_eq!(used, 2 * (65_536 + 16));
    let mut writer = two.open_writer().unwrap();
    let error = writer.write_all(&bytes(150_000)).unwrap_err();
    assert!(error.to_string().contains("limit of 200000 bytes"));
    assert_eq!(temp.used(), 3 * (65_536 + 16));
    drop((two, writer));
    assert_eq!(temp.used(), used);
}

/// A table that does not fit into the memory it is sorted in.
fn sorted(builder: DiskManagerBuilder) -> Result<(Vec<RecordBatch>, usize), DataFusionError> {
    let batch = |from: i64| {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(
            (from..from + 8_192).map(|i| i * 7_919 % 1_000_003),
        ));
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(
            (from..from + 8_192).map(|i| format!("a value that takes room, number {i}")),
        ));
        RecordBatch::try_from_iter([("n", numbers), ("t", texts)]).unwrap()
    };
    let batches: Vec<_> = (0..40).map(|i| batch(i * 8_192)).collect();
    let env = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(8_000_000)))
        .with_disk_manager_builder(builder)
        .build_arc()?;
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .with_sort_spill_reservation_bytes(1_000_000);
    let context = SessionContext::new_with_config_rt(config, env);
    let table = MemTable::try_new(batches[0].schema(), vec![batches])?;
    context.register_table("t", Arc::new(table))?;
    block_on(async {
        let frame = context.sql("SELECT n, t FROM t ORDER BY n, t").await?;
        let plan = frame.create_physical_plan().await?;
        let rows = collect(Arc::clone(&plan), context.task_ctx()).await?;
        Ok((rows, spills(plan.as_ref())))
    })
}

fn spills(plan: &dyn ExecutionPlan) -> usize {
    let own = plan.metrics().and_then(|m| m.spill_count()).unwrap_or(0);
    let below = plan
        .children()
        .into_iter()
        .map(|child| spills(child.as_ref()));
    own + below.sum::<usize>()
}

#[test]
fn the_engine_sorts_through_sealed_files() {
    let dir = tempfile::tempdir().unwrap();
    let (rows, spilled) = sorted(spill_disk(dir.path(), 1_000_000_000)).unwrap();
    assert!(spilled > 1, "{spilled} files");
    let numbers = |batch: &RecordBatch| {
        let column = batch.column(0).as_any().downcast_ref::<Int64Array>();
        column.unwrap().values().to_vec()
    };
    let numbers: Vec<i64> = rows.iter().flat_map(numbers).collect();
    assert_eq!(numbers.len(), 40 * 8_192);
    assert!(numbers.is_sorted());
    assert_eq!(names_in(dir.path()), 0);
}

/// The engine's own error for a full disk is found at the root, so that it becomes the right refusal.
#[test]
fn a_full_spill_disk_is_exhausted_resources() {
    let dir = tempfile::tempdir().unwrap();
    let error = sorted(spill_disk(dir.path(), 500_000)).unwrap_err();
    let root = error.find_root();
    assert!(
        matches!(root, DataFusionError::ResourcesExhausted(_)),
        "{root}"
    );
}
