//! Payloads inside text: base64, alone or in a `data:` URI, and the binary arrays of plotly and Bokeh.

use super::tree::{Node, What};
use crate::limits;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LAX: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// Shorter base64 than this is looked for by the search for participants, which decodes words.
const SHORTEST: usize = 64;

/// What a payload says: the content of a `data:` URI, or of a text that is base64 and nothing else.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("data:") {
        let (head, body) = rest.split_once(',')?;
        return if head.trim_end().ends_with("base64") {
            base64(body)
        } else {
            Some(percent(body))
        };
    }
    (text.len() >= SHORTEST && text.len() <= limits::BYTES).then(|| base64(text))?
}

/// Base64 of either alphabet (RFC 4648), with line breaks and without padding.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let squeezed: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let alphabet = if squeezed.iter().any(|b| matches!(b, b'-' | b'_')) {
        URL_SAFE
    } else {
        STANDARD
    };
    GeneralPurpose::new(&alphabet, LAX).decode(squeezed).ok()
}

/// A text without its payloads: they are documents of their own, and in them words come by chance.
pub(crate) fn without_runs(text: &str) -> String {
    let is_payload =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_');
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c| !is_payload(c)) {
        if piece.len() < limits::OPAQUE_RUN {
            out.push_str(piece);
        }
    }
    out
}

/// `%20` as a space (RFC 3986).
fn percent(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digit = |at: usize| tail.get(at).and_then(|b| char::from(*b).to_digit(16));
        let coded = digit(0)
            .zip(digit(1))
            .map(|(a, b)| a * 16 + b)
            .filter(|_| *first == b'%');
        if let Some(byte) = coded.and_then(|n| u8::try_from(n).ok()) {
            bytes.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    bytes
}

/// plotly's `{"dtype": "f8", "bdata": "…"}` and Bokeh's `{"type": "ndarray", "array": {"data": "…"}, "dtype": "float64"}`
/// and `{"__ndarray__": "…", "dtype": "float64"}`: a list of numbers. Nothing if it is none, or of an unknown type.
pub(crate) fn typed_array(what: &What) -> Option<What> {
    let What::Map(entries) = what else {
        return None;
    };
    let get = |key: &str| {
        entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    };
    let dtype = get("dtype")?.text();
    let data = get("bdata")
        .or_else(|| get("__ndarray__"))
        .or_else(|| get("array").and_then(|array| array.get("data")))?;
    let bytes = base64(data.text())?;
    let numbers = numbers(&bytes, dtype)?;
    let node = |text: String| Node::new(0, What::Scalar(text));
    Some(What::List(numbers.into_iter().map(node).collect()))
}

fn numbers(bytes: &[u8], dtype: &str) -> Option<Vec<String>> {
    fn each<const N: usize, T: ToString>(bytes: &[u8], of: fn([u8; N]) -> T) -> Vec<String> {
        bytes
            .as_chunks::<N>()
            .0
            .iter()
            .map(|chunk| of(*chunk).to_string())
            .collect()
    }
    Some(match dtype {
        "f8" | "float64" => each(bytes, f64::from_le_bytes),
        "f4" | "float32" => each(bytes, f32::from_le_bytes),
        "i1" | "int8" => each(bytes, i8::from_le_bytes),
        "u1" | "uint8" => each(bytes, u8::from_le_bytes),
        "i2" | "int16" => each(bytes, i16::from_le_bytes),
        "u2" | "uint16" => each(bytes, u16::from_le_bytes),
        "i4" | "int32" => each(bytes, i32::from_le_bytes),
        "u4" | "uint32" => each(bytes, u32::from_le_bytes),
        "i8" | "int64" => each(bytes, i64::from_le_bytes),
        "u8" | "uint64" => each(bytes, u64::from_le_bytes),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{decode, typed_array};
    use crate::readers::tree::{Node, What};

    /// `base64` of coreutils.
    #[test]
    fn payloads() {
        assert_eq!(
            decode("data:text/plain;base64,MTIzNDU2Nw=="),
            Some(b"1234567".to_vec())
        );
        assert_eq!(
            decode("data:text/csv,a%2Cb%0A1"),
            Some(
                b"a,b
1"
                .to_vec()
            )
        );
        assert!(decode("not a payload").is_none());
    }

    /// `base64.b64encode(numpy.array([1.5, 61.0]).tobytes())`.
    #[test]
    fn arrays_of_plotly() {
        let scalar = |text: &str| Node::new(0, What::Scalar(text.into()));
        let map = What::Map(vec![
            ("dtype".into(), scalar("f8")),
            ("bdata".into(), scalar("AAAAAAAA+D8AAAAAAIBOQA==")),
        ]);
        let list = typed_array(&map).map_or(Vec::new(), |what| {
            Node::new(0, what)
                .list()
                .map(<[Node]>::to_vec)
                .unwrap_or_default()
        });
        let texts: Vec<&str> = list.iter().map(Node::text).collect();
        assert_eq!(texts, ["1.5", "61"]);
    }
}
