"""Unsafe: participants' ids in text, in every form that a person who hides them, or who does not think, may give them."""

import base64
import codecs
import hashlib
import json
import urllib.parse
import uuid
import zlib

import numpy as np
import pandas as pd
import yaml

import analysis

WORDS = "zero one two three four five six seven eight nine".split()


def make(corpus, cohort):
    data = analysis.prepared(cohort.base)
    plain(corpus, cohort)
    encoded(corpus, cohort)
    hashed(corpus, cohort)
    in_tables(corpus, cohort, data)
    in_text(corpus, cohort, data)
    in_code(corpus, cohort)
    in_settings(corpus, cohort)
    in_names(corpus, cohort, data)


def sample(corpus, cohort, name, n):
    return [str(v) for v in corpus.random(name).choice(cohort.base["eid"].to_numpy(), n, replace=False)]


def save(path, text, encoding="utf-8"):
    path.write_text(text, encoding=encoding)


def plain(corpus, cohort):
    def ids(n):
        return sample(corpus, cohort, f"plain {n}", n)

    save(corpus.unsafe("id list", "w12345_20260401.csv", "withdrawals, one id a line"), "\n".join(ids(60)) + "\n")
    save(corpus.unsafe("id list", "exclude.txt", "ids, comma separated"), ",".join(ids(30)))
    save(corpus.unsafe("id list", "keep.txt", "FID and IID"), "".join(f"{i} {i}\n" for i in ids(40)))
    save(corpus.unsafe("id list", "one.txt", "a single id"), ids(1)[0] + "\n")
    save(corpus.unsafe("id list", "ids_utf16.txt", "ids in UTF-16"), "\n".join(ids(25)), "utf-16")
    save(corpus.unsafe("id list", "ids_zero.csv", "leading zeros"), "id\n" + "\n".join("0" + i for i in ids(20)))
    save(corpus.unsafe("id list", "sorted.tsv", "ids of all participants"), "x\n" + "\n".join(sorted(cohort.ids)))
    save(corpus.unsafe("id list", "ranges.txt", "ids joined by dashes"), "-".join(ids(12)))
    save(corpus.unsafe("id list", "prefixed.csv", "ids behind a prefix"), "subject\n" + "\n".join("UKB" + i for i in ids(33)))
    save(corpus.unsafe("id list", "suffixed.csv", "ids before a suffix"), "sample\n" + "\n".join(i + "_20252_2_0" for i in ids(33)))
    save(corpus.unsafe("id list", "grouped.csv", "ids with thousands separators"),
         "total\n" + "\n".join(f'"{int(i):,}"' for i in ids(22)))
    save(corpus.unsafe("id list", "spaced.txt", "ids with spaces between digits"), "\n".join(" ".join(i) for i in ids(15)))
    save(corpus.unsafe("id list", "floats.csv", "ids as floating point numbers"), "value\n" + "\n".join(i + ".0" for i in ids(26)))
    save(corpus.unsafe("id list", "science.csv", "ids in scientific notation"),
         "value\n" + "\n".join(f"{int(i):.6e}" for i in ids(26)))
    save(corpus.unsafe("id list", "halves.csv", "ids cut in two columns"), "a,b\n" + "\n".join(f"{i[:3]},{i[3:]}" for i in ids(27)))
    save(corpus.unsafe("id list", "fullwidth.txt", "full-width digits"),
         "\n".join("".join(chr(0xFF10 + int(c)) for c in i) for i in ids(10)))
    save(corpus.unsafe("id list", "arabic.txt", "Arabic digits"),
         "\n".join("".join(chr(0x0660 + int(c)) for c in i) for i in ids(11)))
    save(corpus.unsafe("id list", "zwsp.txt", "zero-width spaces between digits"), "\n".join("\u200b".join(i) for i in ids(9)))


def encoded(corpus, cohort):
    forms = {
        "hex": lambda i: f"{int(i):x}", "hex_upper": lambda i: f"0x{int(i):08X}", "octal": lambda i: f"{int(i):o}",
        "binary": lambda i: f"{int(i):b}", "base64": lambda i: base64.b64encode(i.encode()).decode(),
        "base64_nopad": lambda i: base64.urlsafe_b64encode(i.encode()).decode().rstrip("="),
        "base32": lambda i: base64.b32encode(i.encode()).decode(), "hex_ascii": lambda i: i.encode().hex(),
        "reversed": lambda i: i[::-1], "words": lambda i: " ".join(WORDS[int(c)] for c in i),
        "offset": lambda i: str(int(i) + 7), "offset_large": lambda i: str(int(i) + 1_000_000), "times_ten": lambda i: str(int(i) * 10),
        "decimal": lambda i: f"{int(i) / 1000:.3f}", "millionths": lambda i: f"0.{i}", "url": lambda i: urllib.parse.quote("id=" + i),
        "entities": lambda i: "".join(f"&#{ord(c)};" for c in i), "escapes": lambda i: "".join(f"\\u{ord(c):04x}" for c in i),
        "letters": lambda i: "".join(chr(ord("a") + int(c)) for c in i), "base36": lambda i: np.base_repr(int(i), 36),
        "spelled_pairs": lambda i: ":".join(i), "rot13_words": lambda i: codecs.encode(" ".join(WORDS[int(c)] for c in i), "rot13"),
    }
    for name, form in forms.items():
        chosen = sample(corpus, cohort, f"encoded {name}", 40)
        why = f"ids in the form {name}"
        save(corpus.unsafe("id encoded", f"{name}.csv", why), "key\n" + "\n".join(form(i) for i in chosen) + "\n")
    mixed = sample(corpus, cohort, "mixed", 30)
    rows = [f"{base64.b64encode(i.encode()).decode()},{k % 3},{20 + k}" for k, i in enumerate(mixed)]
    save(corpus.unsafe("id encoded", "model_input.csv", "base64 ids beside attributes"), "token,grp,n\n" + "\n".join(rows))
    blob = base64.b64encode("\n".join(mixed).encode()).decode()
    save(corpus.unsafe("id encoded", "notes.md", "a base64 block of an id list in a report"), f"# Notes\n\nDigest:\n\n{blob}\n")
    packed = base64.b64encode(zlib.compress("\n".join(cohort.ids[:300]).encode())).decode()
    save(corpus.unsafe("id encoded", "state.txt", "a compressed and base64 coded id list"), packed)
    save(corpus.unsafe("id encoded", "blob.json", "the same within JSON"), json.dumps({"version": 1, "state": packed}))
    order = sorted(int(i) for i in mixed)
    gaps = [order[0], *np.diff(order).tolist()]
    save(corpus.unsafe("id encoded", "gaps.csv", "a first id, then differences"), "d\n" + "\n".join(map(str, gaps)))


def hashed(corpus, cohort):
    for name in ["md5", "sha1", "sha256", "sha512", "sha224", "blake2b"]:
        chosen = sample(corpus, cohort, f"hash {name}", 40)
        digests = [hashlib.new(name, i.encode()).hexdigest() for i in chosen]
        save(corpus.unsafe("id hashed", f"{name}.csv", f"ids hashed with {name}"), "hash\n" + "\n".join(digests))
    chosen = sample(corpus, cohort, "hash more", 40)
    short = [hashlib.sha256(i.encode()).hexdigest()[:12] for i in chosen]
    save(corpus.unsafe("id hashed", "sha256_short.csv", "cut digests of ids, as pseudonyms, with attributes"),
         "person,sex,age\n" + "\n".join(f"{h},{k % 2},{45 + k % 20}" for k, h in enumerate(short)))
    crc = [str(zlib.crc32(i.encode())) for i in chosen]
    save(corpus.unsafe("id hashed", "crc32.csv", "checksums of ids"), "checksum\n" + "\n".join(crc))
    space = uuid.uuid5(uuid.NAMESPACE_DNS, "cohort")
    save(corpus.unsafe("id hashed", "uuid.csv", "name-based UUIDs of ids"),
         "uuid,group\n" + "\n".join(f"{uuid.uuid5(space, i)},{k % 4}" for k, i in enumerate(chosen)))
    salted = [hashlib.sha256(b"study7" + i.encode()).hexdigest() for i in chosen]
    save(corpus.unsafe("id hashed", "salted.csv", "salted digests beside measurements"),
         "k,bmi\n" + "\n".join(f"{h},{v:.2f}" for h, v in zip(salted, cohort.base["bmi"])))
    b64 = [base64.b64encode(hashlib.md5(i.encode()).digest()).decode() for i in chosen]
    save(corpus.unsafe("id hashed", "md5_base64.txt", "MD5 digests in base64"), "\n".join(b64))


def in_tables(corpus, cohort, data):
    """An id within what is otherwise a table of results."""
    one = sample(corpus, cohort, "tables", 8)
    table = analysis.counts(data, "age_group")
    table.assign(note=["", "", f"checked {one[0]}", "", "", ""]).to_csv(
        corpus.unsafe("id in table", "age_groups.csv", "an id in a note of a count table"), index=False)
    regression = analysis.tidy(analysis.linear(data)).round(4)
    regression.loc[0, "term"] = f"(Intercept) {one[1]}"
    regression.to_csv(corpus.unsafe("id in table", "coefs.csv", "an id in a label"), index=False)
    table.rename(columns={"n": one[2]}).to_csv(corpus.unsafe("id in table", "counts.csv", "an id as a column name"), index=False)
    wide = pd.DataFrame({i: [1.2, 3.4, 5.6] for i in one}, index=["pc1", "pc2", "pc3"])
    wide.to_csv(corpus.unsafe("id in table", "wide.csv", "ids as the header"))
    means = analysis.means(data, "smoking", "bmi").round(2)
    lines = means.to_csv(index=False) + "# outliers: " + " ".join(one[:3]) + "\n"
    save(corpus.unsafe("id in table", "means.csv", "ids in a comment below a table"), lines)
    index = means.copy()
    index.index = one[: len(means)]
    index.to_csv(corpus.unsafe("id in table", "means_index.csv", "ids as a nameless index"))
    save(corpus.unsafe("id in table", "table.html", "an id in an HTML comment"), means.to_html() + f"<!-- row {one[3]} -->")
    save(corpus.unsafe("id in table", "hidden.html", "ids in an attribute of HTML"),
         means.to_html().replace("<tr>", f'<tr data-eid="{one[4]}">', 3))
    save(corpus.unsafe("id in table", "style.html", "an id in text that is not shown"),
         means.to_html() + f'<div style="display:none">{one[5]} {one[6]}</div>')
    save(corpus.unsafe("id in table", "table.tex", "ids in a LaTeX comment"), means.to_latex() + f"% {one[6]} {one[7]}\n")
    save(corpus.unsafe("id in table", "table.md", "an id in a Markdown comment"), means.to_markdown() + f"\n\n<!-- {one[5]} -->\n")


def in_text(corpus, cohort, data):
    one = sample(corpus, cohort, "text", 12)
    save(corpus.unsafe("id in text", "README.md", "an id in a sentence"),
         f"# Pipeline\n\nRun `make all`. Participant {one[0]} had an implausible BMI and was set to missing.\n")
    save(corpus.unsafe("id in text", "methods.txt", "ids in a sentence"),
         f"We excluded three volunteers ({one[1]}, {one[2]} and {one[3]}) with implausible values.\n")
    log = "\n".join(f"2026-04-{k + 1:02} 10:{k:02}:11 INFO processed eid={i} ok" for k, i in enumerate(one))
    save(corpus.unsafe("id in text", "pipeline.log", "a log with ids"), log)
    trace = ("Traceback (most recent call last):\n  File \"/home/jovyan/run.py\", line 12, in <module>\n    x = d.loc[int(eid)]\n"
             f"KeyError: {one[4]}\n")
    save(corpus.unsafe("id in text", "stderr.txt", "a traceback with an id"), trace)
    save(corpus.unsafe("id in text", "slurm-118.out", "progress with ids"),
         "Loading required package: survival\n" + "\n".join(f"[{k}] done {i}" for k, i in enumerate(one)))
    save(corpus.unsafe("id in text", "paths.txt", "ids in paths of files"), "\n".join(f"/data/cmr/{i}_20209_2_0.zip" for i in one))
    save(corpus.unsafe("id in text", "mail.eml", "an id in a mail"),
         f"From: a@example.org\nTo: b@example.org\nSubject: check\n\nDear B, please look at {one[5]}.\n")
    save(corpus.unsafe("id in text", "split.txt", "an id over a line break"), f"The case of {one[6][:4]}-\n{one[6][4:]} was odd.\n")
    save(corpus.unsafe("id in text", "spelled.txt", "an id in words in a sentence"),
         "Look at participant " + " ".join(WORDS[int(c)] for c in one[7]) + " again.\n")
    print(data["sbp"].head(), file=(stream := corpus.unsafe("id in text", "head.txt", "printed rows with ids").open("w")))
    print(cohort.base.head().to_string(), file=stream)
    stream.close()
    save(corpus.unsafe("id in text", "refs.bib", "an id in a bibliography"),
         "@article{a2020,\n  title={A study},\n  year={2020},\n  note={eid " + one[8] + "}\n}\n")
    save(corpus.unsafe("id in text", "events.vcf.txt", "an id in a comment"), f"##source={one[9]}\n##note=none\n")


def in_code(corpus, cohort):
    one = sample(corpus, cohort, "code", 30)
    listed = ", ".join(one)
    save(corpus.unsafe("id in code", "analysis.R", "ids in a vector of an R script"),
         f"library(dplyr)\nbad <- c({listed})\nd <- filter(d, !eid %in% bad)\nfit <- lm(sbp ~ age, data = d)\n")
    save(corpus.unsafe("id in code", "clean.py", "ids in a list of a Python script"),
         f"import pandas as pd\n\nDROP = [{listed}]\ndf = df[~df.eid.isin(DROP)]\n")
    save(corpus.unsafe("id in code", "one.py", "an id in a condition"), f"df.loc[df['eid'] == {one[0]}, 'bmi'] = None\n")
    save(corpus.unsafe("id in code", "insert.sql", "ids in SQL values"),
         "INSERT INTO cases (eid, status) VALUES\n" + ",\n".join(f"  ({i}, 1)" for i in one) + ";\n")
    save(corpus.unsafe("id in code", "select.sql", "ids in an SQL condition"), f"SELECT * FROM baseline WHERE eid IN ({listed});\n")
    save(corpus.unsafe("id in code", "clean.do", "ids in a Stata script"),
         "use base, clear\n" + "\n".join(f"drop if eid == {i}" for i in one[:6]) + "\nlogit cvd age i.sex\n")
    save(corpus.unsafe("id in code", "run.sh", "ids in a loop of a shell script"),
         f"#!/bin/sh\nfor i in {' '.join(one[:8])}; do\n  plink2 --bfile data --keep-fam $i\ndone\n")
    save(corpus.unsafe("id in code", "comment.py", "an id in a comment of a script"),
         f"import numpy as np\n\n# TODO check {one[3]} again\nx = np.zeros(3)\n")
    save(corpus.unsafe("id in code", "test_data.py", "rows of people as a literal"),
         "ROWS = " + repr(cohort.base[["eid", "sex", "age", "bmi"]].head(30).to_dict("records")) + "\n")
    save(corpus.unsafe("id in code", "report.Rmd", "an id in an R Markdown report"),
         f"---\ntitle: Report\n---\n\n```{{r}}\nd[d$eid == {one[4]}, ]\n```\n")
    save(corpus.unsafe("id in code", "dput.R", "dput of a data frame"),
         "d <- structure(list(eid = c(" + ", ".join(i + "L" for i in one) + "), sex = c(" + ", ".join(str(k % 2) for k in range(30))
         + ")), class = \"data.frame\", row.names = c(NA, -30L))\n")
    save(corpus.unsafe("id in code", "model.jl", "ids in a Julia script"), f"exclude = [{listed}]\n")


def in_settings(corpus, cohort):
    one = sample(corpus, cohort, "settings", 30)
    save(corpus.unsafe("id in settings", "config.json", "ids in a list of JSON"), json.dumps({"seed": 4, "exclude": [int(i) for i in one]}))
    save(corpus.unsafe("id in settings", "keys.json", "ids as keys of JSON"), json.dumps({i: {"fold": k % 5} for k, i in enumerate(one)}))
    save(corpus.unsafe("id in settings", "folds.yaml", "ids in YAML"), yaml.safe_dump({"fold1": [int(i) for i in one], "fold2": []}))
    save(corpus.unsafe("id in settings", "config.toml", "ids in TOML"), f"[filter]\nexclude = [{', '.join(one)}]\n")
    save(corpus.unsafe("id in settings", "data.xml", "ids in attributes of XML"),
         "<?xml version=\"1.0\"?>\n<people>" + "".join(f'<p i="{i}"/>' for i in one) + "</people>")
    save(corpus.unsafe("id in settings", "records.jsonl", "a record of a person a line"),
         cohort.base[["eid", "sex", "bmi", "sbp"]].sample(40, random_state=3).to_json(orient="records", lines=True))
    save(corpus.unsafe("id in settings", "settings.ini", "an id in a setting"), f"[run]\nseed = 7\nexample = {one[0]}\n")
    save(corpus.unsafe("id in settings", "env.txt", "an id in a variable"), f"PATH=/usr/bin\nPATIENT={one[2]}\n")


def in_names(corpus, cohort, data):
    one = sample(corpus, cohort, "names", 4)
    table = analysis.counts(data, "age_group")
    table.to_csv(corpus.unsafe("id in name", f"report_{one[0]}.csv", "an id in the name of a safe table"), index=False)
    save(corpus.unsafe("id in name", f"{one[1]}.md", "an id as the name of a report"), "# Report\n\nNo findings.\n")
    table.to_csv(corpus.unsafe("id in name", f"figure{one[2][::-1]}.csv", "an id backwards in the name"), index=False)
