//! What templates may call. Filters that give markup escape whatever they are given.

use minijinja::{Environment, Value};

use super::entry_page;
use crate::words;

pub(super) fn add(env: &mut Environment<'static>) {
    env.add_filter("time", |iso: String| words::time(&iso));
    env.add_filter("day", |iso: String| words::date(&iso).unwrap_or(iso));
    env.add_filter("territory", |code: String| words::territory(&code));
    env.add_filter("number", words::number);
    env.add_filter("counted", |n: u64, one: String, many: String| {
        words::counted(n, &one, &many)
    });
    env.add_filter("entry", entry);
    env.add_filter("standing", |key: String| match key.as_str() {
        "applied" => "applied for".to_owned(), // as governance words it
        _ => key,
    });
    env.add_filter("spaced", |word: String| word.replace('-', " "));
}

/// A link to a ledger entry, from a page that is `root` away from the site's root.
fn entry(number: u64, root: String) -> Value {
    let root = if root == "../" { "../" } else { "" };
    Value::from_safe_string(format!(
        "<a class=\"entry\" href=\"{root}{}#entry-{number}\"><span class=\"quiet\">ledger entry </span>{number}</a>",
        entry_page(number)
    ))
}
