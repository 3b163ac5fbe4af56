tomograd model describe deepmedic --nodes | tee out.txt
grep 'receptive field   51 x 51 x 51' out.txt; grep 'low1.subsample: every 3x3x3th voxel <- input  \[1 x 19 x 19 x 19\]' out.txt
for key in receptive_field_voxels flop_per_voxel forward_flop activation_bytes_training activation_bytes_inference legal_sizes margin; do
  tomograd model describe unet --json | grep "\"$key\""
done
[ "$(tomograd model describe unet --batch 2 --json | grep -c assumed)" = 1 ]
