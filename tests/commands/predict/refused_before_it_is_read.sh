# A case that cannot fit is refused by its headers: the first of these is whole, the second is cut short behind its header, which only reading it would find.
python3 "$SOURCE/tests/support/make_nifti.py" 16,48,48 small.nii.gz; python3 "$SOURCE/tests/support/make_nifti.py" 200,512,512 whole.nii.gz && head -c 200000 whole.nii.gz > large.nii.gz
tomograd phantom head-neck cohort --patients 1 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=2 --set sampling.patch=[16,32,32] --set preprocess.channels='["T1w"]' --set preprocess.normalize=zscore --set out=run
fails 2 tomograd predict run large.nii.gz --out pred && fails 1 tomograd predict run large.nii.gz --out pred --max-memory 400MB && grep -q "200x512x512" err.txt && grep -q "400 MB" err.txt
mkdir scans scans/a scans/b && cp small.nii.gz scans/a/T1w.nii.gz && cp large.nii.gz scans/b/T1w.nii.gz && tomograd import scans --label none --out two.json >/dev/null
fails 1 tomograd predict run two.json --out pred --max-memory 400MB && grep -q "case 'b" err.txt && [ -z "$(ls pred)" ]
