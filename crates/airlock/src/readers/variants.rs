//! Tables of variants: summary statistics of PLINK, regenie, BOLT, GCTA, METAL and the GWAS catalogue, which are results, and
//! lists of the variants of a set of genotypes (`.bim`, `.map`, `.pvar`), which belong to it.
//!
//! These programs align columns by spaces; a table is made by cutting at every gap, exactly. What is not wholly of known
//! columns is left to the readers of other tables.

use super::columnar::Grid;
use super::frame::length;
use super::{Budget, Document, Fact, unknown};
use crate::limits;
use crate::roles::{self, Role};
use crate::verdict::Findings;

/// Results about variants, in which no row is a person's.
pub(crate) const SUMMARY: &str = "summary statistics of variants";
/// Variants without numbers: part of a set of genotypes.
pub(crate) const LIST: &str = "list of variants";

pub(crate) fn fact(format: &str, variants: usize) -> Fact {
    Fact::Genotypes {
        format: format.into(),
        people: None,
        variants: u64::try_from(variants).ok(),
    }
}

/// Names of columns that no list of words can know, and what they hold (PLINK 1.9 and 2.0 file formats; METAL; regenie).
const NAMES: &[(&str, &str)] = &[
    ("ID", "snp code"),
    ("SNP", "snp code"),
    ("SNP_A", "snp code a"),
    ("SNP_B", "snp code b"),
    ("CHR_A", "chr a"),
    ("CHR_B", "chr b"),
    ("BP_A", "bp a"),
    ("BP_B", "bp b"),
    ("MARKERNAME", "snp code"),
    ("VARIANT_ID", "snp code"),
    ("RSID", "snp code"),
    ("RS_ID", "snp code"),
    ("NMISS", "N"),
    ("NCHROBS", "AN"),
    ("ALT_FREQS", "af ALT_FREQS"),
    ("ALLELE2", "allele other"),
    ("FREQ1", "af 1"),
    ("AF1", "af 1"),
    ("FREQSE", "af se"),
    ("MINFREQ", "af lower"),
    ("MAXFREQ", "af upper"),
    ("P_BOLT_LMM_INF", "p"),
    ("P_BOLT_LMM", "p"),
    ("CM", "position code"),
    ("#CHROM", "CHROM"),
    ("REF", "allele ref"),
    ("ALT", "allele alt"),
    ("PROVISIONAL_REF?", "allele ref provisional"),
    ("OMITTED", "allele omitted"),
    ("AX", "allele other"),
    ("F_A", "af affected"),
    ("F_U", "af unaffected"),
    ("L95", "lcl"),
    ("U95", "ucl"),
    ("O(HET)", "het observed"),
    ("E(HET)", "het expected"),
    ("O(HET_A1)", "het observed"),
    ("E(HET_A1)", "het expected"),
    ("R2", "r2"),
    ("RSQ", "rsq"),
    ("F_MISS", "missing rate"),
    ("ERRCODE", "error code"),
    ("FIRTH?", "firth code"),
    ("QUAL", "quality"),
    ("FILTER", "filter code"),
    ("MACH_R2", "info r2"),
    ("GENOTYPING_RATE", "rate"),
    ("DIRECTION", "direction code"),
    ("EXTRA", "extra code"),
];

/// A column's name as the rules on tables know it.
pub(crate) fn column(name: &str) -> String {
    // The catalogue's harmonised columns carry a prefix.
    let name = name.strip_prefix("hm_").unwrap_or(name);
    let known = NAMES
        .iter()
        .find(|(written, _)| written.eq_ignore_ascii_case(name));
    known.map_or_else(
        || name.trim_start_matches('#').to_owned(),
        |(_, known)| (*known).to_owned(),
    )
}

/// Lines that say something of the file, as the scoring files of the PGS catalogue begin with.
fn is_note(line: &str) -> bool {
    line.starts_with("##") || line.starts_with('#') && line.contains('=') || line.trim().is_empty()
}

fn body(text: &str) -> impl Iterator<Item = &str> + Clone {
    text.lines().skip_while(|line| is_note(line))
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split_ascii_whitespace()
}

/// Lines that are looked at to know a file.
const LOOK: usize = 50;

pub(crate) fn is(text: &str) -> bool {
    is_summary(text) || is_list(text)
}

/// Whether every column of a whitespace table is of a kind that results about variants have, with a variant at the head of
/// each row and a number after it.
fn is_summary(text: &str) -> bool {
    let Some(header) = body(text).next() else {
        return false;
    };
    let names: Vec<&str> = cells(header).collect();
    let is = |list: &[&str]| {
        names
            .iter()
            .any(|name| list.iter().any(|known| name.eq_ignore_ascii_case(known)))
    };
    let variant = is(&[
        "SNP",
        "SNP_A",
        "ID",
        "MARKERNAME",
        "RSID",
        "VARIANT_ID",
        "SNPID",
        "RS_ID",
        "MARKER",
    ]);
    let result = is(&[
        "P",
        "PVAL",
        "P_VALUE",
        "P-VALUE",
        "LOG10P",
        "BETA",
        "OR",
        "EFFECT",
        "EFFECT_WEIGHT",
        "MAF",
        "ALT_FREQS",
        "ALT_CTS",
        "A1FREQ",
        "F_MISS",
        "R2",
        "STAT",
        "CHISQ",
        "HWE",
        "E(HET_A1)",
        "TWO_AX_CT",
    ]);
    let known = |name: &&str| {
        let role = roles::of(&column(name));
        role.is_aggregate() || role == Role::Label || name.eq_ignore_ascii_case("GENO")
    };
    let width = names.len();
    let regular = body(text)
        .skip(1)
        .filter(|line| !line.trim().is_empty())
        .take(LOOK)
        .all(|line| cells(line).count() == width);
    variant
        && result
        && regular
        && !header.contains(',')
        && names.iter().all(known)
        && body(text).nth(1).is_some()
}

fn is_allele(cell: &str) -> bool {
    !cell.is_empty()
        && cell
            .bytes()
            .all(|b| b"ACGTNacgtn012.,<>*IDRidr:".contains(&b))
}

fn is_chromosome(cell: &str) -> bool {
    let bare = cell.trim_start_matches("chr");
    bare.parse::<u8>().is_ok_and(|n| n <= 27)
        || ["X", "Y", "XY", "MT", "M", "PAR1", "PAR2"].contains(&bare)
}

/// `.bim` (chromosome, name, centimorgans, place, two alleles), `.map` (without alleles), or `.pvar` without results.
fn is_list(text: &str) -> bool {
    let mut lines = body(text).filter(|line| !line.trim().is_empty()).peekable();
    let Some(first) = lines.peek() else {
        return false;
    };
    if first.starts_with("#CHROM\tPOS\tID\tREF\tALT") {
        return true;
    }
    lines.take(LOOK).all(|line| {
        let cells: Vec<&str> = cells(line).collect();
        let placed = |chromosome: &str, map: &str, place: &str| {
            is_chromosome(chromosome) && map.parse::<f64>().is_ok() && place.parse::<i64>().is_ok()
        };
        match cells.as_slice() {
            [chromosome, _, map, place, a, b] => {
                placed(chromosome, map, place) && is_allele(a) && is_allele(b)
            }
            [chromosome, name, map, place] => {
                // Four columns of numbers may be anything: the name must be one.
                placed(chromosome, map, place) && name.parse::<f64>().is_err()
            }
            _ => false,
        }
    })
}

pub(crate) fn read(text: &str, _: &mut Budget, findings: &mut Findings) -> Document {
    let summary = is_summary(text);
    let format = if summary { SUMMARY } else { LIST };
    let mut document = Document {
        kind: format.into(),
        ..Document::default()
    };
    let rows = body(text).filter(|line| !line.trim().is_empty());
    let count = rows.clone().count().saturating_sub(usize::from(summary));
    document.facts.push(fact(format, count));
    if !summary {
        document.read = length(text.as_bytes());
        return document;
    }
    let head = text.lines().take_while(|line| is_note(line));
    for line in head {
        document.search_text(line);
    }
    let mut rows = rows;
    let names: Vec<&str> = rows
        .next()
        .map(|line| cells(line).collect())
        .unwrap_or_default();
    let genotypes = names
        .iter()
        .position(|name| name.eq_ignore_ascii_case("GENO"));
    let mut grid = Grid::new(names.iter().enumerate().flat_map(|(i, name)| {
        if Some(i) == genotypes {
            ["n hom minor", "n het", "n hom major"]
                .map(str::to_owned)
                .to_vec()
        } else {
            vec![column(name)]
        }
    }));
    let width = names.len();
    for line in rows.take(limits::ROWS) {
        let row: Vec<&str> = cells(line).collect();
        if row.len() != width {
            document.unread += length(line.as_bytes());
            document.search_text(line);
            continue;
        }
        // `GENO` is the number of people with each genotype, `10/200/790`.
        let split = row.iter().enumerate().flat_map(|(i, cell)| {
            if Some(i) == genotypes {
                let mut counts: Vec<String> = cell.split('/').map(str::to_owned).collect();
                counts.resize(3, String::new());
                counts
            } else {
                vec![(*cell).to_owned()]
            }
        });
        if !grid.push(split) {
            break;
        }
    }
    if !grid.close(length(text.as_bytes()), &mut document) {
        unknown::say("more variants than are read", findings);
    }
    document
}

#[cfg(test)]
mod tests {
    use super::column;
    use crate::roles::{self, Role};

    #[test]
    fn names_that_programs_write() {
        for name in [
            "MarkerName",
            "Allele1",
            "Allele2",
            "Freq1",
            "FreqSE",
            "Effect",
            "StdErr",
            "P-value",
            "Direction",
            "ALT_FREQS",
            "NMISS",
            "hm_rsid",
            "P_BOLT_LMM_INF",
            "AF1",
            "LOG10P",
            "GENPOS",
            "O(HET_A1)",
            "effect_weight",
            "chr_name",
        ] {
            let role = roles::of(&column(name));
            assert!(
                role.is_aggregate() || role == Role::Label,
                "{name} {role:?}"
            );
        }
    }
}
