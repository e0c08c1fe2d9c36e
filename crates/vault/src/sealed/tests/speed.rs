//! How fast sealing and opening are, printed on demand: `cargo test -p vault sealed::tests::speed -- --ignored --nocapture`.

use std::hint::black_box;
use std::time::Instant;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem};

use super::*;

const SIZE: usize = 256 * 1024 * 1024;

/// Best of seven rounds, in megabytes a second.
fn rate(mut work: impl FnMut()) -> f64 {
    let round = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    SIZE as f64 / 1e6 / (0..7).map(round).fold(f64::MAX, f64::min)
}

#[test]
#[ignore = "a measurement"]
fn throughput() {
    let ring = ring(&[CLASS]);
    let plain = bytes(SIZE);
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("gp_clinical")).unwrap();
    std::fs::write(dir.path().join(PATH), seal(&ring, &plain, Shape::STANDARD)).unwrap();
    std::fs::write(dir.path().join("plain"), &plain).unwrap();
    let sealing = rate(|| {
        let fresh = Fresh::new().unwrap();
        let mut w = SealedWriter::new(std::io::sink(), &ring, CLASS, PATH, fresh).unwrap();
        plain
            .chunks(1 << 20)
            .for_each(|part| w.write_all(part).unwrap());
        w.finish().unwrap();
    });
    println!("sealing, 1 MiB writes to nowhere     {sealing:6.0} MB/s");
    let local = || std::sync::Arc::new(LocalFileSystem::new_with_prefix(dir.path()).unwrap());
    let store = SealedStore::new(local(), ring.clone());
    let (path, bare) = (Path::from(PATH), Path::from("plain"));
    for megabytes in [1_u64, 4, 16] {
        let step = megabytes << 20;
        let ranges: Vec<_> = (0..SIZE as u64 / step)
            .map(|i| i * step..(i + 1) * step)
            .collect();
        let sealed = rate(|| {
            for range in &ranges {
                black_box(block_on(store.get_range(&path, range.clone())).unwrap());
            }
        });
        let below = local();
        let plain = rate(|| {
            for range in &ranges {
                black_box(block_on(below.get_range(&bare, range.clone())).unwrap());
            }
        });
        println!("ranges of {megabytes:2} MiB: opened {sealed:6.0} MB/s, plain {plain:6.0} MB/s");
    }
    let far: Vec<_> = (0..2048_u64)
        .map(|i| i * 131_072..i * 131_072 + 4_096)
        .collect();
    let start = Instant::now();
    black_box(block_on(store.get_ranges(&path, &far)).unwrap());
    let each = start.elapsed().as_secs_f64() / far.len() as f64 * 1e6;
    println!("one of 2,048 ranges of 4 KiB         {each:6.1} µs");
    let sealed = seal(&ring, &plain, Shape::STANDARD);
    let reading = rate(|| {
        let file = Cursor::new(&sealed);
        let mut reader = SealedReader::open(file, &ring, CLASS, PATH).unwrap();
        std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
    });
    println!("reading as a stream                  {reading:6.0} MB/s");
}
