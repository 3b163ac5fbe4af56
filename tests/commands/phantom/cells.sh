tomograd phantom cells c.tif --size 100,110,120 --cells 60 --seed 7 --cubes 2 --cube 48 --json > out.json
python3 -c 'import json; o = json.load(open("out.json")); t = json.load(open("c.json")); assert o["format"] == "tomograd.phantom_cells/1" and len(o["cubes"]) == 2 and t["format"] == "tomograd.cells/1" and len(t["cells"]) == 60 and t["size_zyx"] == [100, 110, 120], o'
test -s c_labels.tif && test -s c_centroids.tif
tomograd import c_cubes --label-name 1=core --modality fluorescence=fluorescence --check --out again.json | grep -q "2 cases"
fails 2 tomograd phantom cells d.tif --size 64,64,64 --cells 100000 --cubes 0 && grep -q "no place for another" err.txt
fails 2 tomograd phantom cells d.tif --size 64,64,64 --cells 5 && grep -q -- "--cube N" err.txt    # cubes of 96 do not fit
test ! -e d.tif && test ! -e d.json
