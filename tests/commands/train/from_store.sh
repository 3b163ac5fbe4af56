# Training straight from a block store of 8 MB with 1 MB for its blocks; what a store cannot do is said; damage is named.
tomograd phantom cells c.tif --size 100,110,130 --cells 60 --seed 7 --cubes 0 >/dev/null; tomograd block c.tif c.zarr --label c_labels.tif --block 32,32,32 --layout files >/dev/null
tomograd import c.zarr --out d.json | grep -q "layout: stores"; tomograd info d.json | grep -q "block store"; tomograd import c.zarr --check --out e.json | grep -q "nothing is odd"; cmp d.json e.json
run="$SOURCE/examples/msd-cells.toml --set data=d.json --set sampling.patch=[24,32,32] --set model.depth=4 --set max_steps=6 --set max_seconds=0 --set sampling.epoch_patches=8 --set sampling.cache_megabytes=1"
tomograd train $run --set out=run --json > run.json 2> talk.txt; grep -q "block stores: [0-9]* blocks decoded" talk.txt; grep -q '"final_loss": [0-9]' run.json; [ -s run/model.safetensors ]
fails 2 tomograd train $run --set out=no --set preprocess.crop=nonzero; grep -q "preprocess.crop is 'nonzero'" err.txt; [ ! -e no ]
fails 2 tomograd predict run d.json --out p; grep -q "lies in a block store" err.txt; tomograd predict run c.zarr --tile 32,32,32 --halo 8 --out p.zarr --tiles 1/200 >/dev/null
tomograd bench sampling --data d.json --patch 32,32,32 --channels 1 --seconds 0.2 --cache 1MB --json | grep -q '"blocks_decoded_per_patch"'
head -c 99 c.zarr/s0/c/0/1/1/1 > cut; mv cut c.zarr/s0/c/0/1/1/1; fails 2 tomograd train $run --set out=no; grep -q "z,y,x = 32,32,32 from '.*c.zarr/s0/c/0/1/1/1'" err.txt; [ ! -e no ]
