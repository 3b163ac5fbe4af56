# Instances, centroid voxels, a list and a mask of one phantom against each other.
tomograd phantom cells c.tif --size 120,130,140 --cells 90 --seed 5 --cubes 0 >/dev/null
tomograd evaluate c_labels.tif c.json --cells --instances --radius 3 --json > a.json
tomograd evaluate c.json c_centroids.tif --cells --radius 1 --json > b.json
tomograd evaluate c_labels.tif c_labels.tif --cells --radius 3 --save found.json --json > c.json.out
tomograd evaluate found.json c.json --cells --radius 0.01,3 | tee d.txt
python3 - <<'P'
import json
a, b, c, f = (json.load(open(n)) for n in ("a.json", "b.json", "c.json.out", "found.json"))
assert a["format"] == "tomograd.cell_evaluation/1" and a["true_cells"] == 90 and a["radii"][0]["f1"] == 1 and a["spacing_um_zyx"] == [1, 1, 1], a
assert b["truth_kind"] == "centroid voxels" and b["radii"][0]["f1"] == 1 and 0 < b["radii"][0]["mean_distance_um"] < 0.87, b
assert c["truth_kind"] == "instances" and c["prediction_kind"] == "mask" and c["radii"][0]["f1"] > 0.97, c
assert f["format"] == "tomograd.cells/1" and abs(len(f["cells"]) - 90) <= 3, len(f["cells"])
P
grep -q "list): 90 cells" d.txt
fails 2 tomograd evaluate c_labels.tif c.json --radius 3 && grep -q -- --cells err.txt
fails 2 tomograd evaluate c_labels.tif c.json --cells --radius 0
fails 2 tomograd evaluate c_labels.tif c.json --cells --numbered
fails 2 tomograd evaluate c_labels.tif c.json --cells --offset 1,0,0 && grep -q "not inside" err.txt
fails 2 tomograd evaluate missing.tif c.json --cells && grep -q missing.tif err.txt
echo '{"format":"tomograd.cells/9","cells":[]}' > new.json && fails 2 tomograd evaluate c_labels.tif new.json --cells && grep -q "tomograd.cells/1" err.txt
echo '[[1,2,3],[4,5,6]]' > bare.json && tomograd evaluate bare.json bare.json --cells --radius 1 2>/dev/null | grep -q "1.0000"
