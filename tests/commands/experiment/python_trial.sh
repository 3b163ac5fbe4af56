# The Python trial of the examples: killed with its worker in the middle of its steps, then stopped, it goes on from its state, and
# the table of results has the bytes of an undisturbed run.
"$SOURCE/.venv-test/bin/python" -c 'import numpy, nibabel' 2>/dev/null || skip "no numpy and nibabel in .venv-test (scripts/setup.sh test)"
PATH=$SOURCE/.venv-test/bin:$PATH; tomograd phantom head-neck cohort --patients 2 --size 12,40,40 --seed 1; tomograd import cohort --filter normalization --out d.json
run=(tomograd experiment run "$SOURCE/examples/python-trial.toml" --set data=d.json --set lease_seconds=2 --set 'strategy.channels=["T1ce","T2star"]' --set 'trial.command=["python3","python_trial.py","--steps","1500"]')
"${run[@]}" --set out=quiet | grep '3 channel sets x 2 patients = 6 trials'; tomograd experiment results quiet --csv > quiet.csv; [ $(grep -c ,complete, quiet.csv) = 6 ]
"${run[@]}" --set out=loud & parent=$!; until [ -e loud/trials/0002/state.npz ]; do kill -0 $parent; sleep 0.02; done; kill -9 $parent $(pgrep -P $parent); wait $parent || true
tomograd experiment resume loud & parent=$!; until [ -e loud/trials/0004/state.npz ]; do kill -0 $parent; sleep 0.02; done; kill $parent; code=0; wait $parent || code=$?; [ $code = 3 ]
tomograd experiment resume loud; grep -h 'goes on after step [0-9]*00$' loud/trials/*/output.log; grep -h 'stopped after step' loud/trials/*/output.log; tomograd experiment results loud --csv | cmp - quiet.csv
