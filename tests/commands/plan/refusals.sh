spec=$SOURCE/examples/head-neck-288.toml; plan="tomograd plan $spec --hours-per-trial 4"
fails 2 $plan --type g4dn.xlarg; grep "did you mean 'g4dn.xlarge'" err.txt; fails 2 $plan --budget=-200; grep 'the budget is -200' err.txt
fails 2 $plan --deadline soon; grep "'soon' is no time" err.txt; fails 2 $plan --count 0; grep 'count of instances is 0' err.txt; fails 2 $plan --out x.svg; grep 'no --emit' err.txt
fails 2 tomograd plan "$spec" --hours-per-trial 0; fails 2 tomograd plan "$spec" --hours-per-trial=-4; fails 2 tomograd plan nowhere.toml; fails 2 $plan --emit terraform
fails 2 tomograd plan "$spec"; grep 'no data here' err.txt; grep -F -- '--hours-per-trial 4' err.txt   # max_steps: it would have to be measured
fails 2 $plan --set cases=0; grep 'cases = 36' err.txt; fails 2 $plan --set cases=1; grep 'at least 2 patients' err.txt; fails 2 $plan --set caes=3; grep caes err.txt
fails 2 $plan --set data=none.json --set cases=0; grep none.json err.txt; fails 2 $plan --type lab --emit svg; grep "'lab' is a machine of yours" err.txt
printf '[trial]\ncommand = ["true"]\n[strategy]\nchannels = ["a", "b"]\n' > any.toml; fails 2 tomograd plan any.toml --set cases=3; grep 'hours-per-trial' err.txt
tomograd plan any.toml --set cases=3 --hours-per-trial 1 --json | grep -q '"trials": 9'; fails 2 $plan --type lab --here no --json; grep -q '"kind": "usage"' out.txt
