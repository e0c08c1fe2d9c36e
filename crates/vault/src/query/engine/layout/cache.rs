//! Opens files of a release, and keeps what stands at their ends for the next question of this process.
//!
//! Kept under the digest of a file's bytes, so nothing kept can be out of date. Only what every question reads is kept: the
//! places of pages with their smallest and largest values, and lists of codes; never a row.

use std::any::Any;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use datafusion::error::Result;
use futures::future::BoxFuture;
use futures::{FutureExt, TryFutureExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

use crate::limits;
use crate::release::FileEntry;

/// A file and what stands at its end.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    /// Reads its bytes.
    pub(crate) reader: Reader,
    /// Its columns, row groups and pages. Text is read as views.
    pub(crate) metadata: ArrowReaderMetadata,
}

/// Reads bytes of one object.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    store: Arc<dyn ObjectStore>,
    path: Path,
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        let bytes = self.store.get_range(&self.path, range);
        bytes.map_err(Into::into).boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        let (store, path) = (&self.store, &self.path);
        async move { Ok(store.get_ranges(path, &ranges).await?) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let size = self.store.head(&self.path).await?.size;
            let reader = ParquetMetaDataReader::new()
                .with_page_index_policy(PageIndexPolicy::Optional)
                .with_prefetch_hint(Some(limits::FOOTER_BYTES));
            Ok(Arc::new(reader.load_and_finish(&mut *self, size).await?))
        }
        .boxed()
    }
}

/// Opens a file.
pub(crate) async fn open(store: &Arc<dyn ObjectStore>, file: &FileEntry) -> Result<Opened> {
    let mut reader = Reader {
        store: Arc::clone(store),
        path: Path::from(file.path.as_str()),
    };
    let key = || format!("end {}", file.sha256);
    if let Some(metadata) = kept::<ArrowReaderMetadata>(file, key) {
        let metadata = ArrowReaderMetadata::clone(&metadata);
        return Ok(Opened { reader, metadata });
    }
    let end = reader.get_metadata(None).await?;
    let bytes = end.memory_size();
    let as_written = ArrowReaderMetadata::try_new(Arc::clone(&end), ArrowReaderOptions::new())?;
    let fields = as_written.schema().fields().iter().map(|field| {
        if matches!(field.data_type(), DataType::Utf8 | DataType::LargeUtf8) {
            Arc::new(Field::clone(field).with_data_type(DataType::Utf8View))
        } else {
            Arc::clone(field)
        }
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let options = ArrowReaderOptions::new().with_schema(schema);
    let metadata = ArrowReaderMetadata::try_new(end, options)?;
    keep(file, key, bytes, metadata.clone());
    Ok(Opened { reader, metadata })
}

#[derive(Default)]
struct Kept {
    bytes: usize,
    things: HashMap<String, Arc<dyn Any + Send + Sync>>,
}

static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

/// What was kept of a file under a name.
pub(crate) fn kept<T: Send + Sync + 'static>(
    file: &FileEntry,
    name: impl Fn() -> String,
) -> Option<Arc<T>> {
    if file.sha256.is_empty() {
        return None;
    }
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let thing = kept.things.get(&name())?;
    Arc::clone(thing).downcast().ok()
}

/// Keeps something of a file. When there is no more room everything is forgotten, which costs the next questions
/// some milliseconds each.
pub(crate) fn keep<T: Send + Sync + 'static>(
    file: &FileEntry,
    name: impl Fn() -> String,
    bytes: usize,
    thing: T,
) -> Arc<T> {
    let thing = Arc::new(thing);
    if !file.sha256.is_empty() {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + bytes > limits::KEPT_BYTES {
            *kept = Kept::default();
        }
        kept.bytes += bytes;
        kept.things
            .insert(name(), Arc::clone(&thing) as Arc<dyn Any + Send + Sync>);
    }
    thing
}
