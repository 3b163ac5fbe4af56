printf '[strategy]\nkind = "sweep"\n' > none.toml; fails 2 tomograd experiment run none.toml; grep 'neither a run nor a \[trial\] command' err.txt
printf '[strategy]\nkind = "swep"\n' > kind.toml; fails 2 tomograd experiment run kind.toml; grep "'swep', must be one of: leave-one-out, channel-dropout, sweep, random, bayesian" err.txt
printf '[trial]\ncommand = ["true"]\n[strategy]\nchannels = ["a", "b"]\n' > patients.toml; fails 2 tomograd experiment run patients.toml; grep 'at least 2 patients' err.txt
printf '[trial]\ncommand = ["true"]\n[strategy]\nkind = "sweep"\n' > fails.toml; fails 1 tomograd experiment run fails.toml; grep 'wrote no metrics.json' err.txt
fails 2 tomograd experiment status nowhere; test ! -e none
