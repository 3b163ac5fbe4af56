need_data
[ -e "$REAL_DATA/nuclei/mask3d.tif" ] || skip "no nuclei at $REAL_DATA"
tomograd evaluate "$REAL_DATA/nuclei/mask3d.tif" "$REAL_DATA/nuclei/mask3d.tif" --cells --instances --radius 1 --json > a.json 2>err.txt
grep -q "1 um is assumed" err.txt
python3 -c 'import json; a = json.load(open("a.json")); assert a["truth_kind"] == "instances" and a["true_cells"] == 51 and a["radii"][0]["f1"] == 1, a'
