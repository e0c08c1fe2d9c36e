//! Bytes to text: UTF-8, UTF-16 with a byte order mark, and Latin-1 for the rest without NUL bytes.
//!
//! Must never lose a byte in silence: what cannot be told is binary.

use crate::verdict::{Findings, Rule};
use std::borrow::Cow;

const RULE: Rule = Rule {
    name: "encoding",
    source: "Unicode 16, ch. 2 and 23; RFC 4180 §3",
};

/// What the bytes are.
pub(crate) enum Decoded<'a> {
    Text(Cow<'a, str>),
    /// Not text; why.
    Binary(&'static str),
}

/// Decodes, and says what a reader of the file should know about it.
pub(crate) fn decode<'a>(bytes: &'a [u8], findings: &mut Findings) -> Decoded<'a> {
    let big = bytes.strip_prefix(&[0xFE, 0xFF]);
    let little = bytes.strip_prefix(&[0xFF, 0xFE]);
    if let Some(units) = big.or(little) {
        let unit = |pair: &[u8]| match pair {
            [a, b] if big.is_some() => u16::from_be_bytes([*a, *b]),
            [a, b] => u16::from_le_bytes([*a, *b]),
            _ => 0xFFFD,
        };
        let text: String = char::decode_utf16(units.chunks(2).map(unit))
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        findings.amber(
            RULE,
            "whole file",
            "UTF-16, which other programs read differently from how it was checked",
            "save the file as UTF-8",
        );
        return if text.contains('\0') {
            Decoded::Binary("NUL characters")
        } else {
            Decoded::Text(Cow::Owned(text))
        };
    }
    if bytes.contains(&0) {
        return Decoded::Binary("NUL bytes");
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Decoded::Text(Cow::Borrowed(text.strip_prefix('\u{FEFF}').unwrap_or(text))),
        Err(error) => {
            let high = bytes.iter().filter(|b| **b >= 0x80).count();
            if high.saturating_mul(5) > bytes.len() {
                return Decoded::Binary("bytes that are no text");
            }
            let line = bytes
                .iter()
                .take(error.valid_up_to())
                .filter(|b| **b == b'\n')
                .count()
                + 1;
            let what = "not UTF-8; read as Latin-1, in which each byte is one character";
            findings.info(RULE, format!("line {line}"), what);
            Decoded::Text(Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect()))
        }
    }
}
