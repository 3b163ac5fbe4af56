# Sourced by bench.sh: cells found in an unseen phantom volume of 300^3 voxels and 400 cells after CELLS_SECONDS (600) of training on four
# labelled cubes of 96^3: the mixed-scale dense network, a U-Net with the same cubes, seconds and augmentation, and threshold and watershed
# tuned on the same cubes. One matcher scores all three. CELLS_SIDE cuts the volume, CELLS_SEED changes both phantoms and the training.
cells_seconds=${CELLS_SECONDS:-600} cells_side=${CELLS_SIDE:-300} cells_seed=${CELLS_SEED:-1}
cells=bench-out/cells-$cells_side-$cells_seed; mkdir -p "$cells"
cells_count=$((cells_side * cells_side * cells_side / 67500))
[ -f "$cells/known_cubes/dataset.json" ] || $tomograd phantom cells "$cells/known.tif" --size 300,300,300 --cells 400 --seed "$cells_seed" >/dev/null
[ -f "$cells/unseen.json" ] || $tomograd phantom cells "$cells/unseen.tif" --size "$cells_side,$cells_side,$cells_side" --cells "$cells_count" --seed $((cells_seed + 1000)) --cubes 0 >/dev/null
[ -d "$cells/unseen.zarr" ] || $tomograd block "$cells/unseen.tif" "$cells/unseen.zarr" --block 32,32,32 >/dev/null
rm -f "$cells"/*-score.json
for network in msd unet; do
  echo "== $network-cells.toml: $cells_seconds s of training, then $cells_side^3 voxels"
  rm -rf "$cells/$network" "$cells/$network-labels"
  $tomograd train examples/$network-cells.toml --set data="$cells/known_cubes/dataset.json" --set out="$cells/$network" --set max_seconds="$cells_seconds" --set seed="$cells_seed" ${CELLS_SET:-}
  way=(--tile 96); [ $network = msd ] && way+=(--exact)   # the U-Net's halo, half its receptive field, is exact by itself
  $tomograd predict "$cells/$network" "$cells/unseen.zarr" --out "$cells/$network-labels" "${way[@]}" --json | grep -E '"(seconds|peak_bytes)"'
  $tomograd evaluate "$cells/$network-labels" "$cells/unseen.json" --cells --json > "$cells/$network-score.json"
done
if have_peer; then
  echo "== threshold and watershed"
  $peer bench/peers/cells_threshold.py "$cells/known_cubes/dataset.json" "$cells/unseen.tif" "$cells/threshold.json" ${CELLS_WAYS:-}
  $tomograd evaluate "$cells/threshold.json" "$cells/unseen.json" --cells --json > "$cells/threshold-score.json"
fi
echo "== $cells_count cells of $cells_side^3 unseen voxels, found within 4 um; F1 within 1, 2, 4, 6, 8 um"
python3 - "$cells" <<'P'
import json, os, sys
print(f"{'':26}    F1  precision  recall   cells   F1 by radius")
for key, name in (("msd", "mixed-scale dense"), ("unet", "U-Net"), ("threshold", "threshold and watershed")):
    path = os.path.join(sys.argv[1], key + "-score.json")
    if not os.path.exists(path): print(f"{name:26} not there"); continue
    score = json.load(open(path))
    at = next(r for r in score["radii"] if r["radius_um"] == 4)
    print(f"{name:26} {at['f1']:.3f}      {at['precision']:.3f}   {at['recall']:.3f}   {score['predicted_cells']:5d}   {' '.join('%.3f' % r['f1'] for r in score['radii'])}")
P
