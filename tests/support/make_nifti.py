# usage: make_nifti.py Z,Y,X OUT.nii.gz; an int16 volume of noise, 1 mm, its planes repeat (so that megabytes are
# made in a moment). Standard library only.
import gzip
import os
import struct
import sys

z, y, x = (int(n) for n in sys.argv[1].split(","))
header = bytearray(352)
struct.pack_into("<i", header, 0, 348)
struct.pack_into("<8h", header, 40, 3, x, y, z, 1, 1, 1, 1)
struct.pack_into("<2h", header, 70, 4, 16)
struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 0, 0, 0, 0)
struct.pack_into("<3f", header, 108, 352, 1, 0)
struct.pack_into("<2h", header, 252, 0, 1)
for row in range(3):
    struct.pack_into("<4f", header, 280 + 16 * row, *(1.0 if column == row else 0.0 for column in range(4)))
header[344:348] = b"n+1\0"
planes = [os.urandom(2 * y * x) for _ in range(4)]
with gzip.open(sys.argv[2], "wb", compresslevel=1) as file:
    file.write(header)
    for i in range(z):
        file.write(planes[i % 4])
