# A worker that is told how long it may live takes up nothing new after that: exit 3, finished tiles kept; without an end it does the rest, the same bytes.
tomograd phantom cells c.tif --size 60,70,80 --cells 30 --seed 7 --cubes 0 >/dev/null && tomograd block c.tif c.zarr --block 32,32,32 >/dev/null
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set model.kind=msd --set model.depth=4 --set sampling.patch=[12,24,24] --set 'preprocess.channels=["T1w"]' --set preprocess.normalize=zscore --set max_steps=2 --set out=m >/dev/null
p="tomograd predict m c.zarr --precision f32 --tile 32,32,48 --halo 10"; $p --out quiet; $p --out ended --tiles 1/4
TOMOGRAD_LIFETIME_SECONDS=0.001 fails 3 $p --out ended --tiles 2/4; grep -q 'out of time (TOMOGRAD_LIFETIME_SECONDS), finished tiles are kept' err.txt; [ "$(find ended/tiles -name '*.json' | wc -l)" = 3 ]
TOMOGRAD_LIFETIME_SECONDS=0.001 fails 3 $p --out ended; TOMOGRAD_LIFETIME_SECONDS=86400 $p --out ended; for file in complete manifest.json zarr.json; do cmp ended/$file quiet/$file; done
for wrong in soon -1 1s nan; do TOMOGRAD_LIFETIME_SECONDS=$wrong fails 2 $p --out x; grep -q "TOMOGRAD_LIFETIME_SECONDS is '$wrong'" err.txt; done; [ ! -e x ]; TOMOGRAD_LIFETIME_SECONDS= $p --out quiet
