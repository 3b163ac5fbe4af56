tomograd phantom head-neck null --patients 1 --size 12,48,48 --null --json > truth.json
test "$(grep -A8 '"ideal_dice_loss"' truth.json | grep -c 0.0769)" = 7   # (1/7) / (2 - 1/7) = 1/13 each
fails 2 tomograd phantom head-neck other --null --importance T2star=1
