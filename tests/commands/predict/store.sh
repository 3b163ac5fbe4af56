# A block store predicted tile by tile: by one process, by workers killed in the middle, and by local workers, the same bytes; what is wrong is refused.
tomograd phantom cells c.tif --size 60,70,80 --cells 30 --seed 7 --cubes 0 >/dev/null && tomograd block c.tif c.zarr --block 32,32,32 >/dev/null
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set model.kind=msd --set model.depth=4 --set sampling.patch=[12,24,24] --set 'preprocess.channels=["T1w"]' --set preprocess.normalize=zscore --set max_steps=2 --set out=m >/dev/null
p="tomograd predict m c.zarr --precision f32 --tile 32,32,48 --halo 10"
bytes() { (cd "$1" && find s0 s1 zarr.json manifest.json complete plan.json -type f | sort | xargs sha256sum); }
$p --out quiet && bytes quiet > quiet.sum && [ "$(grep -c s0/c quiet.sum)" = 12 ]
for kill in tile.after_shard=kill@2 tile.after_record=kill@1 zarr.before_publish=kill@2; do TOMOGRAD_FAILPOINTS=$kill $p --out killed --tiles 1/2 && exit 1; done
fails 2 $p --out killed --merge && grep -q 'tiles cannot be merged' err.txt
$p --out killed --tiles 2/2 & other=$!; sleep 2.2; kill -9 $other 2>/dev/null || true; wait $other || true
$p --out killed --tiles 1/2 && $p --out killed --tiles 2/2; for kill in merge.before_levels zarr.before_publish; do TOMOGRAD_FAILPOINTS=$kill=kill@1 $p --out killed --merge && exit 1; [ ! -e killed/complete ]; [ ! -e killed/zarr.json ]; done
$p --out killed --merge && bytes killed | cmp - quiet.sum; grep -q '"path": "s1"' quiet/zarr.json; tomograd info quiet | grep -q '30x35x40'; printf x >> killed/s1/c/0/0/0 && $p --out killed --merge && bytes killed | cmp - quiet.sum
$p --out local --on local --workers 2 && bytes local | cmp - quiet.sum
printf x >> killed/s0/c/0/1/0 && fails 2 $p --out killed --merge && grep -q 'tile 2 differs from its digest' err.txt && $p --out killed && bytes killed | cmp - quiet.sum
tomograd phantom cells e.tif --size 60,70,80 --cells 30 --seed 8 --cubes 0 >/dev/null && tomograd block e.tif e.zarr --block 32,32,32 >/dev/null
fails 2 tomograd predict m e.zarr --out killed --tiles 1/2 && grep -q 'another store' err.txt
fails 2 $p --out killed --tiles 3/2; fails 2 $p --out x --exact; fails 2 tomograd predict m c.zarr --out x --tta; fails 2 tomograd predict m c.zarr --out x --exact --tiles 1/2; fails 2 tomograd predict m c.tif --out x --halo 3
fails 1 $p --out small --max-memory 100MB && grep -q -- '--tile' err.txt && [ ! -e small ]
tomograd evaluate quiet c.json --cells --json | grep -q '"true_cells": 30'
