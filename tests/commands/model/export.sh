# A trained model as ONNX, made without libtorch: weights and metadata are those of the run, ONNX Runtime predicts what predict does.
tomograd phantom head-neck cohort --patients 1 --size 16,48,48 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=20 --set sampling.patch=[16,32,32] --set preprocess.normalize=none --set precision=f32 --set out=run
tomograd model export run --format onnx --out any.onnx; tomograd model export run/model.safetensors --size 16,32,32 --batch 1 --softmax --out fixed.onnx --json | grep '"size_bytes"'
tomograd predict run d.json --out pred --tile 16,48,48 --precision f32
"$SOURCE/.venv-test/bin/python" -c 'import onnx, onnxruntime' || skip "no .venv-test with onnx and onnxruntime"
"$SOURCE/.venv-test/bin/python" "$SOURCE/tests/support/check_exported.py" run/model.safetensors any.onnx fixed.onnx d.json pred
