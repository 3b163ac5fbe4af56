"""Runs ONNX files in ONNX Runtime and holds the outputs against numbers somebody else computed.
usage: check_onnx.py FOLDER   reads FOLDER/cases.json, a list of
  {"name", "model", "input": file, "shape": [n, c, z, y, x], "outputs": [{"name", "file", "shape", "tolerance"}]}
files hold raw float32 (input) and float64 (outputs). Prints a line per output; exit 1 when one is off by more than its tolerance."""
import json, os, sys
import numpy as np
import onnx
import onnxruntime

folder, bad, checked = sys.argv[1], 0, {}
for case in json.load(open(os.path.join(folder, "cases.json"))):
    path = os.path.join(folder, case["model"])
    if path not in checked:
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        assert model.ir_version == 9 and [(o.domain, o.version) for o in model.opset_import] == [("", 17)], "not IR 9, opset 17"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        checked[path] = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    session = checked[path]
    x = np.fromfile(os.path.join(folder, case["input"]), np.float32).reshape(case["shape"])
    got = session.run([o["name"] for o in case["outputs"]], {"input": x})
    for want, y in zip(case["outputs"], got):
        expected = np.fromfile(os.path.join(folder, want["file"]), np.float64).reshape(want["shape"])
        error = np.abs(y - expected).max() if y.shape == expected.shape else np.inf
        wrong = not error <= want["tolerance"]
        bad += wrong
        print(f"{'WRONG' if wrong else 'ok':5} {case['name']} {want['name']} {list(y.shape)} largest {np.abs(expected).max():.3g} error {error:.3g} allowed {want['tolerance']:.3g}")
sys.exit(1 if bad else 0)
