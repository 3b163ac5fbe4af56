# A model that normalises inside the ROI takes the ROI of files with --roi and then gives what the dataset gives.
tomograd phantom head-neck cohort --patients 1 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=4 --set sampling.patch=[16,32,32] --set preprocess.channels='["T1w","ADC"]' --set out=run && grep -q zscore_roi run/spec.toml
files="$(find cohort -name '*normalization_T1w.nii.gz') $(find cohort -name '*normalization_ADC.nii.gz')"; mask=$(find cohort -name '*normalization_mask.nii.gz')
fails 2 tomograd predict run $files --out files && grep -q "predict --roi FILE" err.txt
tomograd predict run d.json --out pred && tomograd predict run $files --roi "$mask" --out files && cmp pred/P01_scan1.nii.gz files/P01_normalization_T1w.nii.gz
