# The talk's check of coordinates: what lies in a region, counted from the region's corner, plus the offset, is where it is.
tomograd phantom cells c.tif --size 64,180,170 --cells 60 --seed 2 --cubes 1 --cube 60 --json > c.out
python3 - <<'P' > offset
import json
print(",".join(str(v) for v in json.load(open("c.out"))["cubes"][0]["begin_zyx"]))
P
tomograd evaluate c_cubes/cube1/label.nii.gz c.json --cells --offset "$(cat offset)" --radius 4 --min-volume 30 --json > e.json
python3 -c 'import json; e = json.load(open("e.json")); n = json.load(open("c.out"))["cubes"][0]["cells"]; assert e["true_cells"] == n > 3 and e["radii"][0]["recall"] > 0.85, e'
fails 2 tomograd evaluate c_cubes/cube1/label.nii.gz c.json --cells && grep -q -- --offset err.txt
