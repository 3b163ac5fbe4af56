# Somebody else's network on a block store: every tile in a window of one size, the labels that it must give, whole, by workers and killed; what does not fit is refused.
need_openvino; python=$SOURCE/.venv-test/bin/python; "$python" -c 'import zarr' || skip "zarr is not importable in .venv-test"; "$python" "$SOURCE/tests/support/make_networks.py" . 0.25
"$python" -c 'import zarr, numpy as np; a = zarr.create_array("c.zarr", shape=(2, 41, 50, 77), chunks=(1, 16, 32, 32), dtype="f4", fill_value=0); a[:] = np.random.default_rng(7).random(a.shape, "f4")'
check() { "$python" -c 'import sys, zarr, numpy as np; x = zarr.open_array("c.zarr", mode="r")[1]; shift, label = int(sys.argv[1]), int(sys.argv[2])
if shift: x = np.concatenate([np.zeros_like(x[..., :1]), x[..., :-1]], 2)
for out in sys.argv[3:]: labels = zarr.open_array(out + "/s0", mode="r")[:]; wrong = int((labels != np.where(x > 0.25, label, 0)).sum()); assert wrong == 0, (out, wrong)' "$@"; }
p="tomograd predict"; o="c.zarr --backend openvino --threads 1"; t="--tile 16,20,32 --halo 2"
for net in softmax one_logit one_share double valid; do $p $net.onnx $o $t --out $net; check 0 1 $net; done; for net in logits.onnx logits.xml; do $p $net $o --tile 64 --halo 1,0,3 --out $net.out; check 0 2 $net.out; done
$p fixed.onnx $o --halo 1,2,1 --out fixed; check 0 1 fixed; $p fixed_xyz.onnx $o --tile 6,8,8 --halo 1,2,1 --axes xyz --out fixed_xyz; check 0 1 fixed_xyz; grep -q '"axes": "xyz"' fixed_xyz/plan.json
$p xyz.onnx $o $t --axes xyz --out xyz; check 1 1 xyz; $p xyz.onnx $o --tile 16,20,32 --halo 0 --axes xyz --out seams; check 1 1 seams && exit 1; $p xyz.onnx $o $t --out turned; check 1 1 turned && exit 1
bytes() { (cd "$1" && find s0 s1 zarr.json manifest.json complete plan.json -type f | sort | xargs sha256sum); }; bytes valid > valid.sum
TOMOGRAD_FAILPOINTS=tile.after_shard=kill@2 $p valid.onnx $o $t --out killed --tiles 2/2 && exit 1; $p valid.onnx $o --out killed --tiles 1/2; $p valid.onnx $o --out killed; bytes killed | cmp - valid.sum; $p valid.onnx $o $t --out local --on local --workers 2; bytes local | cmp - valid.sum
refused() { local says=$1 net=$2; shift 2; fails 2 $p $net $o "$@" --out x; grep -q -- "$says" err.txt; [ ! -e x ]; }
refused 'give --halo' logits.onnx --tile 16; refused 'give --tile' logits.onnx --halo 2; refused 'takes tiles of 8 voxels along z only' fixed.onnx --tile 8 --halo 1; refused '1 voxels less along z on each side, --halo is 0' valid.onnx --tile 16 --halo 0
refused 'returns 9x11x13 voxels for a tile of 18x22x26' coarse.onnx --tile 16,20,24 --halo 1; refused 'leave it out' logits.onnx $t --channels a,b; refused 'there is no network' none.onnx $t; refused 'labels that may overlap' regions.onnx $t; refused 'exact is computed by our own' logits.onnx --exact --tile 16
fails 2 $p valid.onnx $o --out valid --axes xyz; grep -q 'is for --normalize none --activation auto --axes zyx' err.txt; fails 2 $p valid.onnx $o --out logits.onnx.out; grep -q 'is for another model' err.txt
