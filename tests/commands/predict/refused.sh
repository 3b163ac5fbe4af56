# What would give a figure or a label map a false name is refused: number formats and devices that are not there.
tomograd phantom head-neck cohort --patients 1 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=2 --set sampling.patch=[16,32,32] --set out=run
fails 2 tomograd predict run d.json --out pred --precision f16 && grep -q "precision is 'f16'" err.txt && [ ! -e pred ]
fails 2 tomograd predict run d.json --out pred --device cuda:0 && grep -q "device is 'cuda:0'" err.txt && [ ! -e pred ]
fails 2 tomograd bench predict --size 16,32,32 --precision f16 && grep -q "precision is 'f16'" err.txt && fails 2 tomograd bench train --seconds 0.1 --device cuda:3 && grep -q "device is 'cuda:3'" err.txt
fails 2 tomograd bench predict --size 16,32,32 --precision f16 --device cuda:3; fails 2 tomograd predict run d.json --out pred --roi d.json && grep -q -- "--roi" err.txt
