printf '[model]\nkind = "graph"\n[[model.block]]\nname = "a"\nop = "conv"\nfrom = ["b"]\n' > net.toml
fails 2 tomograd model describe net.toml; grep 'block "a"' err.txt; grep 'no block has that name' err.txt
fails 2 tomograd model describe unet --set famly=unet3d; grep 'famly' err.txt; grep 'family' err.txt
fails 2 tomograd model describe graph; fails 2 tomograd model describe resnet; fails 2 tomograd model describe missing.toml
fails 2 tomograd model describe deepmedic --set padding=valid --patch 40; fails 2 tomograd model describe unet --patch 0,1,2
