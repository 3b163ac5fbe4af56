printf 'out = "x"\n[trial]\ncommand = ["sh", "-c", "sleep 0.2; echo {\\\\\\"dice\\\\\\": 1} > {out}/metrics.json"]\n[strategy]\nkind = "sweep"\nseeds = 20\n' > x.toml
tomograd experiment run x.toml & parent=$!; until tomograd experiment status x --json 2>/dev/null | grep -q '"running": 1'; do sleep 0.05; done
tomograd experiment stop x; code=0; wait $parent || code=$?; [ $code = 3 ]
tomograd experiment status x | head -1 | grep stopped; tomograd experiment resume x | grep '20 of 20 trials complete'
