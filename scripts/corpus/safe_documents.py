"""Safe: reports, workbooks, slides and pages with aggregates."""

import io
import zipfile

import docx
import matplotlib.pyplot as plt
import openpyxl
import pandas as pd
import pyarrow as pa
from docx.shared import Inches
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen import canvas
from reportlab.platypus import Image, Paragraph, SimpleDocTemplate, Table

import analysis
import safe_figures

ABSTRACT = ("Background: Cardiovascular disease is a leading cause of death. Methods: We studied 12,000 participants aged 40 to 69 "
            "years at recruitment. Cox models were adjusted for age, sex, body mass index and smoking. Results: During a median "
            "follow-up of 11.8 years, 2,341 participants developed cardiovascular disease. Each 5 kg/m2 higher body mass index was "
            "associated with a hazard ratio of 1.23 (95% CI 1.16 to 1.31). Conclusions: Higher body mass index was associated with "
            "higher risk, in men and in women alike.")


def make(corpus, cohort):
    data = analysis.prepared(cohort.base)
    workbooks(corpus, data)
    words(corpus, data)
    pages(corpus, data)
    prose(corpus, data)
    bundles(corpus, data)


def workbooks(corpus, data):
    tables = {"Table 1": analysis.table_one(data), "BMI by age": analysis.means(data, "age_group", "bmi").round(2),
              "Model": analysis.tidy(analysis.logistic(data), odds=True).round(4)}
    for name, table in tables.items():
        table.to_excel(corpus.safe("xlsx", f"{name}.xlsx"), index=False, sheet_name="Sheet1")
    with pd.ExcelWriter(corpus.safe("xlsx", "supplementary_tables.xlsx"), engine="openpyxl") as book:
        for name, table in tables.items():
            table.to_excel(book, sheet_name=name, index=False)
    with pd.ExcelWriter(corpus.safe("xlsx", "formatted.xlsx"), engine="xlsxwriter") as book:
        tables["BMI by age"].to_excel(book, sheet_name="Results", index=False, startrow=2)
        sheet = book.sheets["Results"]
        sheet.write(0, 0, "Table S1. Body mass index by age group", book.book.add_format({"bold": True}))
        sheet.set_column(0, 5, 14)
        chart = book.book.add_chart({"type": "column"})
        chart.add_series({"categories": "=Results!$A$4:$A$9", "values": "=Results!$C$4:$C$9"})
        sheet.insert_chart("H2", chart)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Counts"
    sheet.append(["Age group", "n", "%"])
    for _, row in analysis.counts(data, "age_group").iterrows():
        sheet.append([row["age_group"], int(row["n"]), f"=B{sheet.max_row + 1}/12000*100"])
    sheet["A1"].font = Font(bold=True)
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=7), titles_from_data=True)
    sheet.add_chart(chart, "F2")
    book.create_sheet("Notes").append(["Counts below 10 are not shown."])
    book.save(corpus.safe("xlsx", "counts_with_chart.xlsx"))
    wide = data.groupby(["centre"])[["bmi", "sbp", "ldl"]].agg(["count", "mean", "std"]).round(2)
    wide.to_excel(corpus.safe("xlsx", "multiindex.xlsx"))
    crosstab = pd.crosstab(data["age_group"], data["smoking"], margins=True)
    crosstab.to_excel(corpus.safe("xlsx", "crosstab.xlsx"))


def figure_bytes(data, name="bar"):
    figure = safe_figures.FIGURES[name](data)
    stream = io.BytesIO()
    figure.savefig(stream, dpi=90, format="png")
    plt.close(figure)
    stream.seek(0)
    return stream


def add_table(document, table):
    grid = document.add_table(rows=1, cols=len(table.columns), style="Table Grid")
    for cell, name in zip(grid.rows[0].cells, table.columns):
        cell.text = str(name)
    for row in table.astype(str).to_numpy():
        for cell, value in zip(grid.add_row().cells, row):
            cell.text = value


def words(corpus, data):
    report = docx.Document()
    report.add_heading("Body mass index and cardiovascular disease", 0)
    report.add_paragraph(ABSTRACT)
    add_table(report, analysis.table_one(data))
    report.add_picture(figure_bytes(data), width=Inches(4))
    report.add_paragraph("Figure 1. Participants by age group.", style="Caption")
    report.save(corpus.safe("docx", "manuscript.docx"))
    table = docx.Document()
    table.add_paragraph("Table 2. Odds ratios of diabetes")
    add_table(table, analysis.tidy(analysis.logistic(data), odds=True).round(3))
    table.save(corpus.safe("docx", "Table 2.docx"))
    letter = docx.Document()
    letter.add_paragraph("Dear Editor,")
    letter.add_paragraph("Thank you for the reviews of our manuscript. We have answered each comment below.")
    letter.add_paragraph("Reviewer 1: The authors should explain how missing data were handled.", style="List Bullet")
    letter.add_paragraph("Response: We used multiple imputation by chained equations with 20 imputed data sets.", style="List Bullet")
    letter.save(corpus.safe("docx", "response to reviewers.docx"))


def pages(corpus, data):
    styles = getSampleStyleSheet()
    table = analysis.table_one(data)
    cells = [list(table.columns), *table.astype(str).to_numpy().tolist()]
    for name, size in [("report.pdf", None), ("report_compressed.pdf", 1)]:
        build = SimpleDocTemplate(str(corpus.safe("pdf", name)), pagesize=A4, title="Report", pageCompression=size)
        build.build([Paragraph("Body mass index and disease", styles["Title"]), Paragraph(ABSTRACT, styles["BodyText"]), Table(cells)])
    build = SimpleDocTemplate(str(corpus.safe("pdf", "results with figure.pdf")), pagesize=A4)
    build.build([Paragraph("Results", styles["Heading1"]), Image(figure_bytes(data, "heatmap"), 400, 300),
                 Paragraph("Correlations of measurements in 12,000 participants.", styles["BodyText"])])
    page = canvas.Canvas(str(corpus.safe("pdf", "poster.pdf")), pagesize=A4)
    for i, line in enumerate(ABSTRACT.split(". ")):
        page.drawString(40, 780 - 20 * i, line[:95])
    page.save()


def prose(corpus, data):
    corpus.safe("prose", "abstract.txt").write_text(ABSTRACT + "\n", encoding="utf-8")
    corpus.safe("prose", "README.md").write_text(README, encoding="utf-8")
    corpus.safe("prose", "methods.md").write_text(METHODS, encoding="utf-8")
    corpus.safe("prose", "LICENSE").write_text(LICENCE, encoding="utf-8")
    corpus.safe("prose", "paper.tex").write_text(PAPER.replace("TABLE", analysis.tidy(analysis.linear(data)).round(3).to_latex(index=False)),
                                                encoding="utf-8")
    corpus.safe("prose", "references.bib").write_text(BIBLIOGRAPHY, encoding="utf-8")
    corpus.safe("prose", "slides.md").write_text(SLIDES, encoding="utf-8")
    corpus.safe("prose", "report.html").write_text(
        "<!DOCTYPE html><html><head><meta charset='utf-8'><title>Report</title><style>td{padding:2px}</style></head><body><h1>Results</h1><p>"
        + ABSTRACT + "</p>" + analysis.means(data, "smoking", "sbp").round(2).to_html(index=False) + "</body></html>", encoding="utf-8")
    corpus.safe("prose", "analysis_plan.txt").write_text(PLAN, encoding="utf-8")
    corpus.safe("prose", "CHANGELOG.md").write_text("# Changes\n\n## 0.2.0\n\n- Adjust for smoking in all models.\n- Use age as time scale.\n\n"
                                                   "## 0.1.0\n\n- First version.\n", encoding="utf-8")
    corpus.safe("prose", "data_dictionary.csv").write_text(DICTIONARY, encoding="utf-8")
    corpus.safe("prose", "variables.md").write_text("# Variables\n\n" + "\n".join(
        f"- `{line.split(',')[0]}`: {line.split(',')[1]}" for line in DICTIONARY.splitlines()[1:]) + "\n", encoding="utf-8")
    corpus.safe("prose", "cover_letter.rtf").write_text(
        "{\\rtf1\\ansi{\\fonttbl\\f0\\fswiss Helvetica;}\\f0\\pard Dear Editor,\\par Please consider our manuscript.\\par}", encoding="ascii")
    corpus.safe("prose", "stata_output.log").write_text(STATA, encoding="utf-8")


def bundles(corpus, data):
    """Archives of safe files."""
    with zipfile.ZipFile(corpus.safe("archive", "outputs.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tables/table1.csv", analysis.table_one(data).to_csv(index=False))
        archive.writestr("tables/model.csv", analysis.tidy(analysis.linear(data)).to_csv(index=False))
        archive.writestr("figures/bar.png", figure_bytes(data).read())
        archive.writestr("README.md", README)
    analysis.counts(data, "centre").to_csv(corpus.safe("archive", "centres.csv.gz"), index=False)
    analysis.means(data, "centre", "bmi").round(2).to_csv(corpus.safe("archive", "means.csv.xz"), index=False)
    analysis.means(data, "centre", "sbp").round(2).to_csv(corpus.safe("archive", "means.csv.bz2"), index=False)
    with pa.CompressedOutputStream(str(corpus.safe("archive", "means.csv.zst")), "zstd") as file:
        file.write(analysis.means(data, "centre", "ldl").round(2).to_csv(index=False).encode())
    analysis.counts(data, "smoking").to_csv(corpus.safe("archive", "smoking.tar.gz"), index=False,
                                           compression={"method": "tar", "mode": "w:gz"})


README = """# BMI and cardiovascular disease

Code of the paper *Body mass index and cardiovascular disease in a large cohort*.

## Requirements

- Python 3.11 with pandas, statsmodels and lifelines
- R 4.3 with survival and ggplot2

## How to run

```sh
make data
python scripts/01_clean.py --input data/baseline.csv --output data/clean.parquet
Rscript scripts/02_cox.R
```

The data are not in this repository. Apply to the cohort for access (application 12345).

| script | what it does |
|---|---|
| `01_clean.py` | removes implausible values, derives smoking status |
| `02_cox.R` | fits the models of table 2 |
| `03_figures.R` | draws figures 1 to 3 |
"""
METHODS = """## Methods

### Study population

Participants were recruited between 2006 and 2010 at 22 assessment centres. We excluded people with prevalent
cardiovascular disease (n = 1,204) and those with missing exposure data (n = 312), which left 10,484 people.

### Exposure

Body mass index was calculated as weight in kilograms divided by height in metres squared.

### Statistical analysis

We used Cox proportional hazards models with age as the time scale, stratified by sex and centre. Proportionality was
checked with Schoenfeld residuals. Two-sided P values below 0.05 were considered significant. Analyses were done in R 4.3.1.
"""
LICENCE = """MIT License

Copyright (c) 2026 The Authors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files
(the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify,
merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT.
"""
PAPER = r"""\documentclass{article}
\usepackage{booktabs}
\title{Body mass index and blood pressure}
\begin{document}
\maketitle
\section{Results}
Systolic blood pressure rose by 1.6 mmHg (95\% CI 1.5 to 1.7) for each unit of body mass index ($P < 0.001$).
\begin{table}
\caption{Linear regression of systolic blood pressure, $N = 12{,}000$.}
TABLE
\end{table}
\end{document}
"""
BIBLIOGRAPHY = """@article{sudlow2015,
  title = {UK Biobank: an open access resource},
  author = {Sudlow, Cathie and Gallacher, John and Allen, Naomi},
  journal = {PLoS Medicine},
  volume = {12},
  number = {3},
  pages = {e1001779},
  year = {2015},
  doi = {10.1371/journal.pmed.1001779}
}

@article{bycroft2018,
  title = {The UK Biobank resource with deep phenotyping and genomic data},
  author = {Bycroft, Clare and others},
  journal = {Nature},
  volume = {562},
  pages = {203--209},
  year = {2018},
  doi = {10.1038/s41586-018-0579-z}
}
"""
SLIDES = """---
marp: true
---

# BMI and heart disease

Department of Public Health

---

## Question

- Is BMI associated with incident disease?
- Does it differ by sex?

---

## Results

- 12,000 participants, 2,341 events
- HR 1.23 (1.16 to 1.31) per 5 kg/m2
- No evidence of interaction with sex (P = 0.41)
"""
PLAN = """Statistical analysis plan, version 1.2

1. Objective
   To estimate the association of body mass index with incident cardiovascular disease.

2. Outcomes
   Primary: first hospital admission with ICD-10 I20 to I25 or I60 to I69.
   Secondary: death from any cause.

3. Covariates
   Age, sex, Townsend index, smoking status, alcohol intake, education.

4. Sensitivity analyses
   Exclusion of the first two years of follow-up. Complete case analysis. Restriction to never smokers.
"""
DICTIONARY = """variable,description,type,units,coding
age,Age at recruitment,integer,years,
sex,Sex,categorical,,0 female; 1 male
bmi,Body mass index,continuous,kg/m2,
sbp,Systolic blood pressure,integer,mmHg,
smoking,Smoking status,categorical,,0 never; 1 previous; 2 current; -3 prefer not to answer
townsend,Townsend deprivation index,continuous,,
hba1c,Glycated haemoglobin,continuous,mmol/mol,
cvd,Incident cardiovascular disease,binary,,0 no; 1 yes
"""
STATA = """. logit diabetes age i.sex bmi

Iteration 0:   log likelihood = -3870.0915
Iteration 1:   log likelihood = -3651.4502
Iteration 2:   log likelihood = -3630.9117
Iteration 3:   log likelihood = -3630.8725

Logistic regression                                     Number of obs = 12,000
                                                        LR chi2(3)    = 478.44
                                                        Prob > chi2   = 0.0000
Log likelihood = -3630.8725                             Pseudo R2     = 0.0618

------------------------------------------------------------------------------
    diabetes | Coefficient  Std. err.      z    P>|z|     [95% conf. interval]
-------------+----------------------------------------------------------------
         age |   .0843718   .0042120    20.03   0.000     .0761164    .0926272
       2.sex |   .0213377   .0640481     0.33   0.739    -.1041943    .1468697
         bmi |   .1372091   .0063127    21.74   0.000     .1248364    .1495818
       _cons |  -10.82331   .3379101   -32.03   0.000     -11.4856   -10.16102
------------------------------------------------------------------------------

. log close
"""
