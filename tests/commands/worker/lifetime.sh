# A worker whose time is up claims no trial and ends with 3, so that it can have another turn; one with time left does them all.
printf 'out = "x"\n[trial]\ncommand = ["sh", "-c", "[ -e go ] || { touch begun; exec sleep 60; }; echo {\\\\\\"dice\\\\\\": 1} > {out}/metrics.json"]\n[strategy]\nkind = "sweep"\nseeds = 3\n' > x.toml
tomograd experiment run x.toml & run=$!; until [ -e begun ] || ! kill -0 $run; do sleep 0.1; done; kill $run; code=0; wait $run || code=$?; [ $code = 3 ]; touch go
TOMOGRAD_LIFETIME_SECONDS=0 fails 3 tomograd worker --experiment x; grep -q 'out of time (TOMOGRAD_LIFETIME_SECONDS)' err.txt; TOMOGRAD_LIFETIME_SECONDS=soon fails 2 tomograd worker --experiment x
tomograd experiment status x --json | grep '"complete": 0'; TOMOGRAD_LIFETIME_SECONDS=86400 tomograd worker --experiment x 2>&1 | grep '3 trials complete'; TOMOGRAD_LIFETIME_SECONDS=0 tomograd worker --experiment x 2>&1 | grep '0 trials complete'
