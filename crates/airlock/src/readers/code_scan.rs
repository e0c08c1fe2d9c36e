//! Source code cut into comments, texts, numbers, words and signs, in the ways of the languages that researchers write.

use super::code::Language;

/// A piece of a program with the line at which it begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) line: u64,
    pub(crate) is: Is,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Is {
    Word(String),
    Number(String),
    Text(String),
    Sign(char),
}

/// A program in pieces.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<(u64, String)>,
}

struct Scanner<'a> {
    rest: &'a str,
    line: u64,
    language: Language,
    /// At the head of a line or a statement: where Stata and SAS have comments that begin with a star.
    fresh: bool,
    pieces: Pieces,
}

/// Cuts a program.
pub(crate) fn scan(text: &str, language: Language) -> Pieces {
    let mut scanner = Scanner {
        rest: text,
        line: 1,
        language,
        fresh: true,
        pieces: Pieces::default(),
    };
    while scanner.step() {}
    scanner.pieces
}

impl<'a> Scanner<'a> {
    /// Takes so many bytes; fewer at the end or where they would cut a character.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.line +=
            u64::try_from(memchr::memchr_iter(b'\n', taken.as_bytes()).count()).unwrap_or(0);
        self.rest = rest;
        taken
    }

    fn push(&mut self, line: u64, is: Is) {
        self.fresh = false;
        self.pieces.tokens.push(Token { line, is });
    }

    fn step(&mut self) -> bool {
        let Some(c) = self.rest.chars().next() else {
            return false;
        };
        if c.is_whitespace() {
            self.fresh = self.fresh || c == '\n';
            self.take(c.len_utf8());
        } else if let Some((skip, end)) = self.comment() {
            let line = self.line;
            self.take(skip);
            let length = self.rest.find(end).unwrap_or(self.rest.len());
            let text = self.take(length);
            self.pieces.comments.push((line, text.to_owned()));
            // The end of the line stays: it ends the statement, too.
            if end != "\n" {
                self.take(end.len());
            }
        } else if self.language == Language::R && c == '`' {
            let line = self.line;
            self.take(1);
            let length = self.rest.find('`').unwrap_or(self.rest.len());
            let name = self.take(length).to_owned();
            self.take(1);
            self.push(line, Is::Word(name));
        } else if let Some((open, close)) = self.quote() {
            self.text(open, close);
        } else if c.is_ascii_digit() || (c == '.' && self.at(1).is_some_and(|d| d.is_ascii_digit()))
        {
            self.number();
        } else if c.is_alphanumeric() || matches!(c, '_' | '@' | '$' | '%') {
            self.word();
        } else {
            let line = self.line;
            self.take(c.len_utf8());
            self.push(line, Is::Sign(c));
            self.fresh = c == ';';
        }
        true
    }

    fn at(&self, n: usize) -> Option<char> {
        self.rest.chars().nth(n)
    }

    /// Length of the sign that opens a comment here, and what ends it.
    fn comment(&self) -> Option<(usize, &'static str)> {
        use Language::{Julia, Other, Python, R, Sas, Shell, Sql, Stata};
        let starts = |sign: &str| self.rest.starts_with(sign);
        match self.language {
            Julia if starts("#=") => Some((2, "=#")),
            Python | R | Shell | Julia if starts("#") => Some((1, "\n")),
            Sql if starts("--") => Some((2, "\n")),
            Sql | Stata | Sas | Other if starts("/*") => Some((2, "*/")),
            Stata | Other if starts("//") => Some((2, "\n")),
            Stata if self.fresh && starts("*") => Some((1, "\n")),
            Sas if self.fresh && starts("*") => Some((1, ";")),
            Other if starts("%") || starts("#") => Some((1, "\n")),
            _ => None,
        }
    }

    /// What opens a text here, and what closes it.
    fn quote(&self) -> Option<(usize, &'static str)> {
        use Language::{Julia, Python, Stata};
        let starts = |sign: &str| self.rest.starts_with(sign);
        if matches!(self.language, Python | Julia) {
            for triple in ["\"\"\"", "'''"] {
                if starts(triple) {
                    return Some((3, triple));
                }
            }
        }
        if starts("\"") {
            return Some((1, "\""));
        }
        // In Stata and Julia a single mark is no quotation mark.
        (starts("'") && !matches!(self.language, Stata | Julia)).then_some((1, "'"))
    }

    fn text(&mut self, open: usize, close: &'static str) {
        use Language::{Sas, Sql, Stata};
        let line = self.line;
        self.take(open);
        let escapes = !matches!(self.language, Sql | Sas | Stata);
        let mut length = 0;
        let mut escaped = false;
        for (i, c) in self.rest.char_indices() {
            length = i;
            if escaped {
                escaped = false;
            } else if c == '\\' && escapes {
                escaped = true;
            } else if self
                .rest
                .get(i..)
                .is_some_and(|rest| rest.starts_with(close))
            {
                break;
            }
            length = i + c.len_utf8();
        }
        let text = self.take(length).to_owned();
        self.take(close.len());
        self.push(
            line,
            Is::Text(if escapes { unescaped(&text) } else { text }),
        );
    }

    fn number(&mut self) {
        let line = self.line;
        let mut length = 0;
        let mut before = ' ';
        for c in self.rest.chars() {
            let sign = matches!(c, '-' | '+') && matches!(before, 'e' | 'E');
            if !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || sign) {
                break;
            }
            before = c;
            length += 1;
        }
        let written = self.take(length).replace('_', "");
        // R's whole numbers end with L.
        let number = written.strip_suffix('L').unwrap_or(&written).to_owned();
        self.push(line, Is::Number(number));
    }

    fn word(&mut self) {
        let line = self.line;
        let inside = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '@' | '%');
        let length: usize = self
            .rest
            .chars()
            .take_while(inside)
            .map(char::len_utf8)
            .sum();
        let word = self.take(length.max(1)).to_owned();
        self.push(line, Is::Word(word));
    }
}

fn unescaped(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('\n') | None => {}
            Some(other) => out.push(other),
        }
    }
    out
}
