//! Genotypes in forms that no program at hand writes, put together as their programs document them; and tables that only look
//! like genotypes.

use crate::{expect, expect_rule, one};
use airlock::{Colour, Level};
use std::fmt::Write;

fn rows(n: u32, row: impl Fn(u32) -> String) -> String {
    (0..n).map(row).collect()
}

fn red(text: &str) {
    let verdict = expect(Colour::Red, "x", text.as_bytes());
    expect_rule(&verdict, "genotypes", Level::Red);
}

#[test]
fn a_row_or_a_column_for_each_person() {
    // `.hh` of PLINK 1.9: family, own id, variant.
    red(&rows(30, |i| {
        format!("S{i:05}\tS{i:05}\trs{}\n", 10_000 + i)
    }));
    // PRSice `.best`, regenie `.loco`, ids to keep, GCTA's relatedness, plink2's `.psam` without families.
    red(&format!(
        "FID IID In_Regression PRS\n{}",
        rows(5, |i| format!("S{i} S{i} Yes 0.0{i}31\n"))
    ));
    red(&format!(
        "FID_IID{}\n{}",
        rows(20, |i| format!(" S{i}_S{i}")),
        rows(22, |c| format!("{c}{}\n", rows(20, |i| format!(" 0.{i}1"))))
    ));
    red(&rows(30, |i| format!("S{i:05} S{i:05}\n")));
    let mut kinship = String::new();
    for i in 1..12 {
        for j in 1..=i {
            writeln!(kinship, "{i}\t{j}\t5000\t0.0{j}").unwrap();
        }
    }
    red(&kinship);
    red(&format!("#IID\tSEX\n{}", rows(4, |i| format!("S{i}\t1\n"))));
    red(&format!(
        "ID_1 ID_2 missing sex\n0 0 0 D\n{}",
        rows(4, |i| format!("S{i} S{i} 0 1\n"))
    ));
    // Haplotypes and a matrix without names.
    red(&rows(5, |i| {
        format!("1 rs{i} {i}00 A G{}\n", " 0 1".repeat(15))
    }));
    red(&rows(60, |i| {
        format!(
            "{}\n",
            rows(60, |j| format!("0.{}\t", (i * j) % 97)).trim_end()
        )
    }));
}

#[test]
fn genotypes_in_plain_tables() {
    let names = rows(12, |i| format!(",rs{}_A", 1_000 + i));
    let cells = |r: u32| rows(12, |i| format!(",{}", (i * r + r) % 3));
    red(&format!(
        "row,age{names}\n{}",
        rows(30, |r| format!("{r},4{}{}\n", r % 10, cells(r)))
    ));
    let calls = |r: u32| {
        rows(12, |i| {
            format!("\t{}", ["0/0", "0/1", "1/1"][((i + r) % 3) as usize])
        })
    };
    red(&format!(
        "variant{}\n{}",
        rows(12, |i| format!("\ts{i}")),
        rows(9, |r| format!("v{r}{}\n", calls(r)))
    ));
}

#[test]
fn results_about_variants_are_none() {
    let verdict = expect(
        Colour::Green,
        "x",
        format!(
            "#pgs_id=PGS000001\nrsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n{}",
            rows(40, |i| format!("rs{}\t{}\t{}\tT\tA\t0.{}\n", 7_854 + i * 79, 1 + i % 22, 10_088 + i * 1_001, 1_623 + i))
        )
        .as_bytes(),
    );
    assert_eq!(verdict.kind, "summary statistics of variants");
    let metal = rows(40, |i| {
        format!(
            "rs{}\tt\ta\t0.{}\t0.0{}\t0.{}\t0.0{}\t0.{}\t++-\n",
            7_854 + i * 79,
            2_623 + i,
            100 + i,
            123 + i,
            124 + i,
            1_234 + i
        )
    });
    expect(
        Colour::Green,
        "x",
        format!("MarkerName\tAllele1\tAllele2\tFreq1\tFreqSE\tEffect\tStdErr\tP-value\tDirection\n{metal}").as_bytes(),
    );
    // Numbers of people by genotype below ten.
    let counts = "CHR SNP TEST A1 A2 GENO O(HET) E(HET) P\n1 rs12 ALL A G 3/40/500 0.07 0.08 0.4\n1 rs13 ALL A G 30/40/500 0.07 0.08 0.4\n";
    let verdict = expect(Colour::Red, "x", counts.as_bytes());
    expect_rule(&verdict, "small-count", Level::Red);
}

/// Tables with three columns, six columns or two columns alike that hold no genotypes.
#[test]
fn what_only_looks_like_genotypes() {
    for text in [
        "term estimate std.error\nage 0.12 0.01\nsex 0.33 0.05\nbmi 0.21 0.02\n",
        "variable  n  mean  sd\nage  1200  56.1  8.1\nbmi  1180  27.2  4.4\n",
        "a b c\n120 340 150\n",
    ] {
        let verdict = one("x", text.as_bytes());
        assert!(
            !verdict.reasons.iter().any(|r| r.rule == "genotypes"),
            "{text} {verdict:#?}"
        );
    }
}
