need_data
n=$(ls -d "$REAL_DATA"/brats-example/*/ | wc -l)
tomograd import "$REAL_DATA/brats-example" --out d.json | grep -q "$n cases of $n patients"
tomograd info d.json --json > info.json
grep -q '"Flair"' info.json && grep -q '"T1c"' info.json && grep -q '"label4"' info.json && grep -q "\"roi_cases\": $n" info.json
