# CSV and JSON are those of `results`; --json and no file would be two things on one output.
printf 'out = "x"\n[trial]\ncommand = ["sh", "-c", "echo {\\\\\\"dice\\\\\\": 0.$TOMOGRAD_TRIAL_NUMBER} > {out}/metrics.json"]\n[strategy]\nkind = "sweep"\nseeds = 3\n' > x.toml
tomograd experiment run x.toml; tomograd experiment export x | cmp - <(tomograd experiment results x --csv)
tomograd experiment export x --format json --out x.json; tomograd experiment results x --json | cmp - x.json
fails 2 tomograd experiment export x --json; fails 2 tomograd experiment export x --format xls; tomograd experiment export x --format csv --out x.csv --json | grep '"trials": 3'
