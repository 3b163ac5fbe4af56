# A Bayesian search whose owner and workers are killed has the table of an undisturbed one, whatever the number of workers.
printf 'BEGIN { if (d == 1) exit 1; l = log(r) / log(10) + 2; printf "{\\"dice\\": %%.6f}", 1 - l * l / 9 - (d - 4) ^ 2 / 25 }' > toy.awk
printf 'lease_seconds = 2\n[trial]\ncommand = ["sh", "-c", "sleep 0.2; awk -v r={rate} -v d={depth} -f toy.awk > {out}/metrics.json"]\n[strategy]\nkind = "bayesian"\ntrials = 16\nparallel = 3\n[[variable]]\nkey = "rate"\nrange = [1e-4, 1.0]\nscale = "log"\n[[variable]]\nkey = "depth"\nrange = [1, 6]\nscale = "integer"\n' > quiet.toml; cp quiet.toml loud.toml
tomograd experiment run quiet.toml --workers 1; tomograd experiment results quiet --csv > quiet.csv; [ $(wc -l < quiet.csv) = 17 ]
for i in 1 2 3 4; do timeout -s KILL 0.7 tomograd experiment run loud.toml --resume --workers 3 || true; done
tomograd experiment resume loud --workers 3; tomograd experiment results loud --csv | cmp - quiet.csv
