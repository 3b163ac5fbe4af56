printf 'out = "loo"\nworkers = 2\n[trial]\ncommand = ["sh", "-c", "n=$(echo $TOMOGRAD_TRIAL_CHANNELS | tr , \\"\\\\n\\" | wc -l); echo \\"{\\\\\\"dice\\\\\\": 0.$n$TOMOGRAD_TRIAL_NUMBER}\\" > {out}/metrics.json"]\n[strategy]\nchannels = ["a", "b"]\npatients = ["p1", "p2", "p3", "p4"]\n' > loo.toml
tomograd experiment run loo.toml | grep -F '3 channel sets x 4 patients = 12 trials'
tomograd experiment results loo --csv > once.csv && [ "$(grep -c ,complete, once.csv)" = 12 ]
tomograd experiment report loo > said.txt; grep -q "smallest two-sided p" said.txt; fails 1 grep significant said.txt
test -s loo/report/report.html -a -s loo/report/grouped_trials.svg -a -s loo/report/paired_change.png -a -s loo/report/results.csv
tomograd experiment status loo --json | grep -q '"state": "done"'; fails 2 tomograd experiment run loo.toml; tomograd experiment run loo.toml --resume
