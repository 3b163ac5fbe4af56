count() { tomograd model describe "$@" --json | grep -o '"parameters": *[0-9]*' | head -1 | grep -o '[0-9]*$'; }
[ "$(count unet --set family=unet3d --set in_channels=3 --set out_channels=3)" = 19069955 ]
[ "$(count deepmedic --set in_channels=2 --set out_channels=5)" = 659919 ]
[ "$(count deepmedic --set variant=default --set in_channels=2 --set out_channels=5)" = 2008901 ]
[ "$(count deepmedic --set variant=wide --set in_channels=2 --set out_channels=5)" = 5141051 ]
[ "$(count "$SOURCE/examples/unet-graph.toml" --set in_channels=3 --set out_channels=3)" = 19069955 ]
