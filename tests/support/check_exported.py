"""Holds exported ONNX files against the model they came from: every weight is in them, metadata agree, and in ONNX Runtime they give
the labels that `tomograd predict` gave in one tile, but for voxels whose two classes are as good as equal.
usage: check_exported.py MODEL.safetensors ANY.onnx FIXED.onnx DATASET.json PREDICTIONS
FIXED: --size 16,32,32 --batch 1 --softmax; the run: two classes, no normalisation, no post-processing."""
import json, sys
import nibabel, numpy as np
import onnx, onnxruntime
from safetensors.numpy import safe_open


def voxels(path):
    return np.asarray(nibabel.load(path).dataobj).transpose(2, 1, 0)


model = safe_open(sys.argv[1], "np")
for path in sys.argv[2:4]:
    exported = onnx.load(path)
    onnx.checker.check_model(exported, full_check=True)
    metadata = {p.key: p.value for p in exported.metadata_props}
    assert metadata["format"] == "tomograd.onnx/1" and metadata["channels"] == model.metadata()["channels"] and metadata["classes"] == model.metadata()["classes"]
    assert "[preprocess]" in metadata["spec"] and "[postprocess]" in metadata["spec"] and "patients" not in metadata["spec"]
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in exported.graph.initializer}
    for name in model.keys():
        assert np.array_equal(tensors[name].ravel(), model.get_tensor(name).ravel()), name

dataset = json.load(open(sys.argv[4]))
free, fixed = (onnxruntime.InferenceSession(path) for path in sys.argv[2:4])
for case in dataset["cases"]:
    x = np.stack([voxels(case["images"][name]).astype("f4") for name in json.loads(metadata["channels"])])[None]
    logits, roi = free.run(["output"], {"input": x})[0][0], voxels(case["roi"]) > 0
    labels, margin = voxels(f"{sys.argv[5]}/{case['id']}.nii.gz"), np.abs(logits[0] - logits[1])
    assert logits.shape[1:] == labels.shape and roi.any()
    assert not (labels[~roi]).any()
    wrong = (logits.argmax(0) != labels) & roi
    assert margin[wrong].max(initial=0) < 1e-4 * margin.max(), (int(wrong.sum()), float(margin[wrong].max()))
    assert 0 < labels[roi].mean() < 1, "one class everywhere shows nothing"
    part = x[..., :32, :32]
    logits, shares = free.run(["output"], {"input": part})[0], fixed.run(["output"], {"input": part})[0]
    expected = np.exp(logits - logits.max(1, keepdims=True))
    assert np.abs(expected / expected.sum(1, keepdims=True) - shares).max() < 1e-5
    print(case["id"], "wrong", int(wrong.sum()), "of", int(roi.sum()))
