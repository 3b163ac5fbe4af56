# What made a label map lies beside it; the same call gives the same bytes, the manifest says of what.
tomograd phantom head-neck cohort --patients 2 --size 16,48,48 --seed 3 >/dev/null && tomograd import cohort --filter normalization --out d.json >/dev/null
tomograd train "$SOURCE/examples/unet-tiny.toml" --set data=d.json --set max_steps=2 --set sampling.patch=[16,32,32] --set out=run && tomograd predict run d.json --out pred --tta --threads 1 --precision f32
python3 -c 'import json, hashlib; m = json.load(open("pred/manifest.json")); assert m["format"] == "tomograd.manifest/1" and m["kind"] == "prediction" and m["version"] and m["spec"]["mirror"] is True, m
assert m["models"][0]["digest"] == "sha256:" + hashlib.sha256(open("run/model.safetensors", "rb").read()).hexdigest() and [i["case"] for i in m["inputs"]] == ["P01_scan1", "P02_scan1"], m
assert all(i["digest"].startswith("sha256:") for i in m["inputs"]) and m["classes"] == [{"name": "whole", "prediction": 1, "values": [], "values_from": 1}], m
assert m["device"] == "cpu" and m["precision"] == "f32" and m["threads"] == 1 and m["instruction_set"] and m["seed"] == 1 and m["peak_memory_bytes"] > 1e7 and m["reproducible"] is True, m'
