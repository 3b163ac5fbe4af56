# --exact within a quarter of the feature stack: the process's peak (VmHWM) stays below the limit, and below what was told first.
tomograd phantom cells c.tif --size 330,330,330 --cells 60 --seed 7 --cubes 1 --cube 48 >/dev/null; tomograd block c.tif c.zarr >/dev/null
tomograd train "$SOURCE/examples/msd-cells.toml" --set data=c_cubes/dataset.json --set model.depth=11 --set sampling.patch=[32,32,32] --set max_steps=1 --set out=m >/dev/null
limit=$((12 * 4 * 330 * 330 * 330 / 4)); tomograd predict m c.zarr --exact --tile 66 --max-memory $limit --out o --json > told.json
number() { sed -n "s/^ *\"$1\": \([0-9]*\).*/\1/p" told.json; }
[ "$(number peak_bytes)" -le "$(number predicted_peak_bytes)" ]; [ "$(number predicted_peak_bytes)" -le $limit ]; [ "$(number exact_groups)" -gt 1 ]
