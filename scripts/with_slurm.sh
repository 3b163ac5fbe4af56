#!/usr/bin/env bash
# A command with a private SLURM around it, two virtual nodes on loopback: `--on slurm` can be tried where there is no cluster.
# usage: scripts/with_slurm.sh COMMAND [ARGUMENT...]   (from the checkout's folder; SLURM is fetched by scripts/setup.sh all). CPUS= of each node, 1
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || { sed -n '2,3s/^# //p' "$0"; exit 2; }
source scripts/private_slurm.sh
find_slurm || { echo "with_slurm: there is no SLURM here; scripts/setup.sh all fetches it" >&2; exit 1; }
folder=$(mktemp -d -t tomograd-slurm-XXXXXXXX)
child=''
finish() {
  local status=$?
  trap - EXIT INT TERM
  if [ -n "$child" ]; then kill $child 2>/dev/null || true; wait $child 2>/dev/null || true; fi
  stop_slurm "$folder"
  case "$folder" in */tomograd-slurm-????????) rm -rf --one-file-system -- "$folder" ;; esac
  exit $status
}
trap finish EXIT; trap 'exit 130' INT; trap 'exit 143' TERM
start_slurm "$folder" 1001 "${CPUS:-1}" || { echo "with_slurm: SLURM does not start" >&2; exit 1; }
"$@" & child=$!; wait $child; child=''
