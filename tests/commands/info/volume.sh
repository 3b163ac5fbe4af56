tomograd phantom head-neck cohort --patients 1 --size 12,48,44
file=cohort/P01/scan1/P01_T1w.nii.gz
tomograd info $file | grep -q "axes " && tomograd info $file --json | grep -q '"format": "tomograd.info/1"'
gunzip -c $file > whole.nii && head -c 1000 whole.nii > cut.nii && fails 2 tomograd info cut.nii
