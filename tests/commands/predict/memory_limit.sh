# --max-memory is kept: the kernel would kill the process at the first page beyond it; a limit that nothing fits is refused.
tomograd phantom head-neck cohort --patients 1 --size 64,160,160 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-brats.toml" --set data=d.json --set max_seconds=0 --set max_steps=1 --set sampling.patch=[32,32,32] --set out=run
tomograd predict run d.json --out free --json > free.json && need=$(grep -o '"predicted_peak_bytes": [0-9]*' free.json | tail -1 | grep -o '[0-9]*') && limit=$((need - 40000000))
"$SOURCE/tests/support/in_memory.sh" "$limit" tomograd predict run d.json --out kept --max-memory "$limit" --json > kept.json || { [ $? = 77 ] && skip "no memory control groups"; exit 1; }
[ "$(grep -o '"peak_bytes": [0-9]*' kept.json | grep -o '[0-9]*')" -le "$limit" ] && ! cmp -s <(grep -A4 tile_zyx free.json) <(grep -A4 tile_zyx kept.json)
