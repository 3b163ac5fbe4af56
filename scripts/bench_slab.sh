# Sourced by bench.sh: a slab of 256x1280x1024 voxels by the mixed-scale dense network of depth 86, tile by tile with a halo of 32, in bf16
# under 8 GB and in f32 under 16 GB; beside it what the halo costs in accuracy and what the processor can do.
# SLAB cuts the planes (256), SLAB_PLANE a plane (1280,1024), SLAB_TILE the largest tile tried (256), SLAB_PRECISIONS picks (bf16 f32).
slab_planes=${SLAB:-256} slab_plane=${SLAB_PLANE:-1280,1024} slab_depth=${SLAB_DEPTH:-86}
slab=bench-out/slab; mkdir -p $slab
slab_voxels=$((slab_planes * ${slab_plane%,*} * ${slab_plane#*,}))
slab_name=$slab/cells-$slab_planes-${slab_plane/,/-}
if [ ! -d "$slab_name.zarr" ]; then
  [ -f "$slab_name.tif" ] || $tomograd phantom cells "$slab_name.tif" --size "$slab_planes,$slab_plane" --cells $((slab_voxels / 67500 + 1)) --cubes 0 >/dev/null
  $tomograd block "$slab_name.tif" "$slab_name.zarr" >/dev/null
fi
# What its weights are changes no figure: one step on small cubes.
slab_model=$slab/msd-$slab_depth
if [ ! -f "$slab_model/model.safetensors" ]; then
  rm -rf "$slab_model"
  $tomograd phantom cells $slab/small.tif --size 72,72,72 --cells 8 --cubes 1 --cube 48 >/dev/null
  $tomograd train examples/msd-cells.toml --set data=$slab/small_cubes/dataset.json --set out="$slab_model" --set model.depth="$slab_depth" --set sampling.patch=[24,24,24] --set sampling.epoch_patches=4 \
    --set max_steps=1 --set max_seconds=0 --set validation.every_steps=0 >/dev/null
fi
$tomograd model describe "$slab_model" --json > $slab/model.json
echo "== what the processor can do (once more at the end)"
$tomograd bench peak --seconds 3 --json > $slab/peak.json; grep _per_second $slab/peak.json

# The cubic tile that fits: the refusal names the largest one; a share without tiles makes the plan alone.
slab_tile() {  # precision limit
  local side=${SLAB_TILE:-256} told
  while :; do
    rm -rf $slab/plan
    if told=$($tomograd predict "$slab_model" "$slab_name.zarr" --out $slab/plan --precision "$1" --max-memory "$2" --tile "$side" --halo 32 --tiles 999999/999999 2>&1 >/dev/null); then echo "$side"; rm -rf $slab/plan; return; fi
    local fits; fits=$(sed -n 's/.*--tile \([0-9,]*\) needs.*/\1/p' <<< "$told" | tr , '\n' | sort -n | sed -n 1p)
    if [ -z "$fits" ] || [ "$fits" -ge "$side" ]; then echo "$told" >&2; return 1; fi
    side=$fits
  done
}
for precision in ${SLAB_PRECISIONS:-bf16 f32}; do
  limit=16GB; [ $precision = bf16 ] && limit=8GB
  tile=$(slab_tile $precision $limit)
  echo "== $slab_planes planes of $slab_plane, depth $slab_depth, $precision under $limit: tiles of $tile^3, halo 32"
  rm -rf $slab/labels
  $tomograd predict "$slab_model" "$slab_name.zarr" --out $slab/labels --precision $precision --max-memory $limit --tile "$tile" --halo 32 --json > $slab/$precision.json
  python3 - $slab/$precision.json $slab/model.json $slab/peak.json "$slab_planes,$slab_plane" "$tile" <<'P'
import json, sys
told, model, peak = (json.load(open(path)) for path in sys.argv[1:4])
size, side = [int(v) for v in sys.argv[4].split(",")], int(sys.argv[5])
whole = [2304, 1280, 1024]

def computed(volume):  # voxels of all tiles with their halos, which the volume's faces cut
    result = 1
    for n, halo in zip(volume, told["halo_zyx"]):
        result *= sum(min(n, begin + side + halo) - max(0, begin - halo) for begin in range(0, n, side))
    return result

voxels, all_voxels = (a * b * c for a, b, c in (size, whole))
seconds, flop, precision = told["seconds"], model["flop_per_voxel"], told["precision"]
best = peak[f"{precision}_gflop_per_second"]
times, fair = all_voxels / voxels, computed(whole) / computed(size)
rates = [flop * n / seconds * 1e-9 for n in (voxels, computed(size))]
shares = [f"{rate / best:.3f} of the peak" if best else "no peak: the processor has no such instruction" for rate in rates]
print(f"seconds for the slab            {seconds:.1f} ({told['tiles']} tiles of {told['tile_zyx']}, halo {told['halo_zyx']})")
print(f"extrapolated to 2304x1280x1024  {seconds * times:.0f} s, the slab times {times:g}; {seconds * fair:.0f} s by the voxels that are computed there (times {fair:.2f}: a slab's faces need no halo)")
print(f"peak memory                     {told['peak_bytes'] / 1e9:.2f} GB (foreseen {told['predicted_peak_bytes'] / 1e9:.2f} GB)")
print(f"of the result's voxels          {rates[0]:.1f} GFLOP/s, {shares[0]} ({flop / 1e3:.1f} kFLOP a voxel)")
print(f"with the halos that it computes {rates[1]:.1f} GFLOP/s, {shares[1]} ({computed(size) / voxels:.2f} times the voxels); peak {best:.0f} GFLOP/s")
P
done
rm -rf $slab/labels
$tomograd bench peak --seconds 3
echo "== what a halo of 32 costs in accuracy: probabilities of random weights, which forget slowly (bench seam)"
$tomograd bench seam --depth "$slab_depth" --size "${SLAB_SEAM:-160,160,160}"
