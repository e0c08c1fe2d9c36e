#!/usr/bin/env bash
# Feeds mutated files to every reader of the airlock for a bounded time (seconds, 60 unless told).
# Usage: fuzz/run.sh [seconds] [folder with files to start from]
# Needs a C++ compiler. Uses coverage marks of the stable compiler, and no sanitizer: what is looked for are panics, runs
# away with memory (-rss_limit_mb) and with time (-timeout).
set -euo pipefail
cd "$(dirname "$0")"
seconds="${1:-60}"
seeds="${2:-../crates/airlock/tests/fixtures}"
target="${CARGO_TARGET_DIR:-target}/fuzz"
corpus="$(mktemp -d)"
trap 'rm -rf "$corpus"' EXIT
# libFuzzer wants one flat folder; files of the same name keep apart by their folder.
find "$seeds" -type f -size -256k | while read -r file; do
    cp "$file" "$corpus/$(echo "$file" | tr '/' '_')"
done
# The flags that cargo-fuzz gives with `--sanitizer none`.
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=1 --cfg fuzzing" \
    CARGO_TARGET_DIR="$target" cargo build --release --bin reading --target "$(rustc -vV | sed -n 's/^host: //p')"
binary="$(find "$target" -path '*release/reading' -type f | head -n 1)"
"$binary" "$corpus" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=262144 -print_final_stats=1
