# A run with a dynamic loss scale, killed and resumed, ends with the same bytes, reports of its gradients too; a wrong kind is refused.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
run="$SOURCE/examples/unet-tiny.toml --set data=d.json --set max_steps=16 --set sampling.patch=[16,32,32] --set checkpoint.every_steps=5 --set loss_scale.kind=dynamic --set loss_scale.value=1e38 --set loss_scale.interval=3 --set loss_scale.report_every=4 --threads 1 --precision f32"
tomograd train $run --set out=whole; if TOMOGRAD_FAILPOINTS="train.after_step=kill@13" tomograd train $run --set out=parts; then exit 1; fi
tomograd train $run --set out=parts --resume; for file in model.safetensors metrics.jsonl precision.jsonl; do cmp whole/$file parts/$file; done
if tomograd train $run --set out=wrong --set loss_scale.kind=dinamic 2> wrong.txt; then exit 1; fi; grep -q "loss_scale.*kind.*dynamic_2e32" wrong.txt
