# Ctrl-C writes the average so far, says so, and exits 3.
tomograd phantom head-neck cohort --patients 1 --size 12,44,40 --seed 3 >/dev/null; scan=$(find cohort -name '*normalization_T1w.nii.gz')
tomograd denoise "$scan" --out clean.nii.gz --set model.n_down=[8,8] --iterations 1000000 --stop none --previews p --every 1 2> err.txt & pid=$!
for i in $(seq 600); do [ -e p/iteration-000003.png ] && break; sleep 0.1; done; kill -TERM $pid; code=0; wait $pid || code=$?; [ "$code" = 3 ]
grep -q 'clean.nii.gz holds the average so far' err.txt; tomograd info clean.nii.gz | grep -q 12x44x40
