//! Source code in the languages of researchers: Python, R, SQL, Stata, SAS, shell, Julia.
//!
//! Numbers in code are thresholds, years, seeds and numbers of fields, and count nobody; so its lines are searched for ids and not
//! judged as sentences. What is no statement is judged as it would be anywhere: comments, texts of several lines, data that are
//! written out (`code_data`), rows between statements (`datalines`, `input`, here-documents), and encoded payloads.

use super::code_scan::{Is, Pieces, scan};
use super::tree::Outline;
use super::{
    Budget, Document, Fact, Inner, Line, code_data, html, part, payload, text, text_part, under,
    unknown,
};
use crate::limits;
use crate::prose::has_digit;
use crate::verdict::Findings;

/// A language as far as its comments and texts are written differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Python,
    R,
    Sql,
    Stata,
    Sas,
    Shell,
    Julia,
    Other,
}

impl Language {
    /// By the name that notebooks and fenced blocks give.
    pub(crate) fn named(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "r" | "ir" => Self::R,
            "sql" | "postgresql" | "sqlite" | "duckdb" | "mysql" => Self::Sql,
            "stata" => Self::Stata,
            "sas" => Self::Sas,
            "bash" | "sh" | "shell" | "zsh" | "console" => Self::Shell,
            _ if name.starts_with("py") || name.starts_with("ipy") => Self::Python,
            _ if name.starts_with("julia") || name == "jl" => Self::Julia,
            _ => Self::Other,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::R => "R",
            Self::Sql => "SQL",
            Self::Stata => "Stata",
            Self::Sas => "SAS",
            Self::Shell => "shell",
            Self::Julia => "Julia",
            Self::Other => "program",
        }
    }

    /// Whether a line is a statement that only this language has.
    fn owns(self, line: &str) -> bool {
        let lower: String = line
            .chars()
            .take(40)
            .collect::<String>()
            .to_ascii_lowercase();
        let starts = |list: &[&str]| list.iter().any(|word| lower.starts_with(word));
        let has = |list: &[&str]| list.iter().any(|word| line.contains(word));
        let sentence = line.ends_with('.') && line.split_whitespace().count() > 5;
        if sentence {
            return false;
        }
        match self {
            Self::Python => {
                starts(&[
                    "import ",
                    "def ",
                    "class ",
                    "elif ",
                    "if __name__",
                    "async def ",
                ]) && !line.ends_with(';')
                    || lower.starts_with("from ") && line.contains(" import ")
                    || starts(&["for ", "with ", "while ", "if ", "try:", "except"])
                        && line.ends_with(':')
                    || has(&[
                        "print(",
                        "pd.",
                        "np.",
                        "plt.",
                        "self.",
                        ".groupby(",
                        "read_csv(",
                    ]) && !line.contains("<-")
            }
            Self::R => {
                has(&[
                    "<- ",
                    "%>%",
                    "|>",
                    "library(",
                    "require(",
                    "%in%",
                    "structure(list(",
                ]) && line.contains(['(', '-', '%', '|'])
                    || starts(&[
                        "ggplot(",
                        "source(",
                        "setwd(",
                        "suppress",
                        "if (",
                        "for (",
                        "data.frame(",
                    ])
            }
            Self::Sql => {
                starts(&[
                    "select ",
                    "insert into ",
                    "create table",
                    "create view",
                    "create or ",
                    "create temp",
                    "drop table",
                    "with ",
                    "left join ",
                    "inner join ",
                    "join ",
                    "group by ",
                    "order by ",
                    "update ",
                    "delete from ",
                    "union",
                    "where ",
                    "from ",
                ]) || lower == "select"
            }
            Self::Stata => starts(STATA),
            Self::Sas => {
                starts(&[
                    "proc ",
                    "data ",
                    "run;",
                    "quit;",
                    "libname ",
                    "%let ",
                    "%macro ",
                    "%mend",
                    "set ",
                    "datalines;",
                    "cards;",
                ]) && line.ends_with(';')
            }
            Self::Shell => {
                starts(&[
                    "#!/bin/",
                    "#!/usr/bin/env bash",
                    "#sbatch",
                    "#$ ",
                    "#pbs",
                    "module load",
                    "export ",
                    "echo ",
                    "set -e",
                    "dx ",
                ]) || matches!(lower.as_str(), "done" | "fi" | "do" | "then")
                    || line.ends_with('\\') && !line.ends_with("\\\\")
                    || starts(&["--"]) && !line.contains("---")
                    || lower.starts_with("for ") && line.contains("; do")
            }
            Self::Julia => {
                starts(&["using ", "println("]) && !line.contains(" the ")
                    || lower.starts_with("function ") && line.ends_with(')')
                    || line == "end"
                    || has(&["CSV.read(", "@formula("])
            }
            Self::Other => {
                starts(&[
                    "#include",
                    "public class",
                    "package ",
                    "nextflow",
                    "process ",
                    "workflow ",
                    "rule ",
                    "fn ",
                    "function ",
                    "const ",
                    "let ",
                    "var ",
                    "export ",
                ]) && line.ends_with(['{', ':', '>', ';', ')'])
                    || line.ends_with(';')
                        && line.split_once(" = ").is_some_and(|(name, _)| {
                            name.split_whitespace().count() <= 2
                                && name
                                    .bytes()
                                    .all(|b| b.is_ascii_alphanumeric() || b"_ []".contains(&b))
                        })
            }
        }
    }
}

const ALL: [Language; 8] = [
    Language::Python,
    Language::R,
    Language::Sql,
    Language::Stata,
    Language::Sas,
    Language::Shell,
    Language::Julia,
    Language::Other,
];

const STATA: &[&str] = &[
    "use \"",
    "use ",
    "gen ",
    "generate ",
    "replace ",
    "regress ",
    "logit ",
    "logistic ",
    "stset ",
    "stcox ",
    "keep ",
    "drop ",
    "tabulate ",
    "tab ",
    "merge 1:",
    "merge m:",
    "foreach ",
    "forvalues ",
    "local ",
    "global ",
    "label var",
    "label def",
    "label val",
    "import delimited",
    "capture ",
    "log using",
    "set more off",
    "version ",
    "clear",
    "egen ",
    "sort ",
    "save ",
    "bysort ",
    "summarize ",
    "sum ",
    "estimates ",
    "esttab ",
    "margins",
    "xtset ",
    "append using",
    "quietly ",
    "display ",
    "recode ",
    "input ",
];

/// Lines that are looked at to tell the language.
const LOOKED_AT: usize = 500;

/// Whether a text is a program: some lines that one language owns, and hardly a line that could be none.
pub(crate) fn is(text: &str) -> bool {
    language(text).is_some()
}

fn language(text: &str) -> Option<Language> {
    let lines: Vec<&str> = text.lines().take(LOOKED_AT).collect();
    let bare = || {
        lines
            .iter()
            .map(|line| line.trim())
            .filter(|line| !line.is_empty())
    };
    let first = bare().next()?;
    // A log repeats the commands behind a prompt, and a table of text may begin with any word.
    let lower = first.to_ascii_lowercase();
    let begins = ["#!", "structure(", "insert into ", "create table "];
    let shebang = begins.iter().any(|sign| lower.starts_with(sign));
    let scored = ALL
        .iter()
        .map(|language| (bare().filter(|line| language.owns(line)).count(), *language));
    let (owned, language) = scored.rev().max_by_key(|(n, _)| *n)?;
    let all = bare().count();
    let plain = plain_lines(&lines, language)
        .iter()
        .filter(|plain| **plain)
        .count();
    let enough = owned >= 2 || shebang || (owned == 1 && all <= 5);
    (enough && plain * 10 <= all * 6 && (owned * 20 >= all || shebang)).then_some(language)
}

/// For each line, whether it is neither statement nor comment: perhaps data, perhaps a sentence.
fn plain_lines(lines: &[&str], language: Language) -> Vec<bool> {
    let mut depth = 0_i64;
    let mut in_text = false;
    let mut goes_on = false;
    lines
        .iter()
        .map(|line| {
            let bare = line.trim();
            let inside = depth > 0 || in_text || goes_on;
            let quotes = bare.matches("\"\"\"").count() + bare.matches("'''").count();
            in_text ^= quotes % 2 == 1;
            let count = |signs: [char; 3]| i64::try_from(bare.matches(signs).count()).unwrap_or(0);
            depth = (depth + count(['(', '[', '{']) - count([')', ']', '}'])).max(0);
            goes_on = bare.ends_with(['\\', '+', '|', '&', '='])
                || bare.ends_with("///")
                || bare.ends_with("%>%");
            !(bare.is_empty() || inside || in_text || is_statement(bare, language))
        })
        .collect()
}

fn is_statement(line: &str, language: Language) -> bool {
    let comment = line.starts_with(['#', '*', '%', '@', '}', ')', ']', '{', '\'', '"'])
        || line.starts_with('(') && language == Language::Sql
        || line.starts_with("--")
        || line.starts_with("//")
        || line.starts_with("/*");
    let call = line
        .as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [a, b'('] if a.is_ascii_alphanumeric() || b"_.".contains(a)));
    let assigns = line.split_once(['=', '<']).is_some_and(|(name, _)| {
        let name = name
            .trim_end_matches([':', '+', '-', '*', '/', '!', '>'])
            .trim();
        !name.is_empty()
            && !name.contains(|c: char| !c.is_ascii_alphanumeric() && !"_.$[]'\",- `&".contains(c))
            && name.split_whitespace().count() <= 3
    });
    const WORDS: [&str; 40] = [
        "else",
        "else:",
        "try:",
        "except:",
        "finally:",
        "pass",
        "break",
        "continue",
        "return",
        "end",
        "fi",
        "done",
        "do",
        "then",
        "next",
        "repeat",
        "and",
        "or",
        "on",
        "when",
        "case",
        "as",
        "having",
        "limit",
        "from",
        "where",
        "by",
        "run;",
        "quit;",
        "begin",
        "set",
        "global",
        "raise",
        "yield",
        "del",
        "assert",
        "lambda",
        "not",
        "select",
        "datalines;",
    ];
    let first = line
        .split([' ', '(', '\t'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let word = WORDS.contains(&first.as_str());
    let words = || line.split_whitespace().count();
    // In SAS and SQL a statement ends with its sign; elsewhere a line of one name is a statement.
    let closed = line.ends_with([';', '{', ':', ','])
        && matches!(language, Language::Sas | Language::Sql | Language::Other)
        && line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '%');
    let name = |c: char| c.is_ascii_alphanumeric() || "_.$".contains(c);
    let expression = words() == 1
        && line.starts_with(|c: char| c.is_ascii_alphabetic())
        && line.chars().all(name);
    let command = matches!(language, Language::Stata | Language::Shell)
        && words() <= 12
        && line.starts_with(|c: char| c.is_ascii_lowercase() || c == '$')
        && !line
            .split(' ')
            .next()
            .unwrap_or_default()
            .contains([',', ';']);
    comment || call || assigns || word || closed || expression || command || language.owns(line)
}

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
