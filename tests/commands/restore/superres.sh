# Twice as many slices, half as thick, at the right places: the volume's outer faces stay where they are.
tomograd phantom head-neck cohort --patients 1 --size 10,44,40 --seed 3 >/dev/null; scan=$(find cohort -name '*normalization_T1w.nii.gz')
tomograd superres "$scan" --out thin.nii.gz --factor 2 --axis z --iterations 10 --montage m.png --json | grep -q '"tomograd.superres/1"'; [ -s m.png ]
a=$(tomograd info "$scan" --json | tr -d ' \n'); b=$(tomograd info thin.nii.gz --json | tr -d ' \n'); echo "$a" | grep -q '\[10,44,40\]'; echo "$b" | grep -q '\[20,44,40\]'
fails 2 tomograd superres "$scan" --out x.nii.gz --factor 1; grep -q factor err.txt; fails 2 tomograd superres "$scan" --out x.nii.gz --set noise=rician; grep -q 'not Rician' err.txt
tomograd superres "$scan" --out prior.nii.gz --axis z --set code=noise --set model.n_down=[8,8] --iterations 3 2>/dev/null; fails 2 tomograd superres "$scan" --out x.nii.gz --axis z --tile 16; grep -q 'tile is 16x16x16' err.txt
