# Our own network in OpenVINO: the labels of ONNX Runtime and of our kernels, a manifest that says so; a limit of memory that it cannot keep is refused.
need_openvino
tomograd phantom head-neck cohort --patients 1 --size 16,48,48 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=20 --set sampling.patch=[16,32,32] --set preprocess.normalize=none --set precision=f32 --set out=run
tomograd predict run d.json --out whole --backend openvino --tile 16,48,48 --threads 2 --json > said.json; grep -q '"predicted_peak_bytes": null' said.json
tomograd model export run --out any.onnx; tomograd model export run --size 16,32,32 --batch 1 --softmax --out fixed.onnx
"$SOURCE/.venv-test/bin/python" "$SOURCE/tests/support/check_exported.py" run/model.safetensors any.onnx fixed.onnx d.json whole
grep -qE '"backend": "openvino [0-9.]+"' whole/manifest.json; grep -q '"reproducible": false' whole/manifest.json; grep -q '"precision": "f32"' whole/manifest.json
tomograd predict run d.json --out ours --tile 12,32,24; tomograd predict run d.json --out theirs --tile 12,32,24 --backend openvino; tomograd predict run d.json --out plain --tile 12,32,24 --backend torch
for other in theirs plain; do tomograd evaluate $other ours --json | grep -o '"dice": [01][.0-9]*' > dice.txt; [ "$(wc -l < dice.txt)" -ge 2 ]; awk '{ if ($2 < 0.999) exit 1 }' dice.txt; done
fails 2 tomograd predict run d.json --out x --backend openvino --max-memory 4GB; grep -q -- '--backend native' err.txt; fails 2 tomograd predict run d.json --out x --backend torch --max-memory 4GB; [ ! -e x ]
fails 2 tomograd predict run d.json --out x --backend openvino --normalize zscore; grep -q 'networks of other programs' err.txt; fails 2 tomograd predict run d.json --out x --backend tensorrt
