#!/usr/bin/env bash
# Every test there is. On a bare machine with Rust this is all that is needed.
#
#   tests/run.sh            tests, and the acceptance script against the built program
#   CI=true tests/run.sh    the same, and nothing may be left out
set -euo pipefail
cd "$(dirname "$0")/.."

left_out=()

echo "== tests"
cargo test --locked --quiet

echo "== benches build"
cargo bench --locked --quiet --no-run

echo "== acceptance: the seed's transcript, a drill, a race, hostile input"
cargo build --locked --quiet
tests/acceptance.sh target/debug/twinscope

if [ "${#left_out[@]}" -gt 0 ]; then
    printf 'LEFT OUT: %s\n' "${left_out[@]}" >&2
    [ "${CI:-}" != true ] || exit 1
fi
echo "all passed"
