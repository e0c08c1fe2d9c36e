//! Source code in the languages of researchers: Python, R, SQL, Stata, SAS, shell, Julia.
//!
//! Numbers in code are thresholds, years, seeds and numbers of fields, and count nobody; so its lines are searched for ids and not
//! judged as sentences. What is no statement is judged as it would be anywhere: comments, texts of several lines, data that are
//! written out (`code_data`), rows between statements (`datalines`, `input`, here-documents), and encoded payloads.

pub(crate) use super::code_language::{Language, is};
use super::code_language::{is_statement, language, plain_lines};
use super::code_scan::{Is, Pieces, scan};
use super::tree::Outline;
use super::{
    Budget, Document, Fact, Inner, Line, code_data, html, part, payload, text, text_part, under,
    unknown,
};
use crate::limits;
use crate::prose::has_digit;
use crate::verdict::Findings;

/// Reads a program.
pub(crate) fn read(text: &str, budget: &mut Budget, findings: &mut Findings) -> Document {
    read_as(
        text,
        language(text).unwrap_or(Language::Other),
        budget,
        findings,
    )
}

/// Reads a program whose language is known, such as a cell of a notebook.
pub(crate) fn read_as(
    source: &str,
    language: Language,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Document {
    if source.len() > limits::TREE_BYTES {
        return unknown::read_text(source, "a program beyond a limit", findings);
    }
    let pieces = scan(source, language);
    let lines: Vec<&str> = source.lines().collect();
    let mut document = Document {
        kind: format!("source code ({})", language.name()),
        facts: vec![Fact::Code {
            language: language.name().into(),
        }],
        tables: code_data::compared(&pieces.tokens),
        ..Document::default()
    };
    for (name, node) in code_data::literals(&pieces.tokens) {
        let tables = Outline::of_literal(&name, &node).tables;
        document.tables.extend(tables);
    }
    document
        .inner
        .extend(comments(&pieces, language, lines.len(), budget, findings));
    document.inner.extend(texts(&pieces, budget, findings));
    document
        .inner
        .extend(rows(&lines, language, budget, findings));
    let number = |(i, line): (u64, &&str)| Line {
        number: i,
        text: (*line).to_owned(),
    };
    document.prose = (1_u64..).zip(&lines).map(number).collect();
    document.prose.extend(grouped(&pieces));
    document.whole = payload::without_runs(source);
    document.read = html::frame(&document, source);
    document
}

/// Numbers that were written in groups, `1_000_003`, once more in one piece.
fn grouped(pieces: &Pieces) -> Vec<Line> {
    let numbers = pieces.tokens.iter().filter_map(|token| match &token.is {
        Is::Number(number) if number.len() >= limits::ID_MIN => Some(Line {
            number: token.line,
            text: number.clone(),
        }),
        _ => None,
    });
    numbers.collect()
}

/// Comments as text, each at its own line. Statements that were set aside are code.
fn comments(
    pieces: &Pieces,
    language: Language,
    lines: usize,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Option<Inner> {
    let mut at: Vec<String> = vec![String::new(); lines + 1];
    let marks = ['#', '*', '/', '\'', '>', '-', '!', '=', '~'];
    for (line, comment) in &pieces.comments {
        for (i, text) in (*line..).zip(comment.lines()) {
            let text = text.trim_end().trim_start_matches(marks);
            let code = is_statement(text.trim(), language) && !reads_as_words(text);
            let slot = usize::try_from(i)
                .ok()
                .and_then(|i| at.get_mut(i.saturating_sub(1)));
            if let Some(slot) = slot.filter(|_| !code) {
                text.clone_into(slot);
            }
        }
    }
    lines_of("comments", &at.join("\n"), budget, findings)
}

/// Five words in a row without a sign of a program between them.
fn reads_as_words(text: &str) -> bool {
    let mut run = 0;
    text.split_whitespace().any(|word| {
        let plain = word
            .trim_matches(|c: char| ",.:;()".contains(c))
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        run = if plain { run + 1 } else { 0 };
        run >= 5
    })
}

fn lines_of(
    place: &str,
    source: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Option<Inner> {
    if source.trim().is_empty() {
        return None;
    }
    Some(under(place, budget, findings, |_, _| {
        let mut document = text::read(source);
        document
            .tables
            .extend(super::repeats::tables(&document.prose));
        source.clone_into(&mut document.whole);
        document
    }))
}

/// Texts of several lines are documents; sentences with numbers are judged as sentences; payloads are unpacked.
fn texts(pieces: &Pieces, budget: &mut Budget, findings: &mut Findings) -> Vec<Inner> {
    let mut inner = Vec::new();
    let mut sentences = String::new();
    for token in &pieces.tokens {
        let Is::Text(text) = &token.is else { continue };
        let place = format!("text at line {}", token.line);
        if text.len() >= limits::OPAQUE_RUN && !text.trim().contains(' ') {
            inner.push(match payload::decode(text) {
                Some(bytes) => part(&place, &bytes, budget, findings),
                None => text_part(&place, text, budget, findings),
            });
        } else if text.trim().contains('\n') {
            inner.push(text_part(&place, text, budget, findings));
        } else if has_digit(text) && reads_as_words(text) {
            sentences.push_str(text);
            sentences.push('\n');
        }
    }
    inner.extend(lines_of("texts", &sentences, budget, findings));
    inner
}

/// Runs of lines that are no statements: data between statements. A heading that `input` names stays with its rows.
fn rows(
    lines: &[&str],
    language: Language,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Vec<Inner> {
    let plain = plain_lines(lines, language);
    let mut inner = Vec::new();
    let mut heading = None;
    let mut at = 0;
    while at < lines.len() {
        let run = plain.iter().skip(at).take_while(|plain| **plain).count();
        let stretch = lines.get(at..at + run).unwrap_or_default();
        if run == 0 {
            let line = lines.get(at).map_or("", |line| line.trim());
            if let Some((_, names)) = line
                .split_once("input ")
                .filter(|(before, _)| before.trim().is_empty())
            {
                heading = Some(names.replace([';', '$'], " "));
            }
            at += 1;
            continue;
        }
        if stretch.iter().any(|line| has_digit(line)) {
            let head = heading.take().map_or(String::new(), |names| names + "\n");
            let text = head + &stretch.join("\n");
            inner.push(text_part(
                &format!("from line {}", at + 1),
                &text,
                budget,
                findings,
            ));
        }
        at += run;
    }
    inner
}
