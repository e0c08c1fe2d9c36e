//! Files that researchers make and that disclose nobody: each must be green.

use crate::{expect, expect_rule};
use airlock::{Colour, Level};

fn green(name: &str, text: &str) {
    let verdict = expect(Colour::Green, name, text.as_bytes());
    assert!(verdict.confidence >= 0.8, "{name}: {}", verdict.confidence);
}

#[test]
fn counts_by_group() {
    green(
        "counts.csv",
        "sex,age_group,n\nMale,40-49,120\nMale,50-59,340\nFemale,40-49,150\nFemale,50-59,410\n",
    );
    green(
        "semicolon.csv",
        "region;n;percent\nNorth;120;30,0\nSouth;280;70,0\n",
    );
    green("tab.csv", "region\tn\nNorth\t120\nSouth\t280\n");
    green(
        "crosstab.csv",
        "smoking,Female,Male,All\nnever,120,340,460\never,80,90,170\nAll,200,430,630\n",
    );
    green(
        "percent.csv",
        "group,n,percent\nA,50,10.0\nB,150,30.0\nC,300,60.0\n",
    );
    green(
        "num_den.csv",
        "practice,numerator,denominator,percent\nA,50,100,50.0\nB,150,300,50.0\n",
    );
    green("pandas_float.csv", ",count\nA,50.0\nB,150.0\n");
    green(
        "quoted.csv",
        "\"group\",\"n\"\n\"a, b\",120\n\"line one\nline two\",\"1,300\"\n",
    );
    green(
        "series.csv",
        "month,cases\n2020-01,120\n2020-02,130\n2020-03,110\n",
    );
}

/// The rest of each row's group is at least ten, and the withheld cells cannot be solved.
#[test]
fn counts_with_small_cells_withheld() {
    green(
        "hidden.csv",
        "group,Female,Male\nA,120,*\nB,*,90\nC,200,80\n",
    );
    green("below.csv", "group,n\nA,120\nB,<10\nC,200\n");
}

#[test]
fn coefficients_of_models() {
    green(
        "statsmodels.csv",
        ",coef,std err,z,P>|z|,[0.025,0.975]\nIntercept,-2.31,0.12,-19.2,0.000,-2.54,-2.07\nage,0.051,0.004,12.7,0.000,0.043,0.059\nsex,0.2,0.1,2.0,0.046,0.004,0.396\n",
    );
    green(
        "broom.csv",
        "term,estimate,std.error,statistic,p.value,conf.low,conf.high\n(Intercept),1.2,0.1,12,1e-30,1.0,1.4\nbmi,0.03,0.01,3,0.0027,0.01,0.05\n",
    );
    green(
        "cox.tsv",
        "variable\tHR\tlower 95\tupper 95\tp\nage\t1.05\t1.02\t1.08\t0.001\nsmoking\t1.6\t1.3\t2.0\t1e-6\n",
    );
    green(
        "means.csv",
        "group,n,mean_sbp,sd_sbp\nA,120,131.2,17.1\nB,240,135.9,18.4\n",
    );
    green(
        "table1.csv",
        "Characteristic,Cases,Controls\nn,120,240\n\"Age, mean (SD)\",56.3 (8.1),55.9 (7.9)\n\"Female, n (%)\",61 (50.8%),118 (49.2%)\n",
    );
}

#[test]
fn reports_and_logs() {
    green(
        "report.md",
        "# Results\n\nAmong 1,204 participants, 340 (28.2%) had type 2 diabetes.\nThe odds ratio was 1.31 (95% CI 1.12 to 1.53, p = 0.0004).\n\n| group | n |\n|---|---|\n| A | 120 |\n| B | 230 |\n",
    );
    green(
        "fit.log",
        "2026-01-02 10:11:12,345 INFO loading the cohort\n2026-01-02 10:11:13,345 INFO 2301 observations read\n2026-01-02 10:11:19,001 INFO model converged\n2026-01-02 10:11:20,001 INFO done\n",
    );
    green(
        "summary.txt",
        "                 Logit Regression Results\n==============================\nDep. Variable:     diabetes   No. Observations:   2301\nModel:             Logit      Df Residuals:       2298\n==============================\n             coef    std err          z      P>|z|      [0.025      0.975]\n------------------------------\nIntercept   -2.3100      0.120    -19.200      0.000      -2.540      -2.070\nage          0.0510      0.004     12.700      0.000       0.043       0.059\nbmi          0.0300      0.010      3.000      0.003       0.010       0.050\n==============================\n",
    );
    green(
        "words.txt",
        "The analysis was pre-registered.\nNo deviations were made.\n",
    );
    green("crlf.csv", "group,n\r\nA,120\r\nB,230\r\n");
}

#[test]
fn other_results() {
    green(
        "correlations.csv",
        ",age,bmi,sbp\nage,1.0,0.12,0.34\nbmi,0.12,1.0,0.22\nsbp,0.34,0.22,1.0\n",
    );
    green(
        "describe.txt",
        "               age          bmi\ncount  1204.000000  1190.000000\nmean     56.312000    27.123000\nstd       8.123000     4.512000\n",
    );
    green(
        "rates.csv",
        "age_group,sex,person_years,deaths,rate_per_1000\n40-49,F,12034.5,34,2.8\n50-59,F,13034.5,64,4.9\n",
    );
    green(
        "train.log",
        "epoch 1 loss 0.693 auc 0.51\nepoch 2 loss 0.612 auc 0.61\nepoch 3 loss 0.593 auc 0.65\n",
    );
    green(
        "gwas.tsv",
        "#CHROM\tPOS\tID\tREF\tALT\tA1\tTEST\tOBS_CT\tBETA\tSE\tT_STAT\tP\n1\t1100\trs12345\tA\tG\tG\tADD\t2301\t0.012\t0.01\t1.2\t0.23\n2\t1300\trs12346\tA\tG\tG\tADD\t2301\t0.015\t0.01\t1.5\t0.13\n",
    );
}

#[test]
fn lists_of_codes() {
    green(
        "codelist.csv",
        "code,term\nI21,Acute myocardial infarction\nI22,Subsequent myocardial infarction\nI23,Complications\n",
    );
}

#[test]
fn lineage_alone_makes_green_and_its_absence_is_said() {
    let verdict = expect(Colour::Green, "answer.csv", b"abc");
    expect_rule(&verdict, "lineage", Level::Info);
    assert!(verdict.reasons.iter().any(|r| r.what.contains("41")));
    assert_eq!(
        verdict.sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    let without = expect(Colour::Green, "answer.csv", b"group,n\nA,20\nB,30\n");
    assert!(
        without
            .reasons
            .iter()
            .any(|r| r.rule == "lineage" && r.what.contains("content alone"))
    );
}

/// Latin-1 is read exactly where it matters (digits and signs are ASCII), and the reader is told.
#[test]
fn latin_1_is_read() {
    let verdict = expect(
        Colour::Green,
        "latin1.csv",
        b"r\xE9gion,n\nCorr\xE8ze,120\nLot,230\n",
    );
    expect_rule(&verdict, "encoding", Level::Info);
}

#[test]
fn json_has_the_keys_that_programs_rely_on() {
    let verdict = expect(Colour::Red, "a.csv", b"group,n\nA,3\nB,30\n");
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(json["verdict"], "red");
    assert!(json["confidence"].is_number());
    assert_eq!(json["file"], "a.csv");
    for key in ["rule", "source", "level", "where", "what", "fix"] {
        assert!(json["reasons"][0][key].is_string(), "{key}");
    }
}
