# A trained model as ONNX: without libtorch, with what its user must know inside, and refused when there are no weights.
tomograd phantom head-neck cohort --patients 1 --size 16,48,48 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=2 --set sampling.patch=[16,32,32] --set out=run
tomograd model export run --format onnx --out any.onnx; tomograd model export run/model.safetensors --size 16,32,32 --batch 1 --softmax --out fixed.onnx --json | grep '"size_bytes"'
fails 2 tomograd model export unet --out no.onnx; grep 'without trained weights' err.txt; fails 2 tomograd model export "$SOURCE/examples/unet-tiny.toml" --out no.onnx
fails 2 tomograd model export cohort --out no.onnx; fails 2 tomograd model export d.json --out no.onnx; fails 2 tomograd model export run --size 16,32 --out no.onnx; [ ! -e no.onnx ]
"$SOURCE/.venv-test/bin/python" -c 'import onnx, onnxruntime' 2>/dev/null || skip "no .venv-test with onnx and onnxruntime"
"$SOURCE/.venv-test/bin/python" "$SOURCE/tests/support/check_exported.py" run/model.safetensors any.onnx fixed.onnx
