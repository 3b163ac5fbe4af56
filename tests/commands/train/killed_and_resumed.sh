# A run killed in the middle and resumed ends with the same bytes as the undisturbed one.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
run="$SOURCE/examples/unet-tiny.toml --set data=d.json --set max_steps=24 --set sampling.patch=[16,32,32] --threads 1 --precision f32"
tomograd train $run --set out=whole
TOMOGRAD_FAILPOINTS="train.after_step=kill@17" tomograd train $run --set out=parts && exit 1
TOMOGRAD_FAILPOINTS="checkpoint.after_file=kill@1" tomograd train $run --set out=parts --resume && exit 1
tomograd train $run --set out=parts --resume && cmp whole/model.safetensors parts/model.safetensors && cmp whole/metrics.jsonl parts/metrics.jsonl
