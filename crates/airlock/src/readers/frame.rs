//! What readers of binary formats share: a cursor that cannot run past the end, an account of which bytes were understood, and
//! the unpacking of streams within the budget.
//!
//! Must never allocate by a length that a file states: what is taken exists.

use super::{Budget, Document, Line, unknown};
use crate::limits;
use crate::verdict::Findings;
use std::io::Read;
use std::ops::Range;

/// Reads from the front of a slice; `None` when there is not enough.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn seek(&mut self, at: usize) {
        self.at = at.min(self.bytes.len());
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[b]| b)
    }

    pub(crate) fn u16_le(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32_le(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64_le(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A length in 16 bits, as an index.
    pub(crate) fn len_16(&mut self) -> Option<usize> {
        self.u16_le().map(usize::from)
    }

    /// A length in 32 bits, as an index.
    pub(crate) fn len_32(&mut self) -> Option<usize> {
        self.u32_le().and_then(|n| usize::try_from(n).ok())
    }

    /// A length in 64 bits, as an index.
    pub(crate) fn len_64(&mut self) -> Option<usize> {
        self.u64_le().and_then(|n| usize::try_from(n).ok())
    }

    /// What is before a byte, and past it.
    pub(crate) fn until(&mut self, byte: u8) -> Option<&'a [u8]> {
        let length = memchr::memchr(byte, self.rest())?;
        let taken = self.take(length)?;
        self.at += 1;
        Some(taken)
    }
}

/// Which bytes of a file belong to something that was read.
#[derive(Debug, Default)]
pub(crate) struct Cover(Vec<Range<usize>>);

impl Cover {
    pub(crate) fn add(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.0.push(range);
        }
    }

    /// Whether two of the ranges share a byte, and the ranges of a file so long that belong to none.
    pub(crate) fn close(mut self, length: usize) -> (bool, Vec<Range<usize>>) {
        self.0.sort_by_key(|range| range.start);
        let (mut at, mut overlap, mut gaps) = (0, false, Vec::new());
        for range in self.0 {
            overlap |= range.start < at;
            if range.start > at {
                gaps.push(at..range.start);
            }
            at = at.max(range.end);
        }
        if at < length {
            gaps.push(at..length);
        }
        (overlap, gaps)
    }
}

/// Unpacks a stream to at most what the budget and the largest file allow. Says whether that was all and without error.
pub(crate) fn unpack(from: impl Read, budget: &mut Budget) -> (Vec<u8>, bool) {
    let most = budget
        .bytes()
        .min(u64::try_from(limits::BYTES).unwrap_or(u64::MAX));
    let mut bytes = Vec::new();
    let ended = from.take(most.saturating_add(1)).read_to_end(&mut bytes);
    let all = ended.is_ok() && !u64::try_from(bytes.len()).is_ok_and(|n| n > most);
    bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    budget.spend(length(&bytes));
    (bytes, all)
}

pub(crate) fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// How a place inside an archive is said: by number, and by name when that tells of nobody.
pub(crate) fn entry(number: usize, name: &str) -> String {
    if crate::table::is_harmless_name(name) {
        format!("inside {name}")
    } else {
        format!("entry {number}")
    }
}

impl Document {
    /// Hands bytes that were not understood on to the search for participants, as the text that they hold.
    pub(crate) fn search(&mut self, bytes: &[u8]) {
        let found = unknown::read(bytes, "", &mut Findings::default());
        self.prose.extend(found.prose);
        self.whole.push_str(&found.whole);
    }

    /// Hands a text on to the search for participants: a name, a comment, a value of metadata.
    pub(crate) fn search_text(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            self.prose.push(Line {
                number: 0,
                text: line.to_owned(),
            });
            self.whole.push_str(line);
            self.whole.push('\n');
        }
    }

    /// Bytes outside everything that was read: searched, and amber unless they are all zero (padding).
    pub(crate) fn leftover(&mut self, bytes: &[u8], what: &str, findings: &mut Findings) {
        if bytes.iter().all(|b| *b == 0) {
            self.read = self.read.saturating_add(length(bytes));
            return;
        }
        self.search(bytes);
        self.unread = self.unread.saturating_add(length(bytes));
        unknown::say(what, findings);
    }
}

/// Decodes base64 (RFC 4648); signs outside its alphabet are passed over, since the result is only searched.
pub(crate) fn base64(text: &[u8]) -> Vec<u8> {
    let six = |b: &u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for value in text.iter().filter_map(six) {
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).unwrap_or(0));
        }
    }
    out
}

/// Runs a library on foreign bytes. A panic of it is a file that cannot be read, not an outage.
pub(crate) fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).ok()
}
