# The file that `export --format optuna` writes is a study for Optuna itself: values, parameters, distributions, states, times.
"$SOURCE/.venv-test/bin/python" -c 'import optuna' 2>/dev/null || skip "no optuna in .venv-test (scripts/setup.sh test)"
cat > trial.sh <<'END'
[ "$TOMOGRAD_TRIAL_NUMBER" = 3 ] && exit 7
for step in 1 2; do echo "{\"step\": $step, \"loss\": 1, \"dice\": 0.$step}"; done > $1/metrics.jsonl; echo "{\"dice\": 0.$TOMOGRAD_TRIAL_NUMBER, \"steps\": 2}" > $1/metrics.json
END
printf 'out = "x"\nattempts = 1\n[trial]\ncommand = ["sh", "%s/trial.sh", "{out}"]\n[strategy]\nkind = "sweep"\n[[variable]]\nkey = "rate"\nrange = [0.001, 0.1]\nscale = "log"\ncount = 3\n[[variable]]\nkey = "kind"\nvalues = ["a", "b"]\n' "$PWD" > x.toml
fails 1 tomograd experiment run x.toml; tomograd experiment export x --format optuna --out journal.log | grep optuna-dashboard
"$SOURCE/.venv-test/bin/python" "$SOURCE/tests/support/read_optuna_journal.py" journal.log
