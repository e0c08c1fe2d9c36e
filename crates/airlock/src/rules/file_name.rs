//! The name of a file leaves with it, and may itself be somebody's id.

use super::participants;
use crate::Context;
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
}
