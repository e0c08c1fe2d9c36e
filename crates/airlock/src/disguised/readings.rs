//! Ways to write a number that are undone cell by cell. Each is tried on whole columns, where chance is told from purpose.

use super::number_words;

/// One way: calls back with each number that a cell could stand for.
type Reading = fn(&str, &mut dyn FnMut(u64));

/// The ways, each with what a reason calls it.
pub(crate) const READINGS: &[(&str, Reading)] = &[
    ("in other digits or separators", separated),
    ("written backwards", backwards),
    ("in hexadecimal", hexadecimal),
    ("in octal or binary", small_base),
    ("in base 36", base36),
    ("as bytes in base64", bytes64),
    ("encoded in base32 or base85", base32),
    ("as letters", letters),
    ("in words", number_words::read),
    ("with a decimal point moved", scaled),
    ("with digits added", trimmed),
    ("with each digit moved by 1", caesar::<1>),
    ("with each digit moved by 2", caesar::<2>),
    ("with each digit moved by 3", caesar::<3>),
    ("with each digit moved by 4", caesar::<4>),
    ("with each digit moved by 5", caesar::<5>),
    ("with each digit moved by 6", caesar::<6>),
    ("with each digit moved by 7", caesar::<7>),
    ("with each digit moved by 8", caesar::<8>),
    ("with each digit moved by 9", caesar::<9>),
    (
        "with each digit turned to what it lacks of nine",
        complement,
    ),
];

/// Longest cell that is read: digits in words are the longest form.
const LONG: usize = 160;
/// Digits of a number that could be an id.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=19;

fn see_digits(digits: &str, see: &mut dyn FnMut(u64)) {
    if DIGITS.contains(&digits.len())
        && let Ok(number) = digits.parse()
    {
        see(number);
    }
}

/// The value of a digit in any script that biobanks' software writes: ASCII, full width, Arabic-Indic, Devanagari, mathematical.
fn digit(c: char) -> Option<u32> {
    let starts = [
        0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xFF10, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6,
        0x2080,
    ];
    let code = u32::from(c);
    let of = |start: &u32| code.checked_sub(*start).filter(|n| *n < 10);
    starts.iter().find_map(of).or(match c {
        '⁰' => Some(0),
        '¹' => Some(1),
        '²' => Some(2),
        '³' => Some(3),
        '⁴'..='⁹' => Some(code - 0x2070),
        _ => None,
    })
}

/// The digits of a cell that has nothing but digits and separators.
fn digits_of(cell: &str) -> Option<String> {
    if cell.len() > LONG {
        return None;
    }
    let mut digits = String::new();
    for c in cell.chars() {
        match digit(c) {
            Some(n) => digits.push(char::from_digit(n, 10)?),
            None if c.is_whitespace() || !c.is_alphanumeric() => {}
            None => return None,
        }
    }
    Some(digits)
}

/// `1 234 567`, `12-34-567`, `１２３４５６７`, `123.4567`.
fn separated(cell: &str, see: &mut dyn FnMut(u64)) {
    if cell.bytes().all(|b| b.is_ascii_digit()) {
        return;
    }
    if let Some(digits) = digits_of(cell) {
        see_digits(&digits, see);
    }
}

fn backwards(cell: &str, see: &mut dyn FnMut(u64)) {
    if let Some(digits) = digits_of(cell) {
        let turned: String = digits.chars().rev().collect();
        see_digits(&turned, see);
    }
}

/// `0x12d687`, `12D687`, little-endian bytes, and a UUID that holds a number.
fn hexadecimal(cell: &str, see: &mut dyn FnMut(u64)) {
    let bare = cell.trim_start_matches("0x").trim_start_matches("0X");
    let hex: String = bare
        .chars()
        .filter(|c| !matches!(c, '-' | ':' | ' ' | '{' | '}'))
        .collect();
    if !(3..=64).contains(&hex.len()) || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return;
    }
    let value = |hex: &str| u64::from_str_radix(hex.trim_start_matches('0'), 16).ok();
    if let Some(number) = value(&hex) {
        see(number);
    }
    let pairs: Vec<&str> = hex
        .as_bytes()
        .chunks(2)
        .rev()
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .collect();
    if hex.len().is_multiple_of(2)
        && let Some(number) = value(&pairs.concat())
    {
        see(number);
    }
}

fn small_base(cell: &str, see: &mut dyn FnMut(u64)) {
    for (prefix, base, digits) in [("0o", 8, 4..=21_usize), ("0b", 2, 12..=63)] {
        let bare = cell
            .strip_prefix(prefix)
            .unwrap_or(cell)
            .trim_start_matches('0');
        if digits.contains(&bare.len())
            && let Ok(number) = u64::from_str_radix(bare, base)
        {
            see(number);
        }
    }
}

fn base36(cell: &str, see: &mut dyn FnMut(u64)) {
    if (3..=12).contains(&cell.len())
        && cell.bytes().all(|b| b.is_ascii_alphanumeric())
        && let Ok(number) = u64::from_str_radix(cell, 36)
    {
        see(number);
    }
}

fn number_of_bytes(bytes: &[u8], see: &mut dyn FnMut(u64)) {
    if (2..=8).contains(&bytes.len()) {
        see(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b)));
        see(bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)));
    }
}

fn text_of_bytes(bytes: &[u8], see: &mut dyn FnMut(u64)) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && text.trim().bytes().all(|b| b.is_ascii_digit())
    {
        see_digits(text.trim(), see);
    }
}

fn bytes64(cell: &str, see: &mut dyn FnMut(u64)) {
    let Some(bytes) = base64(cell) else { return };
    number_of_bytes(&bytes, see);
    text_of_bytes(&bytes, see);
}

/// The bytes that base64 stands for (RFC 4648, both alphabets, with or without padding).
pub(crate) fn base64(cell: &str) -> Option<Vec<u8>> {
    let bare = cell.trim_end_matches('=');
    if !(3..=100).contains(&bare.len()) || bare.len() % 4 == 1 {
        return None;
    }
    let six = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    unpacked(bare.bytes().map(six), 6)
}

/// The bytes that pairs of hexadecimal digits stand for.
pub(crate) fn hexadecimal_bytes(cell: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = cell.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.is_empty() {
        return None;
    }
    let digit = |b: u8| char::from(b).to_digit(16);
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok())
        .collect()
}

/// Digits of so many bits as bytes; what is left over at the end is padding.
fn unpacked(digits: impl Iterator<Item = Option<u8>>, each: u32) -> Option<Vec<u8>> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::new());
    for digit in digits {
        bits = (bits << each | u32::from(digit?)) & 0xFFFF;
        held += each;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xFF) as u8);
        }
    }
    Some(bytes)
}

fn base32(cell: &str, see: &mut dyn FnMut(u64)) {
    let bare = cell.trim_end_matches('=');
    if !(4..=64).contains(&bare.len()) {
        return;
    }
    let rfc = |b: u8| match b.to_ascii_uppercase() {
        b @ b'A'..=b'Z' => Some(b - b'A'),
        b @ b'2'..=b'7' => Some(b - b'2' + 26),
        _ => None,
    };
    if let Some(bytes) = unpacked(bare.bytes().map(rfc), 5) {
        number_of_bytes(&bytes, see);
        text_of_bytes(&bytes, see);
    }
    if let Some(bytes) = base85(cell) {
        text_of_bytes(&bytes, see);
        number_of_bytes(&bytes, see);
    }
}

/// Python's `base64.b85encode` (the alphabet of RFC 1924).
fn base85(cell: &str) -> Option<Vec<u8>> {
    const REST: &[u8] = b"!#$%&()*+-;<=>?@^_`{|}~";
    let value = |b: u8| match b {
        b'0'..=b'9' => Some(u64::from(b - b'0')),
        b'A'..=b'Z' => Some(u64::from(b - b'A') + 10),
        b'a'..=b'z' => Some(u64::from(b - b'a') + 36),
        _ => REST.iter().position(|r| *r == b).map(|at| at as u64 + 62),
    };
    let mut bytes = Vec::new();
    for chunk in cell.as_bytes().chunks(5) {
        let filled = chunk
            .iter()
            .copied()
            .chain(std::iter::repeat_n(b'~', 5 - chunk.len()));
        let mut number = 0_u64;
        for b in filled {
            number = number * 85 + value(b)?;
        }
        let four = u32::try_from(number).ok()?.to_be_bytes();
        bytes.extend(four.iter().take(chunk.len() - 1));
    }
    Some(bytes)
}

/// `bcdefgh` for 1234567: letters in the order of the alphabet, from 0 or from 1, or of the upper row of a keyboard.
fn letters(cell: &str, see: &mut dyn FnMut(u64)) {
    if !DIGITS.contains(&cell.len()) || !cell.bytes().all(|b| b.is_ascii_alphabetic()) {
        return;
    }
    for row in ["abcdefghij", "jabcdefghi", "pqwertyuio", "qwertyuiop"] {
        let digit = |b: u8| row.bytes().position(|r| r == b.to_ascii_lowercase());
        let number = cell.bytes().try_fold(0_u64, |n, b| {
            n.checked_mul(10)?.checked_add(digit(b)? as u64)
        });
        number.into_iter().for_each(&mut *see);
    }
}

/// `0.1234567`, `1.23456`, `1234567000`: a power of ten too much or too little.
fn scaled(cell: &str, see: &mut dyn FnMut(u64)) {
    let Ok(value) = cell.parse::<f64>() else {
        return;
    };
    let value = value.abs();
    for power in 1..=12 {
        let up = value * 10.0_f64.powi(power);
        if (1_000.0..1.0e15).contains(&up) && (up - up.round()).abs() < up * 1.0e-12 + 1.0e-7 {
            see(up.round() as u64);
        }
    }
    let mut down = value;
    while (10_000.0..1.0e18).contains(&down) && down % 10.0 == 0.0 {
        down /= 10.0;
        see(down as u64);
    }
    if value.fract() == 0.0 && cell.starts_with('-') && value < 1.0e15 {
        see(value as u64);
    }
}

/// Up to three digits more, before or behind.
fn trimmed(cell: &str, see: &mut dyn FnMut(u64)) {
    let Some(digits) = digits_of(cell).filter(|d| d.len() > 5) else {
        return;
    };
    for cut in 1..=3 {
        see_digits(digits.get(cut..).unwrap_or_default(), see);
        let end = digits.len() - cut;
        see_digits(digits.get(..end).unwrap_or_default(), see);
    }
}

fn each_digit(cell: &str, turn: impl Fn(u32) -> u32, see: &mut dyn FnMut(u64)) {
    let bare = cell.strip_suffix(".0").unwrap_or(cell);
    if !DIGITS.contains(&bare.len()) {
        return;
    }
    let turned: Option<String> = bare
        .chars()
        .map(|c| char::from_digit(turn(c.to_digit(10)?) % 10, 10))
        .collect();
    if let Some(digits) = turned {
        see_digits(&digits, see);
    }
}

fn caesar<const BY: u32>(cell: &str, see: &mut dyn FnMut(u64)) {
    each_digit(cell, |d| d + 10 - BY, see);
}

fn complement(cell: &str, see: &mut dyn FnMut(u64)) {
    each_digit(cell, |d| 9 - d, see);
}

#[cfg(test)]
mod tests {
    use super::READINGS;

    /// Written by Python: `hex`, `oct`, `bin`, `numpy.base_repr(n, 36)`, `base64.b64encode(n.to_bytes(4, …))`,
    /// `base64.b32encode`, `base64.b85encode`, `uuid.UUID(int=n)`, f-strings.
    #[test]
    fn each_way_is_undone() {
        for cell in [
            "1 234 567",
            "1'234'567",
            "１２３４５６７",
            "7654321",
            "0x12d687",
            "12D687",
            "87d61200",
            "00000000-0000-0000-0000-00000012d687",
            "0o4553207",
            "100101101011010000111",
            "QGLJ",
            "qglj",
            "ABLWhw==",
            "h9YSAA==",
            "MTIzNDU2Nw==",
            "GEZDGNBVGY3Q====",
            "F)}kWH8wW",
            "bcdefgh",
            "abcdefg",
            "one two three four five six seven",
            "One million two hundred and thirty-four thousand five hundred and sixty-seven",
            "0.1234567",
            "1234.567",
            "12345670",
            "91234567",
            "4567890",
            "8765432",
            "-1234567",
        ] {
            let mut found = false;
            for (_, read) in READINGS {
                read(cell, &mut |n| found |= n == 1_234_567);
            }
            assert!(found, "{cell}");
        }
    }
}
