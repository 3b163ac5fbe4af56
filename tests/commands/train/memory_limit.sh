# What a run will need is said before anything is read; a limit below it is refused and nothing is left behind.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
run="$SOURCE/examples/unet-tiny.toml --set data=d.json --set max_steps=2 --set sampling.patch=[16,32,32]"
fails 1 tomograd train $run --set out=tight --max-memory 200MB && grep -q "the limit is 200 MB" err.txt && [ ! -e tight ]
tomograd train $run --set out=run --json > run.json 2> talk.txt && grep -q "memory at most" talk.txt
[ "$(grep -o '"peak_bytes": [0-9]*' run.json | grep -o '[0-9]*')" -le "$(grep -o '"predicted_peak_bytes": [0-9]*' run.json | grep -o '[0-9]*')" ]
