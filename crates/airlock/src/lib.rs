//! Bytes of a file in, findings and a verdict out.
//!
//! [`check`] reads each file of a request for what it is (not for its name), applies every rule, judges the files together, and
//! answers green, amber or red with reasons and a confidence. Pure: no files, network, clock or randomness; the same bytes and
//! context give the same verdict. Must never run what it reads, repeat a disclosing value in a reason, or be green on what it
//! did not understand.
//!
//! Where things are: one reader for each kind of file in `readers/`, one rule in each file of `rules/`, thresholds in [`Rules`],
//! sizes in [`limits`]. `table` decides what is a count, `roles` what a column's name means.

mod base;
mod disguise;
mod disguised;
mod extent;
mod figures;
mod fix;
pub mod limits;
mod matching;
mod preset;
mod prose;
mod readers;
pub mod reference;
mod roles;
mod rules;
mod table;
mod tokens;
mod value;
mod values;
mod verdict;
mod words;

pub use extent::Extent;
pub use figures::Figures;
pub use fix::{Fixed, fix};
pub use preset::Rules;
pub use reference::Reference;
pub use verdict::{Colour, Level, Reason, Verdict};

use readers::Document;
use rules::request::Member;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use verdict::{Findings, Rule};

/// A file that asks to leave.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its name, without folders. Judged (a name may be an id, or forge what a checker sees), and repeated in the verdict with
    /// control characters and marks of direction escaped.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
}

/// What the caller knows of participants. Both look-ups must be quick: they are made for each word of a file.
pub trait Participants {
    /// Whether a token is a participant's pseudonym in any project.
    fn is_pseudonym(&self, token: &str) -> bool;
    /// Whether a token is a participant's id in the raw data.
    fn is_raw_id(&self, token: &str) -> bool;
    /// How many participants there are: no count can be larger, and a table of as many rows has one for each.
    fn count(&self) -> u64;
    /// The index of their data, if there is one: then rows and vectors of theirs are recognised by their values.
    fn reference(&self) -> Option<&Reference> {
        None
    }
}

/// What the caller knows of answers already given.
pub trait Lineage {
    /// The ledger number of the aggregate-mode answer whose bytes have this SHA-256 (lower-case hexadecimal), if any.
    fn aggregate_answer(&self, sha256_hex: &str) -> Option<u64>;

    /// The ledger numbers of the aggregate-mode answers that have a column of this digest ([`answer_values`]).
    fn answers_with(&self, _column: &str) -> Vec<u64> {
        Vec::new()
    }

    /// The tables of counts that were released before, of all projects: a new table must not give away what they hide, nor differ
    /// from them by a few people.
    fn earlier(&self) -> &[Figures] {
        &[]
    }
}

/// The tables of counts of a file, to be kept when it is released ([`Lineage::earlier`]).
#[must_use]
pub fn figures(bytes: &[u8]) -> Vec<Figures> {
    let document = readers::read(bytes, &mut Findings::default());
    let tables = document.all_tables();
    tables.into_iter().filter_map(Figures::of).collect()
}

/// The digests by which an answer is recognised by its values, to be kept with it ([`Lineage::answers_with`]).
#[must_use]
pub fn answer_values(bytes: &[u8]) -> Vec<String> {
    let document = readers::read(bytes, &mut Findings::default());
    let tables = document.all_tables();
    tables.into_iter().flat_map(values::of_answer).collect()
}

/// What a check is made against.
pub struct Context<'a> {
    /// The participants whose ids must not leave.
    pub participants: &'a dyn Participants,
    /// The answers that were judged when they were given.
    pub lineage: &'a dyn Lineage,
    /// The custodian's thresholds.
    pub rules: Rules,
}

/// What was read out of one file, on the way from the process that reads foreign bytes to the one that judges. Opaque: a
/// file that kills its reader must not be able to say anything else.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reading {
    document: Document,
    findings: Findings,
}

impl Reading {
    /// Reads a file for what it is. Panics of a library, and its time and memory, are the caller's to bound: a process of its own.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut findings = Findings::default();
        let document = readers::read(bytes, &mut findings);
        Self { document, findings }
    }

    /// The reading of a file whose reader stopped: amber, with the reason. Its printable text is searched all the same.
    #[must_use]
    pub fn stopped(bytes: &[u8], why: &str) -> Self {
        let mut findings = Findings::default();
        let bytes = bytes.get(..limits::BYTES).unwrap_or(bytes);
        let document = readers::unknown::read(bytes, why, &mut findings);
        Self { document, findings }
    }
}

/// Judges the files of one request, each on its content and all together. One verdict for each file, in order.
#[must_use]
pub fn check(request: &[File<'_>], context: &Context<'_>) -> Vec<Verdict> {
    let read = |file: &File<'_>| Reading::of(file.bytes);
    judge(
        request,
        request.iter().take(limits::FILES).map(read),
        context,
    )
}

/// Judges files that were read. `readings` are those of the files, in order; a file without one is amber.
#[must_use]
pub fn judge(
    request: &[File<'_>],
    readings: impl IntoIterator<Item = Reading>,
    context: &Context<'_>,
) -> Vec<Verdict> {
    let mut readings = readings.into_iter().take(limits::FILES);
    let mut files: Vec<Judged> = request
        .iter()
        .map(|file| match readings.next() {
            Some(reading) => judge_one(file, reading, context),
            None => not_read(file, context),
        })
        .collect();
    let members: Vec<Member<'_>> = files
        .iter()
        .enumerate()
        .filter(|(_, judged)| !judged.has_lineage)
        .map(|(index, judged)| Member {
            index,
            tables: judged.document.all_tables(),
        })
        .collect();
    let told: Vec<(Vec<usize>, Vec<Reason>)> = rules::request::judge(&members, context)
        .into_iter()
        .chain(linked(&members, context))
        .map(|(files, findings)| (files, findings.close().1))
        .collect();
    for (of, reasons) in told {
        for index in of {
            for reason in &reasons {
                if let Some(judged) = files.get_mut(index) {
                    judged.findings.push(reason.clone());
                }
            }
        }
    }
    files
        .into_iter()
        .zip(request)
        .map(|(judged, file)| judged.close(file, context))
        .collect()
}

/// The findings on tables that tell more together, with each other and with earlier releases, than alone.
fn linked(members: &[Member<'_>], context: &Context<'_>) -> Vec<(Vec<usize>, Findings)> {
    let own: Vec<(usize, Figures)> = members
        .iter()
        .flat_map(|m| m.tables.iter().map(|table| (m.index, *table)))
        .take(limits::COMPARED_TABLES)
        .filter_map(|(index, table)| Some((index, Figures::of(table)?)))
        .collect();
    let of_request = own.iter().map(|(index, figures)| rules::linked::Known {
        figures,
        file: Some(*index),
    });
    let before = context.lineage.earlier().iter();
    let before = before.map(|figures| rules::linked::Known {
        figures,
        file: None,
    });
    let all: Vec<rules::linked::Known<'_>> = of_request.chain(before).collect();
    rules::linked::judge(&all, context)
}

/// A file after its own content was judged.
struct Judged {
    findings: Findings,
    document: Document,
    has_lineage: bool,
    sha256: String,
    confidence: f64,
}

impl Judged {
    fn close(self, file: &File<'_>, context: &Context<'_>) -> Verdict {
        let (verdict, mut reasons) = self.findings.close();
        for reason in &mut reasons {
            // A custodian's own number has the custodian's own source.
            if let Some(source) = context.rules.cited(&reason.rule) {
                source.clone_into(&mut reason.source);
            }
        }
        Verdict {
            file: rules::file_name::shown(file.name),
            verdict,
            confidence: self.confidence,
            sha256: self.sha256,
            bytes: u64::try_from(file.bytes.len()).unwrap_or(u64::MAX),
            extent: Extent::of(&self.document),
            kind: self.document.kind,
            reasons,
        }
    }
}

fn not_read(file: &File<'_>, context: &Context<'_>) -> Judged {
    let mut findings = Findings::default();
    rules::file_name::judge(file.name, context, &mut findings);
    let rule = Rule {
        name: "size",
        source: "this project's limit on files of a request",
    };
    let what = format!("not checked: a request has at most {} files", limits::FILES);
    findings.amber(
        rule,
        "whole request",
        what,
        "put the results into fewer files",
    );
    Judged {
        findings,
        document: Document {
            kind: "unknown (not read)".into(),
            ..Document::default()
        },
        has_lineage: false,
        sha256: hex(&Sha256::digest(file.bytes)),
        confidence: 0.0,
    }
}

fn judge_one(file: &File<'_>, reading: Reading, context: &Context<'_>) -> Judged {
    let Reading {
        document,
        mut findings,
    } = reading;
    let sha256 = hex(&Sha256::digest(file.bytes));
    rules::file_name::judge(file.name, context, &mut findings);
    if let Some(number) = rules::lineage::of(&sha256, context) {
        rules::judge_with_lineage(&document, context, &mut findings);
        rules::lineage::known(number, &mut findings);
        return Judged {
            confidence: rules::understood::read(&document),
            findings,
            document,
            has_lineage: true,
            sha256,
        };
    }
    if let Some(number) = rules::lineage::by_values(&document, context) {
        rules::judge_with_values(&document, context, &mut findings);
        rules::lineage::known_by_values(number, &mut findings);
        return Judged {
            confidence: rules::understood::read(&document),
            findings,
            document,
            has_lineage: true,
            sha256,
        };
    }
    rules::size::judge_bytes(file.bytes, context, &mut findings);
    rules::judge(&document, context, &mut findings);
    let confidence = rules::understood::judge(&document, context, &mut findings);
    rules::lineage::unknown(&mut findings);
    Judged {
        findings,
        document,
        has_lineage: false,
        sha256,
        confidence,
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'));
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
