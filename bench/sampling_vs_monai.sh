#!/usr/bin/env bash
# Balanced patches per second, MONAI first and ours right after it on the same data, threads and machine.
# usage: sampling_vs_monai.sh DATASET.json [PATCH 64] [THREADS 2]; PYTHON=python with MONAI (default .venv-peers), TOMOGRAD=the program
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
dataset=${1:?usage: sampling_vs_monai.sh DATASET.json [PATCH] [THREADS]} patch=${2:-64} threads=${3:-2}
python=${PYTHON:-$root/.venv-peers/bin/python} tomograd=${TOMOGRAD:-$root/build/tomograd}
[ -x "$python" ] || { echo "no Python with MONAI at $python: run make setup-peers or set PYTHON" >&2; exit 2; }
[ -x "$tomograd" ] || { echo "no program at $tomograd: run make build or set TOMOGRAD" >&2; exit 2; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$python" "$root/bench/peers/sampling_monai.py" "$dataset" "$patch" 256 "$threads" > "$scratch/monai.json"
"$tomograd" bench sampling --data "$dataset" --patch "$patch,$patch,$patch" --threads "$threads" --json > "$scratch/ours.json"
"$python" - "$scratch/monai.json" "$scratch/ours.json" <<'PYTHON'
import json, sys
monai, ours = (json.load(open(p)) for p in sys.argv[1:])
print(f"{ours['threads']} threads, {ours['isa']}, answers checked: {ours['checked']}, copy {ours['copy_bytes_per_second'] / 1e9:.1f} GB/s")
for rate in ours["rates"]:
    best = monai["best"].get(rate["name"])
    beside = f", MONAI {best:.0f}: {rate['patches_per_second'] / best:.1f} times" if best else ""
    print(f"{rate['name']:16} {rate['patches_per_second']:6.0f} patches/s ({100 * rate['copy_fraction']:.0f} % of copy){beside}")
PYTHON
