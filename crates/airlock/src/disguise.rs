//! Ids in disguise: written backwards, in look-alike letters, cut into pieces, glued to other letters, or encoded.
//!
//! Nothing is judged here: each form is offered to the look-up of participants. A pseudonym is met by chance once in 2^96,
//! so many forms of it may be tried; a raw id has seven digits, so few. Each pass is linear in the text.

use crate::limits;
use privacy::pseudonym::TEXT_LENGTH;
use std::collections::VecDeque;

/// The forms of one unbroken word: each stretch as long as a pseudonym (of a very long word the ends), as it stands, with look-alikes resolved, and backwards.
pub(crate) fn in_word(word: &str, see: &mut dyn FnMut(&str)) {
    let bytes = word.as_bytes();
    if bytes.len() <= limits::GLUED {
        for stretch in bytes.windows(TEXT_LENGTH) {
            forms(stretch, see);
        }
    } else {
        let ends = [bytes.first_chunk::<TEXT_LENGTH>(), bytes.last_chunk()];
        for stretch in ends.into_iter().flatten() {
            forms(stretch, see);
        }
    }
}

/// A digit run backwards.
pub(crate) fn backwards(digits: &str, see: &mut dyn FnMut(&str)) {
    if (limits::REVERSED_MIN..=limits::ID_MAX).contains(&digits.len()) {
        let turned: String = digits.chars().rev().collect();
        if turned != digits {
            see(&turned);
        }
    }
}

/// Neighbouring words of a text that are as long as a pseudonym together, with little between them.
pub(crate) fn joined(text: &str, see: &mut dyn FnMut(&str)) {
    if text.len() <= TEXT_LENGTH {
        return;
    }
    let bytes = text.as_bytes();
    let mut pieces: VecDeque<&[u8]> = VecDeque::new();
    let mut length = 0_usize;
    let mut gap = 0_usize;
    for piece in bytes.split(|b| !b.is_ascii_alphanumeric()) {
        if piece.is_empty() {
            gap += 1;
            continue;
        }
        if gap >= limits::PIECE_GAP || piece.len() >= TEXT_LENGTH {
            pieces.clear();
            length = 0;
        }
        gap = 0;
        if piece.len() >= TEXT_LENGTH {
            continue;
        }
        pieces.push_back(piece);
        length += piece.len();
        while length > TEXT_LENGTH {
            length -= pieces.pop_front().map_or(length, <[u8]>::len);
        }
        let is = |f: fn(&u8) -> bool| pieces.iter().any(|piece| piece.iter().any(f));
        if length == TEXT_LENGTH && is(u8::is_ascii_alphabetic) && is(u8::is_ascii_digit) {
            let whole: Vec<u8> = pieces
                .iter()
                .flat_map(|piece| piece.iter().copied())
                .collect();
            forms(&whole, see);
        }
    }
}

/// The words of what a run says in hexadecimal or base64 (RFC 4648), when that is text.
pub(crate) fn decoded(text: &str, see: &mut dyn FnMut(&str)) {
    if text.len() < limits::ENCODED_MIN {
        return;
    }
    let alphabets: [fn(u8) -> bool; 3] = [
        |b| b.is_ascii_alphanumeric(),
        |b| b.is_ascii_alphanumeric() || b"+/".contains(&b),
        |b| b.is_ascii_alphanumeric() || b"-_".contains(&b),
    ];
    for (i, alphabet) in alphabets.into_iter().enumerate() {
        for run in text.as_bytes().split(|b| !alphabet(*b)) {
            if !(limits::ENCODED_MIN..=limits::ENCODED_MAX).contains(&run.len()) {
                continue;
            }
            // Without a sign of its own the run was seen as a word.
            if i > 0 && run.iter().all(u8::is_ascii_alphanumeric) {
                continue;
            }
            for said in [hexadecimal(run), base64(run)].into_iter().flatten() {
                for word in said.split(|c: char| !c.is_ascii_alphanumeric()) {
                    if (limits::ID_MIN..=limits::ID_MAX).contains(&word.len()) {
                        see(word);
                        in_word(word, see);
                    }
                }
            }
        }
    }
}

/// The digits of a number between 0 and 1: `0.1234567`, `.1234567`, `-0.1234567`.
pub(crate) fn fraction(cell: &str) -> Option<&str> {
    let bare = cell.trim().trim_start_matches(['-', '+', '−']);
    let digits = bare.strip_prefix('0').unwrap_or(bare).strip_prefix('.')?;
    let long = (limits::REVERSED_MIN..=limits::ID_MAX).contains(&digits.len());
    (long && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// As it stands in lower case; with Crockford's look-alikes resolved (o is 0, i and l are 1); and both backwards.
fn forms(stretch: &[u8], see: &mut dyn FnMut(&str)) {
    let lower: Option<String> = stretch
        .iter()
        .map(|b| match b.to_ascii_lowercase() {
            b'o' => Some('0'),
            b'i' | b'l' => Some('1'),
            // Crockford's alphabet has no u.
            b'u' => None,
            b => Some(char::from(b)),
        })
        .collect();
    if let Some(lower) = lower {
        see(&lower);
        let turned: String = lower.chars().rev().collect();
        see(&turned);
    }
}

fn printable(byte: u8) -> Option<char> {
    (byte.is_ascii_graphic() || byte.is_ascii_whitespace()).then(|| char::from(byte))
}

fn hexadecimal(run: &[u8]) -> Option<String> {
    let (pairs, rest) = run.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let byte = |[high, low]: &[u8; 2]| {
        let digit = |b: u8| char::from(b).to_digit(16);
        let byte = digit(*high)? * 16 + digit(*low)?;
        printable(u8::try_from(byte).ok()?)
    };
    pairs.iter().map(byte).collect()
}

fn base64(run: &[u8]) -> Option<String> {
    if run.len() % 4 == 1 {
        return None;
    }
    let mut said = String::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for b in run {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            _ => 63,
        };
        bits = (bits << 6 | u32::from(six)) & 0x3FFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            said.push(printable(u8::try_from(bits >> held & 0xFF).ok()?)?);
        }
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::{decoded, fraction, in_word, joined};

    const ID: &str = "0041xnmxqn4e7tbz93kd5v2hwr";

    type Pass = fn(&str, &mut dyn FnMut(&str));

    fn finds(pass: Pass, text: &str, id: &str) -> bool {
        let mut found = false;
        pass(text, &mut |token| found |= token == id);
        found
    }

    #[test]
    fn words_that_hide_a_pseudonym() {
        let turned: String = ID.chars().rev().collect();
        for text in [
            ID.to_owned(),
            turned,
            ID.to_uppercase(),
            ID.replace('0', "O").replace('1', "l"),
            format!("x{ID}9z"),
        ] {
            assert!(finds(in_word, &text, ID), "{text}");
        }
        assert!(!finds(in_word, &ID[1..], ID));
    }

    #[test]
    fn pieces() {
        let (a, b) = ID.split_at(13);
        for gap in [" ", ".", "-", "_", ",", "\",\"", "\r\n", "; "] {
            assert!(finds(joined, &format!("n {a}{gap}{b} 12"), ID), "{gap:?}");
        }
        let letters: Vec<String> = ID.chars().map(|c| c.to_string()).collect();
        assert!(finds(joined, &format!("a 3 {}", letters.join(" ")), ID));
        assert!(!finds(joined, &format!("{a} .... {b}"), ID));
    }

    /// Encoded by coreutils' `basenc --base64` and `basenc --base16`.
    #[test]
    fn encoded() {
        for (text, id) in [
            (
                "x=MDA0MXhubXhxbjRlN3RiejkzZmQ1djJod3I=",
                "0041xnmxqn4e7tbz93fd5v2hwr",
            ),
            ("MTIzNDU2Nw==", "1234567"),
            ("key 31323334353637", "1234567"),
        ] {
            assert!(finds(decoded, text, id), "{text}");
        }
        assert!(!finds(
            decoded,
            "characteristics of the population",
            "1234567"
        ));
    }

    #[test]
    fn fractions() {
        assert_eq!(fraction("0.1234567"), Some("1234567"));
        assert_eq!(fraction("-.1234567"), Some("1234567"));
        for text in ["1.1234567", "0.12", "12.1234567", "1234567", "0.12345e7"] {
            assert_eq!(fraction(text), None, "{text}");
        }
    }
}
