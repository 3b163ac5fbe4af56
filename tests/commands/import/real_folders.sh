need_data
tomograd import "$REAL_DATA/brats-example" --out d.json | grep -q "4 cases of 4 patients"
tomograd info d.json --json > info.json
grep -q '"Flair"' info.json && grep -q '"T1c"' info.json && grep -q '"label4"' info.json && grep -q '"roi_cases": 4' info.json
