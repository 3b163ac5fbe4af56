#!/usr/bin/env bash
# A real SLURM, private and on loopback: an array whose elements are killed in the middle must end with the output of an
# undisturbed one: first a worker of the test's own, then the predictor over one volume, then its exact form. usage: scripts/test_slurm.sh BUILD_DIR [ELEMENTS [WORKER ARGUMENT...]]
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

# compare NAME [-n] WORKER...: the array undisturbed and disturbed (-n: a node is lost, too), then the same bytes below out/.
compare() {
  local name=$1 lose_node=''; shift
  if [ "$1" = -n ]; then lose_node=yes; shift; fi
  mkdir "$folder/$name-quiet" "$folder/$name-killed"
  say "$name: undisturbed, as local processes"
  run "$build/tomograd_drive_array" local "$folder/$name-quiet" "$elements" 0 300 "$@" > /dev/null
  say "$name: as an array, every third element hit in the middle${lose_node:+, and a node lost with all that runs on it}"
  "$build/tomograd_drive_array" slurm "$folder/$name-killed" "$elements" $(((elements + 2) / 3)) 420 "$@" > "$folder/result" & child=$!
  local nodes=0
  if [ -n "$lose_node" ]; then
    sleep "${TOMOGRAD_NODE_LOSS_SECONDS:-6}"
    if kill -0 $child 2>/dev/null; then
      crash_node "$folder" n2; nodes=1
      sleep 2
      start_node "$folder" n2
    fi
  fi
  wait $child
  child=''
  read -r jobs chunks kills requeues repeats seconds < "$folder/result"
  for run in quiet killed; do after "$folder/$name-$run"; done
  equal=different; [ "$(digest "$name-quiet")" = "$(digest "$name-killed")" ] && equal=equal
  echo "slurm: $name: $jobs jobs in $chunks arrays, $((kills + requeues)) kills ($kills by kill -9, $requeues by requeue; $repeats queued again) and $nodes lost node in $seconds s, digest $equal"
  [ $equal = equal ]
}
# Records of tiles say how long each took; workers' parts in the making may be left of killed ones.
digest() { (cd "$folder/$1/out" && find . -type f ! -name '.part-*' ! -path './tiles/*' ! -path './logs/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1); }
after() { :; }

if [ $# -gt 2 ]; then
  compare worker -n "${worker[@]}"
else
  compare worker -n "${worker[@]}"
  # One volume over an array: a network of 60 layers (some tenths of a second a tile), 45 tiles.
  say "a store and a network for the predictor"
  (
    cd "$folder"; tomograd=$build/tomograd
    $tomograd phantom cells c.tif --size 96,80,160 --cells 60 --seed 5 --cubes 1 --cube 32 && $tomograd block c.tif c.zarr --block 32,32,32
    $tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 && $tomograd import cohort --filter normalization --out d.json
    $tomograd train "$OLDPWD/examples/unet-tiny.toml" --set data=d.json --set model.kind=msd --set model.depth=60 --set 'sampling.patch=[12,24,24]' --set 'preprocess.channels=["T1w"]' --set preprocess.normalize=zscore --set max_steps=2 --set out=m
  ) > "$folder/prepare.log" 2>&1 || { tail -n 5 "$folder/prepare.log" >&2; exit 1; }
  after() { (cd "$1" && "$build/tomograd" predict "$folder/m" "$folder/c.zarr" --out out --merge > /dev/null); }
  held='export TOMOGRAD_FAILPOINTS="tile.after_shard=hold:hold/$TOMOGRAD_ELEMENT"; exec "$@"'   # a victim is hit before it is done
  compare predict bash -c "$held" - "$build/tomograd" predict "$folder/m" "$folder/c.zarr" --out out --precision f32 --threads 1 --tile 32,32,32 --halo 16 --element '{element}/{elements}'
  # The untiled result by groups of layers: an array each, which waits for the one before. Workers of the first call are killed at
  # their third tile; the second call does what is missing.
  say "exact: in one process, then as arrays one after the other"
  exact=("$build/tomograd" predict "$folder/m" "$folder/c.zarr" --exact --tile 24,32,32 --threads 1)
  "${exact[@]}" --out "$folder/exact-here" > /dev/null
  if TOMOGRAD_FAILPOINTS=zarr.before_publish=kill@3 "${exact[@]}" --out "$folder/exact-array" --on slurm --workers 6 > "$folder/exact.log" 2>&1; then say "killed workers were not noticed"; exit 1; fi
  kills=$(sed -n 's/.*: \([0-9]*\) of 6 elements did not complete.*/\1/p' "$folder/exact.log")
  [ "${kills:-0}" -gt 0 ] || { tail "$folder/exact.log" >&2; exit 1; }
  "${exact[@]}" --out "$folder/exact-array" --on slurm --workers 6 > "$folder/exact.log" 2>&1 || { tail "$folder/exact.log" >&2; exit 1; }
  cmp "$folder/exact-here/complete" "$folder/exact-array/complete"
  [ ! -e "$folder/exact-array/scratch" ]
  arrays=$(ls "$folder/exact-array/logs" | grep -o 'group-[0-9]*' | sort -u | wc -l)
  echo "slurm: exact: arrays of 6 jobs for $arrays groups of layers, $kills kills by kill -9, digest equal"
  # A Bayesian search: workers pull trials over http from the host that owns the store. Some are killed, then the owner is, and
  # another one goes on: the table must be that of an undisturbed search on this host.
  say "trials: here, then over an array whose workers and owner are killed"
  cat > "$folder/search.toml" <<'END'
lease_seconds = 4
attempts = 5
[trial]
command = ["python3", "-c", "import math, time; time.sleep(0.6); print(1 - (math.log10({rate}) + 2) ** 2 / 9 - ({depth} - 4) ** 2 / 25, file=open('{out}/value', 'w')); open('{out}/metrics.json', 'w').write('{\"dice\": ' + open('{out}/value').read() + '}')"]
[strategy]
kind = "bayesian"
trials = 30
parallel = 4
[[variable]]
key = "rate"
range = [1e-4, 1.0]
scale = "log"
[[variable]]
key = "depth"
range = [1, 8]
scale = "integer"
END
  tomograd=$build/tomograd
  $tomograd experiment run "$folder/search.toml" --set out="$folder/here" --workers 4 > "$folder/here.log" 2>&1 || { tail -n 5 "$folder/here.log" >&2; exit 1; }
  $tomograd experiment results "$folder/here" --csv > "$folder/here.csv"
  $tomograd experiment run "$folder/search.toml" --set out="$folder/there" --on slurm --workers 4 > "$folder/there.log" 2>&1 & child=$!
  kills=0
  for i in 1 2 3 4; do
    sleep 1.5
    victim=$(pgrep -f "worker --experiment $folder/there --served" | head -n 1 || true)
    if [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null; then kills=$((kills + 1)); fi
  done
  kill -9 $child; wait $child 2>/dev/null || true; child=''
  run $tomograd experiment resume "$folder/there" --on slurm --workers 4 > "$folder/there.log" 2>&1 || { tail -n 5 "$folder/there.log" "$folder"/there/logs/*.log >&2; exit 1; }
  $tomograd experiment results "$folder/there" --csv > "$folder/there.csv"
  cmp "$folder/here.csv" "$folder/there.csv"
  [ "$kills" -gt 0 ] || { say "no worker was hit"; exit 1; }
  echo "slurm: trials: $(($(wc -l < "$folder/there.csv") - 1)) trials over http, $kills workers and the owner killed by kill -9, table equal"
fi
stop_slurm "$folder"
left=$(slurm_leftovers "$folder" | wc -l)
[ "$left" = 0 ] || { say "$left processes were left over"; exit 1; }
