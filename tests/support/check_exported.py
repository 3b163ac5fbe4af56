"""Holds exported ONNX files against the model file they came from: every weight is in them, metadata agree, they run.
usage: check_exported.py MODEL.safetensors ANY.onnx FIXED.onnx (the second with --size 16,32,32 --batch 1 --softmax)"""
import json, sys
import numpy as np
import onnx, onnxruntime
from safetensors.numpy import safe_open

model = safe_open(sys.argv[1], "np")
channels, results = model.metadata()["channels"], []
x = np.random.default_rng(1).standard_normal((1, len(json.loads(channels)), 16, 32, 32)).astype("f4")
for path in sys.argv[2:]:
    exported = onnx.load(path)
    onnx.checker.check_model(exported, full_check=True)
    metadata = {p.key: p.value for p in exported.metadata_props}
    assert metadata["format"] == "tomograd.onnx/1" and metadata["channels"] == channels and metadata["classes"] == model.metadata()["classes"]
    assert "[preprocess]" in metadata["spec"] and "[postprocess]" in metadata["spec"] and "patients" not in metadata["spec"]
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in exported.graph.initializer}
    for name in model.keys():
        assert np.array_equal(tensors[name].ravel(), model.get_tensor(name).ravel()), name
    results.append(onnxruntime.InferenceSession(path).run(["output"], {"input": x})[0])
shares = np.exp(results[0] - results[0].max(1, keepdims=True))
assert np.abs(shares / shares.sum(1, keepdims=True) - results[1]).max() < 1e-5
assert onnxruntime.InferenceSession(sys.argv[2]).run(["output"], {"input": np.concatenate([x, x])[..., :31, :29]})[0].shape[2:] == (16, 31, 29)
