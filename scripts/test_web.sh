#!/usr/bin/env bash
# The page's tests: pure functions in Node, then whole pages in Chromium against made-up and real answers (about a minute). What lacks a program
# skips visibly; with TOMOGRAD_NO_SKIP=1 (make test-all, which fetches both) that is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
lack() { printf 'web: SKIPPED: %s (scripts/setup.sh all brings it)\n' "$1" >&2; [ -z "${TOMOGRAD_NO_SKIP:-}" ] || exit 1; exit 0; }
source scripts/web_tools.sh
find_node || lack "$node_lacks"
find_chromium || true                                     # without one the browser's tests name themselves and say why they skip
fetch_packages web || exit 1
cd web
npm test
npm run build
npm run test:browser
