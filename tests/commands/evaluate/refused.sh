# Other grids, missing files, folder against file, unknown classes and bad labels are exit 2 and say which.
fails 2 tomograd evaluate "$GOLDEN/evaluation/other_grid/a.nii.gz" "$GOLDEN/evaluation/truth/a.nii.gz"; grep -q 'different grids' err.txt
fails 2 tomograd evaluate nowhere.nii "$GOLDEN/evaluation/truth/a.nii.gz"; grep -q 'nowhere.nii' err.txt
fails 2 tomograd evaluate "$GOLDEN/evaluation/truth" "$GOLDEN/evaluation/prediction"; grep -q 'c.nii.gz' err.txt
fails 2 tomograd evaluate "$GOLDEN/evaluation/truth/a.nii.gz" "$GOLDEN/evaluation/truth/a.nii.gz" --labels core=x
fails 2 tomograd evaluate "$GOLDEN/evaluation/truth/a.nii.gz" "$GOLDEN/evaluation/truth/a.nii.gz" --classes tumour; grep -q "'tumour'" err.txt
