//! An object store over sealed files: plain sizes, ranges and bytes above, sealed ones below.
//!
//! Bytes are opened in the buffer in which they were read (`ranges.rs`). A file's size is proven when it is first opened, by its
//! last chunk, so that no answer comes from a file that was cut short; its key is then remembered. Where the store
//! beneath gives a file of this machine, that is read here, all ranges in one go: `object_store`'s own reading, built
//! without optimisation as in this project's dev profile, gave 0.1 GB/s, this some 2 (measured).
//! Writing is refused: a release is sealed once, by [`super::SealedWriter`].
//!
//! Must never give out a byte that was not authenticated, or one of a file whose class's key is not held.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions,
    PutPayload, PutResult, Result,
};

use super::format::{HEADER, HEADER_BYTES, Opened, Shape};
use super::ranges::{Harvest, Run, chunks_of, runs};
use super::{Keyring, SealError};
use crate::limits;

const NAME: &str = "sealed";

/// The plain view of a store of sealed files, as far as a keyring goes. Cheap to clone; clones share what they have opened.
#[derive(Debug, Clone)]
pub struct SealedStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    beneath: Arc<dyn ObjectStore>,
    keyring: Keyring,
    shape: Shape,
    /// Files that were opened before.
    files: RwLock<HashMap<Path, Arc<Known>>>,
}

/// A file that was opened before.
#[derive(Debug)]
struct Known {
    opened: Opened,
    /// The store beneath gives a file of this machine.
    local: bool,
}

impl fmt::Display for SealedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedStore")
    }
}

fn error(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Generic {
        store: NAME,
        source: source.into(),
    }
}

fn refused(operation: &str) -> Error {
    Error::NotImplemented {
        operation: operation.to_owned(),
        implementer: "SealedStore; a release is sealed once".to_owned(),
    }
}

impl SealedStore {
    /// Over a store whose root is the release's folder.
    #[must_use]
    pub fn new(beneath: Arc<dyn ObjectStore>, keyring: Keyring) -> Self {
        Self::with_shape(beneath, keyring, Shape::STANDARD)
    }

    pub(crate) fn with_shape(
        beneath: Arc<dyn ObjectStore>,
        keyring: Keyring,
        shape: Shape,
    ) -> Self {
        Self(Arc::new(Inner {
            beneath,
            keyring,
            shape,
            files: RwLock::new(HashMap::new()),
        }))
    }

    /// A file's key and size: remembered, or from its header, with its size proven.
    async fn opened(&self, location: &Path) -> Result<Arc<Known>> {
        if let Some(known) = self.known(location) {
            return Ok(known);
        }
        let (beneath, shape) = (&self.0.beneath, self.0.shape);
        let head = GetOptions::new().with_range(Some(0..HEADER_BYTES));
        let result = beneath.get_opts(location, head).await?;
        let sealed = result.meta.size;
        let size = || SealError::Size { bytes: sealed };
        let plain = shape.plain_size(sealed).ok_or_else(size).map_err(error)?;
        let last = shape.last(plain);
        let (header, mut last, local) = match result.payload {
            GetResultPayload::File(file, _) => {
                let read = move || {
                    let reading = || SealError::io("reading a sealed file's header");
                    let length = usize::try_from(last.end - last.start).unwrap_or(usize::MAX);
                    let (mut header, mut chunk) = (vec![0; HEADER], vec![0; length]);
                    file.read_exact_at(&mut header, 0).map_err(reading())?;
                    file.read_exact_at(&mut chunk, last.start)
                        .map_err(reading())?;
                    Ok((header, chunk))
                };
                let (header, last) = blocking(read).await?;
                (header, last, true)
            }
            GetResultPayload::Stream(_) => {
                let header = result.bytes().await?.to_vec();
                let last = beneath.get_range(location, last).await?.to_vec();
                (header, last, false)
            }
        };
        let header = header.as_slice().try_into().map_err(|_| error(size()))?;
        let keyring = &self.0.keyring;
        let opened = keyring
            .open(header, sealed, shape, None, location.as_ref())
            .map_err(error)?;
        opened.prove(&mut last).map_err(error)?;
        let known = Arc::new(Known { opened, local });
        self.remember(location, &known);
        Ok(known)
    }

    fn known(&self, location: &Path) -> Option<Arc<Known>> {
        let files = self.0.files.read();
        let files = files.unwrap_or_else(PoisonError::into_inner);
        files.get(location).cloned()
    }

    fn remember(&self, location: &Path, known: &Arc<Known>) {
        let files = self.0.files.write();
        let mut files = files.unwrap_or_else(PoisonError::into_inner);
        if files.len() >= limits::SEALED_FILES_REMEMBERED {
            files.clear();
        }
        files.insert(location.clone(), Arc::clone(known));
    }

    /// What is in the store beneath as a plain file; none if its size is not that of a sealed one.
    fn plain(&self, meta: ObjectMeta) -> Option<ObjectMeta> {
        let size = self.0.shape.plain_size(meta.size)?;
        Some(ObjectMeta { size, ..meta })
    }

    fn head_of(&self, meta: ObjectMeta) -> Result<ObjectMeta> {
        let bytes = meta.size;
        self.plain(meta)
            .ok_or_else(|| error(SealError::Size { bytes }))
    }

    /// One range as one piece, under the conditions of `options`, with what the store beneath says of the object.
    async fn piece(
        &self,
        location: &Path,
        known: &Arc<Known>,
        range: Range<u64>,
        options: GetOptions,
    ) -> Result<(Bytes, ObjectMeta, Attributes)> {
        let chunks = chunks_of(&known.opened, &range);
        let place = known.opened.place(chunks.start, chunks.end);
        // Conditions on the object are for the store beneath to judge.
        let options = options.with_range(Some(place));
        let result = self.0.beneath.get_opts(location, options).await?;
        let (meta, attributes) = (result.meta.clone(), result.attributes.clone());
        let found = Self::all(result, known, vec![range]).await?;
        let bytes = found.into_iter().next().unwrap_or_default();
        Ok((bytes, meta, attributes))
    }

    /// Ranges from what the store beneath gave: any from a file of this machine, else those in the run that was asked for.
    async fn all(
        result: GetResult,
        known: &Arc<Known>,
        wanted: Vec<Range<u64>>,
    ) -> Result<Vec<Bytes>> {
        if let GetResultPayload::File(file, _) = result.payload {
            let known = Arc::clone(known);
            return blocking(move || {
                let mut harvest = Harvest::new(&known.opened, &wanted);
                harvest.read(&file)?;
                Ok(harvest.found())
            })
            .await;
        }
        let sealed = result.bytes().await?;
        let mut harvest = Harvest::new(&known.opened, &wanted);
        if let Some(run) = runs(&known.opened, &wanted).first() {
            harvest.take(run, sealed).map_err(error)?;
        }
        Ok(harvest.found())
    }
}

/// Runs work that reads files where that is allowed.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::result::Result<T, SealError> + Send + 'static,
) -> Result<T> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(work).await.map_err(error)?,
        Err(_) => work(),
    }
    .map_err(error)
}

/// Where a piece that begins at `start` ends: at a chunk's end, so that no chunk is opened twice.
fn piece_end(opened: &Opened, start: u64, piece: u64) -> u64 {
    let end = start.saturating_add(piece);
    opened.start_of(opened.chunk_of(end)).max(start + 1)
}

#[async_trait]
impl ObjectStore for SealedStore {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            let beneath = GetOptions {
                range: None,
                ..options
            };
            let result = self.0.beneath.get_opts(location, beneath).await?;
            return Ok(GetResult {
                payload: GetResultPayload::Stream(stream::empty().boxed()),
                meta: self.head_of(result.meta)?,
                range: 0..0,
                attributes: result.attributes,
            });
        }
        let known = self.opened(location).await?;
        let plain = known.opened.plain;
        let as_range = |range: &GetRange| range.as_range(plain).map_err(error);
        let (range, piece) = match &options.range {
            None => (0..plain, limits::SEALED_PIECE_BYTES),
            // Who names both ends wants it in memory, and in one piece.
            Some(bounded @ GetRange::Bounded(_)) => (as_range(bounded)?, u64::MAX),
            Some(open) => (as_range(open)?, limits::SEALED_PIECE_BYTES),
        };
        let first = range.start..range.end.min(piece_end(&known.opened, range.start, piece));
        let (whole, next) = (range.clone(), first.end);
        let (bytes, meta, attributes) = self.piece(location, &known, first, options).await?;
        let (store, location) = (self.clone(), location.clone());
        let rest = stream::try_unfold(next, move |start| {
            let (store, location, known) = (store.clone(), location.clone(), Arc::clone(&known));
            let next = start..range.end.min(piece_end(&known.opened, start, piece));
            let stop = range.end;
            async move {
                if start >= stop {
                    return Ok(None);
                }
                let end = next.end;
                let options = GetOptions::default();
                let (bytes, ..) = store.piece(&location, &known, next, options).await?;
                Ok(Some((bytes, end)))
            }
        });
        let payload = stream::once(async move { Ok(bytes) }).chain(rest).boxed();
        Ok(GetResult {
            payload: GetResultPayload::Stream(payload),
            meta: self.head_of(meta)?,
            range: whole,
            attributes,
        })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let known = self.opened(location).await?;
        let opened = &known.opened;
        let mut wanted = Vec::with_capacity(ranges.len());
        for range in ranges {
            if range.start > range.end || range.start > opened.plain {
                return Err(error(format!(
                    "expected a range of {} bytes, found one outside",
                    opened.plain
                )));
            }
            wanted.push(range.start..range.end.min(opened.plain));
        }
        let runs = runs(opened, &wanted);
        let place = |run: &Run| opened.place(run.chunks.start, run.chunks.end);
        let beneath = &self.0.beneath;
        if let (true, Some(first)) = (known.local, runs.first()) {
            let options = GetOptions::new().with_range(Some(place(first)));
            let result = beneath.get_opts(location, options).await?;
            if matches!(result.payload, GetResultPayload::File(..)) {
                return Self::all(result, &known, wanted).await;
            }
        }
        let places: Vec<_> = runs.iter().map(place).collect();
        let sealed = beneath.get_ranges(location, &places).await?;
        let mut harvest = Harvest::new(opened, &wanted);
        for (run, sealed) in runs.iter().zip(sealed) {
            harvest.take(run, sealed).map_err(error)?;
        }
        Ok(harvest.found())
    }

    /// Plain sizes by arithmetic; nothing is opened. Objects that cannot be sealed files by their size are left out; others
    /// that are none are found when they are read.
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = self.clone();
        self.0
            .beneath
            .list(prefix)
            .try_filter_map(move |meta| futures::future::ready(Ok(store.plain(meta))))
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let found = self.0.beneath.list_with_delimiter(prefix).await?;
        let objects = found.objects.into_iter();
        Ok(ListResult {
            common_prefixes: found.common_prefixes,
            objects: objects.filter_map(|meta| self.plain(meta)).collect(),
        })
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(refused("put"))
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(refused("put_multipart"))
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        stream::once(async { Err(refused("delete")) }).boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(refused("copy"))
    }
}
