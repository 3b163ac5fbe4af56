tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 1 && tomograd import cohort --filter normalization --out dataset.json
tomograd experiment new loo.toml --data dataset.json --minutes 2 | grep '16 trials of 7.5 s training each, 2 min in all'
fails 2 tomograd experiment new loo.toml --data dataset.json; grep 'is there already' err.txt
sed -i 's/kind = "leave-one-out"/kind = "leave-one-out"\nchannels = ["T1x"]/' loo.toml; fails 2 tomograd experiment run loo.toml; grep "did you mean 'T1w'" err.txt
