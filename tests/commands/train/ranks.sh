# Two processes train one network: a dying one ends both and is named, the run goes on to the same bytes, an error is said once, nothing is left.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null; mkdir tmp; export TMPDIR=$PWD/tmp
run="$SOURCE/examples/unet-tiny.toml --set data=d.json --set max_steps=12 --set sampling.patch=[16,32,32] --set checkpoint.every_steps=4 --threads 1 --precision f32 --ranks 2"
tomograd train $run --set out=whole --json > whole.json 2> talk.txt || { grep -q "without Gloo" talk.txt whole.json || exit 1; skip "this build has no Gloo (libgloo-dev)"; }
grep -q '"steps": 12' whole.json; grep -q '"ranks": 2' whole/manifest.json; [ "$(grep -c '^memory at most' talk.txt)" = 1 ]
TOMOGRAD_FAILPOINTS="train.other_rank_turn=kill@7" fails 1 tomograd train $run --set out=parts; grep -q "rank 1 of 2 was killed by signal 9" err.txt
tomograd train $run --set out=parts --resume > /dev/null; cmp whole/model.safetensors parts/model.safetensors; cmp whole/metrics.jsonl parts/metrics.jsonl
fails 2 tomograd train $run --set out=whole; [ "$(grep -c 'already holds a run' err.txt)" = 1 ]; fails 2 tomograd train $run --set out=no --json --set model.in_channels=3; [ "$(grep -c '"error"' out.txt)" = 1 ]; [ ! -e no ]; [ -z "$(ls tmp)" ]
said="${run/--ranks 2/--set ranks=2} --set out=said"; tomograd train $said > /dev/null; cmp whole/model.safetensors said/model.safetensors; grep -q '^ranks = 2' whole/spec.toml; grep -q '^ranks = 2' said/spec.toml; tomograd train $said --resume --ranks 1 2>&1 | grep 'begun with 2 ranks and goes on with 1'
