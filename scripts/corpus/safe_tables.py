"""Safe: tables of aggregates, in the many layouts, names and locales that researchers export."""

import csv
import json

import numpy as np
import pandas as pd
import yaml

import analysis
from analysis import GROUPS, MEASURES, TITLES


def make(corpus, cohort):
    data = analysis.prepared(cohort.base)
    table_ones(corpus, data)
    group_counts(corpus, data)
    group_means(corpus, data)
    crosstabs(corpus, data)
    events(corpus, cohort, data)
    curves(corpus, data)
    medians(corpus, data)
    matrices(corpus, data)
    spreadsheet_text(corpus, data)
    structured(corpus, data)
    columnar(corpus, data)


def table_ones(corpus, data):
    for by in ["sex", "smoking", "bmi_group", "quintile"]:
        table = analysis.table_one(data, by)
        table.to_csv(corpus.safe("table 1", f"table1_by_{by}.csv"), index=False)
    analysis.table_one(data).to_csv(corpus.safe("table 1", "Table 1.tsv"), sep="\t", index=False)
    analysis.table_one(data, digits=2).to_csv(corpus.safe("table 1", "baseline_characteristics.csv"), index=False, sep=";",
                                             encoding="utf-8-sig")
    corpus.safe("table 1", "table1.md").write_text(
        "# Table 1. Baseline characteristics\n\n" + analysis.table_one(data).to_markdown(index=False) + "\n", encoding="utf-8")
    corpus.safe("table 1", "table1.txt").write_text(analysis.table_one(data).to_string(index=False) + "\n", encoding="utf-8")
    corpus.safe("table 1", "table1.tex").write_text(analysis.table_one(data).to_latex(index=False), encoding="utf-8")
    corpus.safe("table 1", "table1.html").write_text(analysis.table_one(data).to_html(index=False), encoding="utf-8")
    tidy = []
    for sex, part in data.groupby("sex"):
        for measure in MEASURES:
            tidy.append({"sex": sex, "variable": measure, "n": len(part), "mean": round(part[measure].mean(), 2),
                         "sd": round(part[measure].std(), 2), "n_missing": 120})
    pd.DataFrame(tidy).to_csv(corpus.safe("table 1", "descriptives_long.csv"), index=False)
    german = analysis.means(data, "age_group", "bmi").rename(
        columns={"age_group": "Altersgruppe", "count": "Anzahl", "mean": "Mittelwert", "std": "Standardabweichung", "se": "SE"})
    german.to_csv(corpus.safe("table 1", "tabelle1.csv"), index=False, sep=";", decimal=",", float_format="%.2f")


def group_counts(corpus, data):
    names = ["n", "count", "N", "freq", "participants", "number of participants", "n_people", "patients"]
    columns = ["sex", "ethnicity", "smoking", "alcohol", "income", "education", "age_group", "centre"]
    for i, (name, by) in enumerate(zip(names, columns)):
        table = analysis.counts(data, by).rename(columns={"n": name})
        if i % 2:
            table["percent"] = (100 * table[name] / table[name].sum()).round(1)
        if i % 3 == 0:
            table[by] = table[by].astype(str).str.upper()
        table.to_csv(corpus.safe("counts", f"{by}_distribution.csv"), index=False, sep=",;\t|"[i % 4])
    two = analysis.counts(data, ["age_group", "sex"])
    two.to_csv(corpus.safe("counts", "age_sex_counts.csv"), index=False)
    rounded = two.assign(n=(two["n"] / 10).round().astype(int) * 10).rename(columns={"n": "n_rounded10"})
    rounded.to_csv(corpus.safe("counts", "age_sex_counts_rounded.csv"), index=False)
    midpoint = two.assign(n=((two["n"] + 2) // 6 * 6 + 3)).rename(columns={"n": "count_midpoint6"})
    midpoint.to_csv(corpus.safe("counts", "measures_midpoint6.csv"), index=False)
    flow = pd.DataFrame({"step": ["Invited", "Attended", "Consented", "With complete data", "Analysed"],
                         "n": [12000, 11890, 11712, 10934, 10120], "excluded": [None, 110, 178, 778, 814]})
    flow.to_csv(corpus.safe("counts", "flowchart_numbers.csv"), index=False)
    missing = pd.DataFrame({"variable": MEASURES, "missing_n": np.arange(len(MEASURES)) * 37 + 41})
    missing["missing_pct"] = (100 * missing["missing_n"] / 12000).round(2)
    missing.to_csv(corpus.safe("counts", "missingness.csv"), index=False)


def group_means(corpus, data):
    for i, (measure, by) in enumerate(zip(MEASURES, [*GROUPS, "age_group", "bmi_group", "quintile"])):
        table = analysis.means(data, by, measure).round(3)
        if i % 3 == 1:
            table = table.rename(columns={"count": "N", "mean": f"Mean {measure}", "std": "SD", "se": "SE"})
        if i % 3 == 2:
            table = table.rename(columns={"count": "n", "mean": f"mean_{measure}", "std": f"sd_{measure}"})
            table["lci"] = table[f"mean_{measure}"] - 1.96 * table["se"]
            table["uci"] = table[f"mean_{measure}"] + 1.96 * table["se"]
        table.to_csv(corpus.safe("means", f"{measure}_by_{by}.csv"), index=False, float_format="%.3f")
    wide = data.groupby("age_group")[["bmi", "sbp", "cholesterol"]].agg(["count", "mean", "std"]).round(2)
    wide.to_csv(corpus.safe("means", "pivot_multiindex.csv"))
    wide.columns = ["_".join(c) for c in wide.columns]
    wide.to_csv(corpus.safe("means", "pivot_flat.csv"))
    trend = data.groupby(["birth_year"]).agg(n=("bmi", "size"), mean_bmi=("bmi", "mean")).round(2).reset_index()
    trend.to_csv(corpus.safe("means", "bmi_by_birth_cohort.csv"), index=False)
    summary = data[MEASURES].agg(["count", "mean", "std"]).T.round(3)
    summary.to_csv(corpus.safe("means", "summary_statistics.csv"))
    data[MEASURES].agg(["count", "mean", "std"]).round(3).to_csv(corpus.safe("means", "summary_transposed.csv"))


def crosstabs(corpus, data):
    pairs = [("age_group", "sex"), ("smoking", "sex"), ("bmi_group", "smoking"), ("education", "income"), ("centre", "sex"),
             ("quintile", "smoking")]
    for row, column in pairs:
        analysis.cross(data, row, column).to_csv(corpus.safe("crosstab", f"crosstab_{row}_{column}.csv"))
    margins = pd.crosstab(data["age_group"], data["smoking"], margins=True, margins_name="Total")
    margins.to_csv(corpus.safe("crosstab", "smoking_age_with_totals.csv"))
    shares = pd.crosstab(data["age_group"], data["smoking"], normalize="index").mul(100).round(1)
    shares.insert(0, "n", data.groupby("age_group").size())
    shares.to_csv(corpus.safe("crosstab", "smoking_percent_by_age.csv"))
    both = margins.copy().astype(str)
    for column in margins:
        both[column] = [f"{n} ({100 * n / t:.1f})" for n, t in zip(margins[column], margins["Total"])]
    both.to_csv(corpus.safe("crosstab", "smoking_n_percent.csv"))
    corpus.safe("crosstab", "crosstab.txt").write_text(str(margins) + "\n", encoding="utf-8")
    flat = margins.stack().reset_index(name="Freq")
    flat.to_csv(corpus.safe("crosstab", "freq_table_r_style.csv"))


def events(corpus, cohort, data):
    gp = cohort.gp.merge(data[["eid", "sex"]], on="eid")
    codes = gp.groupby("read_2").agg(events=("eid", "size"), patients=("eid", "nunique")).reset_index()
    codes.to_csv(corpus.safe("events", "read_code_counts.csv"), index=False)
    icd = cohort.hospital.groupby("diag_icd10")["eid"].nunique().reset_index(name="n_participants")
    icd.to_csv(corpus.safe("events", "icd10_frequencies.csv"), index=False)
    drug = cohort.scripts.groupby(["bnf_code", "drug_name"]).agg(
        items=("quantity", "size"), patients=("eid", "nunique"), mean_quantity=("quantity", "mean")).round(1).reset_index()
    drug.to_csv(corpus.safe("events", "prescribing_summary.csv"), index=False)
    year = pd.to_datetime(cohort.scripts["issue_date"]).dt.year
    series = cohort.scripts.groupby([year.rename("year"), "bnf_code"]).size().unstack().clip(lower=20)
    series.to_csv(corpus.safe("events", "items_per_year.csv"))
    month = pd.to_datetime(cohort.hospital["epistart"]).dt.to_period("Q").astype(str)
    quarterly = cohort.hospital.groupby(month.rename("quarter")).size().reset_index(name="admissions")
    quarterly.to_csv(corpus.safe("events", "admissions_by_quarter.csv"), index=False)
    rates = data.groupby("age_group").agg(cases=("cvd", "sum"), person_years=("follow_up_years", "sum")).reset_index()
    rates["rate_per_1000"] = 1000 * rates["cases"] / rates["person_years"]
    rates["lower"] = rates["rate_per_1000"] - 1.96 * 1000 * np.sqrt(rates["cases"]) / rates["person_years"]
    rates["upper"] = rates["rate_per_1000"] + 1.96 * 1000 * np.sqrt(rates["cases"]) / rates["person_years"]
    rates.round(2).to_csv(corpus.safe("events", "incidence_rates.csv"), index=False)


def curves(corpus, data):
    analysis.yearly_survival(data).to_csv(corpus.safe("survival", "km_by_year.csv"), index=False)
    analysis.yearly_survival(data, "sex").to_csv(corpus.safe("survival", "km_by_year_sex.csv"), index=False)
    for measure, width in [("bmi", 1), ("sbp", 10), ("cholesterol", .5), ("hba1c", 2)]:
        analysis.histogram(data, measure, width).to_csv(corpus.safe("histogram", f"hist_{measure}.csv"), index=False)


def medians(corpus, data):
    """Quartiles of thousands: half the papers report them."""
    for by, name in [("sex", "median_iqr.csv"), ("age_group", "medians_by_age.csv")]:
        table = data.groupby(by)["crp"].agg(
            n="size", median="median", q1=lambda v: v.quantile(.25), q3=lambda v: v.quantile(.75)).round(2).reset_index()
        table.to_csv(corpus.safe("medians", name), index=False)
    rows = []
    for measure in MEASURES[:8]:
        q = data[measure].quantile([.25, .5, .75])
        rows.append({"Variable": TITLES[measure], "N": len(data), "Median (IQR)": f"{q[.5]:.1f} ({q[.25]:.1f}-{q[.75]:.1f})"})
    pd.DataFrame(rows).to_csv(corpus.safe("medians", "table_medians.csv"), index=False)


def matrices(corpus, data):
    matrix = analysis.correlations(data)
    matrix.round(3).to_csv(corpus.safe("matrix", "correlation_matrix.csv"))
    matrix.to_csv(corpus.safe("matrix", "pearson.tsv"), sep="\t")
    data[MEASURES].corr("spearman").round(2).to_csv(corpus.safe("matrix", "spearman_biomarkers.csv"))
    corpus.safe("matrix", "correlations.txt").write_text(matrix.round(2).to_string() + "\n", encoding="utf-8")
    long = matrix.stack().reset_index()
    long.columns = ["var1", "var2", "r"]
    long[long["var1"] < long["var2"]].to_csv(corpus.safe("matrix", "pairwise_r.csv"), index=False)
    np.savetxt(corpus.safe("matrix", "covariance.txt"), np.cov(data[["bmi", "sbp", "age"]].T), fmt="%.4f")


def spreadsheet_text(corpus, data):
    """As spreadsheets save tables: a title above, notes below, decimal commas, quoted cells."""
    table = analysis.means(data, "smoking", "sbp").round(1)
    with corpus.safe("layout", "Table 2 - blood pressure.csv").open("w", newline="", encoding="utf-8") as file:
        write = csv.writer(file, quoting=csv.QUOTE_ALL)
        write.writerow(["Table 2. Systolic blood pressure by smoking status"])
        write.writerow([])
        write.writerow(["Smoking status", "N", "Mean (mmHg)", "SD", "SE"])
        write.writerows(table.to_numpy().tolist())
        write.writerow([])
        write.writerow(["Note: adjusted for age and sex. Counts below 10 suppressed."])
    for name, sep in [("resultats_fr.csv", ";"), ("ergebnisse.csv", ";"), ("risultati.txt", "\t")]:
        french = analysis.means(data, "education", "bmi")
        french.to_csv(corpus.safe("layout", name), sep=sep, decimal=",", index=False, float_format="%.3f", encoding="latin-1")
    crlf = analysis.counts(data, "centre")
    crlf.to_csv(corpus.safe("layout", "centres.csv"), index=False, lineterminator="\r\n", encoding="utf-16")
    fixed = "\n".join(f"{str(r[0]):<24}{r[1]:>8}{100 * r[1] / 12000:>8.1f}" for r in analysis.counts(data, "education").to_numpy())
    corpus.safe("layout", "education.txt").write_text(f"{'education':<24}{'n':>8}{'pct':>8}\n{fixed}\n", encoding="utf-8")
    hidden = pd.crosstab(data["centre"], data["ethnicity"]).astype(object)
    shown = hidden.map(lambda n: "<10" if n < 10 else int(round(n, -1)))
    shown.to_csv(corpus.safe("layout", "ethnicity_by_centre_suppressed.csv"))


def structured(corpus, data):
    table = analysis.means(data, "age_group", "sbp").round(2)
    corpus.safe("json", "results.json").write_text(table.to_json(orient="records", indent=2), encoding="utf-8")
    corpus.safe("json", "results_split.json").write_text(table.to_json(orient="split"), encoding="utf-8")
    corpus.safe("json", "results_columns.json").write_text(table.to_json(orient="columns"), encoding="utf-8")
    corpus.safe("json", "results.jsonl").write_text(table.to_json(orient="records", lines=True), encoding="utf-8")
    summary = {"outcome": "incident CVD", "n_participants": 12000, "n_cases": int(data["cvd"].sum()),
               "model": {"type": "cox", "covariates": ["age", "sex", "bmi"], "hazard_ratio": 1.23, "ci": [1.11, 1.36]}}
    corpus.safe("json", "summary.json").write_text(json.dumps(summary, indent=2), encoding="utf-8")
    corpus.safe("yaml", "summary.yaml").write_text(yaml.safe_dump(summary), encoding="utf-8")
    corpus.safe("yaml", "groups.yml").write_text(
        yaml.safe_dump({"ethnicity": {k: int(v) for k, v in data["ethnicity"].value_counts().items()}}), encoding="utf-8")
    table.to_xml(corpus.safe("xml", "results.xml"), index=False)


def columnar(corpus, data):
    table = analysis.counts(data, ["age_group", "sex"])
    table.to_parquet(corpus.safe("parquet", "age_sex.parquet"), index=False)
    analysis.means(data, "smoking", "bmi").to_parquet(corpus.safe("parquet", "means.parquet"), index=False)
    table.to_feather(corpus.safe("arrow", "age_sex.feather"))
    analysis.means(data, "alcohol", "ldl").to_feather(corpus.safe("arrow", "means.arrow"), compression="zstd")
    table.to_stata(corpus.safe("stata", "age_sex.dta"), write_index=False)
    analysis.means(data, "education", "hdl").to_stata(corpus.safe("stata", "means_education.dta"), write_index=False, version=118)
