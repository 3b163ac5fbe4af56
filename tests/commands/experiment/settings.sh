# --set reaches the experiment, a run that stands in its own file, and says what it does not know; paths are those of the caller.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 1 && tomograd import cohort --filter normalization --out d.json && mkdir specs
printf 'run = "tiny.toml"\n[strategy]\nleave_channels = false\n' > specs/loo.toml && cp "$SOURCE/examples/unet-tiny.toml" specs/tiny.toml
tomograd experiment run specs/loo.toml --set data=d.json --set out=here --set run.max_steps=1 --set run.sampling.patch=[16,32,32] | grep '2 of 2 trials complete'
grep -q 'max_steps = 1$' here/experiment.toml && [ "$(tomograd experiment results here --csv | wc -l)" = 3 ]
fails 2 tomograd experiment run specs/loo.toml --set data=d.json --set out=other --set run.max_stepz=1 && grep -q "did you mean 'max_steps'" err.txt && [ ! -e other ]
