//! Ids that are no numbers, in disguise: backwards, within longer words, in another alphabet's letters, or encoded. They are met by
//! chance so seldom that one is enough.

use super::readings::{base64, hexadecimal_bytes};
use crate::reference::Ids;

/// Words that are searched for ids inside them; longer ones are payloads.
const LONG: usize = 200;
/// Shortest id that is looked for inside words: shorter ones are parts of other words.
const SHORT: usize = 6;

/// Whether a text holds an id in disguise.
pub(crate) fn within(text: &str, ids: &Ids) -> bool {
    let lengths: Vec<usize> = ids.lengths().filter(|n| *n >= SHORT).collect();
    !lengths.is_empty()
        && text
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\'' | '|'))
            .filter(|word| (SHORT..=LONG).contains(&word.len()) && word.is_ascii())
            .any(|word| in_word(word, &lengths, ids))
}

fn in_word(word: &str, lengths: &[usize], ids: &Ids) -> bool {
    let bare: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
    let turned: String = bare.chars().rev().collect();
    let moved: String = bare.chars().map(rot13).collect();
    let said = [base64(word), hexadecimal_bytes(word)]
        .into_iter()
        .flatten();
    let said = said.filter_map(|bytes| String::from_utf8(bytes).ok());
    let forms = [turned, moved, bare].into_iter().chain(said);
    forms.into_iter().any(|form| {
        lengths.iter().any(|length| {
            let windows = form.as_bytes().windows(*length);
            windows
                .filter_map(|window| std::str::from_utf8(window).ok())
                .any(|window| has(window, ids))
        })
    })
}

/// Ids have a digit, or else they are words.
fn has(window: &str, ids: &Ids) -> bool {
    window.bytes().any(|b| b.is_ascii_digit()) && ids.has_text(window)
}

fn rot13(c: char) -> char {
    let turn = |start: u8| char::from((c as u8 - start + 13) % 26 + start);
    match c {
        'a'..='z' => turn(b'a'),
        'A'..='Z' => turn(b'A'),
        _ => c,
    }
}
