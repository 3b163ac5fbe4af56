# What an executor on another machine would start: a worker takes trials until none is left, ends at once when whoever
# started it is gone, and refuses a folder that holds no experiment.
printf 'out = "x"\n[trial]\ncommand = ["sh", "-c", "[ -e go ] || exit 1; echo {\\\\\\"dice\\\\\\": 1} > {out}/metrics.json"]\n[strategy]\nkind = "sweep"\nseeds = 3\n' > x.toml
fails 1 tomograd experiment run x.toml; touch go; fails 2 tomograd worker --experiment nowhere; fails 3 tomograd worker --experiment x --parent 1
tomograd experiment status x --json | grep '"failed": 3'; tomograd worker --experiment x 2>&1 | grep '0 trials complete'
