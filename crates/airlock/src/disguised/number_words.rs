//! Numbers in English words: digit by digit (`one two three`) or as they are said (`twelve thousand three hundred and four`).

use crate::limits;

const DIGITS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

/// A word of a number.
#[derive(Clone, Copy)]
enum Word {
    /// Below a hundred.
    Small(u64),
    /// Hundred, thousand, million, billion.
    Power(u64),
    And,
}

fn word(text: &str) -> Option<Word> {
    // Most words of a text are too long, or begin with another letter.
    if !(2..=9).contains(&text.len())
        || !text.starts_with(|c: char| "zotfsenhmbaZOTFSENHMBA".contains(c))
    {
        return None;
    }
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    let small = DIGITS.iter().position(|w| is(w)).map(|n| n as u64);
    let tens = TENS.iter().position(|w| is(w)).map(|n| (n as u64 + 2) * 10);
    if let Some(n) = small.or(tens) {
        return Some(Word::Small(n));
    }
    if is("oh") {
        return Some(Word::Small(0));
    }
    let powers = [
        ("hundred", 100),
        ("thousand", 1_000),
        ("million", 1_000_000),
        ("billion", 1_000_000_000),
    ];
    let power = powers.iter().find(|(w, _)| is(w));
    power
        .map(|(_, n)| Word::Power(*n))
        .or_else(|| is("and").then_some(Word::And))
}

/// Calls `see` with each number that a text has in words and that is as long as an id.
pub(crate) fn read(text: &str, see: &mut dyn FnMut(u64)) {
    let mut run: Vec<Word> = Vec::new();
    for piece in text
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|p| !p.is_empty())
    {
        match word(piece) {
            Some(word) if run.len() < 64 => run.push(word),
            _ => close(&mut run, see),
        }
    }
    close(&mut run, see);
}

fn close(run: &mut Vec<Word>, see: &mut dyn FnMut(u64)) {
    if run.len() >= 3 {
        let least = 10_u64.pow(limits::ID_MIN as u32 - 1);
        let all = [spelt(run), said(run)];
        all.into_iter()
            .flatten()
            .filter(|n| *n >= least)
            .for_each(see);
    }
    run.clear();
}

/// Digits, or pairs of digits, one after the other.
fn spelt(run: &[Word]) -> Option<u64> {
    let mut number = 0_u64;
    let mut last_tens = false;
    for word in run {
        match word {
            Word::Small(n) => {
                // "twenty three" is one pair.
                let joins = last_tens && *n < 10;
                let shift = if joins || *n < 10 { 10 } else { 100 };
                number = if joins {
                    number.checked_add(*n)?
                } else {
                    number.checked_mul(shift)?.checked_add(*n)?
                };
                last_tens = *n >= 20;
            }
            Word::And => {}
            Word::Power(_) => return None,
        }
    }
    Some(number)
}

fn said(run: &[Word]) -> Option<u64> {
    if !run.iter().any(|w| matches!(w, Word::Power(_))) {
        return None;
    }
    let (mut total, mut part) = (0_u64, 0_u64);
    for word in run {
        match word {
            Word::Small(n) => part = part.checked_add(*n)?,
            Word::Power(100) => part = part.max(1).checked_mul(100)?,
            Word::Power(power) => {
                total = total.checked_add(part.max(1).checked_mul(*power)?)?;
                part = 0;
            }
            Word::And => {}
        }
    }
    total.checked_add(part)
}
