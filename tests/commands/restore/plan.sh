# Memory, time and tiles are told before anything starts; a limit makes tiles, or is refused with the numbers.
tomograd phantom head-neck cohort --patients 1 --size 24,48,40 --seed 3 >/dev/null; scan=$(find cohort -name '*normalization_T1w.nii.gz')
tomograd denoise "$scan" --plan --json > p.json 2> talk.txt; for key in predicted_peak_bytes duration_seconds iteration_seconds tiles; do grep -q "\"$key\"" p.json; done; grep -q 'in one piece' talk.txt; grep -q 'measured on' talk.txt
tomograd inpaint "$scan" --mask none.nii.gz --plan --tile 24,32,32 2>&1 | grep -q 'in 4 tiles of 24x32x32'
fails 1 tomograd denoise "$scan" --out x.nii.gz --size published --max-memory 60MB; grep -q 'raise --max-memory' err.txt; [ ! -e x.nii.gz ]
