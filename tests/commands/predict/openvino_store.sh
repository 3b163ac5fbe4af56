# A block store in OpenVINO, in the tiles that our kernels get: the same labels but where two logits are as good as equal; plans of one are not gone on with by another.
need_openvino; python=$SOURCE/.venv-test/bin/python
tomograd phantom cells c.tif --size 41,50,57 --cells 20 --seed 7 --cubes 0 >/dev/null; tomograd block c.tif c.zarr --block 32,32,32 >/dev/null
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set model.kind=msd --set model.depth=6 --set sampling.patch=[12,24,24] --set 'preprocess.channels=["T1w"]' --set preprocess.normalize=zscore --set 'loss.class_weights=[0.02,1]' --set max_steps=12 --set optimizer.learning_rate=0.02 --set out=m >/dev/null
p="tomograd predict m c.zarr --precision f32 --tile 16,24,32 --halo 6 --threads 1"; $p --out ours; $p --out theirs --backend openvino --on local --workers 2; $p --out plain --backend torch
"$python" -c 'import zarr; ours, *others = (zarr.open_array(n + "/s0", mode="r")[:] for n in ("ours", "theirs", "plain")); assert 0.02 < (ours > 0).mean() < 0.98
for other in others: assert (ours != other).mean() < 1e-4, (ours != other).sum()'
grep -qE '"device": "openvino [0-9.]+"' theirs/manifest.json; grep -q '"reproducible": false' theirs/manifest.json; grep -q '"reproducible": true' ours/manifest.json
fails 2 $p --out theirs; grep -q 'is for backend openvino' err.txt; fails 2 $p --out ours --backend openvino; grep -q 'is for our own kernels' err.txt
fails 2 $p --out x --backend openvino --exact --tile 16; fails 2 $p --out x --backend openvino --max-memory 4GB; fails 2 tomograd predict net.onnx c.zarr --out x --backend openvino; grep -q "there is no network 'net.onnx'" err.txt; [ ! -e x ]
tomograd montage c.zarr --label c_labels.tif --compare ours theirs --whole --box 4:36,0:50,7:57 --out c.png --json > c.txt; grep -q '"width"' c.txt; [ "$(grep -c '"dice"' c.txt)" = 2 ]
