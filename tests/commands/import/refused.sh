mkdir empty && fails 2 tomograd import empty && grep -q "holds no volume" err.txt
fails 2 tomograd import nowhere && fails 2 tomograd import empty --layout tardis
tomograd phantom head-neck cohort --patients 1 --size 12,48,44
fails 2 tomograd import cohort --label nothing && grep -q -- "--label none" err.txt
fails 2 tomograd import cohort --filter normalization --label T1w --json && grep -q '"kind": "input"' out.txt && grep -q "whole numbers" out.txt
[ ! -e dataset.json ]
