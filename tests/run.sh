#!/usr/bin/env bash
# Every test there is. On a bare machine with Rust this is all that is needed: the servers that the
# tests drive are built in.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== tests"
cargo test --locked --quiet

echo "== benches build and run once"
cargo test --locked --quiet --benches

echo "all passed, nothing left out"
