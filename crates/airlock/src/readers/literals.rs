//! The JSON literals in a script of a page: what a drawing library is handed.
//!
//! Libraries themselves are megabytes of code with small lists in them; their objects have bare keys and are no JSON. So in a
//! long script only maps with quoted keys and long lists are taken.

use crate::limits;

/// Longer scripts are libraries.
const LIBRARY: usize = 100_000;
/// Numbers of a list in a library that is data all the same: colour scales and fonts have fewer.
const LONG: usize = 100;
/// A string literal that holds JSON itself (Bokeh) is at least so long.
const QUOTED: usize = 40;

/// What was found, outermost literals only.
#[derive(Debug, Default)]
pub(crate) struct Literals {
    pub(crate) found: Vec<String>,
    /// Bytes after the point where looking was given up.
    pub(crate) unread: u64,
}

/// What is searched of a script: all of it; of a library, whose numbers are constants, its texts.
pub(crate) fn words(text: &str) -> String {
    if text.len() <= LIBRARY {
        return super::payload::without_runs(text);
    }
    let texts: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
    super::payload::without_runs(&texts.join("\n"))
}

/// Finds the literals of a script.
pub(crate) fn of_script(text: &str) -> Literals {
    let bytes = text.as_bytes();
    let mut literals = Literals::default();
    // Each look for a closing bracket costs its length; together not more than some passes over the text.
    let mut budget = text.len().saturating_mul(16).saturating_add(1 << 20);
    let mut at = 0;
    while let Some(found) = bytes
        .get(at..)
        .and_then(|rest| memchr::memchr3(b'{', b'[', b'\'', rest))
    {
        let start = at + found;
        at = start + 1;
        let rest = text.get(start..).unwrap_or_default();
        if !may_begin(rest) {
            continue;
        }
        let Some(length) = closed(rest.as_bytes(), budget) else {
            budget = budget.saturating_sub(rest.len());
            if budget == 0 {
                literals.unread = u64::try_from(rest.len()).unwrap_or(u64::MAX);
                break;
            }
            continue;
        };
        budget = budget.saturating_sub(length);
        let literal = rest.get(..length).unwrap_or_default();
        if let Some(json) = as_json(literal, text.len() > LIBRARY) {
            literals.found.push(json);
            at = start + length;
        }
        if literals.found.len() >= limits::TABLES {
            literals.unread = u64::try_from(text.len() - at).unwrap_or(u64::MAX);
            break;
        }
    }
    literals
}

/// `{"`, `[{`, `[[`, `["`, a list of numbers, or a quoted map.
fn may_begin(rest: &str) -> bool {
    let mut signs = rest.chars().filter(|c| !c.is_whitespace());
    match (signs.next(), signs.next()) {
        (Some('{'), Some('"')) | (Some('\''), Some('{' | '[')) => true,
        (Some('['), Some(c)) => matches!(c, '{' | '[' | '"' | '-') || c.is_ascii_digit(),
        _ => false,
    }
}

/// The length of the literal that begins here, up to its closing bracket or quotation mark.
fn closed(bytes: &[u8], most: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quoted = None;
    let single = bytes.first() == Some(&b'\'');
    let mut escaped = false;
    for (i, b) in bytes
        .iter()
        .enumerate()
        .take(most)
        .skip(usize::from(single))
    {
        if escaped {
            escaped = false;
            continue;
        }
        match (quoted, b) {
            (_, b'\\') => escaped = true,
            (None, b'\'') if single => return Some(i + 1),
            (Some(mark), b) if *b == mark => quoted = None,
            (Some(_), _) => {}
            (None, b'"') if !single => quoted = Some(*b),
            (None, b'{' | b'[') if !single => depth += 1,
            (None, b'}' | b']') if !single => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The literal as JSON, if it is data.
fn as_json(literal: &str, library: bool) -> Option<String> {
    if let Some(quoted) = literal.strip_prefix('\'') {
        let inner = quoted.strip_suffix('\'')?;
        return (inner.len() >= QUOTED).then(|| inner.replace("\\\\", "\\").replace("\\'", "'"));
    }
    let is_map = literal.contains("\":") || literal.contains("\" :");
    let numbers = literal.matches(',').count() + 1;
    (is_map || !library || numbers >= LONG).then(|| literal.to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn literals_of_a_script() {
        let script = "var a=1;Plotly.newPlot('id', [{\"x\": [1, 2], \"y\": [3, 4]}], {\"t\": \"a}b\"});f(function(){return b[0]})";
        let found = super::of_script(script).found;
        assert_eq!(
            found,
            [
                "[{\"x\": [1, 2], \"y\": [3, 4]}]",
                "{\"t\": \"a}b\"}",
                "[0]"
            ]
        );
        assert!(super::of_script(&"[[".repeat(1_000)).found.is_empty());
    }
}
