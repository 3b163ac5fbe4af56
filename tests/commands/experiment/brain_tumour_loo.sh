# The example on Decathlon's layout: 4 patients x (all + 4 channels) = 20 trials, each tested on the patient it has not seen.
[ -x "$SOURCE/.venv-test/bin/python" ] || skip "no .venv-test to make the 4-D scans with"
"$SOURCE/.venv-test/bin/python" "$SOURCE/tests/support/make_decathlon.py" Task01_BrainTumour 4 && tomograd import Task01_BrainTumour --out d.json
tomograd experiment run "$SOURCE/examples/brain-tumour-loo.toml" --set data=d.json --set out=loo --set run.max_seconds=0 --set run.max_steps=1 --set run.model.channels=[4,8] --set run.sampling.patch=[16,16,16] | grep '5 channel sets x 4 patients = 20 trials'
[ "$(tomograd experiment results loo --csv | grep -c complete)" = 20 ] && tomograd experiment report loo | grep -q 'smallest two-sided p that the signed-rank test can reach is 0.125'
