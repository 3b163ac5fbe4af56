# A network that a tiled prediction cannot use is refused with one sentence that says what is wrong, before any image is opened.
need_openvino; "$SOURCE/.venv-test/bin/python" "$SOURCE/tests/support/make_networks.py" . 0.5; head -c 150 logits.onnx > damaged.onnx; echo '{}' > d.json
refused() { local says=$1; shift; fails 2 tomograd predict "$@" --out x; grep -q -- "$says" err.txt; [ "$(wc -l < err.txt)" -le 3 ]; [ ! -e x ]; }
for case in 'two_inputs:has 2 inputs' 'flat:expected \[batch\]\[channel\]\[z\]\[y\]\[x\]' 'labels:expected floating point' 'any_channels:expected a fixed number of channels' 'regions:labels that may overlap' \
            'coarse:returns 8x8x8 voxels for a tile of 16x16x16' 'lopsided:expected a part in the middle' 'fixed:takes tiles of 8 voxels along z only' 'missing:there is no network'; do
  refused "${case#*:}" "${case%%:*}.onnx" no.nii.gz none.nii.gz --backend openvino --tile 16; done
fails 2 tomograd predict damaged.onnx no.nii.gz none.nii.gz --backend openvino --tile 16 --out x; grep -q "^tomograd: 'damaged.onnx': OpenVINO says" err.txt
refused 'even.onnx. with tiles of 15x16x17' even.onnx no.nii.gz none.nii.gz --backend openvino --tile 15,16,17; refused 'give --tile' logits.onnx no.nii.gz none.nii.gz --backend openvino
refused '1 input files were given, the model reads 2' logits.onnx no.nii.gz --backend openvino --tile 16; refused '--channels has 3 names' logits.onnx d.json --backend openvino --tile 16 --channels a,b,c
refused 'add --backend openvino' logits.onnx no.nii.gz none.nii.gz --tile 16; refused '--with is for models' logits.onnx no.nii.gz --backend openvino --with logits.onnx; refused "precision is 'f16'" logits.onnx no.nii.gz --backend openvino --precision f16 --tile 16
tomograd phantom head-neck cohort --patients 1 --size 13,45,41 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null
refused 'takes 2 channels, the dataset has 7' logits.onnx d.json --backend openvino --tile 16; fails 2 tomograd predict logits.onnx d.json --backend openvino --axes yxz --out x; files=$(find cohort -name '*normalization_T1w.nii.gz' -o -name '*normalization_ADC.nii.gz')
fails 1 tomograd predict logits.onnx $files --backend openvino --tile 16 --activation none --out x; grep -q 'no shares of 1' err.txt
