need_data
folder="$REAL_DATA/brats-example/brats_2013_pat0003_1"
tomograd montage "$folder/Flair_subtrMeanDivStd.nii.gz" "$folder/T1c_subtrMeanDivStd.nii.gz" --label "$folder/OTMultiClass.nii.gz" --slice largest --axis x --out brats.png
test -s brats.png
