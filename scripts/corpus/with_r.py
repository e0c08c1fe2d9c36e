"""Files by R, where it is installed: `files.R` does the work, and says what it has written."""

import csv
import shutil
import subprocess
from pathlib import Path


def make(corpus, cohort):
    if not shutil.which("Rscript"):
        print("skipped: files by R, which is not installed")
        return
    work = corpus.folder / "r"
    work.mkdir(exist_ok=True)
    script = Path(__file__).with_name("files.R")
    subprocess.run(["Rscript", "--vanilla", script, corpus.folder / "reference" / "baseline.csv", work], check=True, stdout=subprocess.DEVNULL)
    with (work / "list.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["label"] == "safe":
                path = corpus.safe(row["kind"], row["name"])
            else:
                path = corpus.unsafe(row["kind"], row["name"], row["why"])
            path.write_bytes((work / row["file"]).read_bytes())
    shutil.rmtree(work)
