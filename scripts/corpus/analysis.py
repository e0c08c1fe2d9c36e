"""What researchers calculate from the cohort: tables, models and curves, as data frames that several makers write out."""

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from lifelines import CoxPHFitter, KaplanMeierFitter

MEASURES = ["bmi", "waist", "sbp", "dbp", "pulse", "grip", "fev1", "cholesterol", "hdl", "ldl", "triglycerides", "glucose",
            "hba1c", "creatinine", "crp", "alt", "albumin", "urate", "vitamin_d"]
TITLES = {"bmi": "Body mass index (kg/m²)", "waist": "Waist circumference (cm)", "sbp": "Systolic blood pressure (mmHg)",
          "dbp": "Diastolic blood pressure (mmHg)", "pulse": "Pulse (bpm)", "grip": "Grip strength (kg)", "fev1": "FEV1 (L)",
          "cholesterol": "Total cholesterol (mmol/L)", "hdl": "HDL cholesterol (mmol/L)", "ldl": "LDL cholesterol (mmol/L)",
          "triglycerides": "Triglycerides (mmol/L)", "glucose": "Glucose (mmol/L)", "hba1c": "HbA1c (mmol/mol)",
          "creatinine": "Creatinine (µmol/L)", "crp": "C-reactive protein (mg/L)", "alt": "ALT (U/L)", "albumin": "Albumin (g/L)",
          "urate": "Urate (µmol/L)", "vitamin_d": "Vitamin D (nmol/L)"}
GROUPS = {"sex": "Sex", "ethnicity": "Ethnicity", "smoking": "Smoking status", "alcohol": "Alcohol intake",
          "income": "Household income", "education": "Education", "centre": "Assessment centre"}


def prepared(base):
    """The baseline with the groups that papers use."""
    data = base.copy()
    data["sex"] = np.where(data["sex"] == 1, "Male", "Female")
    data["age_group"] = pd.cut(data["age"], [0, 44, 49, 54, 59, 64, 100],
                               labels=["<45", "45-49", "50-54", "55-59", "60-64", "65+"]).astype(str)
    data["bmi_group"] = pd.cut(data["bmi"], [0, 25, 30, 100], labels=["Normal", "Overweight", "Obese"]).astype(str)
    data["quintile"] = pd.qcut(data["townsend"], 5, labels=[1, 2, 3, 4, 5]).astype(int)
    return data


def table_one(data, by="sex", digits=1):
    """Table 1 as papers print it: mean (SD) and n (%)."""
    columns = {"Overall": data} | {str(k): v for k, v in data.groupby(by)}
    rows = [("N", {name: f"{len(d):,}" for name, d in columns.items()})]
    rows.append(("Age, mean (SD)", {name: f"{d['age'].mean():.{digits}f} ({d['age'].std():.{digits}f})" for name, d in columns.items()}))
    for measure in ["bmi", "sbp", "cholesterol", "hba1c", "vitamin_d"]:
        rows.append((f"{TITLES[measure]}, mean (SD)", {
            name: f"{d[measure].mean():.{digits}f} ({d[measure].std():.{digits}f})" for name, d in columns.items()}))
    for group in ["smoking", "education", "age_group"]:
        if group == by:
            continue
        for level in sorted(data[group].unique()):
            cells = {}
            for name, d in columns.items():
                n = int((d[group] == level).sum())
                assert 10 <= n, (group, level, n)
                cells[name] = f"{n:,} ({100 * n / len(d):.{digits}f}%)"
            rows.append((f"{group.replace('_', ' ').capitalize()}: {level}, n (%)", cells))
    return pd.DataFrame([{"Characteristic": title} | cells for title, cells in rows])


def counts(data, by, least=10):
    """Numbers of people by groups; every cell, and what is left of the margin, is at least `least`."""
    table = data.groupby(by, observed=True).size().reset_index(name="n")
    assert table["n"].min() >= least, table
    return table


def cross(data, row, column, least=10):
    """A contingency table without small cells."""
    table = pd.crosstab(data[row], data[column])
    assert table.to_numpy().min() >= least, table
    return table


def means(data, by, measure):
    """Mean, deviation and number of people of a measurement by groups."""
    table = data.groupby(by, observed=True)[measure].agg(["count", "mean", "std"]).reset_index()
    table["se"] = table["std"] / np.sqrt(table["count"])
    assert table["count"].min() >= 10
    return table


def linear(data, outcome="sbp", terms="age + sex + bmi + smoking"):
    return smf.ols(f"{outcome} ~ {terms}", data=data).fit()


def logistic(data, outcome="diabetes", terms="age + sex + bmi + smoking + townsend"):
    return smf.logit(f"{outcome} ~ {terms}", data=data).fit(disp=0)


def cox(data, terms=("age", "bmi", "sbp", "male", "smoker")):
    """A fitted proportional hazards model."""
    frame = data[["age", "bmi", "sbp", "cvd", "follow_up_years"]].copy()
    frame["male"] = (data["sex"] == "Male").astype(int)
    frame["smoker"] = (data["smoking"] == "Current").astype(int)
    return CoxPHFitter().fit(frame[[*terms, "cvd", "follow_up_years"]], "follow_up_years", "cvd")


def tidy(model, odds=False):
    """Coefficients as broom and researchers write them."""
    interval = model.conf_int()
    frame = pd.DataFrame({"term": model.params.index, "estimate": model.params.to_numpy(), "std.error": model.bse.to_numpy(),
                          "statistic": model.tvalues.to_numpy(), "p.value": model.pvalues.to_numpy(),
                          "conf.low": interval[0].to_numpy(), "conf.high": interval[1].to_numpy()})
    if odds:
        for column in ["estimate", "conf.low", "conf.high"]:
            frame[column] = np.exp(frame[column])
    return frame


def yearly_survival(data, by=None):
    """Kaplan-Meier at whole years: all numbers at risk, events and steps are of many people."""
    parts = [("all", data)] if by is None else list(data.groupby(by))
    rows = []
    for name, part in parts:
        curve = KaplanMeierFitter().fit(part["follow_up_years"], part["cvd"])
        for year in range(1, 12, 2):
            within = part[(part["follow_up_years"] > year - 2) & (part["follow_up_years"] <= year)]
            events = int(within["cvd"].sum())
            assert events >= 10
            rows.append({"group": name, "year": year, "n_risk": int((part["follow_up_years"] > year).sum()),
                         "n_event": events, "survival": round(float(curve.predict(year)), 3)})
    return pd.DataFrame(rows)


def correlations(data, names=("bmi", "waist", "sbp", "dbp", "cholesterol", "hdl", "ldl", "hba1c")):
    return data[list(names)].corr()


def histogram(data, measure, width):
    """Counts in bins of a width, with the tails put together so that no bin is small."""
    low, high = np.percentile(data[measure], [1, 99])
    edges = np.arange(np.floor(low / width) * width, np.ceil(high / width) * width + width, width)
    inner = edges[1:-1]
    bins = np.digitize(data[measure], inner)
    number = np.bincount(bins, minlength=len(inner) + 1)
    names = [f"<{inner[0]:g}"] + [f"{a:g} to <{b:g}" for a, b in zip(inner, inner[1:])] + [f">={inner[-1]:g}"]
    assert number.min() >= 10, number
    return pd.DataFrame({"bin": names, "n": number})


def design(data):
    """Columns of predictors for machine learning, and the outcome."""
    x = data[["age", "bmi", "sbp", "cholesterol", "hdl", "hba1c", "crp", "townsend"]].to_numpy(float)
    return (x - x.mean(0)) / x.std(0), data["diabetes"].to_numpy()


def exog(data):
    return sm.add_constant(data[["age", "bmi", "sbp"]].astype(float))
