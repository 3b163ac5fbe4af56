# Predictions of merged classes are scored as what they are, by the manifest beside them; --classes and --labels are obeyed as before.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
for set in whole=true 'whole=false --set classes.names=["both"] --set classes.values=[[1,2]]'; do
  tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=6 --set sampling.patch=[16,32,32] --set classes.$set --set out=run && tomograd predict run d.json --out pred && rm -r run
  tomograd evaluate pred d.json --json >is.json && tomograd evaluate pred d.json --classes whole --json >want.json && tomograd evaluate pred/P01_scan1.nii.gz "$(find cohort/P01 -name '*normalization_seg*')" --json >one.json
  python3 -c 'import json; e, w, o = (json.load(open(f)) for f in ("is.json", "want.json", "one.json")); name, = e["mean"]; assert name in ("whole", "both") and e["mean"][name] == w["mean"]["whole"] and list(o["mean"]) == [name], e'; done
tomograd evaluate pred d.json --labels first=1 --json | grep -q '"first"'
