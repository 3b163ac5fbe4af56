#!/usr/bin/env bash
# The page's tests: pure functions in Node, then whole pages in Chromium against made-up and real answers. Without a browser those skip visibly.
set -euo pipefail
cd "$(dirname "$0")/../web"
command -v npm >/dev/null || { echo "make test-web needs Node 20.19 or newer with npm"; exit 1; }
npm ci --silent --no-audit --no-fund
npm test
npm run build
npm run test:browser
