# The largest batch under a limit: what the prediction refuses is not tried, the rest makes steps; the line that uses it trains with the rate it says.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null
run="$SOURCE/examples/unet-tiny.toml --set data=d.json --set out=run --set sampling.patch=[16,32,32] --set sampling.queue_megabytes=8 --set predict.tile=[16,32,32]"
limit=$(($(tomograd doctor $run --largest-batch --up-to 1 --json | grep -m1 -o '"predicted_bytes": [0-9]*' | grep -o '[0-9]*') + 40000000))
tomograd doctor $run --largest-batch --max-memory $limit --json > b.json 2> talk.txt; grep -E "^batch 1: .* measured, .* predicted, .* patches/s" talk.txt; grep "not tried" talk.txt; grep '"reached_limit": true' b.json; [ ! -e run ]
batch=$(grep -o 'sampling.batch=[0-9]*' b.json | head -1 | cut -d= -f2); [ "$batch" -ge 3 ]; grep -q '"optimizer.batch_scaling=sqrt"' b.json; grep -q '"optimizer.scaled_from=2"' b.json
sets=$(grep -o '"[a-z_.]*=[a-z0-9]*"' b.json | tr -d '"' | sed 's/^/--set /' | tr '\n' ' '); tomograd train $run $sets --set max_steps=1 2>/dev/null; rate=$(grep -o '"learning_rate": [0-9.e-]*' b.json | cut -d' ' -f2); grep "\"learning_rate\":$rate" run/metrics.jsonl
tomograd doctor $run --largest-batch --up-to 3 > said.txt; grep "^largest batch  *3, the largest that was asked for" said.txt; grep "^use  --set sampling.batch=3 " said.txt; fails 1 tomograd doctor $run --largest-batch --max-memory 100MB; grep "not even a batch of 1 fits" err.txt
