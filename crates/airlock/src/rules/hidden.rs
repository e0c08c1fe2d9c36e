//! What somebody who opens the file does not see, what runs when it is opened, and what is under a password.
//!
//! The content of hidden parts is read and judged like any other; that it is hidden needs a person all the same, since the
//! author may not know of it either: pivot tables keep the rows that they were made from.
//!
//! Source: Information Commissioner's Office, "How to disclose information safely: removing personal data from information
//! requests and datasets" (hidden rows, pivot tables, metadata, embedded files).

use crate::Context;
use crate::readers::{Document, Fact};
use crate::verdict::{Findings, Rule};

const HIDDEN: Rule = Rule {
    name: "hidden-content",
    source: "Information Commissioner's Office, How to disclose information safely",
};
const ACTIVE: Rule = Rule {
    name: "active-content",
    source: "NCSC, macro security for Microsoft Office; this project's design: nothing that leaves may run by itself",
};
const ENCRYPTED: Rule = Rule {
    name: "encrypted",
    source: "UK Biobank and OpenSAFELY release rules: only files that can be checked",
};

pub(crate) fn judge(document: &Document, _: &Context<'_>, findings: &mut Findings) {
    for fact in &document.facts {
        match fact {
            Fact::Hidden { what } => findings.amber(
                HIDDEN,
                "whole file",
                format!("not seen by who opens the file: {what}"),
                "copy what is to be seen into a new file, as values",
            ),
            Fact::Active { what } => findings.amber(
                ACTIVE,
                "whole file",
                format!("runs when the file is opened: {what}"),
                "save the file without it",
            ),
            Fact::Encrypted => findings.amber(
                ENCRYPTED,
                "whole file",
                "a password is needed to read it",
                "save the file without a password",
            ),
            _ => {}
        }
    }
}
