# The search on functions with known minima: the same figures again, and far below random search.
tomograd bench bayes --seeds 2 --functions branin,mixed --json > a.json; grep -q '"tomograd.bench_bayes/1"' a.json; grep -q '"ask_seconds_at_100"' a.json
tomograd bench bayes --seeds 2 --functions branin,mixed --json > b.json; [ "$(grep -v ask_seconds a.json)" = "$(grep -v ask_seconds b.json)" ]
awk -F'[:,]' '/"median_regret"/ { ours = $2 } /random_median/ { if (ours > $2 / 2) exit 1; n++ } END { if (n != 2) exit 1 }' a.json
fails 2 tomograd bench bayes --functions brannin
