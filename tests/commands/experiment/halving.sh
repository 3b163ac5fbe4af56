# Halving: all configurations train a little, the best half goes on from there. Killed at any moment the table is the same, and the last one's
# model is that of a training without pauses.
tomograd phantom head-neck cohort --patients 3 --size 16,48,48 --seed 1; tomograd import cohort --filter normalization --out d.json
printf 'run = "%s/examples/unet-tiny.toml"\n[strategy]\nkind = "sweep"\nhalving = 2\n[[variable]]\nkey = "optimizer.learning_rate"\nvalues = [0.1, 0.01, 0.001, 0.0001]\n' "$SOURCE" > quiet.toml; cp quiet.toml loud.toml
halve() { tomograd experiment run $1.toml --set data=d.json --set run.max_steps=12 --set "run.sampling.patch=[16,32,32]" --set 'run.validation.test_patients=["P02"]' --set run.threads=1 --set lease_seconds=2 --resume "${@:2}"; }
halve quiet | grep -F '(4 configurations to step 3 + 2 to step 6 + 1 to step 12) = 7 trials'; tomograd experiment results quiet --csv > quiet.csv; [ "$(grep -c ,complete, quiet.csv)" = 7 ]; tomograd experiment report quiet | grep '1 of 4 configurations reached rung 3'
for seconds in 1.5 2.5 3.5; do timeout -s KILL $seconds tomograd experiment resume loud --workers 2 || timeout -s KILL $seconds bash -c "$(declare -f halve); halve loud --workers 2" || true; done
halve loud --workers 2; tomograd experiment results loud --csv | cmp - quiet.csv
first=$(tomograd experiment results quiet --json | tr -d '\n ' | grep -o '"begun_as":[0-9]*' | tail -1 | grep -o '[0-9]*'); rate=$(sed -n "$((first + 1))p" quiet.csv | cut -d, -f7)
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set out=straight --set max_steps=12 --set "sampling.patch=[16,32,32]" --set 'validation.test_patients=["P02"]' --set threads=1 --set optimizer.learning_rate=$rate; cmp straight/model.safetensors quiet/trials/000$first/model.safetensors
