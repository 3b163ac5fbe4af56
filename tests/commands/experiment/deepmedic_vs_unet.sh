# The example's table in small: Dice, seconds per step and peak memory of both networks, tested on every patient in turn.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 1; tomograd import cohort --filter normalization --out d.json
tomograd experiment run "$SOURCE/examples/deepmedic-vs-unet.toml" --set data=d.json --set out=x --set strategy.folds=2 --set run.max_seconds=0 --set run.max_steps=1 --set run.sampling.patch=[9,33,33] --set run.sampling.batch=1
tomograd experiment report x > said.txt; grep -E 'model.kind +dice +sd +trials +steps +s/step +peak memory' said.txt
for network in U-Net DeepMedic; do grep -E "$network +0\.[0-9]+ +0\.[0-9]+ +2/2 +1 ± 0 +[0-9.]+ ± [0-9.]+ +[0-9]+ ± [0-9.]+ MB" said.txt; done
