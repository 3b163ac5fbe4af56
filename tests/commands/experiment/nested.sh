# Leave-one-out nested in a random search: every proposal is a whole leave-one-out, and the report has both the ranking and the variables.
printf 'workers = 2\n[trial]\ncommand = ["sh", "-c", "n=$(echo $TOMOGRAD_TRIAL_CHANNELS | tr , \\"\\\\n\\" | wc -l); echo \\"{\\\\\\"dice\\\\\\": 0.$n$TOMOGRAD_TRIAL_NUMBER}\\" > {out}/metrics.json"]\n[strategy]\nkind = "random"\nnested = true\ntrials = 4\nchannels = ["a", "b"]\npatients = ["p1", "p2", "p3"]\n[[variable]]\nkey = "rate"\nrange = [0.1, 1]\n' > n.toml
tomograd experiment run n.toml | grep -F '3 channel sets x 3 patients x 4 proposals of 1 variable = 36 trials'
tomograd experiment report n > said.txt; grep -q 'left out' said.txt; grep -q 'Best: rate = ' said.txt; tomograd experiment results n --csv | grep -c ,complete, | grep -x 36
