#!/usr/bin/env bash
# Every test there is. The embedded servers are built in; ISC Kea is installed by root where it is
# missing, and without it the tests that drive it are left out, which the last line says.
#
#   tests/run.sh        with the Kea that is here
#   tests/run.sh all    with Kea 2.2, 2.6 and 3.0, kept outside the repository; CI=true does too, and
#                       then what is left out is a failure
set -euo pipefail
cd "$(dirname "$0")/.."
# A picture of the screen that is missing or different is a failure, and never written anew here.
export INSTA_UPDATE=no

which=${1:-}
[ "${CI:-}" != true ] || which=all

# Where tests write what they left out, a line each.
TWINSCOPE_LEFT_OUT=$(mktemp)
export TWINSCOPE_LEFT_OUT
trap 'rm -f "$TWINSCOPE_LEFT_OUT"' EXIT

echo "== Kea"
tests/kea/install.sh $which

echo "== tests"
cargo test --locked --quiet

echo "== benches build and run once"
cargo test --locked --quiet --bench core --bench console --bench screen --bench figures --bench kea

if [ -s "$TWINSCOPE_LEFT_OUT" ]; then
    echo "== left out"
    sort -u "$TWINSCOPE_LEFT_OUT"
    echo "all passed but what was left out: $(sort -u "$TWINSCOPE_LEFT_OUT" | wc -l), named above"
else
    echo "all passed, nothing left out"
fi
