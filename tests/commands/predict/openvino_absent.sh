# Without the plugin, or with one that does not load, the program says how to get it, and doctor too; nothing else changes.
mkdir bin; cp "$(command -v tomograd)" bin/; tomograd=$PWD/bin/tomograd
fails 2 "$tomograd" predict run d.json --out x --backend openvino; grep -q 'OpenVINO is not part of this build' err.txt; grep -q 'pip install openvino, then make build' err.txt
"$tomograd" doctor | grep '^openvino  *OpenVINO is not part'; "$tomograd" doctor --json | grep -A1 '"openvino"' | grep '"error"'
echo broken > bin/libtomograd_openvino.so; fails 2 "$tomograd" predict run d.json --out x --backend openvino; grep -q 'OpenVINO could not be loaded' err.txt; [ ! -e x ]
