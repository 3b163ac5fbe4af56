# A worker is frozen until its trial was given to another one and is done: when it wakes up it may not write, says so and ends, and
# the result is the other one's.
printf 'out = "x"\nlease_seconds = 2\nworkers = 2\n[trial]\ncommand = ["sh", "-c", "sleep 1; echo {\\\\\\"dice\\\\\\": 0.$TOMOGRAD_TRIAL_ATTEMPT} > {out}/metrics.json"]\n[strategy]\nkind = "sweep"\nseeds = 2\n' > x.toml
tomograd experiment run x.toml 2> err & parent=$!; until tomograd experiment status x --json 2>/dev/null | grep -q '"running": 2'; do kill -0 $parent; sleep 0.05; done
frozen=$(pgrep -P $parent | head -1); kill -STOP $frozen; until tomograd experiment status x --json | grep -q '"complete": 2'; do kill -0 $parent; sleep 0.1; done
kill -CONT $frozen; wait $parent; grep 'no longer this worker' err x/logs/* >&2; [ "$(tomograd experiment results x --csv | grep -c 'complete.*0\.[12]')" = 2 ]; tomograd experiment results x --csv | grep '0\.2'
