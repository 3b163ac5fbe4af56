# A mixed-scale dense network from training to prediction; killed and resumed it ends in the same bytes.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
run="$SOURCE/examples/unet-tiny.toml --set data=d.json --set model.kind=msd --set model.depth=6 --set sampling.patch=[12,24,24] --set checkpoint.every_steps=2"
tomograd train $run --set max_steps=6 --set out=whole --json > whole.json && grep -q '"final_loss"' whole.json
tomograd train $run --set max_steps=6 --set out=parts --json > /dev/null & pid=$!; sleep 1.5; kill -9 $pid 2>/dev/null || true; wait $pid 2>/dev/null || true
tomograd train $run --set max_steps=6 --set out=parts --resume --json > parts.json && cmp whole/model.safetensors parts/model.safetensors
tomograd predict whole d.json --out p32 --precision f32 >/dev/null && tomograd predict whole d.json --out p16 --precision bf16 >/dev/null && ls p32/*.nii.gz p16/*.nii.gz >/dev/null
