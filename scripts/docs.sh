#!/usr/bin/env bash
# docs/settings.md: every setting of a run and of an experiment, from the fields of the specs; and docs/openapi.json: the routes of the server.
# usage: scripts/docs.sh [FILE]   FILE: the settings alone, there
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/docs/settings.md}
tomograd=$(PATH="$root/build:$PATH" command -v tomograd)
{
  echo '# Settings'
  echo
  echo 'Made by `make docs` from `tomograd train --settings` and `tomograd experiment run --settings`; do not edit.'
  echo 'In a file the dots are tables: `sampling.batch = 2` is `batch = 2` under `[sampling]`; with `--set` they stand as they are here.'
  for of in run experiment; do
    if [ $of = run ]; then title='A run: RUN.toml'; verb='train'; else title='An experiment: EXPERIMENT.toml'; verb='experiment run'; fi
    printf '\n## %s\n\n```\n' "$title"
    $tomograd $verb --settings
    echo '```'
  done
} > "$out"
[ $# -gt 0 ] || $tomograd serve --openapi > "$root/docs/openapi.json"
