count() { tomograd model describe "$@" --json | grep -o '"parameters": *[0-9]*' | head -1 | grep -o '[0-9]*$'; }
[ "$(count msd --set dims=2 --set depth=200 --set in_channels=3 --set out_channels=11)" = 186944 ]
[ "$(count msd --set dims=2 --set in_channels=3 --set out_channels=11)" = 48494 ]; [ "$(count msd)" = 136654 ]
tomograd model describe msd --set depth=80 --patch 96 | tee out.txt; grep '175 kFLOP per predicted voxel' out.txt
grep 'receptive field   881 x 881 x 881' out.txt; grep 'depth 80 width 1, dilations 1 to 10 in turn, reflected border' out.txt; grep 'any of 2 x 2 x 2 + n \* 1 x 1 x 1' out.txt
tomograd model describe msd --set 'dilations=[1,2,4,8]' --set width=2 --set border=zero --json | tr -d ' \n' | grep '"width":2,"dims":3,"dilations":\[1,2,4,8\],"border":"zero"'
tomograd model draw msd --set depth=50 --out net.svg; grep 'mixed-scale dense 3³, depth 50, width 1' net.svg
fails 2 tomograd model describe msd --set depth=1001; grep '1001, must be in \[0, 1000\]' err.txt
fails 2 tomograd model describe msd --set border=mirror; grep 'reflect, zero' err.txt
fails 2 tomograd model describe msd --set 'dilations=[0]'; grep 'must be in \[1, 1000\]' err.txt
fails 2 tomograd model describe msd --patch 8,1,8; grep 'needs at least 2 voxels' err.txt; fails 2 tomograd model describe unet --set depth=9; grep '1 to 8' err.txt
