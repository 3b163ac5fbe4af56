# A search is planned with all its trials, not with those that it can begin with.
printf '[trial]\ncommand = ["true"]\n[strategy]\nkind = "bayesian"\ntrials = 24\nparallel = 4\nseeds = 2\n[[variable]]\nkey = "rate"\nrange = [1e-4, 1.0]\nscale = "log"\n' > s.toml
tomograd plan s.toml --hours-per-trial 2 --type g4dn.xlarge --json | python3 -c 'import json, sys; p = json.load(sys.stdin); assert p["trials"] == 48 and p["hours"] == 96, (p["trials"], p["hours"])'
printf 'cases = 4\nrun = "%s/examples/unet-tiny.toml"\n[strategy]\nkind = "random"\ntrials = 9\nhalving = 3\n[[variable]]\nkey = "optimizer.learning_rate"\nrange = [1e-4, 1.0]\nscale = "log"\n' "$SOURCE" > h.toml  # steps 7, 20, 60: 9 x 7 + 3 x 13 + 40 = 142 of 60 each
tomograd plan h.toml --hours-per-trial 2 --type g4dn.xlarge --json | python3 -c 'import json, sys; p = json.load(sys.stdin); assert p["trials"] == 3, p["trials"]'
