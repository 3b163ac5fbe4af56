tomograd phantom head-neck cohort --patients 2 --size 12,48,48 --seed 3 --importance T2star=2,T1ce=1 --json > truth.json
grep -q '"format": *"tomograd.phantom/1"' truth.json
grep -q '"T2star": *0.5\b' truth.json                  # ideal loss of a share of 2/3: (2/3) / (2 - 2/3)
test -s cohort/P02/scan1/P02_normalization_seg.nii.gz && test -s cohort/P02/scan1/P02_ADC.nii.gz
fails 2 tomograd phantom head-neck cohort --patients 2 --size 12,48,48   # the folder is no longer empty
grep -q "is there already" err.txt
