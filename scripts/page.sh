#!/usr/bin/env bash
# The web page of `tomograd serve`: builds web/ with Node and puts it into share/page, where the program looks for it. Does nothing when
# that is as new as its sources. Without Node: one sentence; everything but the page works without it. With TOMOGRAD_NO_SKIP=1: an error.
set -euo pipefail
cd "$(dirname "$0")/.."
lack() { printf 'page: %s\n' "$1" >&2; [ -z "${TOMOGRAD_NO_SKIP:-}" ] || exit 1; exit 0; }

digest=$(find web -type d \( -name node_modules -o -name dist -o -name .unit -o -name shots -o -name tests \) -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
if [ "$(cat share/page/sources.sha256 2>/dev/null)" = "$digest" ]; then echo "page: share/page is up to date" >&2; exit 0; fi

source scripts/web_tools.sh
find_node || lack "$node_lacks; install it, or run scripts/setup.sh all, and then scripts/page.sh again"

echo "page: [1/3] npm ci (about 20 s the first time)" >&2
fetch_packages page || exit 1
echo "page: [2/3] checking types and building" >&2
(cd web && npm run --silent build >&2)
echo "page: [3/3] share/page" >&2
rm -rf share/page.part
mkdir -p share/page.part
cp -r web/dist/. share/page.part/
printf '%s\n' "$digest" > share/page.part/sources.sha256
rm -rf share/page
mv share/page.part share/page
