# --exact gives the bytes of one tile as large as the volume, whatever the tiles and workers; killed, it goes on; a wrong request is refused.
python=$SOURCE/.venv-test/bin/python; "$python" -c 'import zarr' 2>/dev/null || skip "zarr is not importable in .venv-test"
tomograd phantom cells c.tif --size 41,50,57 --cells 20 --seed 7 --cubes 1 --cube 24 >/dev/null && tomograd block c.tif c.zarr --block 32,32,32 >/dev/null
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set model.kind=msd --set model.depth=12 --set sampling.patch=[12,24,24] --set 'preprocess.channels=["T1w"]' --set preprocess.normalize=zscore --set max_steps=4 --set optimizer.learning_rate=0.01 --set out=m >/dev/null
labels() { (cd "$1" && "$python" -c 'import zarr, hashlib; print(hashlib.sha256(zarr.open_array("s0", mode="r")[:].tobytes()).hexdigest())'); }
tomograd predict m c.zarr --precision f32 --tile 41,50,57 --halo 0 --out whole
for tile in 16 "20,24,32"; do tomograd predict m c.zarr --exact --tile "$tile" --out "exact-$tile" --json > out.json; [ "$(labels whole)" = "$(labels "exact-$tile")" ]; [ ! -e "exact-$tile/scratch" ]; done
grep -q '"exact_groups"' out.json; TOMOGRAD_FAILPOINTS=zarr.before_publish=kill@9 tomograd predict m c.zarr --exact --tile 16 --out killed && exit 1
[ -e killed/scratch ]; tomograd predict m c.zarr --exact --tile 16 --out killed; [ "$(labels whole)" = "$(labels killed)" ]; cmp killed/complete exact-16/complete
tomograd predict m c.zarr --exact --tile 16 --on local --workers 2 --out local; [ "$(labels whole)" = "$(labels local)" ]; cmp local/complete exact-16/complete; [ ! -e local/scratch ]
fails 2 tomograd predict m c.zarr --exact --tile 16 --tiles 1/2 --group 2 --out early; grep -q 'maps/0' err.txt; fails 2 tomograd predict m c.zarr --exact --tiles 1/2 --out x; fails 2 tomograd predict m c.zarr --group 1 --out x; fails 2 tomograd predict m c.tif --group 1 --out x; grep -q -- "--group and --exact are for block stores" err.txt
fails 2 tomograd predict m c.zarr --tile 16 --halo 3 --out killed; grep -q -- 'is for --exact' err.txt; fails 2 tomograd predict m c.zarr --exact --precision bf16 --out x; fails 1 tomograd predict m c.zarr --device cuda:7 --out x
