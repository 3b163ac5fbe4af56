# A trial that could have no value of its metric is refused before it trains, with the reason; so is a metric that would rank
# upside down.
tomograd phantom head-neck cohort --patients 3 --size 16,48,48 --seed 1; rm cohort/P02/scan1/*_seg.nii.gz; tomograd import cohort --filter normalization --out d.json
run() { fails "$1" tomograd experiment run "$2" --set data=d.json --set run.max_steps=1 --set "run.sampling.patch=[16,32,32]" "${@:3}"; }
printf 'run = "%s/examples/unet-tiny.toml"\n[strategy]\nkind = "sweep"\n' "$SOURCE" > sweep.toml
run 2 sweep.toml; grep "tests and validates on nobody, so it would have no 'dice'" err.txt; grep strategy.folds err.txt; [ ! -e sweep ]
run 2 sweep.toml --set 'run.validation.test_patients=["P02"]'; grep "no scan of the test patient 'P02' has a label" err.txt
run 2 sweep.toml --set strategy.metric=hd95_mm; grep 'better when lower' err.txt; run 2 sweep.toml --set strategy.metric=dise; grep "did you mean 'dice'" err.txt
run 1 sweep.toml --set 'run.validation.patients=["P02"]'; grep "no validation case has a label, so there is no 'dice'" err.txt
printf '[trial]\ncommand = ["true"]\n[strategy]\nkind = "sweep"\nmetric = "loss"\n' > loss.toml; fails 2 tomograd experiment run loss.toml; grep 'report its negative' err.txt
