#!/usr/bin/env bash
# kill -9 at random moments, many times: trainings and experiments must end with the bytes of the undisturbed ones.
# usage: scripts/test_faults.sh [KILLS]   (default 100 on each back end of the store, in experiments of 288 toy trials; before that
# at most 50 of a real training and 50 of a real experiment; SEED picks their moments). Last lines: kills, inside, lost, double, zombie,
# digest equal or not, of each back end.
set -euo pipefail
cd "$(dirname "$0")/.."
all_kills=${1:-100}; kills=$((all_kills < 100 ? all_kills : 100)); seed=${SEED:-1}
tomograd=$PWD/build/tomograd; source=$PWD
folder=$(mktemp -d -t tomograd-faults-XXXXXXXX)
trap 'case "$folder" in */tomograd-faults-????????) rm -rf --one-file-system -- "$folder" ;; esac' EXIT
cd "$folder"
RANDOM=$seed
nap() { sleep "$(printf '%d.%03d' $((RANDOM % $1)) $((RANDOM % 1000)))"; }   # up to $1 seconds
say() { printf '[faults] %s\n' "$*" >&2; }

$tomograd phantom head-neck cohort --patients 3 --size 16,48,48 --seed 3 >/dev/null
$tomograd import cohort --filter normalization --out d.json >/dev/null

train=("$tomograd" train "$source/examples/unet-tiny.toml" --set data=d.json --set max_steps=60 --set 'sampling.patch=[16,32,32]' --set checkpoint.every_steps=3 --threads 1 --precision f32)
"${train[@]}" --set out=whole >/dev/null 2>&1
done_kills=0 runs=0
while [ $done_kills -lt $((kills / 2)) ]; do
  rm -rf parts; ended=0
  while [ $ended = 0 ]; do
    "${train[@]}" --set out=parts --resume >/dev/null 2>train.err & pid=$!
    if [ $done_kills -lt $((kills / 2)) ]; then
      nap 2
      kill -9 $pid 2>/dev/null && done_kills=$((done_kills + 1))
    fi
    if wait $pid 2>/dev/null; then ended=1
    elif [ -s train.err ] && grep -q '^tomograd:' train.err; then cat train.err; say "a resumed training refused to go on (seed $seed, kill $done_kills)"; exit 1; fi
  done
  runs=$((runs + 1))
  for file in model.safetensors metrics.jsonl; do
    cmp "whole/$file" "parts/$file" || { say "$file differs after kill $done_kills of seed $seed"; exit 1; }
  done
done
say "training: $done_kills kills over $runs runs, the same bytes each time"

cat > loo.toml <<END
run = "tiny.toml"
workers = 2
data = "d.json"
lease_seconds = 2
END
sed 's/max_steps = 60/max_steps = 6/' "$source/examples/unet-tiny.toml" > tiny.toml
experiment=("$tomograd" experiment run loo.toml --set 'run.sampling.patch=[16,32,32]' --set run.threads=1 --set run.precision=f32 --set 'strategy.channels=["T1w","ADC"]')
"${experiment[@]}" --set out=quiet >/dev/null 2>&1
$tomograd experiment results quiet --csv > quiet.csv
done_kills=0 runs=0
while [ $done_kills -lt $((kills - kills / 2)) ]; do
  rm -rf rough; ended=0
  while [ $ended = 0 ]; do
    "${experiment[@]}" --set out=rough --resume >/dev/null 2>experiment.err & pid=$!
    if [ $done_kills -lt $((kills - kills / 2)) ]; then
      nap 3
      victim=$pid
      children=$(pgrep -P $pid || true)
      # One time in two a worker dies, else the one that started them (they end with it).
      if [ -n "$children" ] && [ $((RANDOM % 2)) = 0 ]; then victim=$(echo "$children" | head -1); fi
      kill -9 "$victim" 2>/dev/null && done_kills=$((done_kills + 1))
    fi
    if wait $pid 2>/dev/null; then ended=1; fi
  done
  runs=$((runs + 1))
  $tomograd experiment results rough --csv > rough.csv
  cmp quiet.csv rough.csv || { say "the table differs after kill $done_kills of seed $seed"; diff quiet.csv rough.csv | head; exit 1; }
done
say "experiment: $done_kills kills over $runs experiments of 9 trials, the same table each time"
TOMOGRAD_KILLS=$all_kills "$source/build/tomograd_server_tests" --gtest_filter='All/StoreFaults.*' --gtest_brief=1 > store.out 2>&1 || { cat store.out >&2; exit 1; }
grep -h digest store.out
