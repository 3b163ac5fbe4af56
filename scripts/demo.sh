#!/usr/bin/env bash
# The main job from one command: scans (or a phantom cohort) -> dataset -> leave-one-out experiment -> report and pictures.
# usage: scripts/demo.sh [DATA_DIR] [MINUTES]
# Each folder of scans and each budget has a folder of its own in demo-out/; made-from says which, and what the scans were.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${1:-}; minutes=${2:-}
# The phantom's trials have a fixed number of steps (examples/unet-phantom.toml), equal for all: about 6 minutes together.
if [ -z "$minutes" ]; then [ -n "$data" ] && minutes=10 || minutes=0; fi
tomograd=${TOMOGRAD:-build/tomograd} where=${DEMO_OUT:-demo-out}
case "$minutes" in *[!0-9.]*) echo "demo: MINUTES is '$minutes', expected a number such as 60" >&2; exit 2 ;; esac

name=phantom source="the phantom of this version"
if [ -n "$data" ]; then
  [ -d "$data" ] || { echo "demo: there is no folder '$data'" >&2; exit 2; }
  data=$(realpath -- "$data")
  name=$(basename -- "$data"); [ "$name" != / ] || name=root
  # Names, sizes and times of all files: scans that were added or changed since make another dataset.
  source="$data $({ find -L "$data" -type f -printf '%P %s %T@\n' 2>/dev/null || true; } | LC_ALL=C sort | sha256sum | cut -c1-16)"
fi
made_from=$(printf 'scans: %s\nminutes: %s\n' "$source" "$minutes")
out=$where/$name
for number in 2 3 4 5 6 7 8 9 new; do
  { [ -d "$out" ] && [ "$(cat "$out/made-from" 2>/dev/null)" != "$made_from" ] && [ -n "$(ls -A "$out")" ]; } || break
  echo "demo: $out was made from something else ($(tr '\n' ' ' < "$out/made-from" 2>/dev/null || echo 'it does not say what')); it stays as it is" >&2
  [ "$number" != new ] || { echo "demo: remove what you no longer need from $where" >&2; exit 2; }
  out=$where/$name-$number
done

started=$SECONDS
say() { printf '\n[demo %s/5 · %d s] %s\n' "$1" $((SECONDS - started)) "$2" >&2; }
mkdir -p "$out"
free_mb=$(df -Pm "$out" | awk 'NR==2{print $4}')
[ "$free_mb" -ge 1000 ] || { echo "demo: only $free_mb MB free here, 1000 are needed" >&2; exit 1; }
printf '%s\n' "$made_from" > "$out/made-from"
if [ ! -f "$out/experiment.toml" ]; then
  if [ -n "$data" ]; then
    say 1 "indexing the scans in $data"
    $tomograd import "$data" --out "$out/dataset.json"
  else
    say 1 "making a phantom cohort: 6 patients, 7 modalities, planted importance (10 s)"
    # Each modality carries 1.5 times the lesions of the next: seven steps that six patients have a chance to tell apart.
    if [ ! -f "$out/cohort/phantom.json" ] || [ -f "$out/cohort/phantom.unfinished" ]; then
      $tomograd phantom head-neck "$out/cohort" --patients 6 --size 24,96,96 --seed 1 \
        --importance T2star=11.390625,T1ce=7.59375,T2w=5.0625,ktrans=3.375,T1w=2.25,ve=1.5,ADC=1
    fi
    $tomograd import "$out/cohort" --filter normalization --label-name 1=GTV-T --label-name 2=GTV-Ln --out "$out/dataset.json"
  fi
  say 2 "designing the experiment: every modality and every patient left out in turn"
  # The phantom's network is too small to use two cores well, so two trials run side by side with one thread each.
  if [ -n "$data" ]; then run=examples/unet-demo.toml workers=1; else run=examples/unet-phantom.toml workers=2; fi
  $tomograd experiment new "$out/experiment.toml" --data "$out/dataset.json" --run "$run" --minutes "$minutes" --workers "$workers"
else
  say 1 "the scans and the experiment are there already; going on with them ($out)"
fi
say 3 "training and testing every permutation"
$tomograd experiment run "$out/experiment.toml" --resume
say 4 "report"
$tomograd experiment report "$out/experiment"
say 5 "pictures"
prediction=$(find "$out/experiment/trials" -name '*.nii.gz' | sort | head -1)
case_id=$(basename "$prediction" .nii.gz)
$tomograd montage "$out/dataset.json" --case "$case_id" --slice largest --out "$out/montage.png"
$tomograd overlay "$out/dataset.json" --case "$case_id" --prediction "$prediction" --whole --slice largest --out "$out/overlay.png"
cat <<END

Done in $((SECONDS - started)) s. Figures and tables:
  $out/experiment/report/report.html   (open it in a browser)
  $out/experiment/report/*.svg *.png   the charts
  $out/montage.png  $out/overlay.png
All of it in the page: $tomograd serve $out   (prints an address for the browser)
The same again goes on where it stopped; other scans or another MINUTES start afresh beside it; remove $out to start it afresh.
END
