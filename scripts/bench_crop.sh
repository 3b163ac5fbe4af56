# Sourced by bench.sh: crops of 128^3 voxels at odd places of a zstd store, ours, zarr-python and TensorStore reading the same ones; with
# blocks of 64 (the default of `tomograd block`) and of 32. CROP_SIDE cuts the volume (512), CROP_SIZE the crops, CROPS their number (20).
crop_side=${CROP_SIDE:-512}
crop_folder=bench-out/crop; mkdir -p $crop_folder
crop_source=$crop_folder/cells-$crop_side.tif
[ -f "$crop_source" ] || $tomograd phantom cells "$crop_source" --size "$crop_side,$crop_side,$crop_side" --cells $((crop_side * crop_side * crop_side / 67500 + 1)) --cubes 0 >/dev/null
for block in 64 32; do
  echo "== crops of a store with blocks of $block^3"
  store=$crop_folder/cells-$crop_side-$block.zarr
  [ -d "$store" ] || $tomograd block "$crop_source" "$store" --block $block,$block,$block >/dev/null
  crops=(bench crop --data "$store" --size "${CROP_SIZE:-128,128,128}" --seeds "${CROPS:-20}")
  $tomograd "${crops[@]}" --truth "$crop_source"
  if have_peer; then
    $tomograd "${crops[@]}" --json > "$crop_folder/$block.json"   # timed again, next to the peers
    $peer bench/peers/crop_zarr.py "$crop_folder/$block.json"
  fi
done
