//! Shapes of direct identifiers in the United Kingdom: NHS number, postcode, e-mail address, telephone
//! number, National Insurance number; and a finder for them in running text.
//!
//! Only shapes and check digits are judged here. Whether a thing of that shape is somebody's identifier
//! is for the caller, who knows the column it stands in: one ten-digit number in eleven has a valid
//! check digit by chance. Must never keep, print or put into an error the text that it is given.
//!
//! Sources: NHS Data Dictionary, "NHS NUMBER" (modulus 11); BS 7666 address standard and Royal Mail's
//! Programmer's Guide to the Postcode Address File (postcodes); RFC 5321 and RFC 1035 (e-mail, lengths and
//! labels); Ofcom, National Telephone Numbering Plan; HM Revenue and Customs, National Insurance Manual
//! NIM39110 (National Insurance numbers).

use crate::limits;
use serde::{Deserialize, Serialize};

/// A kind of direct identifier that has a shape of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An NHS number (or a Scottish CHI or Northern Irish H&C number, which share the form) with a valid check digit.
    NhsNumber,
    /// An e-mail address.
    Email,
    /// A full UK postcode, outward and inward part.
    Postcode,
    /// A UK telephone number in national or international form.
    Phone,
    /// A National Insurance number.
    NationalInsurance,
}

impl Kind {
    /// The kind in plain words, singular, for messages.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NhsNumber => "NHS number",
            Self::Email => "e-mail address",
            Self::Postcode => "postcode",
            Self::Phone => "telephone number",
            Self::NationalInsurance => "National Insurance number",
        }
    }
}

/// Where in a text something of an identifier's shape stands: the bytes `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Found {
    /// What it looks like.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// The check digit of the first nine digits (each 0 to 9) of an NHS number.
///
/// `None` when the nine digits cannot begin an NHS number (the remainder gives 10), or when one of them is not
/// a digit. Source: NHS Data Dictionary, "NHS NUMBER": weights 10 to 2, modulus 11.
#[must_use]
pub fn nhs_check_digit(digits: &[u8; 9]) -> Option<u8> {
    let mut sum: u32 = 0;
    for (digit, weight) in digits.iter().zip((2..=10).rev()) {
        if *digit > 9 {
            return None;
        }
        sum += u32::from(*digit) * weight;
    }
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        check => u8::try_from(check).ok(),
    }
}

/// Whether the text (spaces around it aside) is an NHS number: ten digits, bare or grouped 3-3-4 by spaces or hyphens.
///
/// A number of ten equal digits passes the check but is never issued, and is refused.
#[must_use]
pub fn is_nhs_number(text: &str) -> bool {
    let bytes = text.trim().as_bytes();
    nhs_at(bytes, 0) == Some(bytes.len())
}

/// Whether the text is a full UK postcode, in either case, with at most one space before its inward part.
#[must_use]
pub fn is_uk_postcode(text: &str) -> bool {
    let bytes = text.trim().as_bytes();
    postcode_at(bytes, 0) == Some(bytes.len())
}

/// Whether the text is an e-mail address of the dotted-atom form (quoted local parts are not seen in practice).
#[must_use]
pub fn is_email(text: &str) -> bool {
    let bytes = text.trim().as_bytes();
    first_at_sign(bytes).is_some_and(|at| email_around(bytes, at) == Some((0, bytes.len())))
}

/// Whether the text is a UK telephone number: national (`0…`) or international (`+44…`, `0044…`), with spaces,
/// hyphens and brackets as people write them.
#[must_use]
pub fn is_uk_phone(text: &str) -> bool {
    let bytes = text.trim().as_bytes();
    phone_at(bytes, 0, true) == Some(bytes.len())
}

/// Whether the text is a National Insurance number: two letters of an issued prefix, six digits, one letter A to D.
#[must_use]
pub fn is_national_insurance_number(text: &str) -> bool {
    let bytes = text.trim().as_bytes();
    national_insurance_at(bytes, 0) == Some(bytes.len())
}

/// Everything of an identifier's shape in a text, by place, none overlapping.
///
/// One pass with a look-ahead of fixed length, so the time is linear in the text; at most
/// [`limits::IDENTIFIERS_FOUND`] are returned. In running text the finder asks for more than the `is_…` functions:
/// clear edges, and capital letters where nothing separates the parts, so that hashes and codes are not taken.
#[must_use]
pub fn find_all(text: &str) -> Vec<Found> {
    let bytes = text.as_bytes();
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while at < bytes.len() && found.len() < limits::IDENTIFIERS_FOUND {
        let byte = byte(bytes, at);
        let floor = found.last().map_or(0, |last| last.end);
        if byte == b'@' {
            if let Some((start, end)) = email_around(bytes, at)
                && (start >= floor || found.last().is_some_and(|last| last.start >= start))
            {
                // The local part may itself have looked like a number; the address is the longer reading.
                while found.last().is_some_and(|last| last.start >= start) {
                    found.pop();
                }
                found.push(Found {
                    kind: Kind::Email,
                    start,
                    end,
                });
                at = end;
                continue;
            }
        } else if clear_before(bytes, at)
            && let Some((kind, end)) = found_at(bytes, at)
        {
            found.push(Found {
                kind,
                start: at,
                end,
            });
            at = end;
            continue;
        }
        at += 1;
    }
    found
}

/// The first identifier, other than an e-mail address, that begins at `at` and ends at a clear edge.
fn found_at(bytes: &[u8], at: usize) -> Option<(Kind, usize)> {
    let first = byte(bytes, at);
    let clear = |end: &usize| clear_after(bytes, *end);
    if first.is_ascii_digit() || first == b'+' || first == b'(' {
        let nhs = nhs_at(bytes, at)
            .filter(clear)
            .map(|end| (Kind::NhsNumber, end));
        return nhs.or_else(|| {
            phone_at(bytes, at, false)
                .filter(clear)
                .map(|end| (Kind::Phone, end))
        });
    }
    if first.is_ascii_alphabetic() {
        let sure = |end: &usize| {
            let text = bytes.get(at..*end).unwrap_or_default();
            clear(end) && (text.contains(&b' ') || !text.iter().any(u8::is_ascii_lowercase))
        };
        return postcode_at(bytes, at)
            .filter(sure)
            .map(|end| (Kind::Postcode, end))
            .or_else(|| {
                national_insurance_at(bytes, at)
                    .filter(sure)
                    .map(|end| (Kind::NationalInsurance, end))
            });
    }
    None
}

/// The byte at a place, or 0 past the end.
fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

fn first_at_sign(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|b| *b == b'@')
}

/// Part of a longer word: letters, digits, and every byte of a letter outside ASCII.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Whether a number or code may begin at `at`: not inside a word, a decimal fraction or a hyphenated series.
fn clear_before(bytes: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|i| byte(bytes, i)) else {
        return true;
    };
    let further = at.checked_sub(2).map_or(0, |i| byte(bytes, i));
    match before {
        b'.' | b',' | b'-' | b'/' if byte(bytes, at).is_ascii_digit() => {
            // A comma between digits separates fields as often as thousands, and a leak must not hide behind it.
            before == b',' || !further.is_ascii_alphanumeric()
        }
        b'+' => byte(bytes, at) != b'0',
        other => !is_word(other),
    }
}

/// Whether what ended before `at` is really over. `.0` is allowed: programs write whole numbers so.
fn clear_after(bytes: &[u8], at: usize) -> bool {
    let next = byte(bytes, at);
    let after = byte(bytes, at + 1);
    match next {
        b'.' if after.is_ascii_digit() => {
            let zeros = bytes
                .iter()
                .skip(at + 1)
                .take(8)
                .take_while(|b| **b == b'0')
                .count();
            zeros > 0 && !is_word(byte(bytes, at + 1 + zeros))
        }
        b'-' | b'/' => !after.is_ascii_alphanumeric(),
        b'@' => false,
        other => !is_word(other),
    }
}

/// The end of an NHS number that begins at `at`: ten digits, or 3-3-4 with the same separator twice.
fn nhs_at(bytes: &[u8], at: usize) -> Option<usize> {
    let separator = match byte(bytes, at + 3) {
        sep @ (b' ' | b'-') => Some(sep),
        _ => None,
    };
    let mut digits = [0_u8; 10];
    let mut place = at;
    for (i, slot) in digits.iter_mut().enumerate() {
        if let Some(sep) = separator
            && (i == 3 || i == 6)
        {
            if byte(bytes, place) != sep {
                return None;
            }
            place += 1;
        }
        let digit = byte(bytes, place);
        if !digit.is_ascii_digit() {
            return None;
        }
        *slot = digit - b'0';
        place += 1;
    }
    let (first_nine, check) = (digits.first_chunk::<9>()?, digits.last()?);
    let all_equal = digits.iter().all(|d| d == check);
    (!all_equal && nhs_check_digit(first_nine) == Some(*check)).then_some(place)
}

/// The 124 postcode areas in use, with the three Crown dependencies (Royal Mail, Postcode Address File).
const POSTCODE_AREAS: &str = " AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL \
    DN DT DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME \
    MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF \
    TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE ";

/// The end of a postcode that begins at `at`. Shapes of the outward part: A9, A99, AA9, AA99, A9A, AA9A.
fn postcode_at(bytes: &[u8], at: usize) -> Option<usize> {
    let letters = (0..2)
        .take_while(|i| byte(bytes, at + i).is_ascii_alphabetic())
        .count();
    let area = bytes
        .get(at..at + letters)
        .filter(|area| !area.is_empty())?;
    let district = at + letters;
    if !byte(bytes, district).is_ascii_digit() || !is_postcode_area(area) {
        return None;
    }
    // The longer outward part first: in "M11AA" the second 1 belongs to the inward part, in "M111AA" it does not.
    let second = byte(bytes, district + 1);
    let long_fits =
        second.is_ascii_digit() || b"ABCDEFGHJKMNPRSTUVWXY".contains(&second.to_ascii_uppercase());
    let long = long_fits.then(|| inward_end(bytes, district + 2)).flatten();
    long.or_else(|| inward_end(bytes, district + 1))
}

fn is_postcode_area(area: &[u8]) -> bool {
    let upper = |b: &u8| b.to_ascii_uppercase();
    POSTCODE_AREAS
        .as_bytes()
        .split(|b| *b == b' ')
        .any(|known| known.len() == area.len() && known.iter().copied().eq(area.iter().map(upper)))
}

/// The end of an inward part (a digit and two letters, never C I K M O V) that begins at `at`, after one space or none.
fn inward_end(bytes: &[u8], at: usize) -> Option<usize> {
    let at = if byte(bytes, at) == b' ' { at + 1 } else { at };
    let letter = |b: u8| b.is_ascii_alphabetic() && !b"CIKMOV".contains(&b.to_ascii_uppercase());
    (byte(bytes, at).is_ascii_digit() && letter(byte(bytes, at + 1)) && letter(byte(bytes, at + 2)))
        .then_some(at + 3)
}

/// The bytes of the e-mail address around an `@`; lengths as RFC 5321 §4.5.3.1 allows.
fn email_around(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let is_local = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b);
    let before = bytes.get(at.saturating_sub(limits::EMAIL_LOCAL)..at)?;
    let local_len = before.iter().rev().take_while(|b| is_local(**b)).count();
    let mut start = at - local_len;
    // Quotes, dots and the like may stand before an address; they do not begin one.
    while start < at && !byte(bytes, start).is_ascii_alphanumeric() && byte(bytes, start) != b'_' {
        start += 1;
    }
    let local = bytes.get(start..at).filter(|local| !local.is_empty())?;
    if local.ends_with(b".") || local.windows(2).any(|pair| pair == b"..") {
        return None;
    }
    let after = bytes.get(at + 1..bytes.len().min(at + 1 + limits::EMAIL_DOMAIN))?;
    let domain_len = after
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'-' || **b == b'.')
        .count();
    let mut domain = after.get(..domain_len)?;
    while let [head @ .., b'.' | b'-'] = domain {
        domain = head;
    }
    let labels_ok = domain.split(|b| *b == b'.').all(|label| {
        (1..=63).contains(&label.len()) && !label.starts_with(b"-") && !label.ends_with(b"-")
    });
    let top = domain.rsplit(|b| *b == b'.').next()?;
    let top_ok = top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic);
    (labels_ok && top_ok && top.len() < domain.len()).then(|| (start, at + 1 + domain.len()))
}

/// The end of a UK telephone number that begins at `at`. `whole`: the text is nothing else, so that the short (nine-digit)
/// national numbers are believed too; in running text they are too like other numbers.
fn phone_at(bytes: &[u8], at: usize, whole: bool) -> Option<usize> {
    if !b"0+(".contains(&byte(bytes, at)) {
        return None;
    }
    let mut place = at;
    let international = match (byte(bytes, place), bytes.get(place + 1..place + 4)) {
        (b'+', Some([b'4', b'4', _])) => Some(3),
        (b'0', Some([b'0', b'4', b'4'])) => Some(4),
        _ => None,
    };
    let mut digits: Vec<u8> = Vec::with_capacity(limits::PHONE_DIGITS);
    if let Some(prefix) = international {
        place += prefix;
        digits.push(b'0');
    }
    // Digits in the first group: an area code of three to six digits, or all of them.
    let mut first_group = None;
    let mut end = place;
    let mut separators = 0;
    while digits.len() <= limits::PHONE_DIGITS && separators <= 2 {
        let next = byte(bytes, place);
        if next.is_ascii_digit() {
            separators = 0;
            // "+44 (0)20": the national 0 is written in brackets and not dialled.
            if !(next == b'0' && international.is_some() && digits.len() == 1) {
                digits.push(next);
            }
            end = place + 1;
        } else if b" -()".contains(&next) {
            if digits.len() > 1 && first_group.is_none() {
                first_group = Some(digits.len());
            }
            separators += 1;
            if next == b')' && separators == 1 {
                end = place + 1;
            }
        } else {
            break;
        }
        place += 1;
    }
    let group_ok = first_group.is_none_or(|n| (3..=6).contains(&n) || n >= 10);
    (group_ok && national_number(&digits, whole)).then_some(end)
}

/// Whether eleven digits (ten for the short numbers) beginning with 0 fall into a range of the numbering plan.
fn national_number(digits: &[u8], whole: bool) -> bool {
    let range_ok = match digits {
        [b'0', b'1', second, ..] => *second != b'0',
        [b'0', b'2', second, ..] => b"03489".contains(second),
        [b'0', b'3', second, ..] => b"0347".contains(second),
        [b'0', b'5', second, ..] => b"056".contains(second),
        [b'0', b'7', ..] => true,
        [b'0', b'8', second, ..] => b"0247".contains(second),
        [b'0', b'9', second, ..] => b"018".contains(second),
        _ => false,
    };
    let short = whole
        && digits.len() == 10
        && matches!(
            digits,
            [b'0', b'1', ..] | [b'0', b'8', b'0', b'0', ..] | [b'0', b'8', b'4', b'5', ..]
        );
    range_ok && (digits.len() == limits::PHONE_DIGITS || short)
}

/// The end of a National Insurance number that begins at `at`: `QQ123456C`, or in pairs with spaces.
fn national_insurance_at(bytes: &[u8], at: usize) -> Option<usize> {
    let first = byte(bytes, at).to_ascii_uppercase();
    let second = byte(bytes, at + 1).to_ascii_uppercase();
    let barred = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    if !first.is_ascii_uppercase()
        || !second.is_ascii_uppercase()
        || b"DFIQUV".contains(&first)
        || b"DFIOQUV".contains(&second)
        || barred.contains(&&[first, second])
    {
        return None;
    }
    let spaced = byte(bytes, at + 2) == b' ';
    let mut place = at + 2;
    for _pair in 0..3 {
        if spaced && byte(bytes, place) == b' ' {
            place += 1;
        }
        if !byte(bytes, place).is_ascii_digit() || !byte(bytes, place + 1).is_ascii_digit() {
            return None;
        }
        place += 2;
    }
    if spaced && byte(bytes, place) == b' ' {
        place += 1;
    }
    matches!(byte(bytes, place), b'A'..=b'D' | b'a'..=b'd').then_some(place + 1)
}

#[cfg(test)]
#[path = "identifiers_tests.rs"]
mod tests;
