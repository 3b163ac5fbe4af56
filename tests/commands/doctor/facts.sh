# What the machine offers, as text and as JSON with units in the names of keys.
tomograd doctor > said.txt; for word in threads instructions memory disk engine. openvino; do grep "^$word" said.txt; done
tomograd doctor --json > d.json; grep -q '"format": "tomograd.doctor/1"' d.json; grep -E '"free_disk_bytes": [0-9]{6,}' d.json; grep -E '"threads": [1-9]' d.json
TOMOGRAD_ISA=plain tomograd doctor | grep ^instructions
