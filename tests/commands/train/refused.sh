# Specs that cannot be right are exit 2 with a sentence that says what would be.
tomograd phantom head-neck cohort --patients 2 --size 12,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
printf '[sampling]\npatch_size = 64\n' > typo.toml && fails 2 tomograd train typo.toml && grep -q "did you mean 'patch'" err.txt
echo 'max_steps = 0' > endless.toml && fails 2 tomograd train endless.toml --set data=d.json --set out=r && grep -q "never end" err.txt
fails 2 tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set out=r --set model.in_channels=3 && grep -q "in_channels is 3" err.txt && [ ! -e r ]
fails 2 tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=missing.json --set out=r --json && grep -q '"kind": "input"' out.txt
