#!/bin/sh
# Runs the driver test. With READINGROOM_URI set, against that service; without, against the town of the tests, which it
# builds and starts. The Python packages go into a cache folder, once for each list of requirements.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${READINGROOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reading-room/clients}
stamp=$(cksum <"$here/requirements.txt" | cut -d' ' -f1)
venv=$cache/venv-$stamp
if [ ! -e "$venv/.ready" ]; then
    mkdir -p "$cache"
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: -r "$here/requirements.txt"
    touch "$venv/.ready"
fi
if [ -n "${READINGROOM_URI:-}" ]; then
    exec "$venv/bin/python" "$here/driver_test.py"
fi
work=$(mktemp -d)
mkfifo "$work/input"
cleanup() {
    exec 3>&- # the end of its input ends the service
    wait 2>/dev/null || true
    rm -rf "$work"
}
(cd "$root" && cargo build --quiet -p vault --example flight_town)
target=${CARGO_TARGET_DIR:-$root/target}
"$target/debug/examples/flight_town" "$work" <"$work/input" &
exec 3>"$work/input"
trap cleanup EXIT
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ -e "$work/uri" ] && break
    sleep 0.5
done
READINGROOM_URI=$(cat "$work/uri") READINGROOM_CA=$work/ca.pem \
    READINGROOM_TOKEN=aggregate-token READINGROOM_ENCLAVE_TOKEN=enclave-token \
    "$venv/bin/python" "$here/driver_test.py"
