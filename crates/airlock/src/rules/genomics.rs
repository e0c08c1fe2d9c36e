//! Summary statistics of variants: a frequency times the people is a number of carriers; and so many frequencies or effects of
//! independent variants tell who was among few people (Homer et al. 2008; Sankararaman et al. 2009).

use crate::Context;
use crate::base::{float, number, rounding};
use crate::readers::Document;
use crate::roles::{self, Role};
use crate::table::Table;
use crate::verdict::{Findings, Rule, count_of, lines};
use std::collections::BTreeSet;

const RARE: Rule = Rule {
    name: "rare-allele",
    source: "Genomics England airlock rules: counts of carriers are counts of people",
};
const MANY: Rule = Rule {
    name: "many-variants",
    source: "Sankararaman et al. 2009, Nature Genetics 41:965: power of a membership test grows with variants per person",
};

const FREQUENCY: &[&str] = &[
    "freq", "freqs", "maf", "af", "eaf", "a1freq", "raf", "frq", "mafreq",
];
const EFFECT: &[&str] = &["beta", "or", "effect", "b", "logor", "z"];
const SIZE: &[&str] = &[
    "n",
    "obs_ct",
    "nobs",
    "n_total",
    "neff",
    "nmiss",
    "samples",
    "sample_size",
];

/// Whether a table is one of variants: by two of its names, or by the form of its labels.
pub(crate) fn is_of_variants(table: &Table) -> bool {
    let names = [
        "chrom",
        "chr",
        "chromosome",
        "pos",
        "bp",
        "genpos",
        "ref",
        "alt",
        "a1",
        "a2",
        "snp",
        "rsid",
        "allele0",
        "allele1",
        "variant",
        "markername",
        "marker",
    ];
    let named = table.columns.iter().filter(|c| {
        roles::words(&c.name)
            .iter()
            .any(|w| names.contains(&w.as_str()))
    });
    let named = named.count();
    let rs = |column: usize| {
        let looks = |row: usize| {
            let text = table.text(row, column);
            text.strip_prefix("rs")
                .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        let n = (0..table.rows.len().min(50))
            .filter(|row| looks(*row))
            .count();
        n > 0 && n * 2 >= table.rows.len().min(50)
    };
    named >= 2 || (0..table.columns.len().min(6)).any(rs)
}

pub(crate) fn judge(document: &Document, context: &Context<'_>, findings: &mut Findings) {
    for table in &document.tables {
        if !is_of_variants(table) {
            continue;
        }
        for i in 0..table.columns.len() {
            if is_frequency(table, i) {
                rare(table, i, context, findings);
            }
        }
        many(table, context, findings);
    }
}

fn is_frequency(table: &Table, column: usize) -> bool {
    table.columns.get(column).is_some_and(|c| {
        let share = |n: f64| (0.0..=1.0).contains(&n);
        c.is_numeric()
            && roles::words(&c.name)
                .iter()
                .any(|w| FREQUENCY.contains(&w.as_str()))
            && c.values
                .iter()
                .all(|v| v.number().is_none_or(|n| share(n.value)))
    })
}

/// The column of how many people (or, beside frequencies alone, plink's number of alleles) each row is about.
fn size(table: &Table) -> Option<usize> {
    (0..table.columns.len()).find(|i| {
        table.columns.get(*i).is_some_and(|c| {
            c.is_numeric() && SIZE.contains(&roles::words(&c.name).join("_").as_str())
        })
    })
}

fn rare(table: &Table, column: usize, context: &Context<'_>, findings: &mut Findings) {
    let least = context.rules.minimum_allele_count;
    let size = size(table);
    let name = |i: usize| table.columns.get(i).map_or("", |c| c.name.as_str());
    // plink2's .afreq counts alleles under the name that its other reports have for people.
    let alleles = size.is_some_and(|i| name(i) == "OBS_CT") && name(column).ends_with("ALT_FREQS");
    let copies = |row: usize| {
        let frequency = number(table, row, column)?;
        let n = match size {
            Some(i) => number(table, row, i)?,
            None => float(context.participants.count()),
        };
        let all = if alleles { n } else { 2.0 * n };
        let slack = rounding(table.text(row, column)) * all;
        Some((frequency.min(1.0 - frequency) * all, slack))
    };
    let few = |row: &usize| {
        // Without a size only what is certain counts: even of all participants it would be too few.
        copies(*row).is_some_and(|(n, slack)| {
            n > 0.0
                && (n > 0.5 || slack < 0.5)
                && n + if size.is_none() { slack } else { 0.0 } < float(least) - 0.5
        })
    };
    let at: Vec<u64> = (0..table.rows.len())
        .filter(few)
        .map(|row| table.line(row))
        .collect();
    if !at.is_empty() {
        let what = format!(
            "{} of fewer than {least} copies of the rarer allele",
            count_of(at.len(), "frequency").replace("frequencys", "frequencies")
        );
        let place = format!("{}, {}", table.column_place(column), lines(&at));
        let fix = format!("leave out variants with fewer than {least} copies of the rarer allele");
        findings.red(RARE, place, what, fix);
    }
}

/// Regions of a million bases stand for independent variants (Berisa and Pickrell 2016 count 1,703 independent regions of some
/// 1.6 million in Europeans).
const REGION: f64 = 1e6;

fn many(table: &Table, context: &Context<'_>, findings: &mut Findings) {
    let tells = (0..table.columns.len()).any(|i| {
        is_frequency(table, i)
            || table.columns.get(i).is_some_and(|c| {
                c.role == Role::Statistic
                    && roles::words(&c.name)
                        .iter()
                        .any(|w| EFFECT.contains(&w.as_str()))
            })
    });
    if !tells {
        return;
    }
    let people = size(table)
        .and_then(|i| {
            (0..table.rows.len())
                .filter_map(|row| number(table, row, i))
                .fold(None, |most: Option<f64>, n| {
                    Some(most.map_or(n, |m| m.max(n)))
                })
        })
        .unwrap_or_else(|| float(context.participants.count()));
    let regions = regions(table);
    let most = people / float(context.rules.people_per_variant.max(1));
    let variants = float(u64::try_from(regions).unwrap_or(u64::MAX));
    if variants > most.max(1.0) && people > 0.0 {
        let what = format!(
            "variants of {} of the genome: with so many for so few people a test tells who was among them",
            count_of(regions, "region")
        );
        findings.amber(
            MANY,
            "whole table",
            what,
            "give the variants that the paper needs (for example those of genome-wide significance)",
        );
    }
}

fn regions(table: &Table) -> usize {
    let find = |list: &[&str]| {
        (0..table.columns.len()).find(|i| {
            table.columns.get(*i).is_some_and(|c| {
                roles::words(&c.name)
                    .iter()
                    .any(|w| list.contains(&w.as_str()))
            })
        })
    };
    let chromosome = find(&["chrom", "chr", "chromosome"]);
    let position = find(&["pos", "bp", "genpos", "position"]);
    let (Some(chromosome), Some(position)) = (chromosome, position) else {
        // Without places each variant may be independent of the others, and near ones mostly are not: one in a hundred.
        return table.rows.len() / 100;
    };
    let all: BTreeSet<(&str, u64)> = (0..table.rows.len())
        .filter_map(|row| {
            let at = number(table, row, position)?;
            let region = (at / REGION).floor().max(0.0);
            let region = format!("{region:.0}").parse::<u64>().ok()?;
            Some((table.text(row, chromosome), region))
        })
        .collect();
    all.len()
}
