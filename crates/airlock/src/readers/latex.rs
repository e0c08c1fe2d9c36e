//! LaTeX: tables as tables (`tabular`, `longtable`, `array` …), the points of a plot, comments, and the text between them.

use super::{Budget, Document, Fact, code, html, repeats, text, text_part};
use crate::limits;
use crate::table::{Row, Table};
use crate::verdict::Findings;

/// Whether a text is LaTeX.
pub(crate) fn is(text: &str) -> bool {
    let has = |what: &str| text.contains(what);
    let begins = has("\\begin{") && has("\\end{");
    let first = text.trim_start().starts_with(['\\', '%']);
    begins && (first || !code::is(text))
        || has("\\documentclass")
        || (has("\\hline") || has("\\midrule")) && has("\\\\")
}

/// Environments whose rows end with `\\` and whose cells are kept apart by `&`.
const TABLES: &[&str] = &[
    "tabular",
    "longtable",
    "array",
    "tabularx",
    "tabulary",
    "supertabular",
    "tblr",
    "xltabular",
    "tabu",
    "longtblr",
];

/// Reads a source.
pub(crate) fn read(source: &str, budget: &mut Budget, findings: &mut Findings) -> Document {
    let (bare, comments) = without_comments(source);
    let mut tables: Vec<Table> = Vec::new();
    let mut facts: Vec<Fact> = Vec::new();
    let mut between = String::with_capacity(bare.len());
    let mut rest = bare.as_str();
    let mut line = 1;
    while let Some((before, body, after)) = next_table(rest) {
        let lines = |text: &str| u64::try_from(text.matches('\n').count()).unwrap_or(0);
        between.push_str(before);
        line += lines(before);
        table(body, line, &mut tables, &mut between);
        // The lines of the table stay empty, so that reasons name the right ones.
        between.extend(std::iter::repeat_n('\n', body.matches('\n').count()));
        line += lines(body);
        rest = after;
        if tables.len() >= limits::TABLES {
            break;
        }
    }
    between.push_str(rest);
    points(&between, &mut tables, &mut facts);
    let words: String = between.lines().map(|line| plain(line) + "\n").collect();
    let mut document = text::read(&words);
    document.tables.extend(repeats::tables(&document.prose));
    document.tables.extend(tables);
    document.facts = facts;
    document.kind = "LaTeX".into();
    source.clone_into(&mut document.whole);
    if !comments.trim().is_empty() {
        document
            .inner
            .push(text_part("comments", &comments, budget, findings));
    }
    document.read = html::frame(&document, source);
    document
}

/// The source without its comments, and the comments, each with the lines of the whole.
fn without_comments(source: &str) -> (String, String) {
    let (mut bare, mut comments) = (String::with_capacity(source.len()), String::new());
    for line in source.lines() {
        let mut before = ' ';
        let at = line.char_indices().find(|(_, c)| {
            // Programs that know no LaTeX write `10.5%` without a backslash: that is text.
            let is = *c == '%' && before != '\\' && !before.is_ascii_digit() && before != '(';
            before = *c;
            is
        });
        let (text, comment) = at.map_or((line, ""), |(i, _)| line.split_at(i));
        bare.push_str(text);
        bare.push('\n');
        comments.push_str(comment.trim_start_matches('%'));
        comments.push('\n');
    }
    (bare, comments)
}

/// The next table: what stands before it, its body and what follows.
fn next_table(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find("\\begin{")?;
        let (before, rest) = text.split_at_checked(at)?;
        let rest = rest.strip_prefix("\\begin{")?;
        let (name, rest) = rest.split_once('}')?;
        if TABLES.contains(&name.trim_end_matches('*')) {
            let end = format!("\\end{{{name}}}");
            let (body, after) = rest.split_once(end.as_str()).unwrap_or((rest, ""));
            return Some((before, body, after));
        }
        from = at + 7;
    }
}

/// Rules and other commands that stand between rows.
const BETWEEN: &[&str] = &[
    "\\hline",
    "\\toprule",
    "\\midrule",
    "\\bottomrule",
    "\\endhead",
    "\\endfirsthead",
    "\\endfoot",
    "\\endlastfoot",
    "\\addlinespace",
    "\\cmidrule",
    "\\cline",
    "\\specialrule",
    "\\hhline",
    "\\rowcolor",
    "\\noalign",
    "\\SetCell",
];

/// A row: its line, whether a rule stands above it, and its cells.
struct Cut {
    line: u64,
    ruled: bool,
    cells: Vec<String>,
}

fn table(body: &str, first: u64, tables: &mut Vec<Table>, between: &mut String) {
    let mut rows: Vec<Cut> = Vec::new();
    let mut line = first;
    let body = body.replace("\\tabularnewline", "\\\\");
    let body = without_arguments(&body);
    for piece in body.split("\\\\") {
        let lines = piece.matches('\n').count();
        let lead = piece.len() - piece.trim_start().len();
        let above = piece.get(..lead).unwrap_or_default().matches('\n').count();
        let at = line + u64::try_from(above).unwrap_or(0);
        line += u64::try_from(lines).unwrap_or(0);
        let (ruled, piece) = without_rules(piece);
        let cells = cells(&piece);
        if cells.iter().any(|cell| !cell.trim().is_empty()) {
            rows.push(Cut {
                line: at,
                ruled,
                cells,
            });
        } else if let Some(last) = rows.last_mut().filter(|_| ruled) {
            last.ruled = last.ruled || ruled;
        }
    }
    let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let is_pairs = width >= 4
        && rows.iter().all(|row| {
            row.cells
                .iter()
                .step_by(2)
                .all(|c| c.is_empty() || c.ends_with(':'))
        });
    if width < 2 || is_pairs {
        for row in &rows {
            for pair in row.cells.chunks(2) {
                between.push_str(&pair.join(" "));
                between.push('\n');
            }
        }
        return;
    }
    let head = rows
        .iter()
        .skip(1)
        .position(|row| row.ruled)
        .map_or(0, |i| i + 1);
    let head = if head <= 4 { head } else { 0 };
    let below = rows.split_off(head);
    let bytes = |row: &Cut| row.cells.iter().map(|c| c.len() + 1).sum::<usize>();
    let total = rows.iter().chain(&below).map(bytes).sum::<usize>();
    let total = u64::try_from(total).unwrap_or(u64::MAX);
    let body = below.iter().map(|row| Row {
        line: row.line,
        cells: (0..width)
            .map(|i| row.cells.get(i).map_or("", String::as_str))
            .collect(),
    });
    if rows.is_empty() {
        tables.push(Table::new(body.collect(), total));
    } else {
        let header = Row {
            line: first,
            cells: (0..width).map(|i| merged(&rows, i)).collect(),
        };
        tables.push(Table::headed(
            [header].into_iter().chain(body).collect(),
            total,
        ));
    }
}

/// The names of one column in all rows of the heading, each once.
fn merged(rows: &[Cut], column: usize) -> String {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        let name = row.cells.get(column).map_or("", |cell| cell.trim());
        if !name.is_empty() && names.last() != Some(&name) {
            names.push(name);
        }
    }
    names.join(" ")
}

/// What follows `\begin{tabular}` before the rows: `[t]{lrr}`, `{\textwidth}{lX}`.
fn without_arguments(body: &str) -> String {
    let mut rest = body;
    loop {
        let bare = rest.trim_start_matches([' ', '\n']);
        let close = match bare.chars().next() {
            Some('[') => bare.find(']').map(|i| i + 1),
            Some('{') => group(bare).map(str::len),
            _ => None,
        };
        match close.and_then(|i| bare.get(i..)) {
            Some(after) => rest = after,
            None => return rest.to_owned(),
        }
    }
}

/// A group in braces at the head of a text, with its braces.
fn group(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match c {
            '\\' => {
                escaped = !escaped;
                continue;
            }
            '{' if !escaped => depth += 1,
            '}' if !escaped => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return text.get(..=i);
                }
            }
            _ => {}
        }
        escaped = false;
    }
    None
}

/// A row without the rules and lengths before it, and whether there was a rule.
fn without_rules(piece: &str) -> (bool, String) {
    let mut rest = piece.trim_start();
    let mut ruled = false;
    // `\\[2pt]` and `\\*`.
    if let Some(after) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
        rest = after.1.trim_start();
    }
    rest = rest.strip_prefix('*').unwrap_or(rest).trim_start();
    while let Some(command) = BETWEEN.iter().find(|command| rest.starts_with(**command)) {
        let is_rule = command.contains("rule") || command.contains("hline");
        ruled = ruled || (is_rule && !command.starts_with("\\cmid"));
        rest = rest.get(command.len()..).unwrap_or_default();
        loop {
            let close = match rest.chars().next() {
                Some('[') => rest.find(']').map(|i| i + 1),
                Some('(') => rest.find(')').map(|i| i + 1),
                Some('{') => group(rest).map(str::len),
                _ => None,
            };
            let Some(after) = close.and_then(|i| rest.get(i..)) else {
                break;
            };
            rest = after;
        }
        rest = rest.trim_start();
    }
    (ruled, rest.to_owned())
}

/// The cells of a row: `\multicolumn{2}{c}{text}` stands in each of its columns.
fn cells(row: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut start = 0;
    let mut before = ' ';
    let mut raw: Vec<&str> = Vec::new();
    for (i, c) in row.char_indices() {
        if c == '&' && before != '\\' {
            raw.push(row.get(start..i).unwrap_or_default());
            start = i + 1;
        }
        before = c;
    }
    raw.push(row.get(start..).unwrap_or_default());
    for cell in raw {
        let cell = cell.trim();
        let spanned = cell.strip_prefix("\\multicolumn").and_then(|rest| {
            let columns = group(rest.trim_start())?;
            let after = rest.trim_start().get(columns.len()..)?;
            let spec = group(after)?;
            let n: usize = columns.trim_matches(['{', '}']).trim().parse().ok()?;
            Some((n.min(limits::COLUMNS), plain(after.get(spec.len()..)?)))
        });
        match spanned {
            Some((n, text)) => cells.extend(std::iter::repeat_n(text, n)),
            None => cells.push(plain(cell)),
        }
    }
    cells
}

/// Commands whose arguments are names of files, labels and settings, which are in the search of the whole.
const DROPPED: &[&str] = &[
    "label",
    "ref",
    "cite",
    "citep",
    "citet",
    "includegraphics",
    "usepackage",
    "documentclass",
    "input",
    "include",
    "bibliography",
    "begin",
    "end",
    "vspace",
    "hspace",
    "setlength",
    "multirow",
    "cref",
    "autoref",
    "eqref",
    "rule",
    "color",
    "cellcolor",
    "url",
    "href",
    "definecolor",
    "geometry",
    "pagestyle",
    "bibliographystyle",
    "renewcommand",
    "newcommand",
    "arraystretch",
];

/// A text without its commands.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '\\' => rest = command(after, &mut out),
            '{' | '}' | '$' => rest = after,
            '~' => {
                out.push(' ');
                rest = after;
            }
            _ => {
                out.push(c);
                rest = after;
            }
        }
    }
    out.trim_end().to_owned()
}

/// Takes the command behind a backslash; its text goes on, its settings do not.
fn command<'a>(text: &'a str, out: &mut String) -> &'a str {
    let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, mut rest) = text.split_at_checked(length).unwrap_or((text, ""));
    if name.is_empty() {
        let sign = text.chars().next().unwrap_or(' ');
        if !matches!(sign, ',' | ';' | '!' | ':' | '/') {
            out.push(if sign == '\\' { ' ' } else { sign });
        }
        return text
            .get(sign.len_utf8().min(text.len())..)
            .unwrap_or_default();
    }
    out.push_str(match name {
        "textless" | "lt" => "<",
        "textgreater" | "gt" => ">",
        "leq" | "le" => "<=",
        "geq" | "ge" => ">=",
        "pm" => "±",
        "times" => "x",
        "textendash" => "–",
        "textbackslash" => "\\",
        _ => "",
    });
    let dropped = DROPPED.contains(&name);
    loop {
        let option = rest.starts_with('[');
        let close = match rest.chars().next() {
            Some('[') if dropped || !out.ends_with(' ') => rest.find(']').map(|i| i + 1),
            Some('{') if dropped && !(name == "multirow" && rest.matches('{').count() <= 1) => {
                group(rest).map(str::len)
            }
            _ => None,
        };
        match close
            .and_then(|i| rest.get(i..))
            .filter(|_| dropped || option)
        {
            Some(after) => rest = after,
            None => return rest,
        }
    }
}

/// The points of pgfplots: `\addplot … coordinates {(1,2) (3,4)}`.
fn points(text: &str, tables: &mut Vec<Table>, facts: &mut Vec<Fact>) {
    for (i, piece) in text.split("coordinates").enumerate().skip(1) {
        let Some(body) = group(piece.trim_start()).filter(|_| i <= limits::TABLES) else {
            continue;
        };
        let pairs = body.split('(').skip(1).filter_map(|pair| {
            let (pair, _) = pair.split_once(')')?;
            pair.split_once(',')
        });
        let mut rows = vec![Row {
            line: 0,
            cells: ["x", "y"].into_iter().collect(),
        }];
        rows.extend(pairs.map(|(x, y)| Row {
            line: 0,
            cells: [x.trim(), y.trim()].into_iter().collect(),
        }));
        let count = u64::try_from(rows.len()).unwrap_or(1) - 1;
        if count > 0 {
            facts.push(Fact::Marks {
                of: "points".into(),
                count,
            });
            tables.push(Table::headed(rows, u64::try_from(body.len()).unwrap_or(0)));
        }
    }
}
