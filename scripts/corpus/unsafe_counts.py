"""Unsafe: aggregates that tell of few people, or of one."""

import json

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from lifelines import KaplanMeierFitter
from sklearn.metrics import roc_curve
from sklearn.linear_model import LogisticRegression

import analysis


def make(corpus, cohort):
    data = analysis.prepared(cohort.base)
    small(corpus, cohort, data)
    shares(corpus, data)
    hidden(corpus, data)
    extremes(corpus, data)
    few(corpus, data)
    regressions(corpus, data)
    steps(corpus, data)
    sentences(corpus)


def rare(data):
    """A crosstab with small cells and none of zero."""
    table = pd.crosstab(data["centre"], data["ethnicity"])
    table.iloc[0, 1], table.iloc[3, 3], table.iloc[7, 4] = 4, 7, 2
    return table


def small(corpus, cohort, data):
    table = rare(data)
    table.to_csv(corpus.unsafe("small counts", "ethnicity_by_centre.csv", "cells below 10"))
    flat = table.stack().reset_index(name="n")
    flat.to_csv(corpus.unsafe("small counts", "long.csv", "cells below 10 in long form"), index=False)
    flat.rename(columns={"n": "value"}).to_csv(corpus.unsafe("small counts", "values.csv", "counts under a name that says nothing"), index=False)
    flat.rename(columns={"n": "Anzahl"}).to_csv(corpus.unsafe("small counts", "deutsch.csv", "counts under a German name"), index=False, sep=";")
    flat.rename(columns={"n": "effectif"}).to_csv(corpus.unsafe("small counts", "francais.csv", "counts under a French name"), index=False)
    flat.assign(n=flat["n"].astype(float)).to_csv(corpus.unsafe("small counts", "floats.csv", "counts as 4.0"), index=False)
    shown = flat.assign(n=[f"{n} ({100 * n / 12000:.2f}%)" for n in flat["n"]])
    shown.to_csv(corpus.unsafe("small counts", "n_percent.csv", "counts in brackets' company"), index=False)
    table.to_html(corpus.unsafe("small counts", "table.html", "small cells in HTML"))
    table.to_latex(corpus.unsafe("small counts", "table.tex", "small cells in LaTeX"))
    table.to_markdown(corpus.unsafe("small counts", "table.md", "small cells in Markdown"))
    table.to_excel(corpus.unsafe("small counts", "table.xlsx", "small cells in Excel"))
    flat.to_parquet(corpus.unsafe("small counts", "table.parquet", "small cells in Parquet"))
    flat.to_stata(corpus.unsafe("small counts", "table.dta", "small cells in Stata"), write_index=False)
    corpus.unsafe("small counts", "crosstab.txt", "small cells as printed").write_text(table.to_string(), encoding="utf-8")
    corpus.unsafe("small counts", "table.json", "small cells in JSON").write_text(table.to_json(indent=1), encoding="utf-8")
    flow = pd.DataFrame({"step": ["Invited", "Consented", "Withdrew", "Analysed"], "n": [12000, 11803, 3, 11800]})
    flow.to_csv(corpus.unsafe("small counts", "flow.csv", "three withdrew"), index=False)
    codes = cohort.hospital.groupby("diag_icd10")["eid"].nunique().reset_index(name="patients")
    codes.loc[len(codes)] = ["E75.2", 1]
    codes.to_csv(corpus.unsafe("small counts", "icd10.csv", "a rare disease"), index=False)
    zeros = pd.crosstab(data["age_group"], data["smoking"])
    zeros.iloc[0, 1] = 0
    zeros.to_csv(corpus.unsafe("zero cells", "smoking.csv", "nobody in a cell"))
    full = pd.DataFrame({"group": ["A", "B", "C"], "n": [40, 120, 300], "diabetic": [40, 31, 66]})
    full.to_csv(corpus.unsafe("zero cells", "full.csv", "everybody in a group"), index=False)
    strata = pd.DataFrame({"group": ["A", "B", "C"], "percent": [100.0, 25.8, 22.0], "n": [40, 120, 300]})
    strata.to_csv(corpus.unsafe("zero cells", "percent.csv", "100 % of a group"), index=False)
    classified = pd.DataFrame([[3, 11], [905, 10981]], index=["true_1", "true_0"], columns=["pred_1", "pred_0"])
    classified.to_csv(corpus.unsafe("small counts", "confusion_matrix.csv", "three true positives"))
    bins = np.histogram(data["bmi"], bins=40)
    pd.DataFrame({"bin": bins[1][:-1].round(2), "count": bins[0]}).to_csv(corpus.unsafe("small counts", "histogram.csv", "thin tails of a histogram"), index=False)
    by_date = data.groupby("assessment_date").size().reset_index(name="n")
    by_date.to_csv(corpus.unsafe("small counts", "visits_per_day.csv", "few people a day"), index=False)


def shares(corpus, data):
    table = rare(data)
    percent = table.div(table.sum(axis=1), axis=0).mul(100).round(2)
    percent.insert(0, "n", table.sum(axis=1))
    percent.to_csv(corpus.unsafe("shares", "percent.csv", "per cent of a base: small counts follow"))
    share = table.div(table.sum(axis=1), axis=0).round(4)
    share.insert(0, "total", table.sum(axis=1))
    share.to_csv(corpus.unsafe("shares", "proportion.csv", "proportions of a base"))
    pd.DataFrame({"group": ["A", "B"], "N": [500, 250], "prevalence": [0.006, 0.012]}).to_csv(
        corpus.unsafe("shares", "prevalence.csv", "three of 500"), index=False)
    pd.DataFrame({"group": ["A", "B"], "cases (%)": ["0.8", "24.0"], "N": [500, 250]}).to_csv(
        corpus.unsafe("shares", "cases.csv", "four of 500"), index=False)
    pd.DataFrame({"region": ["N", "S"], "rate_per_1000": [4.0, 120.0], "population": [500, 250]}).to_csv(
        corpus.unsafe("shares", "rates.csv", "a rate of two in 500"), index=False)
    pd.DataFrame({"variant": ["c.1A>G"], "carrier_frequency": [2 / 12000], "n": [12000]}).to_csv(
        corpus.unsafe("shares", "carriers.csv", "two carriers"), index=False)


def hidden(corpus, data):
    table = rare(data)
    text = table.astype(object).map(lambda n: "<10" if n < 10 else n)
    text["Total"] = table.sum(axis=1)
    one = text.loc[(table < 10).sum(axis=1) == 1]
    one.to_csv(corpus.unsafe("hidden cells", "suppressed.csv", "one hidden cell a row follows from the total"))
    both = pd.DataFrame({"sex": ["Male", "Female", "Total"], "cases": ["*", 120, 124], "controls": [900, 880, 1780]})
    both.to_csv(corpus.unsafe("hidden cells", "total.csv", "a hidden cell follows from the column's total"), index=False)
    pd.DataFrame({"group": ["A", "B"], "n": [400, 300], "with": [396, 150], "without": ["<10", 150]}).to_csv(
        corpus.unsafe("hidden cells", "complement.csv", "a hidden complement"), index=False)
    pd.DataFrame({"group": ["A", "B", "C"], "n": ["redacted", 200, 250], "percent": [0.9, 44.0, 55.1], "total": [454, 454, 454]}).to_csv(
        corpus.unsafe("hidden cells", "percent.csv", "a hidden count beside its percentage"), index=False)
    first = pd.DataFrame({"centre": ["Leeds", "Oxford", "Total"], "n": [514, 620, 1134]})
    second = pd.DataFrame({"centre": ["Leeds", "Oxford", "Total"], "n": [514, 617, 1131]})
    first.to_csv(corpus.unsafe("other file", "centres_2025.csv", "differs by three from the other file", "difference1"), index=False)
    second.to_csv(corpus.unsafe("other file", "centres_2026.csv", "differs by three from the other file", "difference1"), index=False)
    pd.DataFrame({"group": ["diabetes", "no diabetes"], "n": [1200, 10800]}).to_csv(
        corpus.unsafe("other file", "all.csv", "all people; the other file has all but two", "difference2"), index=False)
    pd.DataFrame({"group": ["diabetes", "no diabetes"], "n": [1198, 10800]}).to_csv(
        corpus.unsafe("other file", "excluding_outliers.csv", "all but two people", "difference2"), index=False)
    pd.DataFrame({"age": ["40-49", "50-59", "60-69"], "n": ["[c]", 300, 420]}).to_csv(
        corpus.unsafe("other file", "by_age.csv", "the other file has the total", "difference3"), index=False)
    pd.DataFrame({"population": ["all ages"], "n": [726]}).to_csv(
        corpus.unsafe("other file", "total.csv", "gives the hidden cell away", "difference3"), index=False)


def extremes(corpus, data):
    names = ["bmi", "sbp", "cholesterol", "crp", "age"]
    data[names].describe().to_csv(corpus.unsafe("extremes", "describe.csv", "minimum and maximum are somebody's"))
    data[names].describe().round(1).to_markdown(corpus.unsafe("extremes", "describe.md", "the same in Markdown"))
    data[names].describe().T.to_excel(corpus.unsafe("extremes", "describe.xlsx", "the same in Excel"))
    table = data.groupby("sex")["bmi"].agg(["count", "mean", "min", "max"])
    table.to_csv(corpus.unsafe("extremes", "minmax.csv", "smallest and largest by sex"))
    corpus.unsafe("extremes", "summary.txt", "R's summary").write_text(
        "      bmi             sbp       \n Min.   :12.81   Min.   : 79.0  \n 1st Qu.:24.01   1st Qu.:126.0  \n"
        " Median :26.84   Median :138.0  \n Mean   :27.23   Mean   :138.4  \n 3rd Qu.:30.12   3rd Qu.:150.0  \n"
        " Max.   :51.94   Max.   :213.0  \n", encoding="utf-8")
    ranges = pd.DataFrame({"variable": names, "range": [f"{data[n].min()} - {data[n].max()}" for n in names]})
    ranges.to_csv(corpus.unsafe("extremes", "ranges.csv", "ranges"), index=False)
    corpus.unsafe("extremes", "minmax.json", "extremes in JSON").write_text(
        json.dumps({n: {"min": float(data[n].min()), "max": float(data[n].max())} for n in names}), encoding="utf-8")
    tail = data["crp"].quantile([.0005, .001, .9995, .9999])
    tail.to_csv(corpus.unsafe("extremes", "percentiles.csv", "percentiles with few people beyond"))
    deciles = data[data["ethnicity"] == "Other"].head(60)["bmi"].quantile(np.arange(0, 1.01, .1))
    deciles.to_csv(corpus.unsafe("extremes", "deciles.csv", "deciles with the extremes of 60 people"))
    top = data.nlargest(10, "bmi")[["age", "sex", "bmi"]]
    top.to_csv(corpus.unsafe("extremes", "top10.csv", "the ten largest"), index=False)


def few(corpus, data):
    pd.DataFrame({"group": ["A", "B"], "n": [3, 420], "mean_bmi": [31.2, 27.4]}).to_csv(
        corpus.unsafe("few", "means.csv", "a mean of three"), index=False)
    pd.DataFrame({"practice": ["P1", "P2", "P3"], "n": [1, 300, 280], "mean_cost": [9120.5, 210.1, 220.9], "sd": [None, 30, 31]}).to_csv(
        corpus.unsafe("few", "cost.csv", "a mean of one"), index=False)
    share = pd.DataFrame({"supplier": ["S1", "S2"], "patients": [40, 50], "sum_cost": [100000, 90000], "largest_share": ["87%", "12%"]})
    share.to_csv(corpus.unsafe("few", "dominance.csv", "one person has most of a sum"), index=False)
    by = data.groupby(["birth_year", "birth_month", "centre"])["bmi"].mean().reset_index().head(400)
    by.to_csv(corpus.unsafe("few", "fine_groups.csv", "means by month of birth and centre: groups of a few"), index=False)
    by_n = data.groupby(["birth_year", "centre", "education"])["sbp"].agg(["size", "mean"]).reset_index().head(300)
    by_n.to_csv(corpus.unsafe("few", "fine_groups_n.csv", "the same with sizes"), index=False)
    age_day = data.groupby(["assessment_date", "centre"])["sbp"].mean().reset_index().head(200)
    age_day.to_csv(corpus.unsafe("few", "daily_means.csv", "means of a day and centre: one or two people"), index=False)


def regressions(corpus, data):
    one = data.head(60).copy()
    one["last"] = (one.index == one.index[7]).astype(int)
    model = smf.ols("sbp ~ age + C(last)", data=one).fit()
    corpus.unsafe("regression", "dummy.txt", "a column of one person").write_text(str(model.summary()), encoding="utf-8")
    small = smf.ols("sbp ~ age + bmi + sex", data=data.head(9)).fit()
    corpus.unsafe("regression", "small.txt", "nine observations").write_text(str(small.summary()), encoding="utf-8")
    saturated = smf.ols("sbp ~ C(birth_year) * C(centre)", data=data.head(250)).fit()
    analysis.tidy(saturated).to_csv(corpus.unsafe("regression", "saturated.csv", "nearly as many terms as people"), index=False)
    person = smf.ols("bmi ~ C(eid) - 1", data=data.head(40)).fit()
    person.params.to_csv(corpus.unsafe("regression", "fixed_effects.csv", "an effect for each person"))
    tidy = analysis.tidy(small).assign(nobs=9, df_resid=5)
    tidy.to_csv(corpus.unsafe("regression", "small.csv", "five residual degrees of freedom"), index=False)
    influence = smf.ols("sbp ~ age + bmi", data=data.head(300)).fit().get_influence().summary_frame()
    influence.to_csv(corpus.unsafe("regression", "influence.csv", "leverage of each person"))
    x, y = analysis.design(data)
    chance = LogisticRegression().fit(x, y).predict_proba(x)[:, 1]
    fpr, tpr, cut = roc_curve(y, chance, drop_intermediate=False)
    pd.DataFrame({"fpr": fpr, "tpr": tpr, "threshold": cut}).head(4000).to_csv(
        corpus.unsafe("regression", "roc_full.csv", "a step of the curve for each person"), index=False)


def steps(corpus, data):
    part = data.head(300)
    curve = KaplanMeierFitter().fit(part["follow_up_years"], part["cvd"])
    curve.survival_function_.to_csv(corpus.unsafe("survival", "km.csv", "a step for each person"))
    curve.event_table.to_csv(corpus.unsafe("survival", "event_table.csv", "events one by one"))
    pd.concat([curve.survival_function_, curve.confidence_interval_], axis=1).to_csv(
        corpus.unsafe("survival", "km_ci.csv", "steps with intervals"))
    curve.survival_function_.to_json(corpus.unsafe("survival", "km.json", "steps in JSON"))
    cox = analysis.cox(data.head(500))
    cox.baseline_hazard_.to_csv(corpus.unsafe("survival", "baseline_hazard.csv", "a step for each event"))
    cox.predict_partial_hazard(data.head(500).assign(male=1, smoker=0)).to_csv(corpus.unsafe("survival", "hazards.csv", "a hazard for each person"))
    pd.DataFrame({"time": [1, 2, 3, 4], "at_risk": [300, 280, 230, 190], "events": [12, 3, 14, 1]}).to_csv(
        corpus.unsafe("survival", "life_table.csv", "intervals with one and three events"), index=False)


def sentences(corpus):
    texts = {
        "abstract.txt": "We studied 12,000 people. Of these, 4 patients developed the outcome and 11,996 did not.",
        "results.md": "# Results\n\nThere were two deaths among carriers (n = 6).\n",
        "letter.txt": "Only one woman aged 97 in Swansea had the variant.",
        "caption.md": "Figure 2. Survival by genotype; AA n=8, AG n=411, GG n=11,581.",
        "limits.txt": "Seven participants (0.06%) withdrew; the oldest participant was 89.3 years old.",
        "range.txt": "BMI ranged from 12.8 to 68.4 kg/m2; the maximum was 68.4.",
    }
    for name, text in texts.items():
        corpus.unsafe("sentences", name, "small numbers of people in prose").write_text(text + "\n", encoding="utf-8")
