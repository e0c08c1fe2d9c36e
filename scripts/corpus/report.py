"""Checks every request of a corpus and prints the two figures; fails when one is over its bar.

`report.py CORPUS --command COMMAND…`: the command reads requests (paths joined by tabs, one request a line) and prints a JSON pair of path
and verdict for each file. `report.py CORPUS --cli READINGROOM` runs the program once for each request instead.
"""

import argparse
import collections
import csv
import json
import subprocess
import sys
import time
from pathlib import Path

BAR = 5.0  # per cent of the safe files that may be not green


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--cli", help="the readingroom program")
    parser.add_argument("--details", type=Path, help="a file for the misses, with the reasons of each")
    parser.add_argument("--command", nargs=argparse.REMAINDER, help="the rest of the line")
    options = parser.parse_args()
    with (options.corpus / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        entries = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    requests = collections.defaultdict(list)
    for i, entry in enumerate(entries):
        requests[entry["group"] or i].append(str(options.corpus / entry["file"]))
    start = time.monotonic()
    if options.cli:
        verdicts = by_program(options.cli, options.corpus / "reference", requests.values())
    else:
        verdicts = by_command(options.command, requests.values())
    seconds = time.monotonic() - start
    for entry in entries:
        entry["answer"] = verdicts.get(str(options.corpus / entry["file"]))
    if options.details:
        details(entries, options.details)
    sys.exit(figures(entries, seconds))


def by_command(command, requests):
    """One process for all."""
    text = "".join("\t".join(paths) + "\n" for paths in requests)
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"the checker ended with {done.returncode}; what it did not say counts as not green", file=sys.stderr)
    return dict(json.loads(line) for line in done.stdout.splitlines())


def by_program(program, reference, requests):
    """One process for each request, as a researcher calls it. A failure is no verdict, which counts as not green."""
    verdicts = {}
    for paths in requests:
        command = [program, "airlock", "check", "--reference", str(reference), "--id", "eid", "--json", *paths]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if len(answers) != len(paths):
            print(f"{paths[0]}: {done.stderr.strip()[-300:]}", file=sys.stderr)
        verdicts.update(zip(paths, answers))
    return verdicts


def colour(entry):
    answer = entry["answer"]
    return answer["verdict"] if answer else "none"


def figures(entries, seconds):
    """Prints the table by kind and the two figures; the exit status."""
    kinds = collections.defaultdict(collections.Counter)
    for entry in entries:
        kinds[entry["label"], entry["kind"]][colour(entry)] += 1
    print(f"{'label':8}{'kind':34}{'files':>6}{'green':>7}{'amber':>7}{'red':>6}{'none':>6}")
    for (label, kind), seen in sorted(kinds.items()):
        wrong = seen["green"] if label == "unsafe" else sum(seen.values()) - seen["green"]
        mark = "  <" if wrong else ""
        print(f"{label:8}{kind:34}{sum(seen.values()):6}{seen['green']:7}{seen['amber']:7}{seen['red']:6}{seen['none']:6}{mark}")
    unsafe = [entry for entry in entries if entry["label"] == "unsafe"]
    safe = [entry for entry in entries if entry["label"] == "safe"]
    # Of files that ask to leave together, one that is held holds the request.
    held = {entry["group"] for entry in unsafe if entry["group"] and colour(entry) != "green"}
    missed = [entry for entry in unsafe if colour(entry) == "green" and entry["group"] not in held]
    alarms = [entry for entry in safe if colour(entry) != "green"]
    share = 100 * len(alarms) / max(len(safe), 1)
    print(f"\n{len(entries)} files in {seconds:.1f} s")
    print(f"unsafe green: {len(missed)} of {len(unsafe)} (bar 0)")
    print(f"safe not green: {len(alarms)} of {len(safe)} = {share:.1f} % (bar {BAR:g} %)")
    return 1 if missed or share > BAR else 0


def details(entries, path):
    """The misses, one a line, with the reasons that made a safe file not green."""
    with path.open("w", encoding="utf-8") as file:
        for entry in entries:
            wrong = (colour(entry) == "green") == (entry["label"] == "unsafe")
            if not wrong:
                continue
            answer = entry["answer"] or {"kind": "", "reasons": []}
            file.write(f"{entry['label']} {colour(entry)}: {entry['file']} [{entry['kind']}] read as {answer['kind']}; {entry['why']}\n")
            for reason in answer["reasons"]:
                if reason["level"] != "info":
                    file.write(f"    {reason['level']} {reason['rule']}: {reason['where']}: {reason['what']}\n")


if __name__ == "__main__":
    main()
