# Cases that lack a channel are left out where the model was trained so, and files that changed since the import are told.
tomograd phantom head-neck cohort --patients 3 --size 16,48,48 --seed 3 >/dev/null && find cohort/P03 -name '*ADC*' -delete && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=2 --set sampling.patch=[16,32,32] --set preprocess.channels='["T1w","ADC"]' --set preprocess.missing=skip --set 'validation.test_patients=["P02"]' --set out=run >/dev/null
printf x >> "$(find cohort/P02 -name '*normalization_seg*' | head -1)"
tomograd predict run d.json --out pred 2> err.txt; [ "$(cd pred && echo *.nii.gz)" = "P01_scan1.nii.gz P02_scan1.nii.gz" ]
grep -q "'P03_scan1' lacks a channel" err.txt; grep -q "'P02_scan1': its files are not those that were imported" err.txt; [ "$(grep -c 'not those' err.txt)" = 1 ]
