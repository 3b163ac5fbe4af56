# The study's own patch, 9 x 165 x 165 voxels of 7 channels: both networks take a step, forward and back, and leave a model.
tomograd phantom head-neck cohort --patients 1 --size 12,170,170 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
for network in unet deepmedic; do
  tomograd train "$SOURCE/examples/head-neck-$network.toml" --set data=d.json --set out=$network --set max_steps=1 --set sampling.epoch_patches=2 --json > $network.json
  grep -q '"steps": 1' $network.json && grep -q '"final_loss": [0-9]' $network.json && [ -s $network/model.safetensors ]
done
