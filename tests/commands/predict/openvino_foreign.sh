# Somebody else's network: logits, shares, one channel, fixed tiles, doubles and OpenVINO's own files all label what they must, in tiles that do not fit the volume.
need_openvino; python=$SOURCE/.venv-test/bin/python
"$python" "$SOURCE/tests/support/make_networks.py" . 0.123; tomograd phantom head-neck cohort --patients 1 --size 13,45,41 --seed 3 >/dev/null; tomograd import cohort --filter normalization --out d.json >/dev/null
a=$(find cohort -name '*normalization_T1w.nii.gz'); b=$(find cohort -name '*normalization_ADC.nii.gz'); p="tomograd predict"; check="$python $SOURCE/tests/support/check_threshold.py $b 0.123"
for net in softmax one_logit one_share double valid; do $p $net.onnx "$a" "$b" --backend openvino --tile 8,20,17 --out $net; $check 1 $net/*.nii.gz; done
for net in logits.onnx logits.xml; do $p $net "$a" "$b" --backend openvino --tile 64 --out $net.out; $check 2 $net.out/*.nii.gz; done
$p fixed.onnx d.json --channels T1w,ADC --backend openvino --out fixed --tta; $check 1 fixed/P01_scan1.nii.gz; $p fixed_xyz.onnx "$a" "$b" --axes xyz --backend openvino --out turned; $check 1 turned/*.nii.gz; [ "$(grep -c '"digest"' logits.xml.out/manifest.json)" = 3 ]
grep -A3 '"channels"' fixed/manifest.json | tr -d ' \n' | grep -q '\["T1w","ADC"\]'; grep -q '"normalize": "none"' fixed/manifest.json
$p logits.onnx "$a" "$b" --backend openvino --tile 64 --out z --normalize zscore; "$python" -c 'import sys, nibabel, numpy as np
x, raw, labels = (np.asarray(nibabel.load(p).dataobj, dtype=float) for p in sys.argv[1:]); low, high = x[labels == 0].max(), x[labels == 2].min()
assert low < high and (labels == 2).mean() > 0.05 and not np.array_equal(labels, raw), (low, high)' "$b" logits.onnx.out/*.nii.gz z/*.nii.gz
