//! Files in text with a row, a column or a pair for each person of a set of genotypes, told by their headings or, where they have
//! none, by their shape: those of PLINK 1.9 and 2.0, Oxford programs, regenie, PRSice, GCTA and KING.
//!
//! They are told to be such and searched; nothing of them may leave, so no more is read.

use super::frame::length;
use super::{Budget, Document, Fact};
use crate::verdict::Findings;

/// Lines that are looked at to know a file.
const LOOK: usize = 50;

/// Headings, as the first words of the first line.
const HEADINGS: &[(&[&str], &str)] = &[
    (
        &["FID", "IID", "PAT", "MAT", "SEX", "PHENOTYPE"],
        "PLINK raw genotypes",
    ),
    (&["FID", "IID", "IN_REGRESSION", "PRS"], "PRSice scores"),
    (&["FID", "IID", "PHENO", "CNT"], "PLINK scores (profile)"),
    (&["FID", "IID"], "PLINK rows of people"),
    (&["IID"], "PLINK rows of people"),
    (&["FID1", "IID1"], "relatedness of pairs of people"),
    (&["IID1", "IID2"], "relatedness of pairs of people"),
    (&["FID1", "ID1"], "relatedness of pairs of people"),
    (&["FID", "ID1", "ID2"], "relatedness of pairs of people"),
    (&["ID_1", "ID_2"], "Oxford sample file"),
    (&["FID_IID"], "regenie predictions"),
    (
        &["CHR", "SNP", "(C)M", "POS", "COUNTED", "ALT"],
        "PLINK traw genotypes",
    ),
    (&["RS#", "ALLELES", "CHROM", "POS"], "HapMap genotypes"),
];

fn lines(text: &str) -> impl Iterator<Item = &str> + Clone {
    text.lines().filter(|line| !line.trim().is_empty())
}

fn cells(line: &str) -> Vec<&str> {
    line.split_ascii_whitespace().collect()
}

pub(crate) fn is(text: &str) -> bool {
    format(text).is_some()
}

pub(crate) fn read(text: &str, _: &mut Budget, _: &mut Findings) -> Document {
    let format = format(text).unwrap_or_default();
    Document {
        kind: format!("genotypes ({format})"),
        read: length(text.as_bytes()),
        facts: vec![Fact::Genotypes {
            format: format.into(),
            people: None,
            variants: None,
        }],
        ..Document::default()
    }
}

fn format(text: &str) -> Option<&'static str> {
    headed(text).or_else(|| shaped(text))
}

fn headed(text: &str) -> Option<&'static str> {
    let mut rows = lines(text).filter(|line| !line.starts_with("##"));
    let header = rows.next()?;
    let second = rows.next()?;
    if header.contains(',') {
        return None;
    }
    let names: Vec<String> = header
        .split_ascii_whitespace()
        .take(8)
        .map(|name| name.trim_start_matches('#').to_ascii_uppercase())
        .collect();
    let (known, format) = HEADINGS.iter().find(|(known, _)| {
        known.len() <= names.len() && known.iter().zip(&names).all(|(a, b)| a == b)
    })?;
    // A sentence may begin with such a word; a table goes on with as many cells.
    let width = header.split_ascii_whitespace().count();
    let same = second.split_ascii_whitespace().count() == width;
    (same || known.len() > 1).then_some(*format)
}

/// Files without a heading.
fn shaped(text: &str) -> Option<&'static str> {
    let mut rows: Vec<Vec<&str>> = lines(text).take(LOOK).map(cells).collect();
    // A line without its end may be cut short.
    if !text.ends_with('\n') && rows.len() > 3 {
        rows.pop();
    }
    let first = rows.first()?;
    let same = rows.iter().all(|row| row.len() == first.len());
    if is_triangle(&rows) {
        return Some("matrix of people by people");
    }
    if !same {
        return None;
    }
    let all = |f: &dyn Fn(&[&str]) -> bool| rows.iter().all(|row| f(row));
    if all(&|row| is_family(row)) && (rows.len() >= 3 || has_parents(&rows)) {
        return Some("PLINK fam");
    }
    if all(&|row| is_pedigree(row)) {
        return Some("PLINK ped genotypes");
    }
    if all(&|row| is_oxford(row)) {
        return Some("Oxford genotypes");
    }
    if all(&|row| is_haplotypes(row)) {
        return Some("Oxford haplotypes");
    }
    if is_kinship(&rows) {
        return Some("GCTA relatedness");
    }
    if all(&|row| is_call(row)) {
        return Some("heterozygous haploid calls of people");
    }
    if is_twice(&rows) {
        return Some("ids of people, family and own");
    }
    is_square(text, first.len()).then_some("matrix of people by people")
}

/// Family, own id, father, mother, sex (1, 2, or 0 for unknown), phenotype.
fn is_family(row: &[&str]) -> bool {
    let [family, own, father, mother, sex, _] = row else {
        return false;
    };
    let parent = |id: &str| id == "0" || id.len() >= 2 && !id.contains('.');
    parent(father)
        && parent(mother)
        && matches!(*sex, "0" | "1" | "2" | "-9")
        && !family.contains('.')
        && !own.contains('.')
}

fn has_parents(rows: &[Vec<&str>]) -> bool {
    rows.iter()
        .all(|row| row.get(2) == Some(&"0") && row.get(3) == Some(&"0"))
}

fn is_allele(cell: &str) -> bool {
    matches!(
        cell,
        "A" | "C" | "G" | "T" | "0" | "1" | "2" | "N" | "I" | "D" | "3" | "4"
    )
}

/// The same six columns, and two alleles for each variant.
fn is_pedigree(row: &[&str]) -> bool {
    let Some((family, alleles)) = row.split_at_checked(6) else {
        return false;
    };
    is_family(family)
        && alleles.len() >= 2
        && alleles.len().is_multiple_of(2)
        && alleles.iter().all(|cell| is_allele(cell))
}

fn shares(cells: &[&str]) -> bool {
    cells
        .iter()
        .all(|cell| cell.parse::<f64>().is_ok_and(|n| (0.0..=1.0).contains(&n)))
}

/// Five or six columns of a variant, and three probabilities for each person; at least five people.
fn is_oxford(row: &[&str]) -> bool {
    [5, 6].into_iter().any(|head| {
        row.get(head..).is_some_and(|body| {
            body.len() >= 15
                && body.len().is_multiple_of(3)
                && shares(body)
                && body.chunks(3).all(|three| {
                    let sum: f64 = three
                        .iter()
                        .filter_map(|cell| cell.parse::<f64>().ok())
                        .sum();
                    sum < 0.01 || (0.9..=1.1).contains(&sum)
                })
        })
    })
}

/// Five columns of a variant, and two zeros or ones for each person; at least ten people.
fn is_haplotypes(row: &[&str]) -> bool {
    row.get(5..).is_some_and(|body| {
        body.len() >= 20
            && body.len().is_multiple_of(2)
            && body
                .iter()
                .all(|cell| matches!(*cell, "0" | "1" | "?" | "-"))
    }) && row.get(3..5).is_some_and(|alleles| {
        alleles
            .iter()
            .all(|cell| !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_alphanumeric()))
    })
}

/// Row and column of a triangle, number of variants, relatedness: 1 1, 2 1, 2 2, 3 1 …
fn is_kinship(rows: &[Vec<&str>]) -> bool {
    let (mut row, mut column) = (1_usize, 1_usize);
    let mut seen = 0;
    for cells in rows {
        let [i, j, _, value] = cells.as_slice() else {
            return false;
        };
        let here = i.parse() == Ok(row) && j.parse() == Ok(column);
        if !here || value.parse::<f64>().is_err() {
            return false;
        }
        seen += 1;
        (row, column) = if column < row {
            (row, column + 1)
        } else {
            (row + 1, 1)
        };
    }
    seen >= 6
}

/// Family, own id, variant: `1000003 1000003 rs12345`.
fn is_call(row: &[&str]) -> bool {
    let [family, own, variant] = row else {
        return false;
    };
    let id = |text: &str| text.len() >= 3 && text.bytes().any(|b| b.is_ascii_digit());
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let named = ["rs", "AX-", "Affx-", "kgp", "exm", "ss", "GSA-"]
        .iter()
        .any(|prefix| {
            variant
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        });
    let mut parts = variant.split([':', '_']);
    let placed = parts
        .next()
        .is_some_and(|c| c.trim_start_matches("chr").len() <= 2)
        && parts.next().is_some_and(digits);
    (id(own) || family == own) && (named || placed)
}

/// Two columns alike at the head of every row, all different from row to row: family and own id, as nearly every biobank has
/// them.
fn is_twice(rows: &[Vec<&str>]) -> bool {
    let alike = |row: &Vec<&str>| match row.as_slice() {
        [family, own, ..] => family == own && own.len() >= 3,
        _ => false,
    };
    let mut ids: Vec<&str> = rows.iter().filter_map(|row| row.first().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    rows.len() >= 3 && ids.len() == rows.len() && rows.iter().all(alike)
}

/// One number in the first line, two in the second, three in the third …
fn is_triangle(rows: &[Vec<&str>]) -> bool {
    let number = |cell: &&str| cell.parse::<f64>().is_ok();
    let ends =
        |row: &Vec<&str>| row.first().is_some_and(number_of) && row.last().is_some_and(number);
    rows.len() >= 10
        && rows
            .iter()
            .zip(1..)
            .all(|(row, n)| row.len() == n && ends(row))
}

fn number_of(cell: &&str) -> bool {
    cell.parse::<f64>().is_ok()
}

/// Numbers only, as many lines as columns, and so many that they are no matrix of a few variables.
fn is_square(text: &str, width: usize) -> bool {
    width >= 50
        && lines(text).count() == width
        && lines(text).take(3).all(|line| {
            line.split_ascii_whitespace()
                .all(|cell| cell.parse::<f64>().is_ok())
        })
}
