#!/usr/bin/env bash
# A real SLURM, private and on loopback: an array whose elements are killed in the middle must end with the output of an
# undisturbed one, each element's once. usage: scripts/test_slurm.sh BUILD_DIR [ELEMENTS [WORKER ARGUMENT...]]
# The worker starts in a folder of its own for each run and publishes below out/ of it. Without SLURM: exit 77, skipped; with
# TOMOGRAD_NO_SKIP=1 (make test-slurm, CI): exit 1. Last line: jobs, kills, digest equal or not.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(cd "${1:-build}" && pwd); elements=${2:-30}
worker=("$PWD/tests/support/array_worker.sh" out 12)
if [ $# -gt 2 ]; then worker=("${@:3}"); fi
source scripts/private_slurm.sh
say() { printf '[slurm] %s\n' "$*" >&2; }
if ! find_slurm; then
  [ -z "${TOMOGRAD_NO_SKIP:-}" ] || { say "there is no SLURM here; scripts/setup.sh all installs it"; exit 1; }
  echo "SKIPPED: no SLURM on the PATH nor at TOMOGRAD_SLURM_PREFIX (make test-slurm fetches it)"; exit 77
fi
child=''
run() { "$@" & child=$!; wait $child; child=''; }   # a shell that waits hears signals at once
folder=$(mktemp -d -t tomograd-slurm-XXXXXXXX)
finish() {
  local status=$?
  trap - EXIT INT TERM
  [ -z "$child" ] || kill $child 2>/dev/null || true
  stop_slurm "$folder"
  if [ $status -ne 0 ] && [ -d "$folder/log" ]; then tail -n 15 "$folder"/log/slurm*.log "$folder"/*/logs/*.log >&2 2>/dev/null || true; fi
  case "$folder" in */tomograd-slurm-????????) rm -rf --one-file-system -- "$folder" ;; esac
  exit $status
}
trap finish EXIT; trap 'exit 130' INT; trap 'exit 143' TERM

# Indices 0 to 7: thirty elements need four arrays with offsets, as thousands do with the usual 1001.
start_slurm "$folder" 8 || { say "SLURM does not start"; exit 1; }
say "$("$slurmctld" -V), two nodes, $(grep -c . "$folder/slurm.conf") lines of configuration, in $folder"

export TOMOGRAD_SLURM_CONF=$SLURM_CONF
run "$build/tomograd_slurm_tests" --gtest_brief=1 >&2

mkdir "$folder/quiet" "$folder/killed"
say "undisturbed, as local processes"
run "$build/tomograd_drive_array" local "$folder/quiet" "$elements" 0 300 "${worker[@]}" > /dev/null
say "as an array, every third element hit in the middle, and a node lost with all that runs on it"
"$build/tomograd_drive_array" slurm "$folder/killed" "$elements" $(((elements + 2) / 3)) 420 "${worker[@]}" > "$folder/result" & child=$!
nodes=0
sleep "${TOMOGRAD_NODE_LOSS_SECONDS:-6}"
if kill -0 $child 2>/dev/null; then
  crash_node "$folder" n2; nodes=1
  sleep 2
  start_node "$folder" n2
fi
wait $child
child=''
read -r jobs chunks kills requeues repeats seconds < "$folder/result"

digest() { (cd "$folder/$1/out" && find . -type f ! -name '.part-*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1); }
equal=different; [ "$(digest quiet)" = "$(digest killed)" ] && equal=equal
stop_slurm "$folder"
left=$(slurm_leftovers "$folder" | wc -l)
[ "$left" = 0 ] || { say "$left processes were left over"; exit 1; }
echo "slurm: $jobs jobs in $chunks arrays, $((kills + requeues)) kills ($kills by kill -9, $requeues by requeue; $repeats queued again) and $nodes lost node in $seconds s, digest $equal"
[ $equal = equal ]
