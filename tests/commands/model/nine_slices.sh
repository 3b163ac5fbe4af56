# The published study's patch, 9 x 165 x 165 voxels of 7 channels, fits every network.
for network in "unet" "unet --set family=unet3d" "unet --set family=nnunet"; do
  tomograd model describe $network --patch 9,165,165 --set in_channels=7 --json | tr -d ' \n' | grep '"output_size":\[9,165,165\]'
done
tomograd model describe deepmedic --patch 9x165x165 --set in_channels=7 --json | tr -d ' \n' | grep '"output_size":\[9,117,117\],"margin":{"before":\[0,24,24\]'
fails 2 tomograd model describe deepmedic --patch 9,165,165 --set padding=valid; grep 'axis z needs at least 49' err.txt
