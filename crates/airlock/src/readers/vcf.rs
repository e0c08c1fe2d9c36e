//! VCF: with samples it is genotypes; without, the sites are a table, with a column for each key of INFO.

use super::frame::length;
use super::variants;
use super::{Budget, Document, Fact, unknown};
use crate::limits;
use crate::readers::columnar::Grid;
use crate::verdict::Findings;
use std::collections::BTreeMap;

/// Columns before those of samples; the ninth is their format (VCF 4.3, section 1.5).
const FIXED: usize = 8;
/// Keys of INFO that become columns. Annotated sites have dozens.
const KEYS: usize = 200;

pub(crate) fn is(text: &str) -> bool {
    let head = text.trim_start_matches('\u{feff}');
    head.get(..16)
        .is_some_and(|start| start.eq_ignore_ascii_case("##fileformat=VCF"))
        || header(head).is_some_and(|line| {
            let mut names = line.split('\t');
            names.next() == Some("#CHROM")
                && names.clone().any(|name| name == "INFO")
                && names.any(|name| name == "FORMAT")
        })
}

/// The line that names the columns.
fn header(text: &str) -> Option<&str> {
    text.lines().find(|line| !line.starts_with("##"))
}

pub(crate) fn read(text: &str, _: &mut Budget, findings: &mut Findings) -> Document {
    let mut document = Document {
        kind: "VCF".into(),
        ..Document::default()
    };
    let names: Vec<&str> = header(text).unwrap_or_default().split('\t').collect();
    let sites = || {
        text.lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
    };
    let widest = sites().map(|line| line.split('\t').count()).max();
    let people = names
        .len()
        .max(widest.unwrap_or(0))
        .saturating_sub(FIXED + 1);
    if people > 0 {
        document.read = length(text.as_bytes());
        document.facts.push(Fact::Genotypes {
            format: "VCF with samples".into(),
            people: u64::try_from(people).ok(),
            variants: u64::try_from(sites().count()).ok(),
        });
        return document;
    }
    let mut head = 0;
    for line in text.lines().take_while(|line| line.starts_with('#')) {
        document.search_text(line);
        head += line.len() + 1;
    }
    document.read = u64::try_from(head).unwrap_or(0);
    let keys = keys(sites());
    if keys.len() > KEYS {
        unknown::say("VCF with more keys of INFO than are read", findings);
        document.unread += length(text.as_bytes());
        return document;
    }
    let fixed = ["CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER"];
    let columns = fixed.into_iter().chain(keys.keys().copied());
    let mut grid = Grid::new(columns.map(variants::column));
    for line in sites() {
        let mut cells = line.splitn(FIXED, '\t').map(str::to_owned);
        let mut row: Vec<String> = cells.by_ref().take(FIXED - 1).collect();
        row.resize(FIXED - 1, String::new());
        let info = cells.next().unwrap_or_default();
        let mut values = vec![String::new(); keys.len()];
        for field in info.split(';') {
            let (key, value) = field.split_once('=').unwrap_or((field, "yes"));
            if let Some(cell) = keys.get(key).and_then(|at| values.get_mut(*at)) {
                value.clone_into(cell);
            }
        }
        row.extend(values);
        if !grid.push(row.into_iter()) {
            break;
        }
    }
    let bytes = length(text.as_bytes()).saturating_sub(document.read);
    if !grid.close(bytes, &mut document) {
        unknown::say("more sites than are read", findings);
    }
    let counted = ["AF", "AC", "AN", "MAF", "EAF", "AFREQ"];
    let format = if counted.iter().any(|key| keys.contains_key(key)) {
        variants::SUMMARY
    } else {
        variants::LIST
    };
    document.facts.push(variants::fact(format, sites().count()));
    document
}

/// The keys of INFO with the place of each, in the order of the alphabet.
fn keys<'a>(sites: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut keys = BTreeMap::new();
    for line in sites.take(limits::ROWS) {
        let info = line.splitn(FIXED, '\t').nth(FIXED - 1).unwrap_or_default();
        let info = info.split('\t').next().unwrap_or_default();
        for field in info.split(';').filter(|field| !matches!(*field, "" | ".")) {
            let key = field.split_once('=').map_or(field, |(key, _)| key);
            keys.insert(key, 0);
            if keys.len() > KEYS {
                return keys;
            }
        }
    }
    keys.values_mut().zip(0..).for_each(|(at, n)| *at = n);
    keys
}
