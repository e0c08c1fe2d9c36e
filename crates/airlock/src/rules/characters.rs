//! What a reader's eye would not see: control and invisible characters, digits of other scripts, and payloads.

use crate::Context;
use crate::limits;
use crate::readers::Document;
use crate::verdict::{Findings, Rule, count_of};

const RULE: Rule = Rule {
    name: "hidden-content",
    source: "Unicode UTS 39; egress guidance: outputs must be readable by a person",
};

pub(crate) fn judge(document: &Document, _: &Context<'_>, findings: &mut Findings) {
    if !document.prose_is_text {
        return;
    }
    let text = document.whole.as_str();
    let (mut control, mut invisible, mut digits) = (0_usize, 0_usize, 0_usize);
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' | '\u{c}' => {}
            c if is_hidden(c) => invisible += 1,
            c if c.is_control() => control += 1,
            c if !c.is_ascii() && is_foreign_digit(c) => digits += 1,
            _ => {}
        }
    }
    let counted = [
        (control, "control character"),
        (invisible, "invisible character"),
        (digits, "digit of another script"),
    ];
    for (n, what) in counted.into_iter().filter(|(n, _)| *n > 0) {
        findings.amber(
            RULE,
            "whole file",
            count_of(n, what),
            "save the file as plain text with the digits 0 to 9",
        );
    }
    let payload = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_');
    let opaque = text
        .as_bytes()
        .split(|b| !payload(b))
        .filter(|run| run.len() >= limits::OPAQUE_RUN)
        .count();
    if opaque > 0 {
        let what = format!(
            "{} of letters and digits without a gap, longer than any word",
            count_of(opaque, "run")
        );
        findings.amber(RULE, "whole file", what, "leave encoded content out");
    }
    // A digest tells nobody anything; that of an id, or what else has this form, tells who it is of.
    let digests = text
        .as_bytes()
        .split(|b| !b.is_ascii_alphanumeric())
        .filter(|run| run.len() == 64 && run.iter().all(u8::is_ascii_hexdigit))
        .count();
    if digests > 0 {
        let what = format!("{} of 64 hexadecimal digits", count_of(digests, "run"));
        findings.amber(RULE, "whole file", what, "leave digests out");
    }
}

/// Characters that are not seen or change what is: without width (U+200B..200F), changes of direction (202A..202E, 2060..2069,
/// 061C), separators of lines (2028, 2029), and private use, which holds anything.
pub(crate) fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{e0000}'..='\u{10ffff}'
            | '\u{fe00}'..='\u{fe0f}'
    )
}

/// Digits other than 0 to 9, but for superscripts, subscripts and fractions, which units and footnotes are written with.
fn is_foreign_digit(c: char) -> bool {
    let harmless = matches!(c, '²' | '³' | '¹' | '¼'..='¾' | '\u{2070}'..='\u{209f}' | '\u{2150}'..='\u{218b}');
    c.is_numeric() && !harmless
}
