"""Safe: scripts, settings, code lists and logs that hold no one's data."""

import json

import numpy as np
import pandas as pd
import yaml

import cohort as people


def make(corpus, cohort):
    for name, text in SCRIPTS.items():
        corpus.safe("code", name).write_text(text, encoding="utf-8")
    for name, text in SETTINGS.items():
        corpus.safe("settings", name).write_text(text, encoding="utf-8")
    for name, text in LOGS.items():
        corpus.safe("log", name).write_text(text, encoding="utf-8")
    codelists(corpus)
    structured(corpus)


def codelists(corpus):
    icd = pd.DataFrame({"code": people.ICD10, "term": [f"Diagnosis number {i}" for i in range(len(people.ICD10))], "category": "cvd"})
    icd.to_csv(corpus.safe("codelist", "icd10_cvd.csv"), index=False)
    read = pd.DataFrame({"read_code": people.READ, "term_description": [f"Term {i}" for i in range(len(people.READ))]})
    read.to_csv(corpus.safe("codelist", "read_v2_diabetes.txt"), sep="\t", index=False)
    snomed = pd.DataFrame({"code": [44054006, 73211009, 46635009, 8801005, 190330002, 313436004, 199229001, 237599002, 609561005,
                                    11530004, 237627000, 443694000], "term": ["Type 2 diabetes mellitus"] * 12})
    snomed.to_csv(corpus.safe("codelist", "opensafely-diabetes-snomed.csv"), index=False)
    long = pd.DataFrame({"id": ["1000921000000108", "1066911000000100", "999791000000106", "10692761000119107", "1481000119100"],
                         "name": ["Asthma", "Asthma annual review", "Severe asthma", "Asthma with exacerbation", "Diabetes type 2"]})
    long.to_csv(corpus.safe("codelist", "snomed_asthma.csv"), index=False)
    bnf = pd.DataFrame(people.DRUGS, columns=["bnf_code", "name"])
    bnf.to_csv(corpus.safe("codelist", "statins_bnf.csv"), index=False)
    dmd = pd.DataFrame({"dmd_id": ["39733211000001101", "42375611000001108", "319996000", "320000009"], "dmd_name": [
        "Atorvastatin 10mg tablets", "Simvastatin 20mg tablets", "Simvastatin 10mg tablets", "Simvastatin 20mg tablets"]})
    dmd.to_csv(corpus.safe("codelist", "dmd_statins.csv"), index=False)
    corpus.safe("codelist", "codes.txt").write_text("I20\nI21\nI22\nI23\nI24\nI25\n", encoding="utf-8")
    corpus.safe("codelist", "opcs4.csv").write_text("opcs4,description\nK40,Saphenous vein graft replacement of coronary artery\n"
                                                   "K49,Transluminal balloon angioplasty of coronary artery\n", encoding="utf-8")
    fields = pd.DataFrame({"field_id": [31, 34, 52, 53, 54, 21001, 4080, 4079, 30690, 30760, 20116, 1558, 21000, 189, 50, 48, 49],
                           "title": ["Sex", "Year of birth", "Month of birth", "Date of attending assessment centre", "UK Biobank assessment centre",
                                     "Body mass index (BMI)", "Systolic blood pressure, automated reading", "Diastolic blood pressure, automated reading",
                                     "Cholesterol", "HDL cholesterol", "Smoking status", "Alcohol intake frequency", "Ethnic background",
                                     "Townsend deprivation index at recruitment", "Standing height", "Waist circumference", "Hip circumference"],
                           "category": ["Baseline"] * 17})
    fields.to_csv(corpus.safe("codelist", "fields_used.csv"), index=False)


def structured(corpus):
    corpus.safe("settings", "params.json").write_text(
        json.dumps({"seed": 20260401, "n_splits": 5, "models": ["ridge", "lasso"], "alpha": list(np.logspace(-3, 1, 5).round(4))}, indent=2),
        encoding="utf-8")
    corpus.safe("settings", "project.yaml").write_text(yaml.safe_dump({
        "version": "3.0", "expectations": {"population_size": 1000},
        "actions": {"generate_cohort": {"run": "ehrql:v1 generate-dataset analysis/dataset_definition.py --output output/dataset.csv.gz",
                                        "outputs": {"highly_sensitive": {"cohort": "output/dataset.csv.gz"}}},
                    "model": {"run": "r:latest analysis/model.R", "needs": ["generate_cohort"],
                              "outputs": {"moderately_sensitive": {"table": "output/model.csv"}}}}}), encoding="utf-8")
    corpus.safe("settings", "schema.json").write_text(json.dumps({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Baseline", "type": "object",
        "properties": {"sex": {"type": "integer", "enum": [0, 1]}, "bmi": {"type": "number", "minimum": 10, "maximum": 80}},
        "required": ["sex"]}, indent=2), encoding="utf-8")


SCRIPTS = {
    "01_clean.py": '''"""Clean the baseline table."""
import argparse
from pathlib import Path

import numpy as np
import pandas as pd

NEGATIVE = {-1: np.nan, -3: np.nan}


def clean(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop withdrawn participants and implausible values."""
    frame = frame.replace(NEGATIVE)
    frame = frame[frame["bmi"].between(10, 80)]
    frame["age_group"] = pd.cut(frame["age"], [0, 45, 50, 55, 60, 65, 100])
    return frame


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    clean(pd.read_csv(options.input)).to_parquet(options.output)
''',
    "02_cox.R": '''library(survival)
library(dplyr)

d <- readRDS("data/clean.rds") |>
  mutate(smoking = factor(smoking, levels = c("Never", "Previous", "Current")))

fit <- coxph(Surv(follow_up_years, cvd) ~ bmi + age + strata(sex) + smoking, data = d)
summary(fit)
cox.zph(fit)

out <- broom::tidy(fit, exponentiate = TRUE, conf.int = TRUE)
write.csv(out, "output/cox.csv", row.names = FALSE)
''',
    "03_tables.sql": '''-- Numbers of participants by diagnosis
WITH first_event AS (
    SELECT eid, MIN(epistart) AS first_date
    FROM hesin_diag
    WHERE diag_icd10 LIKE 'I21%' OR diag_icd10 LIKE 'I22%'
    GROUP BY eid
)
SELECT b.sex, COUNT(DISTINCT f.eid) AS n
FROM baseline AS b
LEFT JOIN first_event AS f ON f.eid = b.eid
WHERE b.assessment_date >= '2006-03-13'
GROUP BY b.sex
HAVING COUNT(DISTINCT f.eid) >= 10
ORDER BY b.sex;
''',
    "04_models.do": '''* Models of table 2
version 17
clear all
set more off
use "data/clean.dta", clear
stset follow_up_years, failure(cvd==1)
stcox bmi age i.sex i.smoking
estimates store m1
logit diabetes c.age##i.sex bmi, vce(robust)
margins, dydx(bmi) at(age=(40(5)70))
esttab m1 using "output/table2.rtf", se replace
''',
    "pipeline.sh": '''#!/usr/bin/env bash
set -euo pipefail
for chr in $(seq 1 22); do
    plink2 --pfile "ukb_imp_chr${chr}" --maf 0.01 --geno 0.05 --hwe 1e-10 \\
        --pheno phenotypes.txt --covar covariates.txt --glm hide-covar \\
        --threads 8 --memory 16000 --out "results/chr${chr}"
done
''',
    "utils.py": '''import numpy as np


def rank_inverse_normal(x, c=3 / 8):
    """Rank-based inverse normal transformation (Blom)."""
    from scipy.stats import norm, rankdata

    r = rankdata(x)
    return norm.ppf((r - c) / (len(r) - 2 * c + 1))


def egfr_ckd_epi(creatinine, age, female):
    """CKD-EPI 2021, creatinine in mg/dL."""
    k = np.where(female, 0.7, 0.9)
    a = np.where(female, -0.241, -0.302)
    ratio = creatinine / k
    return 142 * np.minimum(ratio, 1) ** a * np.maximum(ratio, 1) ** -1.2 * 0.9938 ** age * np.where(female, 1.012, 1)
''',
    "dataset_definition.py": '''from ehrql import create_dataset, codelist_from_csv
from ehrql.tables.tpp import patients, clinical_events, practice_registrations

index_date = "2020-03-31"
diabetes_codes = codelist_from_csv("codelists/opensafely-diabetes.csv", column="code")

dataset = create_dataset()
dataset.age = patients.age_on(index_date)
dataset.sex = patients.sex
dataset.has_diabetes = clinical_events.where(
    clinical_events.snomedct_code.is_in(diabetes_codes)
).exists_for_patient()
dataset.define_population(practice_registrations.for_patient_on(index_date).exists_for_patient())
''',
    "report.Rmd": '''---
title: "Body mass index"
output: html_document
---

```{r setup, include=FALSE}
knitr::opts_chunk$set(echo = FALSE)
library(tidyverse)
d <- readRDS("data/clean.rds")
```

## Results

The cohort had `r format(nrow(d), big.mark = ",")` participants.

```{r}
d |> count(age_group, sex) |> filter(n >= 10) |> knitr::kable()
```
''',
    "analysis.qmd": '''---
title: Analysis
format: html
execute:
  echo: false
---

```{python}
import pandas as pd
d = pd.read_parquet("data/clean.parquet")
d.groupby("sex")["bmi"].agg(["count", "mean"])
```
''',
    "network.py": '''import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, n_in=32, hidden=64):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_in, hidden), nn.ReLU(), nn.Dropout(0.2), nn.Linear(hidden, 1))

    def forward(self, x):
        return self.layers(x).squeeze(-1)


def train(model, loader, epochs=20, lr=1e-3):
    opt = torch.optim.AdamW(model.parameters(), lr=lr)
    loss_fn = nn.BCEWithLogitsLoss()
    for epoch in range(epochs):
        for x, y in loader:
            opt.zero_grad()
            loss = loss_fn(model(x), y.float())
            loss.backward()
            opt.step()
        print(f"epoch {epoch}: loss {loss.item():.4f}")
''',
    "simulate.R": '''# Simulated data only: no participant is in this file
set.seed(20240501)
n <- 5000
age <- rnorm(n, 57, 8)
bmi <- rnorm(n, 27, 4)
y <- rbinom(n, 1, plogis(-6 + 0.05 * age + 0.06 * bmi))
power <- mean(replicate(200, {
  i <- sample(n, 1000)
  summary(glm(y[i] ~ bmi[i] + age[i], family = binomial))$coefficients[2, 4] < 0.05
}))
cat("power", power, "\\n")
''',
    "Makefile": "all: tables figures\n\ntables: data/clean.parquet\n\tpython scripts/02_tables.py $<\n\nfigures: data/clean.parquet\n\tRscript scripts/03_figures.R\n\n.PHONY: all\n",
    "Snakefile": '''CHROMOSOMES = range(1, 23)

rule all:
    input: expand("results/chr{chr}.regenie", chr=CHROMOSOMES)

rule step2:
    input: bgen="imputed/chr{chr}.bgen", pred="step1_pred.list"
    output: "results/chr{chr}.regenie"
    threads: 8
    shell: "regenie --step 2 --bgen {input.bgen} --pred {input.pred} --bsize 400 --out results/chr{wildcards.chr}"
''',
    "model.stan": "data {\n  int<lower=0> N;\n  vector[N] x;\n  array[N] int<lower=0, upper=1> y;\n}\nparameters {\n  real alpha;\n  real beta;\n}\n"
                  "model {\n  alpha ~ normal(0, 5);\n  beta ~ normal(0, 2);\n  y ~ bernoulli_logit(alpha + beta * x);\n}\n",
    "plot.m": "% Mean curves\nx = linspace(40, 70, 7);\ny = 120 + 0.6 * (x - 40);\nplot(x, y, 'k-');\nxlabel('Age'); ylabel('SBP');\n",
    "Dockerfile": "FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\n"
                  "ENTRYPOINT [\"python\", \"-m\", \"pipeline\"]\n",
    "index.js": "const rows = await d3.csv('summary.csv', d3.autoType);\nconst x = d3.scaleLinear().domain([40, 70]).range([0, 640]);\n"
                "svg.selectAll('rect').data(rows).join('rect').attr('x', d => x(d.age)).attr('height', d => 300 * d.share);\n",
    "macro.sas": "%macro freq(var);\nproc freq data=work.clean;\n  tables &var / missing;\nrun;\n%mend;\n%freq(sex);\nproc phreg data=work.clean;\n"
                 "  class sex smoking;\n  model follow_up*cvd(0) = age bmi sex smoking;\nrun;\n",
    "sim.jl": "using Random, Statistics\nRandom.seed!(11)\nx = randn(1000)\nprintln(mean(x), \" \", std(x))\n",
}
SETTINGS = {
    "requirements.txt": "numpy==2.4.6\npandas==2.3.3\nscikit-learn==1.9.1\nstatsmodels==0.15.0\nlifelines==0.30.3\nmatplotlib==3.11.2\npyarrow==26.0.1\n",
    "environment.yml": "name: cvd\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.11\n  - pandas=2.3\n  - r-base=4.3\n  - pip\n  - pip:\n      - lifelines==0.30.3\n",
    "config.yaml": "seed: 42\ndata:\n  path: data/clean.parquet\n  outcome: cvd\nmodel:\n  name: cox\n  penalizer: 0.1\n  covariates:\n    - age\n    - sex\n    - bmi\n",
    "pyproject.toml": "[project]\nname = \"cvd\"\nversion = \"0.2.0\"\nrequires-python = \">=3.11\"\ndependencies = [\"pandas>=2\", \"lifelines\"]\n\n[tool.ruff]\nline-length = 120\n",
    "settings.ini": "[model]\nlearning_rate = 0.001\nepochs = 30\nbatch_size = 256\n\n[paths]\noutput = results\n",
    ".gitignore": "data/\n*.csv\n*.rds\n__pycache__/\n.ipynb_checkpoints/\n",
    "renv.lock": json.dumps({"R": {"Version": "4.3.1", "Repositories": [{"Name": "CRAN", "URL": "https://cloud.r-project.org"}]},
                             "Packages": {"survival": {"Package": "survival", "Version": "3.5-7", "Source": "Repository", "Repository": "CRAN",
                                                       "Hash": "b8e943d262c3da0b0febd3e04517c197"}}}, indent=2),
    "DESCRIPTION": "Package: cvdtools\nTitle: Tools for the Cardiovascular Analysis\nVersion: 0.2.0\nImports: survival, dplyr (>= 1.1.0)\nLicense: MIT + file LICENSE\n",
    "pipeline.nf": "process FREQ {\n  input: path pgen\n  output: path '*.afreq'\n  script:\n  \"\"\"\n  plink2 --pfile ${pgen.baseName} --freq --out freq\n  \"\"\"\n}\n",
}
LOGS = {
    "regenie_step2.log": """              |=============================|
              |      REGENIE v3.4.1.gz      |
              |=============================|

Log of output saved in file : results/chr22.log

Options in effect:
  --step 2 \\
  --bgen ukb22828_c22_b0_v3.bgen \\
  --phenoFile phenotypes.txt \\
  --covarFile covariates.txt \\
  --bsize 400 \\
  --out results/chr22

Association testing mode
 * # threads : [8]
 * block size : [400]
 * bgen             : [ukb22828_c22_b0_v3.bgen]
   -summary : bgen file (v1.2 layout, zlib compressed) with 11994 samples and 1255683 variants with 8-bit encoding.
   -number of phenotyped individuals with no missing data = 11741
Elapsed time : 1843.22s
End time: Tue Apr 14 12:01:33 2026
""",
    "R_session.txt": """> sessionInfo()
R version 4.3.1 (2023-06-16)
Platform: x86_64-pc-linux-gnu (64-bit)
Running under: Ubuntu 22.04.3 LTS

locale:
[1] LC_CTYPE=en_GB.UTF-8       LC_NUMERIC=C

attached base packages:
[1] stats     graphics  grDevices utils     datasets  methods   base

other attached packages:
[1] survival_3.5-7 dplyr_1.1.3
""",
    "slurm-881.out": "Loading module R/4.3.1\nJob started on node042\nReading phenotypes... done\nFitting model 1 of 12\nFitting model 2 of 12\n"
                     "All models converged\nElapsed: 00:14:21\nMax RSS: 3.2 GB\n",
    "pipeline.log": "\n".join(f"2026-04-14 09:{m:02}:17,{m}13 INFO cvd.pipeline: step {m} finished in {m * 3.1:.1f}s" for m in range(1, 15)) + "\n",
    "pip_freeze.log": "Collecting pandas==2.3.3\n  Using cached pandas-2.3.3-cp311-cp311-manylinux_2_17_x86_64.whl (13.1 MB)\n"
                      "Installing collected packages: pandas\nSuccessfully installed pandas-2.3.3\n",
    "warnings.txt": "Warning message:\nIn coxph.fit(X, Y, istrat, offset, init, control, weights = weights,  :\n  Loglik converged before variable 4\n",
    "pytest.txt": "============================= test session starts ==============================\nplatform linux -- Python 3.11.7, pytest-8.3.3\n"
                  "collected 14 items\n\ntests/test_clean.py ........                                             [ 57%]\n"
                  "tests/test_model.py ......                                              [100%]\n\n============================== 14 passed in 2.31s ==============================\n",
}
