//! Known answers, made by another implementation: the Python program in `docs/reference/encryption.md`, on the package
//! `cryptography` 48.0.0 (OpenSSL). From a key-encryption key to the bytes of a file.

use ::ring::digest::{SHA256, digest};

use super::*;
use crate::ingest::recipe::hex;

const WRAPPED: &str = "c8c9cacbcccdcecfd0d1d2d36c4398865b536375adb05cad09f32c65905936b1bda6788f9f01e309705fb4d031a6aaeff11a61e5a9360dc5741e82cc";
const HEADER: &str = "52525345414c45440100000000000100000102030405060708090a0b0c0d0e0f404142434445464748494a4bc2988c000219a124e5ed3d1db7493d7449f7606f830039144f7e74deab2ed3e4b01ad3fc9b869c9f01ecb68086814243";
const EMPTY_TAG: &str = "55d7f1b67bffa41bf2ea2b278349c8b4";
const SHA256_OF_150_000: &str = "25c7020a75212b26b32a1fa23e10e39dc5e4bb568b5d03b0d4af078ecaa34420";

fn counting<const N: usize>(from: u8) -> [u8; N] {
    std::array::from_fn(|i| from + i as u8)
}

#[test]
fn another_implementation_makes_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let keys = format!(
        r#"{{"version": 1, "release": "2026-11", "classes": {{"{CLASS}": {{"kek": "k1", "bytes": "{WRAPPED}"}}}}}}"#
    );
    std::fs::write(dir.path().join(KEYS), keys).unwrap();
    let kek = format!("k1 {}", hex(&counting::<32>(100)));
    let kms = LocalKms::from_text(kek.as_bytes(), "test").unwrap();
    let ring = ReleaseKeys::load(dir.path()).unwrap().open(&kms, [CLASS]);
    let ring = ring.unwrap();

    let seal = |plain: &[u8]| {
        let fresh = Fresh::fixed(counting(0), counting(32), counting(64));
        let mut writer = SealedWriter::new(Vec::new(), &ring, CLASS, PATH, fresh).unwrap();
        writer.write_all(plain).unwrap();
        writer.finish().unwrap()
    };
    let plain: Vec<u8> = (0..150_000_u32).map(|i| (i * 31 % 251) as u8).collect();
    let sealed = seal(&plain);
    assert_eq!(sealed.len(), 150_140);
    assert_eq!(hex(&sealed[..92]), HEADER);
    assert_eq!(hex(digest(&SHA256, &sealed).as_ref()), SHA256_OF_150_000);
    assert_eq!(open(&ring, &sealed, Shape::STANDARD).unwrap(), plain);
    assert_eq!(hex(&seal(b"")), format!("{HEADER}{EMPTY_TAG}"));
}
