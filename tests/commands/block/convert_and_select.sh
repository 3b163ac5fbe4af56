tomograd phantom head-neck cohort --patients 1 --size 12,48,44
label=$(ls cohort/P01/scan1/*label*.nii.gz cohort/P01/scan1/*seg*.nii.gz 2>/dev/null | head -1)
tomograd block cohort/P01/scan1/P01_T1w.nii.gz s.zarr --label "$label" --block 4,16,16 --json | grep -q '"format": "tomograd.block/1"'
tomograd block select s.zarr --where 'label > 0' > chosen.txt && [ -s chosen.txt ] && tomograd block select s.zarr --where 'label > 0' --json | grep -q "\"count\": $(wc -l < chosen.txt)"
for codec in blosc gzip raw; do tomograd block s.zarr $codec.zarr --codec $codec --layout files --block 8,16,16; done
fails 2 tomograd block s.zarr s.zarr && grep -q "exists already" err.txt && fails 2 tomograd block select s.zarr --where 'label >' && fails 2 tomograd block nowhere.nii t.zarr
