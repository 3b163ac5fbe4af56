# A child of a store, a stack and a NIfTI file is the same, also with its overlap; the rest of the store is not read; wrong boxes are refused.
tomograd phantom cells c.tif --size 60,70,80 --cells 30 --seed 7 --cubes 0 >/dev/null && tomograd block c.tif c.zarr --block 16,16,16 >/dev/null
tomograd crop c.tif a.nii.gz --box 10:30,20:50,0:40 --overlap 5 --picture a.png && tomograd crop c.zarr b.nii.gz --box '[10:30, 20:50, :40]' --overlap 5 --json > b.json
cmp a.nii.gz b.nii.gz; cmp a-overlap.nii.gz b-overlap.nii.gz; [ -s a.png ]; tomograd crop b-overlap.nii.gz again.nii.gz --box 5:25,5:35,0:40; cmp again.nii.gz a.nii.gz
tomograd crop c.zarr b.tif --box 10:30,20:50,0:40; tomograd crop b.tif whole.tif --box :,:,:; cmp whole.tif b.tif; tomograd info b.tif --json | grep -q '"voxel_type": "uint16"'
tomograd info c.zarr --box 0:10,0:10,0:10 --json > i.json; grep -q '"blocks\|block_zyx' i.json; [ "$(sed -n 's/.*"bytes_read": //p' i.json | tr -d ,)" -lt 20000 ]
tomograd montage c.zarr c.tif --box 10:30,20:50,0:40 --out m.png >/dev/null && [ -s m.png ]
fails 2 tomograd crop c.tif x.nii --box 0:61,0:1,0:1; grep -q 'along z' err.txt; fails 2 tomograd crop c.tif x.nii --box 0:1,0:1; fails 2 tomograd crop c.tif x.png --box :,:,:; fails 2 tomograd crop c.tif x.nii --box 5:5,:,:; [ ! -e x.nii ]
