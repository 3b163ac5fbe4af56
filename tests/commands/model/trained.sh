# A trained model says what its network is, as a file or as its run folder, without being loaded; a damaged one says so.
tomograd phantom head-neck cohort --patients 1 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=1 --set sampling.patch=[16,32,32] --set out=run
for model in run run/model.safetensors run/spec.toml; do tomograd model describe $model --json > "is.$(basename $model)"; done; cmp is.run is.model.safetensors && cmp is.run is.spec.toml && grep -q '"in_channels": 7' is.run
tomograd model draw run --out run.svg && grep -q svg run.svg && fails 2 tomograd info run && eval "$(grep -o 'tomograd model describe run' err.txt)"
head -c 100 run/model.safetensors > cut.safetensors && fails 2 tomograd model describe cut.safetensors && grep -q damaged err.txt && mkdir empty && fails 2 tomograd model describe empty && grep -q spec.toml err.txt
