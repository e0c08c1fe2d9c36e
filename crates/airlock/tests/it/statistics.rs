//! Results of statistics: what tells of few people, and what is published every day and must be green. Texts are those of pandas,
//! statsmodels, lifelines, R, plink2 and tableone, cut to a few lines.

use crate::{expect, expect_rule};
use airlock::{Colour, Level};

fn red(name: &str, text: &str, rule: &str) {
    expect_rule(
        &expect(Colour::Red, name, text.as_bytes()),
        rule,
        Level::Red,
    );
}

fn amber(name: &str, text: &str, rule: &str) {
    expect_rule(
        &expect(Colour::Amber, name, text.as_bytes()),
        rule,
        Level::Amber,
    );
}

fn green(name: &str, text: &str) {
    expect(Colour::Green, name, text.as_bytes());
}

#[test]
fn means_of_few() {
    red(
        "hidden_n.csv",
        "group,people,mean_sbp\nA,120,131.2\nB,<10,141.3\n",
        "statistic-of-few",
    );
    red(
        "yes_and_no.csv",
        "group,n,mean_event\nA,40,0.125\nB,60,0.55\n",
        "statistic-of-few",
    );
    red(
        "transposed.csv",
        "statistic,A,B\nn,120,*\nmean_sbp,131.2,141.3\n",
        "statistic-of-few",
    );
    green(
        "means.csv",
        "group,n,mean_sbp,sd_sbp\nA,120,131.2,17.1\nB,43,141.3,18.4\n",
    );
    // By hand: 0.3 of 50 people are 15, and 35 are left.
    green("shares.csv", "group,n,mean_event\nA,50,0.30\nB,40,0.55\n");
}

/// By hand from the published rules: 90 % by one; 80 % by two; 5 % left of the largest; and −0.01 elsewhere changes nothing.
#[test]
fn dominance() {
    for (name, text) in [
        (
            "one",
            "practice,n,total_cost,max_cost\nA,120,100000,90000\nB,230,240000,3000\n",
        ),
        (
            "two",
            "practice,n,total_cost,largest_1,largest_2\nA,120,100000,40000,40000\nB,230,240000,3000,2000\n",
        ),
        (
            "negative",
            "practice,n,total_cost,max_cost\nA,120,100000,90000\nB,230,-0.01,0\n",
        ),
        ("mean", "practice,n,mean_cost,max_cost\nA,20,1000,15000\n"),
        ("share", "practice,n,share_largest\nA,120,0.62\n"),
    ] {
        red(&format!("{name}.csv"), text, "dominance");
    }
    let verdict = expect(
        Colour::Amber,
        "spread.csv",
        b"practice,n,total_cost,max_cost\nA,120,100000,2000\n",
    );
    assert!(verdict.reasons.iter().all(|r| r.rule != "dominance"));
}

#[test]
fn percentiles_need_people_beyond_them() {
    amber(
        "few.csv",
        "group,n,p1,p99\nA,120,18.1,44.2\n",
        "extreme-value",
    );
    amber("no_n.csv", "group,p25,p75\nA,18.1,44.2\n", "extreme-value");
    green(
        "many.csv",
        "group,n,p5,p25,p50,p75,p95\nA,1200,19,24,27,30,36\nB,3000,19,24,27,30,36\n",
    );
    green(
        "table1.csv",
        "Characteristic,Overall,Female,Male\nn,5000,2510,2490\n\"Age, mean (SD)\",54.6 (8.6),54.5 (8.6),54.7 (8.7)\n\"BMI, median [IQR]\",\"27.0 [24.0, 30.1]\",\"26.9 [24.0, 30.0]\",\"27.1 [24.1, 30.2]\"\n\"Smoking, n (%)\",,,\nNever,2750 (55.0),1380 (55.0),1370 (55.0)\nCurrent,500 (10.0),250 (10.0),250 (10.0)\n",
    );
}

#[test]
fn survival_steps() {
    red(
        "r_survfit.csv",
        "time,n.risk,n.event,n.censor,surv\n1.2,500,1,0,0.998\n1.9,499,1,0,0.996\n2.4,498,2,0,0.992\n",
        "survival-step",
    );
    // 3,000 participants: a drop of 0.001 is at most three of them.
    red(
        "lifelines.csv",
        "timeline,KM_estimate\n0.0,1.0\n0.7,0.9990\n1.1,0.9980\n2.3,0.9970\n",
        "survival-step",
    );
    green(
        "grid.csv",
        "time,at_risk,events,survival\n0,5000,0,1.0\n2,4210,300,0.938\n4,3560,270,0.874\n6,3010,210,0.821\n",
    );
}

#[test]
fn regressions_of_few() {
    red(
        "small.txt",
        "                            OLS Regression Results\n==============================\nDep. Variable:   sbp   No. Observations:    12\nModel:           OLS   Df Residuals:         6\n==============================\n             coef    std err          t      P>|t|      [0.025      0.975]\n------------------------------\nIntercept   120.3100     10.120     12.200      0.000     100.540     140.070\nage          0.0510      0.004     12.700      0.000       0.043       0.059\n",
        "regression",
    );
    red(
        "glance.csv",
        "r.squared,sigma,statistic,p.value,df.residual,nobs\n0.71,2.1,9.8,0.01,7,12\n",
        "regression",
    );
    red(
        "r.txt",
        "Residual standard error: 12.1 on 4 degrees of freedom\nMultiple R-squared:  0.71,\tAdjusted R-squared:  0.59\n",
        "regression",
    );
    amber(
        "separated.txt",
        "             coef    std err          z      P>|z|      [0.025      0.975]\n------------------------------\nage          0.0510      0.004     12.700      0.000       0.043       0.059\nrare        21.5510  17500.100      0.001      0.999   -34000.0     34000.1\nbmi          0.0300      0.010      3.000      0.003       0.010       0.050\n",
        "regression",
    );
    green(
        "glance.csv",
        "r.squared,sigma,statistic,p.value,df.residual,nobs\n0.11,2.1,9.8,0.01,700,712\n",
    );
}

/// statsmodels 0.14, `ols("sbp ~ age + rare")` with one person for whom `rare` is 1: the error of that coefficient is the
/// residual error.
#[test]
fn a_column_of_one_person() {
    let summary = |error: &str| {
        format!(
            "                            OLS Regression Results\n==============================\nDep. Variable:    sbp    R-squared:             0.005\nModel:            OLS    Adj. R-squared:        0.000\nMethod:  Least Squares    F-statistic:          1.035\nNo. Observations: 400    AIC:                  3449.0\nDf Residuals:     397    BIC:                  3461.0\nDf Model:           2    Log-Likelihood:     -1721.5\n==============================\n             coef    std err          t      P>|t|      [0.025      0.975]\n------------------------------\nIntercept   131.3100      5.120     25.200      0.000     121.540     141.070\nage          0.0510      0.104     0.500      0.600       -0.143       0.259\nrare        12.1000     {error}     0.672      0.500      -23.100      47.300\n"
        )
    };
    amber("one.txt", &summary("17.950"), "regression");
    green("many.txt", &summary("1.950"));
}

#[test]
fn rates_and_what_they_are_of() {
    red(
        "people.csv",
        "age_group,sex,population,rate_per_1000\n40-49,F,1203,2.5\n50-59,F,1303,11.4\n",
        "rate-of-base",
    );
    red(
        "years.csv",
        "exposure,person_years,rate_per_1000\nA,12034.5,2.8\nB,803.1,3.7\n",
        "rate-of-base",
    );
    green(
        "rates.csv",
        "age_group,sex,person_years,deaths,rate_per_1000,ci_low,ci_high\n40-49,F,12034.5,34,2.8,2.0,3.9\n50-59,F,13034.5,64,4.9,3.8,6.3\n",
    );
}

#[test]
fn variants() {
    let glm = |frequency: &str| {
        format!(
            "#CHROM\tPOS\tID\tREF\tALT\tA1\tA1_FREQ\tTEST\tOBS_CT\tBETA\tSE\tT_STAT\tP\n1\t1100\trs12345\tA\tG\tG\t0.21\tADD\t2301\t0.012\t0.01\t1.2\t0.23\n2\t1300\trs12346\tA\tG\tG\t{frequency}\tADD\t2301\t0.015\t0.01\t1.5\t0.13\n"
        )
    };
    // By hand: 0.001 of 2 × 2,301 alleles are 4.6 copies; 0.01 are 46.
    red("rare.glm.linear", &glm("0.001"), "rare-allele");
    red("rare.glm.linear", &glm("0.999"), "rare-allele");
    green("common.glm.linear", &glm("0.01"));
    // plink2 counts alleles here: 0.002 of 9,600 are 19.2, and 0.0005 are 4.8.
    let afreq =
        |f: &str| format!("#CHROM\tID\tREF\tALT\tALT_FREQS\tOBS_CT\n1\trs1\tA\tG\t{f}\t9600\n");
    red("x.afreq", &afreq("0.0005"), "rare-allele");
    green("x.afreq", &afreq("0.002"));
    // Effects in 60 regions of the genome for 100 people.
    let many: String = (0..60)
        .map(|i| {
            format!(
                "{}\t{}\trs{}\t0.3\t100\t0.1\n",
                i % 20 + 1,
                i * 2_000_000,
                1_000 + i
            )
        })
        .collect();
    let verdict = crate::one(
        "many.tsv",
        format!("CHR\tBP\tSNP\tFREQ\tN\tBETA\n{many}").as_bytes(),
    );
    expect_rule(&verdict, "many-variants", Level::Amber);
}

#[test]
fn what_epidemiologists_publish() {
    for (name, text) in [
        (
            "hr.csv",
            "Exposure,Events,Person-years,Rate per 1000 (95% CI),HR (95% CI),P\nNever,320,21034.2,15.2 (13.6-17.0),1 (ref),\nCurrent,98,3801.1,25.8 (21.2-31.4),1.70 (1.35-2.13),<0.0001\n",
        ),
        (
            "tableone.csv",
            ",,Missing,Overall,Female,Male,P-Value\nn,,,5000,2510,2490,\n\"age, mean (SD)\",,0,54.6 (8.6),54.5 (8.6),54.7 (8.7),0.412\n\"smoking, n (%)\",Current,,500 (10.0),250 (10.0),250 (10.0),0.91\n",
        ),
        (
            "or.csv",
            ",OR,2.5%,97.5%\nage,1.05,1.02,1.08\nsex,1.21,1.02,1.43\n",
        ),
        (
            "cox.csv",
            "covariate,coef,exp(coef),se(coef),coef lower 95%,coef upper 95%,exp(coef) lower 95%,exp(coef) upper 95%,cmp to,z,p,-log2(p)\nage,0.0004,1.0004,0.0025,-0.0046,0.0055,0.9954,1.0055,0.0,0.17,0.86,0.21\n",
        ),
        (
            "groups.csv",
            ",bmi,bmi,bmi,sbp,sbp,sbp\n,mean,std,count,mean,std,count\nsex,,,,,,\nFemale,27.0,4.5,2510,135.0,18.0,2510\nMale,27.1,4.6,2490,135.2,18.1,2490\n",
        ),
        (
            "levels.csv",
            "smoking,Current,Current,Never,Never\ndm,0,1,0,1\nsex,,,,\nFemale,220,30,1300,80\nMale,215,35,1290,80\n",
        ),
        (
            "confusion.csv",
            ",pred_0,pred_1\ntrue_0,1840,230\ntrue_1,190,240\n",
        ),
        (
            "missing.csv",
            "variable,n_missing,pct_missing\nage,0,0.0\nbmi,140,2.8\nsbp,260,5.2\n",
        ),
        (
            "calibration.csv",
            "decile,n,mean_predicted,observed_rate\n1,500,0.030,0.032\n2,500,0.034,0.036\n3,500,0.036,0.038\n4,500,0.041,0.042\n5,500,0.051,0.052\n6,500,0.061,0.062\n7,500,0.071,0.072\n8,500,0.081,0.082\n9,500,0.091,0.092\n10,500,0.101,0.102\n",
        ),
        (
            "settings.csv",
            "parameter,value\nlearning_rate,0.1\nn_estimators,500\nmax_depth,6\nn_jobs,4\nseed,42\n",
        ),
        (
            "power.csv",
            "effect_size,alpha,power,n_per_group\n0.1,0.05,0.8,1571\n0.2,0.05,0.8,394\n",
        ),
        (
            "mr.csv",
            "method,nsnp,b,se,pval\nInverse variance weighted,45,0.21,0.05,2e-05\nMR Egger,45,0.18,0.11,0.10\n",
        ),
        (
            "rg.csv",
            "trait1,trait2,rg,se,z,p\nBMI,T2D,0.51,0.03,17,1e-60\n",
        ),
    ] {
        green(name, text);
    }
    // The same tables with few people.
    red(
        "levels.csv",
        "smoking,Current,Current,Never,Never\ndm,0,1,0,1\nsex,,,,\nFemale,220,3,1300,80\nMale,215,35,1290,80\n",
        "small-count",
    );
    red(
        "confusion.csv",
        ",pred_0,pred_1\ntrue_0,1840,3\ntrue_1,19,240\n",
        "small-count",
    );
}
