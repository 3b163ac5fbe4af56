#!/usr/bin/env bash
# usage: scripts/test.sh fast|all ; prints ctest's list and its closing line. Skipped tests name themselves and say why.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=2
if [ "$1" = fast ]; then
  exec ctest --test-dir build --output-on-failure -j2 -LE slow -E Postgres  # each starts a server of its own
fi
exec ctest --test-dir build --output-on-failure -j2
