//! Whoever changes sealed files is found out: every byte, every length, every other place.

use super::super::format::{HEADER, TAG};
use super::*;

/// Chunks on disk of a file of small chunks.
fn chunks(sealed: &[u8]) -> Vec<Vec<u8>> {
    sealed[HEADER..]
        .chunks(32 + TAG)
        .map(<[u8]>::to_vec)
        .collect()
}

fn put_together(header: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    [header, &chunks.concat()].concat()
}

/// Sizes around every border of the small chunks.
const SIZES: [usize; 9] = [0, 1, 31, 32, 33, 63, 64, 65, 100];

#[test]
fn every_bit_of_every_byte_counts() {
    let ring = ring(&[CLASS]);
    for size in SIZES {
        let sealed = seal(&ring, &bytes(size), SMALL);
        assert_eq!(open(&ring, &sealed, SMALL).unwrap(), bytes(size));
        for place in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[place] ^= 1 << bit;
                let opened = open(&ring, &changed, SMALL);
                assert!(opened.is_err(), "size {size}, byte {place}, bit {bit}");
            }
        }
    }
}

/// The same with the chunks of the format: all bytes of the header and around every border, and every 997th.
#[test]
fn bytes_of_whole_chunks_count() {
    let ring = ring(&[CLASS]);
    let shape = Shape::STANDARD;
    let stride = 65_536 + TAG;
    let sealed = seal(&ring, &bytes(2 * 65_536 + 500), shape);
    let border = |place: usize| {
        place < HEADER + 2
            || (place - HEADER) % stride < 2
            || (place - HEADER) % stride > stride - 18
    };
    let places = (0..sealed.len()).filter(|p| border(*p) || p % 997 == 0);
    let mut changed = sealed.clone();
    for place in places {
        changed[place] ^= 0x40;
        assert!(open(&ring, &changed, shape).is_err(), "byte {place}");
        changed[place] ^= 0x40;
    }
    assert!(open(&ring, &changed, shape).is_ok());
}

/// Every shorter length, whole chunks among them, is found before a byte is given out, not only at the end of reading.
#[test]
fn no_shorter_file_opens() {
    let ring = ring(&[CLASS]);
    for size in SIZES {
        let sealed = seal(&ring, &bytes(size), SMALL);
        for length in 0..sealed.len() {
            let cut = Cursor::new(&sealed[..length]);
            let opened = SealedReader::with_shape(cut, &ring, CLASS, PATH, SMALL);
            assert!(opened.is_err(), "size {size}, cut to {length}");
        }
    }
}

#[test]
fn no_longer_file_opens() {
    let ring = ring(&[CLASS]);
    for size in SIZES {
        let sealed = seal(&ring, &bytes(size), SMALL);
        let tail = sealed[HEADER..].to_vec();
        for more in 1..=3 * (32 + TAG) {
            for filler in [
                vec![0; more],
                tail.iter().cycle().take(more).copied().collect(),
            ] {
                let long = [sealed.clone(), filler].concat();
                let opened =
                    SealedReader::with_shape(Cursor::new(&long), &ring, CLASS, PATH, SMALL);
                assert!(opened.is_err(), "size {size}, {more} more");
            }
        }
    }
}

/// Five chunks, three of them full and alike in length: any other order, doubling or omission is found.
#[test]
fn chunks_open_in_their_place_only() {
    let ring = ring(&[CLASS]);
    let sealed = seal(&ring, &bytes(4 * 32 + 7), SMALL);
    let (header, parts) = (&sealed[..HEADER], chunks(&sealed));
    for a in 0..5 {
        let mut without = parts.clone();
        without.remove(a);
        assert!(open(&ring, &put_together(header, &without), SMALL).is_err());
        for b in 0..5 {
            let mut doubled = parts.clone();
            doubled.insert(b, parts[a].clone());
            assert!(open(&ring, &put_together(header, &doubled), SMALL).is_err());
            if a != b {
                let mut swapped = parts.clone();
                swapped.swap(a, b);
                assert!(open(&ring, &put_together(header, &swapped), SMALL).is_err());
                let mut copied = parts.clone();
                copied[b] = parts[a].clone();
                assert!(open(&ring, &put_together(header, &copied), SMALL).is_err());
            }
        }
    }
    assert!(open(&ring, &put_together(header, &parts), SMALL).is_ok());
}

/// Two files of one class with equal plain bytes: no chunk and no header of one serves in the other.
#[test]
fn chunks_of_another_file_do_not_open() {
    let ring = ring(&[CLASS]);
    let (one, two) = (
        seal(&ring, &bytes(100), SMALL),
        seal(&ring, &bytes(100), SMALL),
    );
    let (a, b) = (chunks(&one), chunks(&two));
    for i in 0..a.len() {
        let mut mixed = a.clone();
        mixed[i] = b[i].clone();
        assert!(open(&ring, &put_together(&one[..HEADER], &mixed), SMALL).is_err());
    }
    assert!(open(&ring, &put_together(&two[..HEADER], &a), SMALL).is_err());
}

#[test]
fn a_file_opens_under_its_own_name_class_and_release_only() {
    let both = ring(&[CLASS, "hospital"]);
    let sealed = seal(&both, &bytes(100), SMALL);
    assert!(open_as(&both, CLASS, PATH, &sealed, SMALL).is_ok());
    // The names of two files exchanged on disk.
    let other = "gp_clinical/part-001.parquet";
    assert!(open_as(&both, CLASS, other, &sealed, SMALL).is_err());
    assert!(open_as(&both, "hospital", PATH, &sealed, SMALL).is_err());
    // The same class and path in another release.
    assert!(open(&ring(&[CLASS]), &sealed, SMALL).is_err());
    // Characters moved from one part of the name to the other.
    let moved = seal_as(&both, CLASS, "a/b", &bytes(9), SMALL);
    assert!(open_as(&both, CLASS, "a/", &moved, SMALL).is_err());
}

#[test]
fn sizes_are_those_of_the_files() {
    let ring = ring(&[CLASS]);
    for size in 0..200 {
        let sealed = seal(&ring, &bytes(size), SMALL).len() as u64;
        assert_eq!(SMALL.sealed_size(size as u64), sealed);
        assert_eq!(SMALL.plain_size(sealed), Some(size as u64));
    }
    // Each sealed size stands for one plain size, or for none.
    let mut plain = Vec::new();
    for sealed in 0..1_000 {
        if let Some(size) = SMALL.plain_size(sealed) {
            assert_eq!(SMALL.sealed_size(size), sealed);
            plain.push(size);
        }
    }
    assert_eq!(plain, (0..plain.len() as u64).collect::<Vec<_>>());
    // By hand: 92 + 65,537 + 2 * 16.
    assert_eq!(sealed_size(65_537), 65_661);
    assert_eq!(plain_size(65_661), Some(65_537));
    assert_eq!(plain_size(u64::MAX), None);
}
