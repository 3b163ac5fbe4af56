#!/usr/bin/env bash
# Figures beside the peers', in one run; the answers are checked by the verbs before they print.
# usage: scripts/bench.sh [peak|sampling|predict|train|msd|bayes|crop|slab|cells|slices|ranks|restore|precision-dice|msd-cuda|brats-loo|phantom]   (none = the first six; crop, slices and ranks take some minutes, slab an
# hour or two (SLAB=64 a quarter), cells half an hour, restore 40 minutes, precision-dice 11, the last two an hour or two and go on where they were stopped: their experiments lie in bench-out/)
# The peers' programs run from .venv-peers (make setup-peers).
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:-}; tomograd=${TOMOGRAD:-build/tomograd}; peer=.venv-peers/bin/python
data=${TOMOGRAD_REAL_DATA:-../shared/data}; peers=${TOMOGRAD_PEERS:-../shared/peers}
seconds=${SECONDS_PER_FOLD:-420}
mkdir -p bench/results bench-out
result=bench/results/$(date +%F)-${name:-all}.txt
exec > >(tee "$result")
grep -m1 'model name' /proc/cpuinfo; nproc; date -u +%FT%TZ; uptime; git describe --always --dirty 2>/dev/null || true
wanted() { [ "$name" = "$1" ] || { [ -z "$name" ] && [ "$1" != brats-loo ] && [ "$1" != phantom ] && [ "$1" != msd-cuda ]; }; }
need_scans() { [ -d "$data/brats-example" ] || { echo "bench $1 needs the real scans at $data"; exit 1; }; }
have_peer() { [ -x $peer ] && return 0; echo "the peer's figure is missing: no .venv-peers (make setup-peers)"; return 1; }

if wanted peak; then echo "== what the processor can do"; $tomograd bench peak --seconds 3; fi
if wanted sampling; then
  need_scans sampling
  echo "== sampling, ours then MONAI"
  $tomograd import "$data/brats-example" --out bench-out/brats.json >/dev/null
  $tomograd bench sampling --data bench-out/brats.json
  if have_peer; then
    $peer bench/peers/sampling_monai.py bench-out/brats.json
    echo "== the peers' script as it stands (MONAI and TorchIO, each at its best documented setting)"
    if [ -f "$peers/sampling.py" ]; then $peer "$peers/sampling.py" "$data/brats-example" 64 512 || echo "it ended with an error (see above)"; else echo "its figure is missing: no $peers/sampling.py"; fi
  fi
fi
if wanted predict; then
  for precision in f32 bf16; do
    echo "== prediction $precision, ours then MONAI"
    $tomograd bench predict --precision $precision
    if have_peer; then $peer bench/peers/predict_monai.py $precision; fi
  done
fi
if wanted train; then
  need_scans train
  $tomograd import "$data/brats-example" --out bench-out/brats.json >/dev/null
  for precision in f32 bf16; do
    echo "== training end to end $precision (60 s), ours then MONAI; then our steps from memory, with GFLOP/s"
    rm -rf bench-out/train
    $tomograd train bench/train-as-monai.toml --set data=bench-out/brats.json --set out=bench-out/train --precision $precision
    if have_peer; then $peer "$peers/train_unet.py" "$data/brats-example" 60 0003 $precision; fi
    $tomograd bench train --precision $precision --seconds 10
  done
  $tomograd bench peak --seconds 2
fi
if wanted msd; then
  echo "== mixed-scale dense network, 96^3, 80 layers: ours with the peak beside it, then PyTorch and OpenVINO, then PyTorch's training"
  $tomograd bench msd --no-peer
  if have_peer; then $peer "$peers/msd.py" 96 80; $peer "$peers/msd.py" 96 80 train || echo "PyTorch's training at this size did not fit here"; fi
fi
if wanted bayes; then
  echo "== Bayesian search, 20 seeds, ours then Optuna's Gaussian process"
  $tomograd bench bayes
  if have_peer; then $peer bench/peers/bayes_optuna.py; fi
fi
for part in crop slab cells slices ranks; do if [ "$name" = $part ]; then . scripts/bench_$part.sh; fi; done
if [ "$name" = restore ]; then
  [ -f "$data/head-t1/chris_t1.nii.gz" ] || { echo "bench restore needs the real scan at $data/head-t1"; exit 1; }
  have_peer || exit 1
  crop=bench-out/restore; mkdir -p $crop
  $peer bench/peers/restore_inputs.py "$data/head-t1/chris_t1.nii.gz" $crop
  echo "== an iteration of the deep image prior, ours then plain PyTorch with the same network"
  for precision in f32 bf16; do
    for recompute in false true; do
      echo "$precision, recompute = $recompute"
      $tomograd bench restore --data $crop/noisy.nii.gz --truth $crop/clean.nii.gz --precision $precision --set iterations=20 --set stop.rule=none --set recompute=$recompute \
        --set code=noise --set code_depth=32 --set model.n_down=[8,16,32,64] --set model.n_skip=[4] 2>/dev/null
    done
    $peer bench/peers/dip_torch.py "$data/head-t1/chris_t1.nii.gz" --channels 8,16,32,64 --iterations 12 --precision $precision
  done
  most=(--truth $crop/clean.nii.gz --precision bf16 --set max_seconds=${RESTORE_SECONDS:-900})
  echo "== denoising, at most ${RESTORE_SECONDS:-900} s, stopped by itself: Gaussian noise, Rician noise"
  $tomograd bench restore --data $crop/noisy.nii.gz "${most[@]}" 2>/dev/null
  $tomograd bench restore --data $crop/rician.nii.gz --set noise=rician --set sigma=0.0980392 "${most[@]}" 2>/dev/null
  echo "== half of all voxels missing"
  $tomograd bench restore --task inpaint --data $crop/scattered.nii.gz "${most[@]}" 2>/dev/null
  echo "== thin slices from pairs averaged, beside cubic interpolation"
  $tomograd bench restore --task superres --data $crop/thick.nii.gz "${most[@]}" 2>/dev/null
  echo "== other ways, each at its best setting by the truth"
  $peer bench/peers/restore_peers.py $crop
fi
if [ "$name" = precision-dice ]; then TOMOGRAD=$(realpath "$tomograd") bench/precision_dice.sh; fi
if wanted msd-cuda; then
  echo "== the same on a CUDA device, a whole volume of 2304x1280x1024 by tiles with a halo of 32; then PyTorch there"
  $tomograd bench msd --device cuda:0 --depth 86 --size 2304,1280,1024 --halo 32
  python3 bench/peers/msd_gpu.py 96 86
fi
if wanted brats-loo; then
  need_scans brats-loo
  $tomograd import "$data/brats-example" --out bench-out/brats.json >/dev/null
  # Two trials side by side with a thread each: half the time, and no trial was worse for it (seed 1 alone with two threads: 0.888, 0.940,
  # 0.681, 0.904). MONAI gets the whole machine.
  $tomograd experiment run bench/brats-loo.toml --set data=bench-out/brats.json --set run.max_seconds="$seconds" --set workers=2 --set run.threads=1 --resume
  echo "== ours: $seconds s a fold and one thread, whole tumour"
  $tomograd experiment results bench-out/brats-loo
  monai=bench-out/brats-loo-monai-$seconds.txt; touch "$monai"
  for fold in 0003 0004 0005 0006; do
    if ! grep -q "pat$fold" "$monai" && have_peer; then $peer "$peers/train_unet.py" "$data/brats-example" "$seconds" $fold f32 >> "$monai"; fi
  done
  echo "== MONAI: $seconds s a fold, as documented"
  cat "$monai"
fi
if wanted phantom; then
  . scripts/bench_phantom.sh
fi
echo "written to $result"
