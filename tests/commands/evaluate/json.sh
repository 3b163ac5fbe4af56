# One object with SI units in its keys; a merged class and "whole" beside it.
tomograd evaluate "$GOLDEN/evaluation/prediction/a.nii.gz" "$GOLDEN/evaluation/truth/a.nii.gz" --labels core=1,3 rim=3 --classes core whole rim --json >out.json
python3 -c 'import json; e = json.load(open("out.json")); c = e["cases"][0]["classes"]; assert e["format"] == "tomograd.evaluation/1" and list(c) == ["core", "whole", "rim"] and c["core"] == c["whole"] != c["rim"] and 0 < c["rim"]["dice"] < 1 < c["rim"]["hd95_mm"], e'
