#!/usr/bin/env bash
# Builds the program for speed, fetches DuckDB's Python package into the user's cache, and sets them side by side.
# Everything after the script's name goes to `readingroom bench query`; see docs/reference/benchmarks.md.
#
#   scripts/bench/run.sh                                       500,000 participants, in ./reading-room-bench
#   scripts/bench/run.sh --participants 20000 --work /tmp/b    a small trial
#
# READINGROOM=FILE takes a program that is built already. DUCKDB=VERSION takes another version than the newest.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/reading-room"
venv="$cache/duckdb-venv"
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
if [ -n "${DUCKDB:-}" ]; then
    "$venv/bin/pip" install --quiet --disable-pip-version-check "duckdb==$DUCKDB"
else
    "$venv/bin/pip" install --quiet --disable-pip-version-check --upgrade duckdb
fi

program="${READINGROOM:-}"
if [ -z "$program" ]; then
    export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}"
    cargo build --release --locked -p readingroom
    program="$CARGO_TARGET_DIR/release/readingroom"
fi
exec "$program" bench query --python "$venv/bin/python" "$@"
