tomograd phantom head-neck cohort --patients 1 --size 12,48,44
file=cohort/P01/scan1/P01_T1w.nii.gz
head -c 20000 $file > cut.nii.gz && fails 2 tomograd block cut.nii.gz s.zarr && [ -z "$(ls -d s.zarr* 2>/dev/null)" ]
fails 2 tomograd block $file s.zarr --block 4,16 && fails 2 tomograd block $file s.zarr --codec raw --level 3 && fails 2 tomograd block $file s.zarr --level 99 && fails 2 tomograd block
tomograd block $file s.zarr --block 4,16,16 && rm s.zarr/s0/c/0/0/0/0 && fails 2 tomograd block select s.zarr --where 'label > 0' && grep -q "label images: none" err.txt
sed -i 's/"shape": \[/"shape": [-7,/' s.zarr/s0/zarr.json && fails 2 tomograd block s.zarr t.zarr && grep -q 'shape\[0\] is -7' err.txt
