count() { tomograd model describe skip "$@" --json | grep -o '"parameters": *[0-9]*' | head -1 | grep -o '[0-9]*$'; }
[ "$(count --set preset=denoise)" = 6466149 ]; [ "$(count --set preset=denoise --set dims=2 --set out_channels=3)" = 2217831 ]; [ "$(count)" = 3035893 ]
tomograd model describe skip --set preset=superres --set downsample=lanczos2 --nodes | tee out.txt; grep 'assumed *in_channels = 32' out.txt; grep 'scale0.down.lanczos: lanczos2 down-sampling 2x2x2' out.txt
tomograd model draw skip --set preset=inpaint --out net.svg; grep 'reflected edge' net.svg
fails 2 tomograd model describe skip --set preset=denoise --patch 64,32,64; grep 'at least 2 voxels and has 1' err.txt; grep '64x33x64' err.txt
fails 2 tomograd model describe skip --set 'n_skip=[4,4]'; grep 'n_skip has 2 entries, expected 1 or 5' err.txt
