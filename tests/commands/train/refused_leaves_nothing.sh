# An error that only the cases show leaves no folder behind, so the corrected line starts; a case weight names its case.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
run="$SOURCE/examples/unet-tiny.toml --set data=d.json --set max_steps=1 --set sampling.patch=[16,32,32] --set out=run"
fails 2 tomograd train $run --set sampling.class_weights=[1,2,3] && grep -q "class_weights has 3 numbers" err.txt && [ ! -e run ]
fails 2 tomograd train $run --set sampling.case_weights.P9=2 && grep -q "P9" err.txt && [ ! -e run ]
tomograd train $run --set sampling.case_weights.P01_scan1=2 2> talk.txt && grep -q "patch centres, expected / drawn: background" talk.txt && grep -q '"realised_share"' run/sampling.json && grep -q '"version"' run/manifest.json
