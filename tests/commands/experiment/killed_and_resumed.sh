printf 'workers = 2\nlease_seconds = 2\n[trial]\ncommand = ["sh", "-c", "sleep 0.1; echo \\"{\\\\\\"dice\\\\\\": 0.$TOMOGRAD_TRIAL_NUMBER}\\" > {out}/metrics.json"]\n[strategy]\nchannels = ["a", "b"]\npatients = ["p1", "p2", "p3", "p4"]\n' > quiet.toml; cp quiet.toml loud.toml
tomograd experiment run quiet.toml; tomograd experiment results quiet --csv > quiet.csv
tomograd experiment run loud.toml & parent=$!; sleep 0.5; kill -9 $parent; wait $parent || true
for i in 1 2 3; do timeout -s KILL 0.4 tomograd experiment resume loud || true; done
tomograd experiment resume loud; tomograd experiment results loud --csv | cmp - quiet.csv
