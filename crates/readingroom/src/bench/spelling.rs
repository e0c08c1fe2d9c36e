//! A question's text over the release's files as they lie there, for engines that have not our table provider: which copy
//! is read, and the numbers that stand for texts, are then the writer's affair. Done here as a careful writer would, once
//! and outside the time that is measured.
//!
//! In a template, `{by_code T}` is the copy of table T that is sorted by codes, or T; `{T.c IN (…)}`, `{T.c LIKE '…'}` and
//! the like are a condition on a text column, `{a:T.c …}` the same where T is called `a`; `{join a:T.c}` brings the texts
//! of a column's numbers, `{value a:T.c}` is one of them.

use std::collections::BTreeSet;

use vault::release::Manifest;

use super::layout;
use crate::failure::Failure;

/// Looks up the numbers of the texts for which a condition holds: table and column, and the condition with `value` for the
/// text.
pub type Numbers<'a> = dyn FnMut(&str, &str) -> Result<Vec<i64>, Failure> + 'a;

/// A text over the release's files: a template filled in, and families in place of tables.
pub fn on_files(
    template: &str,
    manifest: &Manifest,
    numbers: &mut Numbers<'_>,
) -> Result<String, Failure> {
    let filled = fill(template, manifest, numbers)?;
    let words: BTreeSet<&str> = words(&filled).collect();
    let mut out = filled.clone();
    for (table, entry) in &manifest.tables {
        let read = layout::relation(table, entry, &words);
        if read != *table {
            out = instead(&out, table, &read);
        }
    }
    Ok(out)
}

/// The text with something else read in place of a table, under the name that it had.
fn instead(text: &str, table: &str, read: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = [" FROM ", " JOIN "]
        .iter()
        .filter_map(|place| Some(rest.find(&format!("{place}{table} "))? + place.len()))
        .min()
    {
        let (before, after) = rest.split_at(at);
        let after = after.get(table.len()..).unwrap_or_default();
        out.push_str(before);
        out.push_str(read);
        let next = after.split_whitespace().next().unwrap_or_default();
        // words of the language are in capitals, names of tables are not
        if next.bytes().all(|b| b.is_ascii_uppercase()) {
            out.push_str(&format!(" AS {table}"));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

/// Fills a template in.
fn fill(template: &str, manifest: &Manifest, numbers: &mut Numbers<'_>) -> Result<String, Failure> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (mark, after) = after
            .split_once('}')
            .ok_or_else(|| bad("a mark that does not end"))?;
        out.push_str(before);
        out.push_str(&one(mark, manifest, numbers)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn one(mark: &str, manifest: &Manifest, numbers: &mut Numbers<'_>) -> Result<String, Failure> {
    if mark == "person" {
        return Ok("{person}".to_owned());
    }
    let (first, rest) = mark.split_once(' ').ok_or_else(|| bad(mark))?;
    if first == "by_code" {
        return Ok(if layout::has_by_code(manifest, rest) {
            layout::by_code_name(rest)
        } else {
            rest.to_owned()
        });
    }
    let verb = matches!(first, "join" | "value").then_some(first);
    let name = if verb.is_some() { rest } else { first };
    let (alias, name) = match name.split_once(':') {
        Some((alias, name)) => (format!("{alias}."), name),
        None => (String::new(), name),
    };
    let (table, column) = name.split_once('.').ok_or_else(|| bad(mark))?;
    let listed = layout::is_listed(manifest, table, column);
    let list = layout::list_name(table, column);
    Ok(match (verb, listed) {
        (Some("join"), true) => format!("LEFT JOIN {list} ON {list}.id = {alias}{column}"),
        (Some("join"), false) => String::new(),
        (Some(_), true) => format!("{list}.value"),
        (Some(_), false) => format!("{alias}{column}"),
        (None, false) => format!("{alias}{column} {rest}"),
        (None, true) => {
            let found = numbers(&list, &format!("value {rest}"))?;
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            match found.as_slice() {
                // no text fits, and no number is below nought
                [] => format!("{alias}{column} = -1"),
                _ => format!("{alias}{column} IN ({})", found.join(", ")),
            }
        }
    })
}

fn bad(mark: &str) -> Failure {
    Failure::Fault(format!("a question of the bench has a bad mark: {mark}"))
}

#[cfg(test)]
mod tests {
    use super::instead;

    #[test]
    fn a_table_keeps_its_name() {
        assert_eq!(
            instead("SELECT p FROM main GROUP BY p", "main", "main__0"),
            "SELECT p FROM main__0 AS main GROUP BY p"
        );
        assert_eq!(
            instead(
                "SELECT 1 FROM r JOIN main m ON m.e = r.e JOIN main_x y",
                "main",
                "(S)"
            ),
            "SELECT 1 FROM r JOIN (S) m ON m.e = r.e JOIN main_x y"
        );
    }
}
