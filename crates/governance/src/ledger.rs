//! Canonical bytes: how an event becomes a leaf of the log, and back.
//!
//! RFC 8785 (JSON Canonicalization Scheme) without fractions: keys sorted, no white space, integers only.

use serde::Serialize;
use serde_json::Value;

use crate::event::{Envelope, VERSION};
use crate::limits::LEAF_BYTES;

/// Why some bytes are not a leaf, or a value cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLeaf {
    /// Not the JSON of an event of this version.
    #[error("expected a log entry of version {VERSION} in the known form, found {0}")]
    Form(String),
    /// JSON of an event, but other bytes than its canonical ones.
    #[error("expected canonical JSON (RFC 8785), found the same content in other bytes")]
    NotCanonical,
    /// A number with a fraction, or beyond 2^53.
    #[error("expected whole numbers below 2^53, found another number")]
    Number,
    /// Too long.
    #[error("expected at most {LEAF_BYTES} bytes in a log entry, found {0}")]
    TooLong(usize),
}

/// Canonical bytes of anything that serialises to JSON.
///
/// # Errors
/// [`BadLeaf::Number`] or [`BadLeaf::Form`] when it does not fit RFC 8785 without fractions.
pub fn canonical_of<T: Serialize>(value: &T) -> Result<Vec<u8>, BadLeaf> {
    let value = serde_json::to_value(value).map_err(|e| BadLeaf::Form(e.to_string()))?;
    let mut out = Vec::new();
    write(&value, &mut out)?;
    Ok(out)
}

/// The leaf of an envelope.
///
/// # Errors
/// [`BadLeaf::TooLong`] beyond the limit of a log entry; it is refused, never cut.
pub fn leaf(envelope: &Envelope) -> Result<Vec<u8>, BadLeaf> {
    let bytes = canonical_of(envelope)?;
    if bytes.len() > LEAF_BYTES {
        return Err(BadLeaf::TooLong(bytes.len()));
    }
    Ok(bytes)
}

/// Reads a leaf back.
///
/// # Errors
/// [`BadLeaf`] unless the bytes are exactly the canonical ones of an event that this version knows.
pub fn read(bytes: &[u8]) -> Result<Envelope, BadLeaf> {
    let envelope: Envelope =
        serde_json::from_slice(bytes).map_err(|_| BadLeaf::Form("something else".to_owned()))?;
    if envelope.v != VERSION {
        return Err(BadLeaf::Form(format!("version {}", envelope.v)));
    }
    if leaf(&envelope)? != bytes {
        return Err(BadLeaf::NotCanonical);
    }
    Ok(envelope)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), BadLeaf> {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => out.extend(value.to_string().bytes()),
        Value::Number(number) => {
            const EXACT: u64 = 1 << 53; // RFC 8785 §3.2.2.3: IEEE 754 doubles
            let fits = number.as_i64().is_some_and(|n| n.unsigned_abs() < EXACT)
                || number.as_u64().is_some_and(|n| n < EXACT);
            if !fits {
                return Err(BadLeaf::Number);
            }
            out.extend(number.to_string().bytes());
        }
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            // RFC 8785 §3.2.3 sorts by UTF-16 code units.
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push(b'{');
            for (i, (key, item)) in sorted.into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                out.extend(Value::String(key.clone()).to_string().bytes());
                out.push(b':');
                write(item, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_are_sorted_as_in_rfc_8785_section_3_2_3() {
        // The example of RFC 8785 §3.2.3, with its expected order of values.
        let value: Value = serde_json::from_str(
            r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
               "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#,
        )
        .unwrap();
        let text = String::from_utf8(canonical_of(&value).unwrap()).unwrap();
        let order: Vec<usize> = [
            "Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew",
        ]
        .iter()
        .map(|word| text.find(word).unwrap())
        .collect();
        assert!(order.is_sorted(), "{text}");
    }

    #[test]
    fn fractions_and_huge_numbers_are_refused() {
        for bad in ["0.5", "1e300", "9007199254740992", "-9007199254740992"] {
            let value: Value = serde_json::from_str(bad).unwrap();
            assert_eq!(canonical_of(&value), Err(BadLeaf::Number), "{bad}");
        }
    }
}
