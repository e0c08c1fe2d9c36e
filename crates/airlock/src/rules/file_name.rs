//! The name of a file leaves with it, and may itself be somebody's id.

use super::characters::is_hidden;
use super::participants;
use crate::Context;
use crate::limits;
use crate::verdict::{Findings, Rule};
use privacy::identifiers::find_all;

const RULE: Rule = Rule {
    name: "file-name",
    source: "UK Biobank: no individual-level data, in content or name",
};

pub(crate) fn judge(name: &str, context: &Context<'_>, findings: &mut Findings) {
    if participants::holds_id(name, context.participants) {
        findings.red(
            RULE,
            "name of the file",
            "a participant's id",
            "rename the file",
        );
    } else if let Some(found) = find_all(name).first() {
        findings.red(
            RULE,
            "name of the file",
            format!("of the form of a {}", found.kind.words()),
            "rename the file",
        );
    }
    if !is_plain(name) {
        findings.red(
            RULE,
            "name of the file",
            "not a plain name: it could be shown as another one, or name another place",
            "rename the file: a letter or digit, then up to 99 letters, digits, spaces, dots, hyphens and underscores of ASCII",
        );
    }
}

/// `[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}`: no folders, hidden files, options of commands, line breaks or marks of direction.
fn is_plain(name: &str) -> bool {
    name.len() <= limits::FILE_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b" ._-".contains(&b))
}

/// The name as it may be shown: what would change the terminal of a checker is written as `\u{202e}`.
pub(crate) fn shown(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_control() || is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}
