# The same network in OpenVINO beside ours, its answer checked first; left out on request, with a note.
need_openvino
tomograd bench msd --depth 11 --size 24,31,27 --threads 1 --json > m.json; grep -qE '"openvino_seconds": [0-9]' m.json; grep -qE '"torch_seconds": [0-9]' m.json; ! grep -q openvino_note m.json
tomograd bench msd --depth 11 --size 24,31,27 --threads 1 --no-peer --json > n.json; grep -q '"openvino_seconds": null' n.json; grep -q '"openvino_note": "left out' n.json
