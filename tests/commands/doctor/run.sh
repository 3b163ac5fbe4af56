# Where the time of a run goes, over five epochs with and without loading: a table with its spread, the same as JSON, and no run folder.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null
run="$SOURCE/examples/unet-tiny.toml --set data=d.json --set out=run --set sampling.patch=[16,32,32] --steps 2"
tomograd doctor $run > said.txt; for row in '^epoch .*step .*waiting .*update' '^1 ' '^5 ' '^mean ' '^s.d. ' '^reading the scans .* 2 scans' '^making patches '; do grep -E "$row" said.txt; done; [ ! -e run ]
tomograd doctor $run --set sampling.workers=0 --json > r.json; grep '"format": "tomograd.doctor_run/1"' r.json; for key in seconds_per_step seconds_per_step_without_loading loader_wait_share read_seconds compute_seconds; do grep -A4 "\"$key\": {" r.json | grep '"deviation": [0-9]'; done
grep -E '"bound_by": "[a-z ]+"' r.json; [ "$(grep -c '"epochs": \[' r.json)" = 10 ]; [ ! -e run ]
fails 2 tomograd doctor --set max_steps=1; grep "RUN is required" err.txt; fails 2 tomograd doctor $run --set data=none.json; fails 1 tomograd doctor $run --max-memory 200MB; grep "the limit is 200 MB" err.txt
