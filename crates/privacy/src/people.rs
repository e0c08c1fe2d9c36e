//! Sets of people as bytes, for types that cross a pipe or are kept.
//!
//! Must never: trust the bytes. A set that is not readable is an error, not nobody.

use roaring::RoaringBitmap;
use serde::{Deserializer, Serializer};

/// Writes a set in the portable form of roaring bitmaps.
///
/// # Errors
/// Those of the serialiser.
pub fn serialize<S: Serializer>(set: &RoaringBitmap, to: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::with_capacity(set.serialized_size());
    set.serialize_into(&mut bytes)
        .map_err(serde::ser::Error::custom)?;
    to.serialize_bytes(&bytes)
}

/// Reads a set.
///
/// # Errors
/// If the bytes are no set.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<RoaringBitmap, D::Error> {
    struct Bytes;
    impl<'de> serde::de::Visitor<'de> for Bytes {
        type Value = RoaringBitmap;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a set of people")
        }
        fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<RoaringBitmap, E> {
            RoaringBitmap::deserialize_from(bytes).map_err(|_| E::custom("a set is not readable"))
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(
            self,
            mut from: A,
        ) -> Result<RoaringBitmap, A::Error> {
            // text formats write bytes as a list of numbers
            let mut bytes = Vec::new();
            while let Some(byte) = from.next_element::<u8>()? {
                bytes.push(byte);
            }
            self.visit_bytes(&bytes)
        }
    }
    from.deserialize_bytes(Bytes)
}
