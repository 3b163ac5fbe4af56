# What the mask marks is filled, what it does not mark stays as it is; TIFF goes in and out too.
tomograd phantom head-neck cohort --patients 1 --size 12,44,40 --seed 3 >/dev/null; scan=$(find cohort -name '*normalization_T1w.nii.gz'); mask=$(find cohort -name '*normalization_seg.nii.gz')
tomograd inpaint "$scan" --mask "$mask" --out full.nii.gz --set model.n_down=[8,8] --iterations 15 --montage m.png; [ -s m.png ]; tomograd inpaint "$scan" --mask "$mask" --out free.tif --no-keep-known --set model.n_down=[8,8] --iterations 5
tomograd info free.tif | grep -q 12x44x40
fails 2 tomograd inpaint "$scan" --out x.nii.gz; grep -q -- '--mask' err.txt; fails 2 tomograd inpaint "$scan" --mask "$scan" --out x.nii.gz
