# A killed worker is nobody's failure: with the default of 3 attempts, five kills leave a trial that still comes to its end;
# between a kill and the end of the lease nobody can know, after it `status` says that the worker is gone.
printf 'out = "x"\nlease_seconds = 2\n[trial]\ncommand = ["sh", "-c", "[ -e go ] || exec sleep 60; echo {\\\\\\"dice\\\\\\": 1} > {out}/metrics.json"]\n[strategy]\nkind = "sweep"\n' > x.toml
status_has() { tomograd experiment status x --json 2>/dev/null | grep -q "$1"; }
for i in 1 2 3 4 5; do
  tomograd experiment run x.toml --resume & parent=$!; until status_has '"running": 1' && status_has "\"attempt\": $i"; do kill -0 $parent; sleep 0.1; done
  children=$(pgrep -P $parent); kill -9 $parent $children; wait $parent || true
done
until status_has '"state": "lost"'; do sleep 0.2; done; tomograd experiment status x | grep -F 'lost (its worker is gone)'; touch go
tomograd experiment resume x | grep '1 of 1 trials complete'
