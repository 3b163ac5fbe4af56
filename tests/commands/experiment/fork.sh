# A fork runs only what is new: trials that both have in common keep their results.
printf 'out = "x"\n[trial]\ncommand = ["sh", "-c", "echo {\\\\\\"dice\\\\\\": {seed}} > {out}/metrics.json; echo run >> runs"]\n[strategy]\nkind = "leave-one-out"\nchannels = ["A", "B"]\npatients = ["P", "Q"]\n' > x.toml
tomograd experiment run x.toml; [ $(wc -l < runs) = 6 ]
tomograd experiment fork x y.toml --set strategy.seeds=2 --json > fork.json; grep '"adopted": 6' fork.json; grep '"trials": 12' fork.json; tomograd experiment resume y | grep '12 of 12'; [ $(wc -l < runs) = 12 ]
tomograd experiment results y --csv | cut -d, -f2- | grep -c complete | grep -x 12; tomograd experiment report y > said.txt; fails 2 tomograd experiment fork x y.toml; tomograd experiment fork x z.toml --set 'trial.command=["true"]' | grep '^0 of them'
