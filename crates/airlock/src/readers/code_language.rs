//! The languages of programs, and by which lines each is known.

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

    pub(crate) const fn name(self) -> &'static str {
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

pub(crate) fn language(text: &str) -> Option<Language> {
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
pub(crate) fn plain_lines(lines: &[&str], language: Language) -> Vec<bool> {
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

pub(crate) fn is_statement(line: &str, language: Language) -> bool {
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
