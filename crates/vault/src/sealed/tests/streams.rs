//! Writing and reading as streams: any split gives the same bytes.

use std::io::{Seek, SeekFrom};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{ChunkReader, Length};
use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// However it is written and however it is read.
    #[test]
    fn any_split_gives_the_same_bytes(
        size in 0_usize..400,
        writes in prop::collection::vec(0_usize..100, 0..12),
        reads in prop::collection::vec((0_u64..450, 0_usize..120), 0..20),
    ) {
        let (ring, plain) = (ring(&[CLASS]), bytes(size));
        let name = Name { class: CLASS, path: PATH };
        let mut writer =
            SealedWriter::with_shape(Vec::new(), &ring, name, Fresh::new().unwrap(), SMALL).unwrap();
        let mut rest = plain.as_slice();
        for length in writes {
            let (now, later) = rest.split_at(length.min(rest.len()));
            writer.write_all(now).unwrap();
            writer.flush().unwrap();
            rest = later;
        }
        writer.write_all(rest).unwrap();
        let sealed = writer.finish().unwrap();
        prop_assert_eq!(sealed.len() as u64, SMALL.sealed_size(size as u64));

        let cursor = Cursor::new(&sealed);
        let mut reader = SealedReader::with_shape(cursor, &ring, CLASS, PATH, SMALL).unwrap();
        let mut whole = Vec::new();
        reader.read_to_end(&mut whole).unwrap();
        prop_assert_eq!(&whole, &plain);
        for (start, length) in reads {
            reader.seek(SeekFrom::Start(start)).unwrap();
            let mut part = Vec::new();
            (&mut reader).take(length as u64).read_to_end(&mut part).unwrap();
            let from = (start as usize).min(size);
            prop_assert_eq!(&part[..], &plain[from..(from + length).min(size)]);
        }
    }
}

#[test]
fn a_file_that_was_not_finished_does_not_open() {
    let ring = ring(&[CLASS]);
    let mut file = Vec::new();
    let fresh = Fresh::new().unwrap();
    let mut writer = SealedWriter::new(&mut file, &ring, CLASS, PATH, fresh).unwrap();
    writer.write_all(&bytes(200_000)).unwrap();
    writer.flush().unwrap();
    drop(writer);
    assert_eq!(file.len(), 92 + 3 * (65_536 + 16));
    assert!(open(&ring, &file, Shape::STANDARD).is_err());
}

/// A disk that is full now and has room later must not get a second chunk under a number already used.
#[test]
fn nothing_is_sealed_after_a_failed_write() {
    struct Full(u32);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += 1;
            // The header and the first chunk fit; the second chunk does not at the first try.
            if self.0 == 3 {
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let ring = ring(&[CLASS]);
    let fresh = Fresh::new().unwrap();
    let mut writer = SealedWriter::new(Full(0), &ring, CLASS, PATH, fresh).unwrap();
    let error = writer.write_all(&bytes(200_000)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    assert!(writer.write_all(&[1]).is_err());
    assert!(matches!(writer.finish(), Err(SealError::Failed)));
}

#[test]
fn no_plain_byte_is_on_disk() {
    let ring = ring(&[CLASS]);
    let plain = b"eid,read_2\n1234567,C10..\n".repeat(10_000);
    let sealed = seal(&ring, &plain, Shape::STANDARD);
    for window in [
        &b"1234567"[..],
        b"read_2",
        b"C10..",
        PATH.as_bytes(),
        CLASS.as_bytes(),
    ] {
        assert!(!sealed.windows(window.len()).any(|w| w == window));
    }
}

#[test]
fn a_parquet_file_is_written_and_read_through_the_seal() {
    let ring = ring(&[CLASS]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("part-000.parquet");
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..200_000));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..200_000).map(|i| format!("code {}", i * 7919 % 1_000_003)),
    ));
    let batch = RecordBatch::try_from_iter([("n", numbers), ("t", texts)]).unwrap();
    let sealed = SealedWriter::new(
        std::fs::File::create(&file).unwrap(),
        &ring,
        CLASS,
        PATH,
        Fresh::new().unwrap(),
    );
    let mut writer = ArrowWriter::try_new(sealed.unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap().finish().unwrap();

    let shared = SharedFile::open(&file).unwrap();
    let reader = SealedReader::open(shared, &ring, CLASS, PATH).unwrap();
    let sealed_bytes = std::fs::metadata(&file).unwrap().len();
    assert_eq!(Some(Length::len(&reader)), plain_size(sealed_bytes));
    assert_eq!(reader.get_bytes(0, 4).unwrap().as_ref(), b"PAR1");
    assert!(reader.get_bytes(reader.plain_bytes() - 3, 4).is_err());
    let mut magic = [0; 4];
    let mut end = reader.get_read(reader.plain_bytes() - 4).unwrap();
    end.read_exact(&mut magic).unwrap();
    assert_eq!(&magic, b"PAR1");
    let batches: Vec<_> = ParquetRecordBatchReaderBuilder::try_new(reader)
        .unwrap()
        .with_batch_size(300_000)
        .build()
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let whole = arrow::compute::concat_batches(&batch.schema(), &batches).unwrap();
    assert_eq!(whole, batch);
}
