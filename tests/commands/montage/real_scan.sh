need_data
scans="$REAL_DATA/brats-example"                       # never `folder`: the runner removes that when the test ends
scan="$scans/$(ls "$scans" | grep '^brats' | head -1)"
tomograd montage "$scan/Flair_subtrMeanDivStd.nii.gz" "$scan/T1c_subtrMeanDivStd.nii.gz" --label "$scan/OTMultiClass.nii.gz" --slice largest --axis x --out brats.png
test -s brats.png
