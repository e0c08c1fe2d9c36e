//! Figures: a picture cannot be read as a table can, but it can be told whether it shows groups or people.
//!
//! A figure is fine when it is drawn from results that are fine themselves; a scatter plot, a list of outliers or a heat map of
//! people is a table of people in another dress. Vector drawings hold each mark to full precision.
//!
//! Source: Handbook on Statistical Disclosure Control for Outputs (SDAP, 2019), "graphs"; UK Data Service, "scatter plots … each
//! point represents an individual"; ONS Secure Research Service, output types "graphs".

use crate::Context;
use crate::readers::{Document, Fact};
use crate::verdict::{Findings, Level, Rule};

pub(crate) const RULE: Rule = Rule {
    name: "figure",
    source: "Handbook on Statistical Disclosure Control for Outputs (Safe Data Access Professionals, 2019), graphs",
};

/// Vertices of one curve from which they are measurements of people rather than a curve: smoothed lines have some hundreds, steps of
/// survival at most as many as there are events.
const VERTICES: u64 = 5_000;

/// Bars, boxes, cells of a heat map and keys of a legend from which there are more of them than a figure of groups has.
const SHAPES: u64 = 500;

/// Bytes of metadata that programs that draw write by themselves: name, version, date.
const METADATA: u64 = 2_048;

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for fact in &document.facts {
        match fact {
            Fact::Marks { of, count } => marks(of, *count, context, findings),
            Fact::Image {
                metadata, appended, ..
            } => image(*metadata, *appended, findings),
            _ => {}
        }
    }
}

fn marks(of: &str, count: u64, context: &Context<'_>, findings: &mut Findings) {
    let enough = if of.contains("vert") {
        VERTICES
    } else if of == "shapes" {
        SHAPES
    } else if of.contains("in line") || of.contains("table as a picture") {
        context.rules.minimum_count
    } else {
        context.rules.person_rows + 1
    };
    let everybody = count >= EVERYBODY && count == context.participants.count();
    // Variants and tests are not people, as many as there are.
    if count < enough || of.contains("p-values") && !everybody {
        return;
    }
    let (level, who) = if everybody {
        (Level::Red, "exactly one for each participant")
    } else {
        (Level::Amber, "perhaps one for each person")
    };
    findings.add(
        level,
        RULE,
        "whole figure".into(),
        format!("{count} {of}: {who}"),
        "show bins, boxes without outliers, or a density of groups of at least the minimum count"
            .into(),
    );
}

/// Fewer marks than this may equal the number of participants by chance.
const EVERYBODY: u64 = 50;

fn image(metadata: u64, appended: u64, findings: &mut Findings) {
    if appended > 0 {
        findings.amber(
            RULE,
            "after the end of the picture",
            format!("{appended} bytes that no viewer shows"),
            "save the picture again",
        );
    }
    if metadata > METADATA {
        findings.amber(
            RULE,
            "metadata",
            format!("{metadata} bytes that no viewer shows; programs write at most {METADATA}"),
            "save the picture without metadata",
        );
    }
    findings.info(
        RULE,
        "whole figure",
        "the figures behind a picture are not read; what it shows must have been checked as a table",
    );
}
