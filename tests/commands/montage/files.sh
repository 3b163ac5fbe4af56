tomograd phantom head-neck cohort --patients 1 --size 12,48,48 --seed 3
scan=cohort/P01/scan1/P01
tomograd montage $scan"_T1w.nii.gz" $scan"_ADC.nii.gz" --label $scan"_normalization_seg.nii.gz" --slice 5 --names 1=GTV-T,2=GTV-Ln --out a.png
tomograd montage $scan"_T1w.nii.gz" $scan"_ADC.nii.gz" --label $scan"_normalization_seg.nii.gz" --slice 5 --names 1=GTV-T,2=GTV-Ln --out b.png
cmp a.png b.png
fails 2 tomograd montage $scan"_T1w.nii.gz" --slice 12 --out c.png && grep -q 'slices 0 to 11' err.txt
fails 2 tomograd montage $scan"_T1w.nii.gz" --slice largest --out c.png
fails 2 tomograd montage $scan"_T1w.nii.gz" --out c.jpg && test ! -e c.png
