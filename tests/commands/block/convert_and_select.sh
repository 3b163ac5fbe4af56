tomograd phantom head-neck cohort --patients 1 --size 12,48,44
file=cohort/P01/scan1/P01_normalization_T1w.nii.gz label=cohort/P01/scan1/P01_normalization_seg.nii.gz mask=cohort/P01/scan1/P01_normalization_mask.nii.gz
tomograd block $file s.zarr --label $label --mask $mask --block 4,16,16 --json | grep -q '"format": "tomograd.block/1"'
tomograd block select s.zarr --where 'label > 0 and mask1 > 5 %' > chosen.txt && [ -s chosen.txt ] && tomograd block select s.zarr --where 'label > 0 and mask1 > 5 %' --json | grep -q "\"count\": $(wc -l < chosen.txt)"
for codec in blosc gzip raw; do tomograd block s.zarr $codec.zarr --codec $codec --layout files --block 8,16,16; done
fails 2 tomograd block s.zarr s.zarr && grep -q "exists already" err.txt && fails 2 tomograd block select s.zarr --where 'label >' && fails 2 tomograd block nowhere.nii t.zarr
