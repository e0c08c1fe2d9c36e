//! The tokens of a text that could be somebody's id, in the forms in which ids are written.
//!
//! A digit run behind a decimal point is part of a number and no token: among half a million seven-digit ids one in
//! ten such runs would be somebody's.

use crate::disguise;
use crate::limits;
use crate::value::Value;

/// Calls `see` with each candidate of a cell or line. A candidate may come more than once.
pub(crate) fn candidates(text: &str, see: &mut dyn FnMut(&str)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut joined_from = 0;
    while let Some(start) = next_word(bytes, at) {
        let end = start
            + bytes
                .iter()
                .skip(start)
                .take_while(|b| b.is_ascii_alphanumeric())
                .count();
        word(text, start, end, see);
        // `ab12-cd34_56`: the words between hyphens and underscores are one id, too.
        let joined = at > 0 && start == at + 1 && matches!(bytes.get(at), Some(b'-' | b'_'));
        if joined {
            offer(text.get(joined_from..end), see);
        } else {
            joined_from = start;
        }
        at = end;
    }
    disguise::joined(text, see);
    disguise::decoded(text, see);
}

/// A whole cell as a number, when it was written with thousands, a fraction of zeros or an exponent.
pub(crate) fn as_whole_number(cell: &str, see: &mut dyn FnMut(&str)) {
    let cell = cell.trim();
    let dressed = cell.bytes().any(|b| matches!(b, b',' | b'.' | b'e' | b'E'));
    let numeric = cell.len() <= limits::ID_MAX && cell.ends_with(|c: char| c.is_ascii_digit());
    if dressed
        && numeric
        && let Some(number) = Value::of(cell).count()
    {
        offer(Some(&number.to_string()), see);
    }
}

fn next_word(bytes: &[u8], from: usize) -> Option<usize> {
    bytes
        .iter()
        .skip(from)
        .position(u8::is_ascii_alphanumeric)
        .map(|i| from + i)
}

fn offer(token: Option<&str>, see: &mut dyn FnMut(&str)) {
    if let Some(token) = token.filter(|t| (limits::ID_MIN..=limits::ID_MAX).contains(&t.len())) {
        see(token);
    }
}

fn word(text: &str, start: usize, end: usize, see: &mut dyn FnMut(&str)) {
    let bytes = text.as_bytes();
    let Some(word) = text.get(start..end) else {
        return;
    };
    if word.bytes().all(|b| b.is_ascii_digit()) {
        if is_fraction(bytes, start) || has_fraction(bytes, end) {
            return;
        }
        offer(Some(word), see);
        let bare = word.trim_start_matches('0');
        if bare.len() < word.len() {
            offer(Some(bare), see);
        }
        disguise::backwards(word, see);
        return;
    }
    offer(Some(word), see);
    disguise::in_word(word, see);
    if !(limits::ID_MIN..=limits::ID_MAX).contains(&word.len()) {
        return;
    }
    if word.bytes().any(|b| b.is_ascii_lowercase()) {
        offer(Some(&word.to_ascii_uppercase()), see);
    }
    if word.bytes().any(|b| b.is_ascii_uppercase()) {
        offer(Some(&word.to_ascii_lowercase()), see);
    }
    // `eid1234567`, `P1234567`; not inside a hash, where such runs come by chance.
    if word.len() < 16 {
        for run in word
            .split(|c: char| !c.is_ascii_digit())
            .filter(|run| run.len() >= 6)
        {
            offer(Some(run), see);
            disguise::backwards(run, see);
        }
    }
}

/// Whether the digits at `start` stand behind a decimal point.
fn is_fraction(bytes: &[u8], start: usize) -> bool {
    let before = |n: usize| {
        start
            .checked_sub(n)
            .and_then(|i| bytes.get(i))
            .copied()
            .unwrap_or(0)
    };
    before(1) == b'.' && (before(2).is_ascii_digit() || !before(2).is_ascii_alphabetic())
}

/// Whether a decimal fraction other than zeros follows the digits that end at `end`.
fn has_fraction(bytes: &[u8], end: usize) -> bool {
    let fraction = bytes
        .iter()
        .skip(end + 1)
        .take_while(|b| b.is_ascii_digit());
    bytes.get(end) == Some(&b'.') && fraction.clone().any(|b| *b != b'0')
}

#[cfg(test)]
mod tests {
    fn all(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        super::candidates(text, &mut |token| all.push(token.to_owned()));
        all
    }

    #[test]
    fn forms_of_ids() {
        assert_eq!(all("id 1234567, then"), ["1234567", "7654321"]);
        assert_eq!(all("0001234567"), ["0001234567", "1234567", "7654321000"]);
        assert_eq!(all("1234567.0"), ["1234567", "7654321"]);
        assert_eq!(
            all("eid1234567"),
            ["eid1234567", "EID1234567", "1234567", "7654321"]
        );
        assert_eq!(all("ab-12345"), ["12345", "ab-12345"]);
        assert_eq!(
            all("patient_1234567_v2"),
            [
                "patient",
                "PATIENT",
                "1234567",
                "7654321",
                "patient_1234567",
                "patient_1234567_v2"
            ]
        );
    }

    #[test]
    fn numbers_are_not_ids() {
        assert_eq!(
            all("0.1234567 12.1234567 1234567.5 3.1e10 .1234567"),
            Vec::<String>::new()
        );
    }
}
