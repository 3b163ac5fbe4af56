# A search is planned with all its trials, not with those that it can begin with.
printf '[trial]\ncommand = ["true"]\n[strategy]\nkind = "bayesian"\ntrials = 24\nparallel = 4\nseeds = 2\n[[variable]]\nkey = "rate"\nrange = [1e-4, 1.0]\nscale = "log"\n' > s.toml
tomograd plan s.toml --hours-per-trial 2 --type g4dn.xlarge --json | python3 -c 'import json, sys; p = json.load(sys.stdin); assert p["trials"] == 48 and p["hours"] == 96, (p["trials"], p["hours"])'
