#!/bin/sh
# Makes the labelled corpus, lets the airlock judge each request, and prints a table by kind and the two figures: unsafe files
# that are green (bar 0) and safe files that are not (bar 5 %). Fails when one is over its bar.
#
#   scripts/corpus/run.sh            with the program, called once for each request as a researcher calls it
#   scripts/corpus/run.sh --quick    with an example of the airlock's library, in one process
#
# READINGROOM=FILE takes a program that is built already, CORPUS=FOLDER another folder than a temporary one; what was made
# there by an earlier run is used again. The Python packages go into a cache folder, once for each list of requirements.
# Files by R, plink2, bcftools, gpg, openssl, zip and zstd are made where these are installed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${READINGROOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reading-room/corpus}
stamp=$(cksum <"$here/requirements.txt" | cut -d' ' -f1)
venv=$cache/venv-$stamp
if [ ! -e "$venv/.ready" ]; then
    mkdir -p "$cache"
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: -r "$here/requirements.txt"
    touch "$venv/.ready"
fi
work=${CORPUS:-}
if [ -z "$work" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
if [ ! -e "$work/manifest.tsv" ]; then
    # Drawings and notebooks keep their own settings and caches; those of the user are left alone.
    MPLCONFIGDIR="$work/cache" IPYTHONDIR="$work/cache" JUPYTER_RUNTIME_DIR="$work/cache" \
        "$venv/bin/python" -W ignore "$here/generate.py" "$work"
fi
target=${CARGO_TARGET_DIR:-$root/target}
if [ "${1:-}" = --quick ]; then
    (cd "$root" && cargo build --quiet --locked -p airlock --example check_corpus)
    set -- --command "$target/debug/examples/check_corpus" "$work/reference" eid
else
    program=${READINGROOM:-}
    if [ -z "$program" ]; then
        (cd "$root" && cargo build --quiet --locked -p readingroom)
        program=$target/debug/readingroom
    fi
    set -- --cli "$program"
fi
"$venv/bin/python" "$here/report.py" "$work" --details "$work/misses.txt" "$@" || status=$?
cat "$work/misses.txt"
exit "${status:-0}"
