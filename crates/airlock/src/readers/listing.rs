//! The last line of a printed table that is longer than what is shown: pandas, R, tibbles and polars say how long it is.

use super::{Document, Fact};
use crate::roles;

/// Notes how long a table is of which only some rows are printed, and the name that pandas prints below a single column.
pub(crate) fn note(document: &mut Document) {
    let mut rows = None;
    let mut name = None;
    for line in document.prose.iter().rev().take(20) {
        let text = line.text.trim();
        rows = rows.or_else(|| length(text));
        name = name.or_else(|| series(text));
    }
    if let Some(rows) = rows {
        document.facts.push(Fact::Listing { rows });
    }
    let column = document
        .tables
        .last_mut()
        .filter(|t| !t.has_header && t.columns.len() == 2);
    if let Some(column) = column.and_then(|t| t.columns.last_mut())
        && let Some(name) = name.filter(|_| column.name.is_empty())
    {
        column.role = roles::of(&name);
        column.name = name;
    }
}

/// `[12000 rows x 8 columns]`, `12000 rows × 8 columns`, `Length: 12000`, `# ℹ 11,990 more rows`, `-- omitted 11900 rows ]`.
fn length(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |word: &str| {
        word.trim_matches(|c: char| !c.is_ascii_digit())
            .replace(',', "")
            .parse()
            .ok()
    };
    let after = |i: usize, step: usize| words.get(i + step).copied().unwrap_or_default();
    (0..words.len()).find_map(|i| {
        let word = after(i, 0);
        let of_rows = after(i, 1) == "rows" && matches!(after(i, 2), "x" | "×" | "]" | "")
            || after(i, 1) == "more" && after(i, 2).starts_with("rows");
        if word == "Length:" {
            number(after(i, 1))
        } else if of_rows {
            number(word)
        } else {
            None
        }
    })
}

/// `Name: bmi, Length: 12000, dtype: float64`.
fn series(text: &str) -> Option<String> {
    let rest = text
        .strip_prefix("Name: ")
        .filter(|rest| rest.contains("dtype:"))?;
    rest.split(',').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{length, series};

    #[test]
    fn last_lines_of_printed_tables() {
        assert_eq!(length("[12000 rows x 8 columns]"), Some(12_000));
        assert_eq!(length("600 rows × 8 columns"), Some(600));
        assert_eq!(
            length("Name: bmi, Length: 12000, dtype: float64"),
            Some(12_000)
        );
        assert_eq!(length("# ℹ 11,990 more rows"), Some(11_990));
        assert_eq!(length("2301 rows were read"), None);
        assert_eq!(series("Name: bmi, dtype: float64").as_deref(), Some("bmi"));
    }
}
