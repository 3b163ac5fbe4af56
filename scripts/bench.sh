#!/usr/bin/env bash
# Figures beside the peers', in one run. usage: scripts/bench.sh [sampling|predict|train]
# The peers' programs run from .venv-peers: pip install torch==2.13.0 monai nibabel torchio (torch first).
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:-}; tomograd=build/tomograd
data=${TOMOGRAD_REAL_DATA:-../shared/data}
mkdir -p bench/results
result=bench/results/$(date +%F)-${name:-all}.txt
exec > >(tee "$result")
grep -m1 'model name' /proc/cpuinfo; nproc; date -u +%FT%TZ; uptime
wanted() { [ -z "$name" ] || [ "$name" = "$1" ]; }
if wanted sampling; then
  [ -d "$data/brats-example" ] || { echo "bench sampling needs the real scans at $data"; exit 1; }
  $tomograd import "$data/brats-example" --out bench/out-dataset.json >/dev/null
  $tomograd bench sampling --data bench/out-dataset.json
  [ -x .venv-peers/bin/python ] && .venv-peers/bin/python bench/peers/sampling_monai.py "$data/brats-example" || echo "MONAI: no .venv-peers"
  rm -f bench/out-dataset.json
fi
if wanted predict; then
  for precision in f32 bf16; do echo "ours $precision"; $tomograd bench predict --precision $precision; done
  [ -x .venv-peers/bin/python ] && .venv-peers/bin/python bench/peers/predict_monai.py || echo "MONAI: no .venv-peers"
fi
if wanted train; then
  for precision in f32 bf16; do echo "ours $precision"; $tomograd bench train --precision $precision --seconds 20; done
fi
echo "written to $result"
