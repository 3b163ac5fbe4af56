tomograd phantom head-neck cohort --patients 1 --scans 3 --size 12,48,48 --seed 3
scan() { echo cohort/P01/scan$1/P01_normalization_$2.nii.gz; }
tomograd overlay $(scan 1 T2star) --label $(scan 1 seg) --prediction $(scan 2 seg) --prediction $(scan 3 seg) --compare --out c.png
test -s c.png
fails 2 tomograd overlay $(scan 1 T2star) --label $(scan 1 seg) --prediction $(scan 2 seg) --prediction $(scan 3 seg) --out d.png
fails 2 tomograd overlay $(scan 1 T2star) --label $(scan 1 seg) --compare --out d.png
fails 2 tomograd overlay $(scan 1 T2star) --label missing.nii.gz --out d.png
test ! -e d.png
