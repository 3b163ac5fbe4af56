# One hour costs 3600, so a trial of half a second 0.5 and more: 2.2 are not enough for eight of them. No trial is cut short.
printf '[trial]\ncommand = ["sh", "-c", "sleep 0.5; echo \\"{\\\\\\"dice\\\\\\": 0.5}\\" > {out}/metrics.json"]\n[strategy]\nkind = "sweep"\nseeds = 8\n' > s.toml
code=0; tomograd experiment run s.toml --budget 2.2 --price 3600 2> err || code=$?; [ $code = 3 ]; grep -q 'the budget is used up: .* of 2.20 spent' err
tomograd experiment status s --json | python3 -c 'import json, sys; t = json.load(sys.stdin)["trials"]; assert 1 <= t["complete"] <= 4 and t["running"] == 0 and t["preempted"] == 0, t'
tomograd experiment resume s --budget 1000 --price 3600; tomograd experiment results s --csv | grep -c complete | grep -qx 8
code=0; tomograd experiment resume s --budget 10 2> err || code=$?; [ $code = 2 ]; grep -q price err
python3 -c 'import json; t = json.load(open("s/terms.json")); assert t["budget"] == 1000 and t["price_per_hour"] == 3600 and t["on"] == "local" and t["currency"] == "$", t'
code=0; tomograd experiment resume s --budget 10 --instance none.large 2> err || code=$?; [ $code = 2 ]; grep -q none.large err
# Hours of work are kept without a price: four trials of half a second fit into 2.2 seconds, and nothing is told of money.
sed -i 's/seeds = 8/seeds = 7/' s.toml; code=0; tomograd experiment run s.toml --set out=h --trial-hours 0.000611 2> err || code=$?; [ $code = 3 ]; grep -q 'the hours are used up: .* hours worked' err
tomograd experiment status h --json | python3 -c 'import json, sys; t = json.load(sys.stdin)["trials"]; assert 1 <= t["complete"] <= 4 and t["running"] == 0, t'
python3 -c 'import json; t = json.load(open("h/terms.json")); assert t["trial_hours"] == 0.000611 and t["price_per_hour"] == -1, t'
tomograd experiment resume h --trial-hours 1; tomograd experiment results h --csv | grep -c complete | grep -qx 7
