python=$SOURCE/.venv-test/bin/python; "$python" -c 'import zarr, nibabel' 2>/dev/null || skip "zarr is not importable in .venv-test"
tomograd phantom head-neck cohort --patients 1 --size 12,48,44
file=cohort/P01/scan1/P01_normalization_T1w.nii.gz label=cohort/P01/scan1/P01_normalization_seg.nii.gz
for codec in zstd blosc gzip raw; do for layout in shard files; do
  tomograd block $file $codec-$layout.zarr --label $label --block 8,16,16 --codec $codec --layout $layout
  "$python" "$SOURCE/tests/support/compare_store.py" $codec-$layout.zarr $file $label
done; done
