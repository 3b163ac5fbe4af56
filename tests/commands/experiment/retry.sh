# What failed is tried again by `retry` (all or some) and by `resume`, with all its attempts.
printf 'out = "x"\nattempts = 2\n[trial]\ncommand = ["sh", "-c", "[ -e repaired ] || exit 7; echo {\\\\\\"dice\\\\\\": 1} > {out}/metrics.json"]\n[strategy]\nkind = "sweep"\nseeds = 3\n' > x.toml
fails 1 tomograd experiment run x.toml; grep 'experiment retry' err.txt; tomograd experiment status x | grep 'trial 3 failed after 2 attempts'
fails 1 tomograd experiment retry x --trials 2; tomograd experiment status x | grep 'trial 2 failed after 4 attempts'; fails 2 tomograd experiment retry x --trials 9
touch repaired; fails 1 tomograd experiment retry x --trials 2; fails 2 tomograd experiment retry x --trials 2; grep 'trial 2 is complete' err.txt
tomograd experiment resume x > said.txt; grep '2 failed trials are tried again' said.txt; grep '3 of 3 trials complete' said.txt; fails 2 tomograd experiment retry x
