# Weights of a model by name of channel and class; a network of another kind is refused and nothing is left behind.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
run="$SOURCE/examples/unet-tiny.toml --set data=d.json --set max_steps=1 --set sampling.patch=[16,32,32]"
tomograd train $run --set out=model --set preprocess.leave_out=[\"T1ce\"]
tomograd train $run --set out=next --set preprocess.leave_out=[\"ADC\"] --init-from model 2> talk.txt && grep -q "(new here: T1ce) (not used: ADC)" talk.txt && grep -q '"digest": "sha256:' next/manifest.json
fails 2 tomograd train $run --set out=deep --set model.kind=deepmedic --set model.channels=[] --init-from model && grep -q "nothing of the model" err.txt && [ ! -e deep ]
