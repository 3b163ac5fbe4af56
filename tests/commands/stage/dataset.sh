# A staged dataset trains to the same bytes as the original; staged again nothing is copied; an address is refused.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd stage d.json node && tomograd stage d.json node --json | grep -q '"copied_files": 0'
for data in d.json node/dataset.json; do tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=$data --set max_steps=3 --set sampling.patch=[16,32,32] --set out="run-${data%%/*}" >/dev/null; done
cmp run-d.json/model.safetensors run-node/model.safetensors; fails 2 tomograd stage d.json s3://bucket/d; fails 2 tomograd stage gone node
