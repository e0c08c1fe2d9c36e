"""Unsafe: rows of people without their ids, in disguises."""

import json
import sqlite3

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet

import analysis

FEW = ["sex", "age", "bmi", "sbp", "cholesterol", "hba1c"]


def make(corpus, cohort):
    data = analysis.prepared(cohort.base)
    plain(corpus, cohort)
    disguised(corpus, cohort)
    as_results(corpus, cohort)
    events(corpus, cohort)
    split(corpus, cohort)
    formats(corpus, cohort)
    prose(corpus, cohort, data)


def sample(corpus, cohort, name, n):
    rows = corpus.random(name).choice(len(cohort.base), n, replace=False)
    return cohort.base.iloc[rows].reset_index(drop=True)


def plain(corpus, cohort):
    d = sample(corpus, cohort, "rows", 400)
    d.to_csv(corpus.unsafe("rows", "test.csv", "rows with ids"), index=False)
    d.drop(columns="eid").to_csv(corpus.unsafe("rows", "data_noid.csv", "rows, id column dropped"), index=False)
    d[FEW].to_csv(corpus.unsafe("rows", "subset.csv", "six columns of 400 people"), index=False)
    d[FEW].head(8).to_csv(corpus.unsafe("rows", "head.csv", "eight people"), index=False)
    d[FEW].head(3).to_csv(corpus.unsafe("rows", "three.tsv", "three people"), index=False, sep="\t")
    d.head(1).T.to_csv(corpus.unsafe("rows", "one_person.csv", "one person, transposed"))
    d.drop(columns="eid").to_csv(corpus.unsafe("rows", "CVD_10035.csv", "semicolons and decimal commas"), index=False, sep=";", decimal=",")
    cohort.base.drop(columns="eid").to_csv(corpus.unsafe("rows", "all.csv", "everybody without ids"), index=False)
    d[["bmi"]].to_csv(corpus.unsafe("rows", "bmi.csv", "one measurement of 400 people"), index=False)
    d[["height", "weight"]].to_csv(corpus.unsafe("rows", "hw.csv", "two measurements, no header"), index=False, header=False)
    wide = d.rename(columns={"sex": "f.31.0.0", "birth_year": "f.34.0.0", "bmi": "f.21001.0.0", "sbp": "f.4080.0.0"})
    wide[["f.31.0.0", "f.34.0.0", "f.21001.0.0", "f.4080.0.0"]].to_csv(
        corpus.unsafe("rows", "ukb_extract.tab", "field numbers as names"), index=False, sep="\t")
    d[["birth_year", "birth_month", "sex", "centre"]].to_csv(corpus.unsafe("rows", "demographics.csv", "birth month and centre"), index=False)
    d[FEW].to_string(corpus.unsafe("rows", "printed.txt", "rows as pandas prints them"))
    d[FEW].head(15).to_markdown(corpus.unsafe("rows", "example.md", "rows as Markdown"))
    d[FEW].head(15).to_html(corpus.unsafe("rows", "example.html", "rows as HTML"))
    d[FEW].head(15).to_latex(corpus.unsafe("rows", "example.tex", "rows as LaTeX"))
    d[FEW].to_csv(corpus.unsafe("rows", "README", "rows under a name without an ending"), index=False)
    d[FEW].to_csv(corpus.unsafe("rows", "figure1.png", "rows under the name of a figure"), index=False)
    d[FEW].to_csv(corpus.unsafe("rows", "analysis.py", "rows under the name of a script"), index=False)


def disguised(corpus, cohort):
    rng = corpus.random("disguised")
    d = sample(corpus, cohort, "disguised", 300)[["age", "bmi", "sbp", "cholesterol", "hba1c", "creatinine"]]
    for name in ["V", "x", "feature_", "mean_", "beta_", "gene"]:
        renamed = d.set_axis([f"{name}{i}" for i in range(d.shape[1])], axis=1)
        renamed.to_csv(corpus.unsafe("rows disguised", f"{name.strip('_')}.csv", f"columns renamed to {name}0…"), index=False)
    d.T.to_csv(corpus.unsafe("rows disguised", "transposed.csv", "transposed"))
    d.T.to_csv(corpus.unsafe("rows disguised", "transposed_bare.csv", "transposed without a header"), header=False, index=False)
    d.round(0).astype(int).to_csv(corpus.unsafe("rows disguised", "rounded.csv", "rounded to whole numbers"), index=False)
    (d * (1 + rng.normal(0, .003, d.shape))).round(3).to_csv(corpus.unsafe("rows disguised", "jittered.csv", "jittered"), index=False)
    ((d - d.mean()) / d.std()).round(4).to_csv(corpus.unsafe("rows disguised", "zscores.csv", "standardised"), index=False)
    (d * [1, 1, 0.133, 38.67, 1, 0.0113]).round(2).to_csv(corpus.unsafe("rows disguised", "units.csv", "in other units"), index=False)
    np.log(d).round(5).to_csv(corpus.unsafe("rows disguised", "logs.csv", "logarithms"), index=False)
    d.rank().astype(int).to_csv(corpus.unsafe("rows disguised", "ranks.csv", "ranks"), index=False)
    (d + 100).to_csv(corpus.unsafe("rows disguised", "shifted.csv", "a constant added"), index=False)
    shuffled = d.apply(lambda c: rng.permutation(c.to_numpy()))
    shuffled.to_csv(corpus.unsafe("rows disguised", "shuffled_columns.csv", "each column shuffled by itself: still people's values"), index=False)
    d.sample(frac=1, axis=1, random_state=1).sample(frac=1, random_state=2).to_csv(
        corpus.unsafe("rows disguised", "shuffled.csv", "rows and columns in another order"), index=False)
    bands = pd.DataFrame({"age": pd.cut(d["age"], range(35, 80, 5)).astype(str), "bmi": pd.cut(d["bmi"], range(10, 80, 2)).astype(str),
                          "sbp": pd.cut(d["sbp"], range(60, 260, 10)).astype(str)})
    bands.to_csv(corpus.unsafe("rows disguised", "banded.csv", "banded rows of people"), index=False)
    long = d.reset_index().melt("index")
    long.to_csv(corpus.unsafe("rows disguised", "long.csv", "molten to long form"), index=False)
    joined = d.astype(str).agg("|".join, axis=1)
    joined.to_csv(corpus.unsafe("rows disguised", "joined.csv", "all values in one column"), index=False, header=["key"])
    pasted = d.astype(str).agg("".join, axis=1).str.replace(".", "", regex=False)
    pasted.to_csv(corpus.unsafe("rows disguised", "pasted.csv", "all digits in one column"), index=False, header=["code"])
    words = d.apply(lambda r: f"A person of {r['age']:.0f} years with BMI {r['bmi']} and pressure {r['sbp']:.0f}.", axis=1)
    corpus.unsafe("rows disguised", "story.txt", "rows as sentences").write_text("\n".join(words), encoding="utf-8")
    repeated = pd.concat([d, d])
    repeated.to_csv(corpus.unsafe("rows disguised", "twice.csv", "each row twice"), index=False)
    hidden = pd.DataFrame({"n": 1000 + np.arange(300), **{c: d[c] for c in d}})
    hidden.to_csv(corpus.unsafe("rows disguised", "with_n.csv", "a false number of people beside each row"), index=False)
    fake = d.assign(count=rng.integers(10, 90, 300))
    fake.to_csv(corpus.unsafe("rows disguised", "with_count.csv", "a random count beside each row"), index=False)


def as_results(corpus, cohort):
    """Rows of people under the names of results."""
    rng = corpus.random("results")
    d = sample(corpus, cohort, "results", 60)
    regression = pd.DataFrame({"term": [f"x{i}" for i in range(60)], "estimate": d["bmi"], "std.error": d["hdl"],
                               "statistic": d["ldl"], "p.value": rng.random(60).round(4)})
    regression.to_csv(corpus.unsafe("rows as results", "regression.csv", "measurements as coefficients"), index=False)
    group = pd.DataFrame({"group": [f"G{i}" for i in range(60)], "n": rng.integers(20, 400, 60), "mean_bmi": d["bmi"], "mean_sbp": d["sbp"],
                          "mean_ldl": d["ldl"]})
    group.to_csv(corpus.unsafe("rows as results", "means.csv", "measurements as means of groups"), index=False)
    summary = pd.DataFrame({"SNP": [f"rs{i}" for i in rng.integers(10 ** 5, 10 ** 8, 60)], "CHR": 1, "POS": rng.integers(1, 10 ** 8, 60),
                            "A1": "A", "A2": "G", "EAF": (d["bmi"] / 100).round(4), "BETA": d["triglycerides"], "SE": d["hdl"], "N": 12000})
    summary.to_csv(corpus.unsafe("rows as results", "gwas.txt", "measurements as summary statistics"), index=False, sep="\t")
    matrix = pd.DataFrame((d[["bmi", "sbp", "dbp", "ldl", "hdl", "pulse"]].to_numpy() / 200).round(4), columns=list("abcdef"))
    matrix.to_csv(corpus.unsafe("rows as results", "loadings.csv", "people as loadings"), index=False)
    steps = pd.DataFrame({"epoch": range(1, 61), "loss": d["crp"], "val_loss": d["hba1c"], "lr": d["urate"]})
    steps.to_csv(corpus.unsafe("rows as results", "history.csv", "people as the steps of training"), index=False)
    interval = pd.DataFrame({"term": [f"v{i}" for i in range(60)], "hr": d["ldl"], "lower": d["hdl"].clip(upper=d["ldl"]),
                             "upper": d["cholesterol"].clip(lower=d["ldl"])})
    interval.to_csv(corpus.unsafe("rows as results", "hazards.csv", "people as hazard ratios within intervals"), index=False)


def events(corpus, cohort):
    gp = cohort.gp.head(300)
    gp.to_csv(corpus.unsafe("events", "gp_clinical.txt", "GP events"), index=False, sep="\t")
    gp.drop(columns="eid").to_csv(corpus.unsafe("events", "gp_noid.csv", "GP events without ids"), index=False)
    hes = cohort.hospital.sample(250, random_state=1)
    hes.drop(columns="eid").to_csv(corpus.unsafe("events", "hes.csv", "dated diagnoses without ids"), index=False)
    shifted = hes.assign(epistart=(pd.to_datetime(hes["epistart"]) + pd.Timedelta(days=113)).dt.strftime("%Y-%m-%d"))
    shifted.drop(columns="eid").to_csv(corpus.unsafe("events", "hes_shifted.csv", "dates shifted by a constant"), index=False)
    days = (pd.to_datetime(hes["epistart"]) - pd.Timestamp("1997-04-01")).dt.days
    pd.DataFrame({"x": days, "icd": hes["diag_icd10"]}).to_csv(corpus.unsafe("events", "days.csv", "dates as days since a start"), index=False)
    pd.DataFrame({"d": pd.to_datetime(hes["epistart"]).dt.strftime("%d %B %Y"), "c": hes["diag_icd10"]}).to_csv(
        corpus.unsafe("events", "words.csv", "dates in words"), index=False)
    serial = (pd.to_datetime(hes["epistart"]) - pd.Timestamp("1899-12-30")).dt.days
    pd.DataFrame({"value": serial, "code": hes["diag_icd10"]}).to_csv(corpus.unsafe("events", "serial.csv", "dates as spreadsheet serials"), index=False)
    unix = pd.to_datetime(hes["epistart"]).astype("int64") // 10 ** 9
    pd.DataFrame({"t": unix, "code": hes["diag_icd10"]}).to_csv(corpus.unsafe("events", "unix.csv", "dates as seconds"), index=False)
    person = cohort.hospital[cohort.hospital["eid"] == cohort.hospital["eid"].iloc[0]]
    person.drop(columns="eid").to_csv(corpus.unsafe("events", "case.csv", "the history of one person"), index=False)
    cohort.scripts.head(200)[["issue_date", "drug_name", "quantity"]].to_csv(corpus.unsafe("events", "scripts.csv", "prescriptions"), index=False)
    base = cohort.base[["assessment_date", "sex", "birth_year"]].head(100)
    base.to_csv(corpus.unsafe("events", "visits.csv", "dates of visits"), index=False)
    follow = cohort.base[["follow_up_years", "cvd"]].head(400)
    follow.to_csv(corpus.unsafe("events", "survival_data.csv", "times and events of people"), index=False)
    text = "\n".join(f"On {r.epistart} a patient was admitted with {r.diag_icd10}." for r in hes.head(12).itertuples())
    corpus.unsafe("events", "notes.txt", "dated admissions as sentences").write_text(text, encoding="utf-8")


def split(corpus, cohort):
    """Rows over many files that ask to leave together."""
    d = sample(corpus, cohort, "split", 120)
    for k in range(30):
        d[FEW].iloc[4 * k: 4 * k + 4].to_csv(corpus.unsafe("rows split", f"part_{k:02}.csv", "four people a file", "split4"), index=False)
    for column in FEW:
        d[[column]].to_csv(corpus.unsafe("rows split", f"{column}.csv", "a column a file, rows aligned", "splitcol"), index=False)


def formats(corpus, cohort):
    d = sample(corpus, cohort, "formats", 250)
    few = d[FEW]
    few.to_parquet(corpus.unsafe("rows binary", "data.parquet", "rows in Parquet"))
    d.to_parquet(corpus.unsafe("rows binary", "ids.parquet", "rows with ids in Parquet, zstd"), compression="zstd")
    few.to_feather(corpus.unsafe("rows binary", "data.feather", "rows in Feather"))
    few.to_pickle(corpus.unsafe("rows binary", "data.pkl", "rows in a pickle"))
    few.to_pickle(corpus.unsafe("rows binary", "data.pkl.gz", "rows in a gzipped pickle"))
    few.to_stata(corpus.unsafe("rows binary", "data.dta", "rows in Stata"), write_index=False)
    d.drop(columns="follow_up_years").to_stata(corpus.unsafe("rows binary", "full.dta", "rows with ids in Stata"), write_index=False, version=118)
    few.to_hdf(corpus.unsafe("rows binary", "data.h5", "rows in HDF5 by pandas"), key="df", format="table")
    with h5py.File(corpus.unsafe("rows binary", "features.h5", "rows in HDF5"), "w") as file:
        file["x"] = few.to_numpy(float)
    few.to_excel(corpus.unsafe("rows binary", "data.xlsx", "rows in Excel"), index=False)
    few.to_json(corpus.unsafe("rows binary", "data.json", "rows in JSON"), orient="records")
    few.to_json(corpus.unsafe("rows binary", "values.json", "rows as nested lists"), orient="values")
    few.to_json(corpus.unsafe("rows binary", "columns.json", "rows as lists by column"), orient="columns")
    few.to_xml(corpus.unsafe("rows binary", "data.xml", "rows in XML"), index=False)
    with sqlite3.connect(corpus.unsafe("rows binary", "study.sqlite", "rows in SQLite")) as db:
        d.to_sql("baseline", db, index=False)
    with sqlite3.connect(corpus.unsafe("rows binary", "deleted.db", "rows deleted from SQLite and still in its pages")) as db:
        d.to_sql("baseline", db, index=False)
        pd.DataFrame({"n": [250]}).to_sql("counts", db, index=False)
    with sqlite3.connect(corpus.folder / corpus.entries[-1].path) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("DROP TABLE baseline")
    np.save(corpus.unsafe("rows binary", "x.npy", "rows as an array"), few.to_numpy(float))
    np.savez_compressed(corpus.unsafe("rows binary", "x.npz", "rows as a compressed array"), x=few.to_numpy(float), n=np.array([250]))
    few.to_numpy("<f8").tofile(corpus.unsafe("rows binary", "x.bin", "rows as raw numbers"))
    few.to_numpy("<f4").tofile(corpus.unsafe("rows binary", "matrix.dat", "rows as raw single precision"))
    pa.orc.write_table(pa.Table.from_pandas(few), corpus.unsafe("rows binary", "data.orc", "rows in ORC"))
    pa.parquet.write_table(pa.table({"group": ["a", "b"], "n": [120, 130]}).replace_schema_metadata({"rows": few.to_json()}),
                           corpus.unsafe("rows binary", "counts.parquet", "rows in the metadata of a small Parquet file"))


def prose(corpus, cohort, data):
    d = sample(corpus, cohort, "prose", 12)
    lines = ["# Example input", "", "The script expects a file like this:", "", "```"]
    lines += d[FEW].head(5).to_csv(index=False).splitlines() + ["```", ""]
    corpus.unsafe("rows in text", "README.md", "printed rows in a README").write_text("\n".join(lines), encoding="utf-8")
    corpus.unsafe("rows in text", "vignette.rst", "rows in documentation").write_text(
        "Usage\n=====\n\n::\n\n    >>> df.head()\n" + "\n".join("    " + line for line in d[FEW].to_string().splitlines()) + "\n", encoding="utf-8")
    corpus.unsafe("rows in text", "run.log", "rows in a log").write_text(
        "INFO loading\nINFO head:\n" + d.head().to_string() + "\nINFO n=12000\nINFO done\n", encoding="utf-8")
    corpus.unsafe("rows in text", "session.txt", "rows in an R session").write_text(
        "> head(d)\n" + d[FEW].head(6).to_string() + "\n> summary(fit)\n", encoding="utf-8")
    corpus.unsafe("rows in text", "tests.py", "rows in a docstring").write_text(
        '"""\n' + d[FEW].to_csv(index=False) + '"""\nimport pandas as pd\n', encoding="utf-8")
    corpus.unsafe("rows in text", "fixture.json", "people in a test fixture").write_text(
        json.dumps({"name": "fixture", "people": d[["sex", "birth_year", "birth_month", "bmi", "centre"]].to_dict("records")}), encoding="utf-8")
    corpus.unsafe("rows in text", "dump.sql", "rows in an SQL dump").write_text(
        "CREATE TABLE p (sex int, age int, bmi real);\nINSERT INTO p VALUES " + ",".join(
            f"({r.sex},{r.age},{r.bmi})" for r in sample(corpus, cohort, "dump", 60).itertuples()) + ";\n", encoding="utf-8")
    corpus.unsafe("rows in text", "data.R", "rows in an R script").write_text(
        "d <- data.frame(age = c(" + ", ".join(map(str, d["age"])) + "),\n  bmi = c(" + ", ".join(map(str, d["bmi"])) + "),\n  sbp = c("
        + ", ".join(map(str, d["sbp"])) + "))\nsummary(lm(sbp ~ bmi, d))\n", encoding="utf-8")
    corpus.unsafe("rows in text", "data.csv.txt", "rows quoted in a mail").write_text(
        "Hi,\n\nhere are some:\n\n" + "\n".join("> " + line for line in d[FEW].to_csv(index=False).splitlines()) + "\n\nBest\n", encoding="utf-8")
