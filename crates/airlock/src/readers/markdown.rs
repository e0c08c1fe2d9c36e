//! Markdown with blocks of code: README files, R Markdown and Quarto sources, and what knitr makes of them.
//!
//! Blocks in a language are code; blocks without one are what a program printed. The text between them is read as text.

use super::code::{self, Language};
use super::{Budget, Document, Inner, html, part, payload, repeats, text, text_part, under};
use crate::verdict::Findings;

/// Whether a text has blocks of code or images inside it.
pub(crate) fn is(text: &str) -> bool {
    let fences = text.lines().filter(|line| fence(line).is_some()).count();
    fences >= 2 || text.contains("](data:") || text.contains("<table") && text.contains("</table>")
}

/// The info string of a line that opens or closes a block (CommonMark 4.5).
fn fence(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line
        .strip_prefix("```")
        .or_else(|| line.strip_prefix("~~~"))?;
    let info = rest.trim_start_matches(['`', '~']).trim();
    (!info.contains('`')).then_some(info)
}

/// Languages whose blocks are programs.
const PROGRAMS: &[&str] = &[
    "r",
    "python",
    "py",
    "python3",
    "sql",
    "stata",
    "sas",
    "bash",
    "sh",
    "shell",
    "julia",
    "console",
    "js",
    "javascript",
    "c",
    "cpp",
    "rust",
    "java",
    "matlab",
    "perl",
    "ruby",
    "dockerfile",
    "makefile",
    "nextflow",
    "wdl",
];

/// Reads a text with blocks.
pub(crate) fn read(source: &str, budget: &mut Budget, findings: &mut Findings) -> Document {
    // The text between the blocks keeps its lines, so that reasons name the right ones.
    let mut between = String::with_capacity(source.len());
    let mut inner: Vec<Inner> = Vec::new();
    let mut block: Option<(usize, String, String)> = None;
    let mut html: Option<(usize, String)> = None;
    for (number, line) in (1_usize..).zip(source.lines()) {
        if let Some((start, mut body)) = html.take() {
            body.push_str(line);
            body.push('\n');
            between.push('\n');
            if line.contains("</table>") {
                inner.push(page(start, &body, budget, findings));
            } else {
                html = Some((start, body));
            }
            continue;
        }
        match (fence(line), block.take()) {
            (None, None) if line.contains("<table") => {
                let body = line.to_owned() + "\n";
                if line.contains("</table>") {
                    inner.push(page(number, &body, budget, findings));
                } else {
                    html = Some((number, body));
                }
            }
            (Some(_), Some((start, info, body))) => {
                inner.push(block_of(start, &info, &body, budget, findings))
            }
            (Some(info), None) => block = Some((number, info.to_owned(), String::new())),
            (None, Some((start, info, mut body))) => {
                body.push_str(line);
                body.push('\n');
                block = Some((start, info, body));
            }
            (None, None) => {
                between.push_str(&without_images(number, line, &mut inner, budget, findings))
            }
        }
        between.push('\n');
    }
    if let Some((start, info, body)) = block {
        inner.push(block_of(start, &info, &body, budget, findings));
    }
    if let Some((start, body)) = html {
        inner.push(page(start, &body, budget, findings));
    }
    let mut document = text::read(&between);
    document.tables.extend(repeats::tables(&document.prose));
    document.kind = "Markdown".into();
    document.whole = between;
    document.inner = inner;
    document
}

/// A table of HTML, as pandas and knitr leave it in Markdown.
fn page(start: usize, body: &str, budget: &mut Budget, findings: &mut Findings) -> Inner {
    under(
        &format!("table at line {start}"),
        budget,
        findings,
        |budget, findings| html::read(body, budget, findings),
    )
}

fn block_of(
    start: usize,
    info: &str,
    body: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Inner {
    let place = format!("block at line {start}");
    let name = info.trim_start_matches(['{', '.', ' ']);
    let name: String = name
        .chars()
        .take_while(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_ascii_lowercase();
    if PROGRAMS.contains(&name.as_str()) {
        let language = Language::named(&name);
        return under(&place, budget, findings, |budget, findings| {
            code::read_as(body, language, budget, findings)
        });
    }
    text_part(&place, &printed(body), budget, findings)
}

/// What knitr and reprex printed, without the marks before each line: `## `, `#> `.
pub(crate) fn printed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let bare = line
            .strip_prefix("##")
            .or_else(|| line.strip_prefix("#>"))
            .filter(|rest| rest.is_empty() || rest.starts_with(' '));
        out.push_str(bare.unwrap_or(line));
        out.push('\n');
    }
    out
}

/// A line without the images inside it, which are read as files.
fn without_images(
    number: usize,
    line: &str,
    inner: &mut Vec<Inner>,
    budget: &mut Budget,
    findings: &mut Findings,
) -> String {
    let Some((before, rest)) = line.split_once("](data:") else {
        return line.to_owned();
    };
    let (body, after) = rest.split_once(')').unwrap_or((rest, ""));
    match payload::decode(&format!("data:{body}")) {
        Some(bytes) => {
            inner.push(part(
                &format!("image at line {number}"),
                &bytes,
                budget,
                findings,
            ));
            format!(
                "{before}](){}",
                without_images(number, after, inner, budget, findings)
            )
        }
        None => line.to_owned(),
    }
}
