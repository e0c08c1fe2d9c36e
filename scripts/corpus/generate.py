"""Writes the reference folder and the labelled corpus: `generate.py FOLDER [--seed N]`."""

import argparse
import importlib
import shutil
import time
import warnings
from pathlib import Path

import cohort
import registry

MAKERS = ["safe_tables", "safe_models", "safe_figures", "safe_documents", "safe_code", "safe_notebooks", "unsafe_ids", "unsafe_rows",
          "unsafe_counts", "unsafe_vectors", "unsafe_documents", "unsafe_containers", "with_genetics", "with_r"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for label in [registry.SAFE, registry.UNSAFE]:
        shutil.rmtree(options.folder / label, ignore_errors=True)
    people = cohort.make(options.seed)
    cohort.write(people, options.folder / "reference")
    corpus = registry.Corpus(options.folder, options.seed)
    for name in MAKERS:
        start, before = time.monotonic(), len(corpus.entries)
        importlib.import_module(name).make(corpus, people)
        print(f"{name}: {len(corpus.entries) - before} files, {time.monotonic() - start:.1f} s", flush=True)
    corpus.write_manifest()


if __name__ == "__main__":
    main()
