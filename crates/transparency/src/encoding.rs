//! Text encodings in their one canonical form.
//!
//! A decoder that forgives padding, trailing bits or leading zeros gives one value two spellings,
//! and a changed byte could then go unseen. None of these functions may forgive anything.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// RFC 4648 section 4, with padding.
pub(crate) fn base64_encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes canonical standard base64; anything else is `None`.
pub(crate) fn base64_decode(text: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text).ok()?;
    (base64_encode(&bytes) == text).then_some(bytes)
}

/// RFC 4648 section 5 without padding, as RFC 9901 uses it.
pub(crate) fn base64url_encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes canonical unpadded base64url; anything else is `None`.
pub(crate) fn base64url_decode(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    (base64url_encode(&bytes) == text).then_some(bytes)
}

/// Reads an ASCII decimal without sign or leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let value: u64 = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_read() {
        assert_eq!(base64_decode("AQ==").unwrap(), [1]);
        for text in ["AQ", "AQ=", "AR==", "AQ==\n", " AQ==", "AQ== ", "A-_="] {
            assert_eq!(base64_decode(text), None, "{text:?}");
        }
        assert_eq!(base64url_decode("AQ").unwrap(), [1]);
        for text in ["AQ==", "AR", "AQ\n", "+/8"] {
            assert_eq!(base64url_decode(text), None, "{text:?}");
        }
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
        for text in [
            "",
            "00",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "18446744073709551616",
            "1e3",
        ] {
            assert_eq!(decimal(text), None, "{text:?}");
        }
    }
}
