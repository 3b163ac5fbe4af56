# One NIfTI per case, named after the case, on the case's own grid and in its label values; a memory limit is kept or refused.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=4 --set sampling.patch=[16,32,32] --set out=run
tomograd predict run d.json --out pred --json > pred.json && grep -q predicted_peak_bytes pred.json
tomograd info pred/P01_scan1.nii.gz > a.txt && tomograd info "$(find cohort/P01 -name '*normalization*seg*.nii.gz' | head -1)" > b.txt && [ "$(grep -i size a.txt)" = "$(grep -i size b.txt)" ]
tomograd evaluate pred d.json | grep -q P02_scan1
fails 1 tomograd predict run d.json --out tight --max-memory 20kB && grep -q "kB" err.txt
