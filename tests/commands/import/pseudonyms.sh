tomograd phantom head-neck cohort --patients 2 --size 12,48,44
tomograd import cohort --filter normalization --pseudonyms --out d.json
[ "$(stat -c %a d.patients.json)" = 600 ] && grep -q '"P001": "P01"' d.patients.json && grep -q '"id": "P002_S1"' d.json
tomograd import cohort --filter normalization --pseudonyms --out d.json --json | grep -q '"pseudonyms": "d.patients.json"'
