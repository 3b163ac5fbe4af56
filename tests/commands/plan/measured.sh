# Some steps of this very spec, here: an estimate with its interval; nothing is left behind.
tomograd phantom head-neck cohort --patients 3 --size 16,48,48 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null
printf 'run = "unet.toml"\ndata = "d.json"\n' > e.toml; sed 's/^max_seconds.*//; s/^max_steps.*//' "$SOURCE/examples/unet-tiny.toml" > unet.toml; mkdir tmp
plan="env TMPDIR=$PWD/tmp tomograd plan e.toml --set run.sampling.patch=[16,32,32]"
$plan --set run.max_steps=500 --json | tr -d ' \n' > out.json; grep -q '"trials":24' out.json; grep -q '"basis":"measured","estimate":true,"step_seconds":' out.json; grep -q 'measuredhere:' out.json; test -z "$(ls -A tmp)"
$plan --set run.max_seconds=3600 > limited.txt; grep -F '24 trials x 1.1 (1-1.5) h' limited.txt; test ! -e e; fails 2 $plan --set run.max_steps=0; grep max_steps err.txt
