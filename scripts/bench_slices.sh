# Sourced by bench.sh: the time of a change of slice in a store of 3e9 voxels as the page asks for it, and the memory of the idle server. Takes
# two minutes; the store lies in bench-out/slices (300 MB, of which 6 GB are decoded).
mkdir -p bench-out/slices
python3 bench/slices.py bench-out/slices "$tomograd"
