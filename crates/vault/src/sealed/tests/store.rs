//! The store over sealed files gives what a store over the plain ones would.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::stream::{BoxStream, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::*;
use proptest::prelude::*;

use super::*;

fn store(files: &[(&str, Vec<u8>)], ring: &Keyring, shape: Shape) -> (Arc<InMemory>, SealedStore) {
    let beneath = Arc::new(InMemory::new());
    for (path, bytes) in files {
        block_on(beneath.put(&Path::from(*path), bytes.clone().into())).unwrap();
    }
    let store = SealedStore::with_shape(beneath.clone(), ring.clone(), shape);
    (beneath, store)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_ranges_give_the_plain_bytes(
        size in 1_usize..500,
        ranges in prop::collection::vec((0_u64..500, 0_u64..200), 0..12),
    ) {
        let (ring, plain) = (ring(&[CLASS]), bytes(size));
        let sealed = seal(&ring, &plain, SMALL);
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("gp_clinical")).unwrap();
        std::fs::write(dir.path().join(PATH), &sealed).unwrap();
        let local = Arc::new(LocalFileSystem::new_with_prefix(dir.path()).unwrap());
        let local = SealedStore::with_shape(local, ring.clone(), SMALL);
        let (_, store) = store(&[(PATH, sealed)], &ring, SMALL);
        let path = Path::from(PATH);
        let ranges: Vec<Range<u64>> = ranges
            .into_iter()
            .map(|(start, length)| {
                let start = start % size as u64;
                start..(start + length).min(size as u64)
            })
            .collect();
        let read = block_on(store.get_ranges(&path, &ranges)).unwrap();
        prop_assert_eq!(&read, &block_on(local.get_ranges(&path, &ranges)).unwrap());
        prop_assert_eq!(read.len(), ranges.len());
        for (range, read) in ranges.iter().zip(read) {
            let wanted = &plain[range.start as usize..range.end as usize];
            prop_assert_eq!(read.as_ref(), wanted);
            if !range.is_empty() {
                let one = block_on(store.get_range(&path, range.clone())).unwrap();
                prop_assert_eq!(one.as_ref(), wanted);
                let one = block_on(local.get_range(&path, range.clone())).unwrap();
                prop_assert_eq!(one.as_ref(), wanted);
            }
            let tail = GetOptions::new().with_range(Some(GetRange::Offset(range.start)));
            let tail = block_on(async { store.get_opts(&path, tail).await?.bytes().await });
            let tail = tail.unwrap();
            prop_assert_eq!(tail.as_ref(), &plain[range.start as usize..]);
            let end = GetOptions::new().with_range(Some(GetRange::Suffix(range.start)));
            let end = block_on(async { store.get_opts(&path, end).await?.bytes().await });
            let end = end.unwrap();
            prop_assert_eq!(end.as_ref(), &plain[size - range.start as usize..]);
        }
    }
}

#[test]
fn sizes_are_plain_everywhere() {
    let ring = ring(&[CLASS]);
    let files = [
        ("t/part-000.parquet", 0),
        ("t/part-001.parquet", 1),
        ("u/part-000.parquet", 200_000),
    ];
    let sealed: Vec<_> = files
        .iter()
        .map(|(path, size)| {
            (
                *path,
                seal_as(&ring, CLASS, path, &bytes(*size), Shape::STANDARD),
            )
        })
        .chain([("keys.json", b"{}".to_vec())])
        .collect();
    let (_, store) = store(&sealed, &ring, Shape::STANDARD);
    for (path, size) in files {
        let path = Path::from(path);
        assert_eq!(block_on(store.head(&path)).unwrap().size, size as u64);
        let all = block_on(async { store.get(&path).await?.bytes().await }).unwrap();
        assert_eq!(all, bytes(size));
    }
    let mut listed: Vec<_> = block_on(store.list(None).try_collect::<Vec<_>>())
        .unwrap()
        .into_iter()
        .map(|meta| (meta.location.to_string(), meta.size as usize))
        .collect();
    listed.sort();
    assert_eq!(listed, files.map(|(path, size)| (path.to_owned(), size)));
    let found = block_on(store.list_with_delimiter(Some(&Path::from("t")))).unwrap();
    assert_eq!(found.objects.len(), 2);
    assert_eq!(found.objects[1].size, 1);
}

/// The end of a file that ends with a chunk, and the whole of an empty one.
#[test]
fn empty_ranges_are_empty() {
    let ring = ring(&[CLASS]);
    for size in [0, 32, 96] {
        let (_, store) = store(&[(PATH, seal(&ring, &bytes(size), SMALL))], &ring, SMALL);
        for range in [GetRange::Suffix(0), GetRange::Suffix(99)] {
            let wanted = if range == GetRange::Suffix(0) {
                0
            } else {
                size
            };
            let options = GetOptions::new().with_range(Some(range));
            let path = Path::from(PATH);
            let read = block_on(async { store.get_opts(&path, options).await?.bytes().await });
            assert_eq!(read.unwrap(), bytes(wanted));
        }
    }
}

/// A whole file comes in pieces, and they fit together.
#[test]
fn a_long_file_streams() {
    let ring = ring(&[CLASS]);
    let dir = tempfile::tempdir().unwrap();
    let plain = bytes(9 * 1024 * 1024 + 77);
    std::fs::create_dir(dir.path().join("gp_clinical")).unwrap();
    std::fs::write(dir.path().join(PATH), seal(&ring, &plain, Shape::STANDARD)).unwrap();
    let beneath = Arc::new(LocalFileSystem::new_with_prefix(dir.path()).unwrap());
    let store = SealedStore::new(beneath, ring);
    let got = |range: Option<GetRange>| {
        let options = GetOptions {
            range,
            ..GetOptions::default()
        };
        let result = block_on(store.get_opts(&Path::from(PATH), options)).unwrap();
        assert_eq!(result.meta.size, plain.len() as u64);
        (
            result.range.clone(),
            block_on(result.into_stream().try_collect::<Vec<_>>()).unwrap(),
        )
    };
    let (range, pieces) = got(None);
    assert_eq!(range, 0..plain.len() as u64);
    assert_eq!(pieces.len(), 3);
    assert_eq!(pieces.concat(), plain);
    let (range, pieces) = got(Some(GetRange::Offset(100_001)));
    assert_eq!(range, 100_001..plain.len() as u64);
    assert_eq!(pieces.concat(), &plain[100_001..]);
    let (_, pieces) = got(Some(GetRange::Bounded(5..plain.len() as u64 + 9)));
    assert_eq!((pieces.len(), pieces.concat()), (1, plain[5..].to_vec()));
}

/// Counts what is asked of the store beneath.
#[derive(Debug)]
struct Counted(Arc<InMemory>, AtomicU64);

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counted")
    }
}

#[async_trait]
impl ObjectStore for Counted {
    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.get_opts(path, options).await
    }
    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<bytes::Bytes>> {
        self.1.fetch_add(ranges.len() as u64, Ordering::Relaxed);
        self.0.get_ranges(path, ranges).await
    }
    async fn put_opts(&self, p: &Path, b: PutPayload, o: PutOptions) -> Result<PutResult> {
        self.0.put_opts(p, b, o).await
    }
    async fn put_multipart_opts(
        &self,
        p: &Path,
        o: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(p, o).await
    }
    fn delete_stream(
        &self,
        p: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(p)
    }
    fn list(&self, p: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(p)
    }
    async fn list_with_delimiter(&self, p: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(p).await
    }
    async fn copy_opts(&self, a: &Path, b: &Path, o: CopyOptions) -> Result<()> {
        self.0.copy_opts(a, b, o).await
    }
}

#[test]
fn a_file_is_opened_once_and_neighbouring_ranges_are_read_once() {
    let ring = ring(&[CLASS]);
    let (beneath, _) = store(&[(PATH, seal(&ring, &bytes(1_000), SMALL))], &ring, SMALL);
    let counted = Arc::new(Counted(beneath, AtomicU64::new(0)));
    let store = SealedStore::with_shape(counted.clone(), ring, SMALL);
    let calls = || counted.1.swap(0, Ordering::Relaxed);
    let path = Path::from(PATH);
    block_on(store.get_range(&path, 10..20)).unwrap();
    assert_eq!(calls(), 3, "header, last chunk, range");
    block_on(store.get_range(&path, 500..520)).unwrap();
    assert_eq!(calls(), 1);
    // One run: within a chunk, over a border, in the next one. And one apart.
    let ranges = [40..41, 0..5, 3..40, 900..901];
    block_on(store.get_ranges(&path, &ranges)).unwrap();
    assert_eq!(calls(), 2);
}

#[test]
fn tampering_and_missing_keys_are_errors() {
    let both = ring(&[CLASS, "genomic"]);
    let one = both.only([CLASS]).unwrap();
    let sealed = seal(&both, &bytes(100), SMALL);
    let genomic = seal_as(&both, "genomic", "g/part-000.parquet", &bytes(100), SMALL);
    let cut = sealed[..92 + 2 * 48].to_vec();
    let files = [
        (PATH, sealed.clone()),
        ("g/part-000.parquet", genomic),
        ("moved.parquet", sealed.clone()),
    ];
    let (beneath, store) = store(&files, &one, SMALL);
    let get = |path: &str| block_on(store.get_range(&Path::from(path), 0..1));
    assert!(get(PATH).is_ok());
    assert!(get("g/part-000.parquet").is_err(), "class not granted");
    assert!(get("moved.parquet").is_err(), "another name");
    assert!(matches!(get("none.parquet"), Err(Error::NotFound { .. })));
    // Cut at a chunk's border: the first byte is not given out either.
    let fresh = SealedStore::with_shape(beneath.clone(), one.clone(), SMALL);
    block_on(beneath.put(&Path::from(PATH), cut.into())).unwrap();
    assert!(block_on(fresh.get_range(&Path::from(PATH), 0..1)).is_err());
    // The same for a store that had opened the file before, where the range is gone.
    assert!(block_on(store.get_range(&Path::from(PATH), 70..71)).is_err());
    let outside = 101..102;
    assert!(block_on(store.get_ranges(&Path::from("moved.parquet"), &[outside])).is_err());
}

#[test]
fn nothing_can_be_written_through_it() {
    let ring = ring(&[CLASS]);
    let (_, store) = store(&[(PATH, seal(&ring, &bytes(9), SMALL))], &ring, SMALL);
    let path = Path::from(PATH);
    assert!(block_on(store.put(&path, "x".into())).is_err());
    assert!(block_on(store.put_multipart(&path)).is_err());
    assert!(block_on(store.delete(&path)).is_err());
    assert!(block_on(store.copy(&path, &Path::from("b"))).is_err());
    assert!(block_on(store.rename(&path, &Path::from("b"))).is_err());
    assert_eq!(block_on(store.get_range(&path, 0..9)).unwrap(), bytes(9));
}
