# Results beside each other over the same slice, with the truth: NIfTI, a folder of predictions, TIFF and Zarr, whole or in a box.
tomograd phantom head-neck cohort --patients 2 --scans 2 --size 12,40,48 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null
seg() { find cohort -path "*$1*" -name '*normalization_seg*' | head -1; }; image=$(find cohort -path '*P01/scan1*' -name '*normalization_T1w*' | head -1); size() { tr -d ' \n' < "$1" | grep -o '"width":[0-9]*,"height":[0-9]*'; }
mkdir pred; cp "$(seg P01/scan2)" pred/P01_scan1.nii.gz; tomograd montage "$image" --label "$(seg P01/scan1)" --compare "$(seg P01/scan1)" "$(seg P01/scan2)" --pixels 100 --slice largest --out a.png --json > a.json
size a.json | grep '"width":458,'; tr -d ' \n' < a.json | grep '"dice":{"1":1.0,"2":1.0}'; tr -d ' \n' < a.json | grep '"dice":{"1":0[.][6-9]'     # four pictures of 100 pixels, 10 between, 14 around
tomograd montage "$image" --label "$(seg P01/scan1)" --compare "$(seg P01/scan1)" "$(seg P01/scan1)" --pixels 100 --slice largest --out b.png; ! cmp -s a.png b.png
tomograd montage d.json --case P01_scan1 --compare pred "$(seg P01/scan1)" --out c.png --json | grep -q '"images": 7'; fails 2 tomograd montage d.json --case P01_scan2 --compare pred --out x.png; grep -q P01_scan2.nii.gz err.txt
tomograd phantom cells c.tif --size 20,50,60 --cells 12 --seed 7 --cubes 0 >/dev/null; tomograd block c.tif c.zarr --block 16,16,16 >/dev/null; labels=c_labels.tif
tomograd crop "$labels" part.tif --box 0:20,0:50,0:59 >/dev/null; tomograd block "$labels" l.zarr --block 16,16,16 >/dev/null
tomograd montage c.zarr --label "$labels" --compare "$labels" l.zarr --whole --box 2:18,4:50,10:60 --out d.png --json > d.json.txt; tr -d ' \n' < d.json.txt | grep '"dice":{"1":1.0}.*"dice":{"1":1.0}'
fails 2 tomograd montage c.tif --compare part.tif --box 2:18,4:50,10:50 --out x.png; grep -q 'lies on another grid' err.txt; fails 2 tomograd montage "$image" --compare "$image" --out x.png; grep -q 'is no label map' err.txt; [ ! -e x.png ]
