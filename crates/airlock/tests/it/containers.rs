//! Archives and packed files: read for what is in them, and for what stands beside it.

use crate::{People, expect, expect_rule, one};
use airlock::{Colour, Level};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use proptest::prelude::*;
use std::io::Write;

const SAFE: &[u8] = b"sex,n\nMale,120\nFemale,150\n";

pub fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const KINDS: [&str; 11] = [
    ".zip",
    "-stored.zip",
    "-bzip2.zip",
    "-pax.tar",
    "-gnu.tar",
    ".gz",
    ".z",
    ".bz2",
    ".xz",
    ".tar.gz",
    ".zst",
];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn what_is_inside_is_judged() {
    for kind in KINDS {
        let verdict = expect(
            Colour::Green,
            "x",
            &fixture(&format!("containers/safe{kind}")),
        );
        assert!(verdict.confidence > 0.95, "{verdict:?}");
        let verdict = expect(
            Colour::Red,
            "x",
            &fixture(&format!("containers/rows{kind}")),
        );
        expect_rule(&verdict, "participant-id", Level::Red);
    }
}

#[test]
fn a_password_is_never_green() {
    let verdict = expect(Colour::Amber, "x.zip", &fixture("containers/encrypted.zip"));
    expect_rule(&verdict, "unreadable", Level::Amber);
}

/// What follows the end, stands before the beginning or between the entries, or is a comment.
#[test]
fn ids_beside_what_is_packed() {
    let id = People::raw_id(5);
    for kind in KINDS {
        let mut bytes = fixture(&format!("containers/safe{kind}"));
        bytes.extend(format!("\nnote {id}\n").bytes());
        let verdict = one("x", &bytes);
        assert_eq!(verdict.verdict, Colour::Red, "{kind} {verdict:#?}");
    }
    let zip = fixture("containers/safe.zip");
    let mut before = format!("PK\x03\x04 {id} ").into_bytes();
    before.extend(&zip);
    assert_eq!(one("x", &before).verdict, Colour::Red);
    // A comment of the archive: its length stands before it.
    let mut comment = zip;
    let size = u8::try_from(id.len()).unwrap();
    let at = comment.len() - 2;
    comment[at] = size;
    comment.extend(id.bytes());
    assert_eq!(one("x", &comment).verdict, Colour::Red);
}

#[test]
fn names_of_entries_and_headers_are_searched() {
    let id = People::raw_id(5);
    let mut out = flate2::GzBuilder::new()
        .filename(format!("{id}.csv"))
        .write(Vec::new(), Compression::default());
    out.write_all(SAFE).unwrap();
    let verdict = expect(Colour::Red, "x.gz", &out.finish().unwrap());
    assert!(!format!("{verdict:?}").contains(&id));
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(26);
    tar.append_data(&mut header, format!("of/{id}.csv"), SAFE)
        .unwrap();
    let verdict = expect(Colour::Red, "x.tar", &tar.into_inner().unwrap());
    assert!(!format!("{verdict:?}").contains(&id));
}

/// 1 GiB of zeros in a megabyte, packed twice; and an archive within itself deeper than is read.
#[test]
fn bombs_are_stopped() {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0_u8; 1 << 20];
    (0..300).for_each(|_| out.write_all(&zeros).unwrap());
    let verdict = one("x.gz", &gzip(&out.finish().unwrap()));
    assert_ne!(verdict.verdict, Colour::Green);
    let mut deep = SAFE.to_vec();
    for _ in 0..5 {
        deep = gzip(&deep);
    }
    assert_eq!(one("x.gz", &deep).verdict, Colour::Green);
    for _ in 0..20 {
        deep = gzip(&deep);
    }
    assert_ne!(one("x.gz", &deep).verdict, Colour::Green);
}

/// Two entries of the directory that share bytes (the way of the densest zip bombs).
#[test]
fn overlapping_entries_are_amber() {
    let bytes = fixture("containers/safe.zip");
    let end = bytes.len() - 22;
    let start = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let first = start
        ..start
            + bytes[start + 1..]
                .windows(4)
                .position(|w| w == b"PK\x01\x02")
                .unwrap()
            + 1;
    let twice = [
        &bytes[..start],
        &bytes[first.clone()],
        &bytes[first.clone()],
        &bytes[end..],
    ]
    .concat();
    let mut forged = twice;
    let size = u32::try_from(2 * first.len()).unwrap().to_le_bytes();
    let at = forged.len() - 10;
    forged[at..at + 4].copy_from_slice(&size);
    let verdict = one("x.zip", &forged);
    assert_ne!(verdict.verdict, Colour::Green, "{verdict:?}");
}

#[test]
fn damaged_is_never_green() {
    for kind in KINDS {
        let bytes = fixture(&format!("containers/safe{kind}"));
        for part in 1..8 {
            let cut = &bytes[..bytes.len() * part / 8];
            if kind.contains("tar") && cut.iter().rev().take(512).all(|b| *b == 0) {
                continue; // Only padding is missing.
            }
            assert_ne!(one("x", cut).verdict, Colour::Green, "{kind} {part}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any bytes put over any place of an archive: no panic.
    #[test]
    fn no_damage_panics(kind in 0_usize..11, at in 0_usize..2_000, with in proptest::collection::vec(any::<u8>(), 1..6)) {
        let mut bytes = fixture(&format!("containers/safe{}", KINDS[kind]));
        let at = at % bytes.len();
        let end = (at + with.len()).min(bytes.len());
        bytes.splice(at..end, with);
        let _ = one("x", &bytes);
    }

    /// Any bytes, packed: no panic of the readers of what is inside.
    #[test]
    fn no_packed_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut out = ZlibEncoder::new(Vec::new(), Compression::fast());
        out.write_all(&bytes).unwrap();
        let _ = one("x", &out.finish().unwrap());
    }
}
