#!/usr/bin/env bash
# Every test there is. On a bare machine with Rust this is all that is needed: the servers that the
# tests drive are built in.
set -euo pipefail
cd "$(dirname "$0")/.."
# A picture of the screen that is missing or different is a failure, and never written anew here.
export INSTA_UPDATE=no

echo "== tests"
cargo test --locked --quiet

echo "== benches build and run once"
cargo test --locked --quiet --bench core --bench console --bench screen --bench figures

echo "all passed, nothing left out"
