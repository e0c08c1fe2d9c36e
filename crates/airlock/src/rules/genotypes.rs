//! No genotype of a person leaves, nor anything with a row, a column or a pair for each person of a set of genotypes. Summary
//! statistics of variants are results; lists of the variants of a set belong to it and go to a person.
//!
//! Genotypes in plain tables are told by their cells: `0/1`, `A G`, or 0, 1 and 2 under the names of variants.

use crate::Context;
use crate::readers::{Document, Fact, variants};
use crate::table::{Column, Table};
use crate::verdict::{Findings, Rule, count_of};

const RULE: Rule = Rule {
    name: "genotypes",
    source: "UK Biobank download guidance 2024: exome and genome data never leave, under any exemption",
};
const FIX: &str =
    "give counts or summary statistics of variants, with at least ten copies of each allele";

pub(crate) fn judge(document: &Document, _: &Context<'_>, findings: &mut Findings) {
    for fact in &document.facts {
        let Fact::Genotypes {
            format,
            people,
            variants,
        } = fact
        else {
            continue;
        };
        if format == variants::SUMMARY {
            continue;
        }
        if format == variants::LIST {
            let what = "a list of the variants of a set of genotypes, without results";
            findings.amber(RULE, "whole file", what, FIX);
            continue;
        }
        let number = |n: &Option<u64>, of: &str| n.map(|n| format!(", {n} {of}"));
        let what = format!(
            "{format}{}{}",
            number(people, "people").unwrap_or_default(),
            number(variants, "variants").unwrap_or_default()
        );
        findings.red(RULE, "whole file", what, FIX);
    }
    for (i, table) in document.tables.iter().enumerate() {
        let columns = table.columns.iter().filter(|c| is_genotypes(table, c));
        let count = columns.count();
        if count > 0 {
            let what = format!("{} of genotypes", count_of(count, "column"));
            findings.red(RULE, format!("table {}", i + 1), what, FIX);
        }
    }
}

/// Rows from which cells alike are no coincidence.
const ROWS: usize = 5;

fn is_genotypes(table: &Table, column: &Column) -> bool {
    if column.filled < ROWS {
        return false;
    }
    let Some(index) = table.columns.iter().position(|c| std::ptr::eq(c, column)) else {
        return false;
    };
    let cells = || {
        (0..table.rows.len())
            .map(|row| table.text(row, index).trim())
            .filter(|cell| !cell.is_empty())
    };
    let most =
        |f: &dyn Fn(&str) -> bool| cells().filter(|cell| f(cell)).count() * 10 >= column.filled * 9;
    let copies =
        |cell: &str| cell.parse::<f64>().is_ok_and(|n| (0.0..=2.0).contains(&n)) || cell == "NA";
    let whole = || cells().any(|cell| matches!(cell, "0" | "1" | "2" | "0.0" | "1.0" | "2.0"));
    most(&is_call) || is_variant(&column.name) && most(&copies) && whole()
}

/// `0/1`, `1|0`, `./.`, with fields behind it; or two letters of bases together or apart (`A G`, `A/G`).
fn is_call(cell: &str) -> bool {
    let call = cell.split(':').next().unwrap_or(cell);
    let base = |b: &u8| b"ACGT".contains(b);
    match call.as_bytes() {
        [a, b'/' | b'|', b] => {
            let copy = |b: &u8| b"0123.".contains(b);
            copy(a) && copy(b) || base(a) && base(b)
        }
        [a, b' ', b] => base(a) && base(b),
        _ => false,
    }
}

/// `rs123`, `rs123_A`, `X12.345.A.G`, `1:12345:A:G`, `chr1_12345_A_G`.
fn is_variant(name: &str) -> bool {
    let digits = |text: &str| text.len() >= 3 && text.bytes().all(|b| b.is_ascii_digit());
    let mut parts = name.split([':', '_', '.', '-']);
    let first = parts.next().unwrap_or_default();
    let rs = ["rs", "Affx", "AX", "snp", "SNP"].iter().any(|prefix| {
        first
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
            && first.len() >= 4
    });
    let chromosome = first.trim_start_matches("chr").trim_start_matches('X');
    let placed =
        chromosome.parse::<u8>().is_ok_and(|n| n <= 26) && parts.next().is_some_and(digits);
    rs || placed
}
