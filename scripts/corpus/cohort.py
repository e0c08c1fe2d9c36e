"""The participants of the corpus: a seeded cohort with measurements that hang together, and its events.

Written as the reference folder that the airlock is given, and handed to the makers of files as data frames.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

PEOPLE = 12_000
CENTRES = ["Barts", "Birmingham", "Bristol", "Cardiff", "Croydon", "Edinburgh", "Glasgow", "Hounslow", "Leeds", "Liverpool",
           "Manchester", "Middlesbrough", "Newcastle", "Nottingham", "Oxford", "Reading", "Sheffield", "Stoke", "Swansea"]
READ = ["C10F.", "G20..", "H33..", "XE0Uc", "22A..", "2469.", "246A.", "44P..", "44P5.", "44J3.", "E2B..", "N05..", "1371.",
        "137R.", "G30..", "G580.", "H3...", "K05..", "C34..", "F26.."]
ICD10 = ["I10", "I21.9", "I25.1", "I48", "I50.0", "E11.9", "E78.0", "J44.9", "J45.9", "N18.3", "C50.9", "C61", "C18.9", "K21.9",
         "K57.3", "M17.1", "F32.9", "G20", "H26.9", "Z86.4", "R07.4", "S72.0"]
DRUGS = [("0212000B0", "Atorvastatin 20mg tablets"), ("0212000Y0", "Simvastatin 40mg tablets"),
         ("0205051R0", "Ramipril 5mg capsules"), ("0206020A0", "Amlodipine 5mg tablets"),
         ("0601022B0", "Metformin 500mg tablets"), ("0103050P0", "Omeprazole 20mg capsules"),
         ("0301011R0", "Salbutamol 100micrograms inhaler"), ("0403030D0", "Citalopram 20mg tablets"),
         ("0204000H0", "Bisoprolol 2.5mg tablets"), ("0602010V0", "Levothyroxine 50microgram tablets")]


@dataclass
class Cohort:
    """Data frames; `base` has a row for each participant."""

    base: pd.DataFrame
    gp: pd.DataFrame
    hospital: pd.DataFrame
    scripts: pd.DataFrame
    assay: pd.DataFrame

    @property
    def ids(self):
        return [str(eid) for eid in self.base["eid"]]


def make(seed):
    """The cohort of a seed."""
    rng = np.random.default_rng(seed)
    base = _baseline(rng)
    return Cohort(base, _gp(rng, base), _hospital(rng, base), _scripts(rng, base), _assay(rng, base))


def write(cohort, folder):
    """Writes the reference: CSV tables, and one in Parquet."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    cohort.base.to_csv(folder / "baseline.csv", index=False)
    cohort.gp.to_csv(folder / "gp_clinical.csv", index=False)
    cohort.hospital.to_csv(folder / "hesin_diag.csv", index=False)
    cohort.scripts.to_csv(folder / "gp_scripts.csv", index=False)
    cohort.assay.to_parquet(folder / "assay.parquet", index=False)


def _baseline(rng):
    n = PEOPLE
    eid = rng.choice(np.arange(1_000_003, 6_024_411), size=n, replace=False)
    sex = rng.integers(0, 2, n)
    born = rng.integers(1937, 1970, n)
    seen = pd.to_datetime("2006-03-13") + pd.to_timedelta(rng.integers(0, 1660, n), unit="D")
    age = seen.year.to_numpy() - born
    height = np.round(rng.normal(162, 6.4, n) + 13.5 * sex, 1)
    bmi = np.round(np.exp(rng.normal(3.29, 0.17, n)), 2)
    risk = (age - 57) / 8 + (bmi - 27) / 5
    base = pd.DataFrame({
        "eid": eid, "sex": sex, "birth_year": born, "birth_month": rng.integers(1, 13, n),
        "assessment_date": seen.strftime("%Y-%m-%d"), "centre": rng.choice(CENTRES, n),
        "age": age,
        "ethnicity": rng.choice(["White", "Asian", "Black", "Mixed", "Other"], n, p=[.84, .06, .05, .03, .02]),
        "townsend": np.round(rng.normal(-1.3, 3.1, n), 2),
        "height": height, "weight": np.round(bmi * (height / 100) ** 2, 1), "bmi": bmi,
        "waist": np.round(90 + 8 * sex + 2.3 * (bmi - 27) + rng.normal(0, 5, n), 1),
        "hip": np.round(103 + 1.7 * (bmi - 27) + rng.normal(0, 4, n), 1),
        "sbp": np.round(138 + 8 * risk + rng.normal(0, 16, n)).astype(int),
        "dbp": np.round(82 + 3 * risk + rng.normal(0, 9, n)).astype(int),
        "pulse": np.round(rng.normal(69, 11, n)).astype(int),
        "grip": np.round(np.clip(rng.normal(24, 6, n) + 15 * sex, 3, None), 1),
        "fev1": np.round(np.clip(rng.normal(2.4, .5, n) + .9 * sex, .4, None), 2),
        "cholesterol": np.round(rng.normal(5.69, 1.14, n), 3), "hdl": np.round(np.exp(rng.normal(.34, .25, n)), 3),
        "ldl": np.round(rng.normal(3.56, .87, n), 3), "triglycerides": np.round(np.exp(rng.normal(.39, .51, n)), 3),
        "glucose": np.round(np.exp(rng.normal(1.6, .16, n)), 3),
        "hba1c": np.round(np.exp(rng.normal(3.56, .14, n) + .04 * risk), 1),
        "creatinine": np.round(rng.normal(64, 11, n) + 17 * sex, 1), "crp": np.round(np.exp(rng.normal(.27, 1.05, n)), 2),
        "alt": np.round(np.exp(rng.normal(3.0, .46, n)), 2), "albumin": np.round(rng.normal(45.2, 2.6, n), 2),
        "urate": np.round(rng.normal(270, 62, n) + 78 * sex, 1), "vitamin_d": np.round(rng.gamma(5.4, 9, n), 1),
        "smoking": rng.choice(["Never", "Previous", "Current"], n, p=[.55, .345, .105]),
        "alcohol": rng.choice(["Daily", "3-4 a week", "1-2 a week", "Monthly", "Occasions", "Never"], n,
                              p=[.2, .23, .26, .11, .12, .08]),
        "income": rng.choice(["<18k", "18-31k", "31-52k", "52-100k", ">100k"], n, p=[.23, .25, .26, .2, .06]),
        "education": rng.choice(["Degree", "A level", "O level", "CSE", "Vocational", "None"], n,
                                p=[.32, .11, .22, .06, .12, .17]),
        "sleep_hours": np.clip(np.round(rng.normal(7.15, 1.1, n)), 2, 13).astype(int),
        "met_minutes": np.round(np.exp(rng.normal(7.4, 1.1, n))).astype(int),
        "neuroticism": rng.integers(0, 13, n),
        "diabetes": (rng.random(n) < 1 / (1 + np.exp(2.9 - .7 * risk))).astype(int),
    })
    follow = np.round(np.clip(rng.exponential(40 / np.exp(.5 * risk), n), .02, 12.4), 3)
    base["cvd"] = (follow < 12.4).astype(int)
    base["follow_up_years"] = follow
    return base


def _days(rng, n, first, last):
    start, end = pd.Timestamp(first), pd.Timestamp(last)
    return pd.Series(start + pd.to_timedelta(rng.integers(0, (end - start).days, n), unit="D"))


def _gp(rng, base):
    n = 60_000
    return pd.DataFrame({
        "eid": rng.choice(base["eid"], n), "data_provider": rng.integers(1, 5, n),
        "event_dt": _days(rng, n, "1990-01-01", "2017-06-01").dt.strftime("%d/%m/%Y"),
        "read_2": rng.choice(READ, n), "value1": np.round(rng.gamma(9, 4, n), 2),
    })


def _hospital(rng, base):
    n = 30_000
    return pd.DataFrame({
        "eid": rng.choice(base["eid"], n), "ins_index": rng.integers(0, 12, n), "arr_index": rng.integers(0, 6, n),
        "diag_icd10": rng.choice(ICD10, n), "epistart": _days(rng, n, "1997-04-01", "2022-10-31").dt.strftime("%Y-%m-%d"),
    })


def _scripts(rng, base):
    n = 40_000
    drug = rng.integers(0, len(DRUGS), n)
    return pd.DataFrame({
        "eid": rng.choice(base["eid"], n), "issue_date": _days(rng, n, "2000-01-01", "2017-06-01").dt.strftime("%Y-%m-%d"),
        "bnf_code": [DRUGS[i][0] for i in drug], "drug_name": [DRUGS[i][1] for i in drug],
        "quantity": rng.choice([28, 30, 56, 60, 84, 100], n),
    })


def _assay(rng, base):
    proteins = ["APOE", "CRP_olink", "GDF15", "IL6", "LEP", "NPPB", "PCSK9", "TNF"]
    values = {name: np.round(rng.normal(0, 1, len(base)), 5) for name in proteins}
    return pd.DataFrame({"eid": base["eid"].to_numpy(), **values})
