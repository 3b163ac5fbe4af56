#!/usr/bin/env bash
# Does bfloat16 cost accuracy, and what does it save? The same small U-Net, trained for the same steps in f32 and in bf16 with five seeds
# each (the same weights, patches and noise for a seed), tested on patients it has not seen: Dice of each, the spread of f32, whether
# the mean of bf16 lies in it, and the ratio of the times of a step. As an experiment in bench-out/, which goes on where it was stopped.
# usage: bench/precision_dice.sh [brats|phantom]   (brats where the real scans are: 400 steps, 11 minutes on two idle cores; phantom: 350 steps, 5 minutes)
# STEPS=, SEEDS= and THREADS= change it; TOMOGRAD=the program, TOMOGRAD_REAL_DATA=the folder with brats-example, OUT=another folder
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
tomograd=${TOMOGRAD:-$root/build/tomograd} real=${TOMOGRAD_REAL_DATA:-$root/../shared/data}/brats-example
data=${1:-$([ -d "$real" ] && echo brats || echo phantom)} seeds=${SEEDS:-5} threads=${THREADS:-2}
[ -x "$tomograd" ] || { echo "no program at $tomograd: run make build or set TOMOGRAD" >&2; exit 2; }
case $data in
  brats) steps=${STEPS:-400} run=$root/examples/unet-brats.toml tested='["brats_2013_pat0003_1"]' ;;
  phantom) steps=${STEPS:-350} run=$root/examples/unet-phantom.toml tested='["P01", "P02"]' ;;
  *) echo "data '$data': expected brats or phantom" >&2; exit 2 ;;
esac
out=${OUT:-$root/bench-out/precision-dice}/$data-$steps-$threads
mkdir -p "$out"
if [ ! -f "$out/dataset.json" ]; then
  if [ "$data" = brats ]; then
    "$tomograd" import "$real" --out "$out/dataset.json" > /dev/null
  else
    rm -rf "$out/cohort"
    "$tomograd" phantom head-neck "$out/cohort" --patients 6 --size 24,96,96 --seed 1 > /dev/null
    "$tomograd" import "$out/cohort" --filter normalization --label-name 1=GTV-T --label-name 2=GTV-Ln --out "$out/dataset.json" > /dev/null
  fi
fi
cat > "$out/precision.toml" <<TOML
format = "tomograd.experiment/1"
run = "$run"
data = "dataset.json"
out = "trials"
[strategy]
kind = "sweep"
seeds = $seeds
metric = "dice"
[[variable]]
key = "precision"
values = ["f32", "bf16"]
TOML
"$tomograd" experiment run "$out/precision.toml" --resume --workers 1 --set run.max_seconds=0 --set run.max_steps="$steps" --set run.threads="$threads" --set run.validation.test_patients="$tested" > /dev/null
"$tomograd" experiment results "$out/trials" --json > "$out/results.json"
python3 - "$out/results.json" "$data" "$steps" "$threads" <<'PYTHON'
import json, statistics, sys
trials = json.load(open(sys.argv[1]))["results"]
print(f"{sys.argv[2]}, {sys.argv[3]} steps, {sys.argv[4]} threads")
dice, step = {}, {}
for trial in trials:
    precision, test = trial["settings"]["precision"], trial["metrics"]["test"]
    values = [value for case in test for name, value in zip(case["classes"], case["dice"]) if name != "background" and value is not None]
    dice.setdefault(precision, {})[trial["settings"]["seed"]] = statistics.mean(values)
    step.setdefault(precision, []).append(trial["timing"]["seconds_per_step"])
deviation = lambda values: statistics.stdev(values) if len(values) > 1 else float("nan")
for precision in ("f32", "bf16"):
    values = [dice[precision][seed] for seed in sorted(dice[precision])]
    print(f"{precision:5} Dice {' '.join(f'{value:.4f}' for value in values)}  mean {statistics.mean(values):.4f}, {min(values):.4f} to {max(values):.4f}, sd {deviation(values):.4f};"
          f"  step {1e3 * statistics.median(step[precision]):.1f} ms")
low, high, mean = min(dice["f32"].values()), max(dice["f32"].values()), statistics.mean(dice["bf16"].values())
differences = [dice["bf16"][seed] - dice["f32"][seed] for seed in sorted(dice["f32"])]
where = "lies within" if low <= mean <= high else "lies above" if mean > high else "LIES BELOW"
print(f"the mean of bf16 {where} the spread of f32; seed by seed bf16 - f32 = {statistics.mean(differences):+.4f}, sd {deviation(differences):.4f}")
print(f"a step in f32 takes {statistics.median(step['f32']) / statistics.median(step['bf16']):.2f} times as long as in bf16")
PYTHON
