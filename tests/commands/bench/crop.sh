# Odd crops of a store are the volume it was made of, the same places again by seed, blocks' bytes are counted; what differs gets no figure.
tomograd phantom cells c.tif --size 70,81,92 --cells 30 --seed 7 --cubes 0 >/dev/null; tomograd block c.tif c.zarr --block 16,16,32 >/dev/null
crop="tomograd bench crop --data c.zarr --size 24,32,40 --seeds 5"; $crop --truth c.tif --json > a.json; $crop --threads 1 --json > b.json; $crop | grep -q 'as floats .* s a crop'
python3 - <<'P'
import json
a, b = (json.load(open(n)) for n in ("a.json", "b.json"))
assert a["format"] == "tomograd.bench-crop/1" and len(a["crops"]) == 5 and a["crops"] == b["crops"], a
assert all(v % 2 == 1 and v + s <= n for c in a["crops"] for v, s, n in zip(c["begin_zyx"], (24, 32, 40), (70, 81, 92))) and len({c["digest"] for c in a["crops"]}) == 5, a
assert a["bytes_needed"] == sum(c["bytes_needed"] for c in a["crops"]) <= a["stored"]["bytes_read"] and a["read_per_needed"] <= 1.6 and a["floats"]["median_seconds"] > 0, a
P
tomograd phantom cells d.tif --size 70,81,92 --cells 30 --seed 8 --cubes 0 >/dev/null; fails 1 $crop --truth d.tif; grep -q 'not what the store was made of; no figure' err.txt
fails 2 tomograd bench crop; fails 2 tomograd bench crop --data c.zarr; grep -q 'smaller --size' err.txt; fails 2 tomograd bench crop --data c.tif --size 24,32,40
