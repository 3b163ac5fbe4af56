# A scan comes out smoother on its own grid, with its own header; pictures and facts beside it.
tomograd phantom head-neck cohort --patients 1 --size 12,44,40 --seed 3 >/dev/null; scan=$(find cohort -name '*normalization_T1w.nii.gz')
tomograd denoise "$scan" --out clean.nii.gz --set model.n_down=[8,8] --iterations 20 --threads 2 --montage m.png --previews p --every 10 --json > d.json
grep -q '"format": "tomograd.denoise/1"' d.json; for key in psnr_input iterations stopped_by duration_seconds peak_bytes predicted_peak_bytes scale result_at; do grep -q "\"$key\"" d.json; done
head -c 4 m.png | grep -q PNG; [ "$(ls p)" = "$(printf 'iteration-000010.png\niteration-000020.png')" ]
[ "$(tomograd info "$scan" --json | grep -A12 affine)" = "$(tomograd info clean.nii.gz --json | grep -A12 affine)" ]
tomograd denoise "$scan" --out again.nii.gz --set model.n_down=[8,8] --iterations 20 --threads 2; cmp clean.nii.gz again.nii.gz; tomograd denoise "$scan" --out whole.tif --type uint16 --set model.n_down=[8,8] --iterations 2 | grep 'ended by: iterations'
