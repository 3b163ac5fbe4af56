"""Small NIfTI files that must be refused, some of each group of the bad-input list, and a good one of each kind they are made from.
usage: make_bad_nifti.py BAD_FOLDER GOOD_FOLDER   (standard library only)"""
import gzip
import math
import os
import struct
import sys

bad, good = sys.argv[1:3]
os.makedirs(bad, exist_ok=True), os.makedirs(good, exist_ok=True)
dims = (3, 4, 5, 6)  # number of axes, x, y, z
payload = bytes(2 * 4 * 5 * 6)  # int16


def header(**change):
    """A valid NIfTI-1 header; change gives offset_TYPE = value, such as o70_h = 4."""
    h = bytearray(352)
    for at, kind, value in ((0, "i", 348), (40, "8h", (*dims, 1, 1, 1, 1)), (70, "h", 4), (72, "h", 16), (76, "8f", (1, 1, 1, 1, 0, 0, 0, 0)), (108, "f", 352.0),
                            (112, "f", 1.0), (123, "B", 2), (254, "h", 1), (280, "4f", (1, 0, 0, 0)), (296, "4f", (0, 1, 0, 0)), (312, "4f", (0, 0, 1, 0)), (344, "4s", b"n+1\0")):
        struct.pack_into("<" + kind, h, at, *(value if isinstance(value, tuple) else (value,)))
    for name, value in change.items():
        at, kind = name[1:].split("_")
        struct.pack_into("<" + kind, h, int(at), value)
    return bytes(h)


def write(folder, name, content):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)


whole = header() + payload
write(good, "plain.nii", whole)
write(good, "packed.nii.gz", gzip.compress(whole, mtime=0))

# sizes and magic
write(bad, "empty.nii", b"")
write(bad, "cut-header.nii", whole[:200])
write(bad, "other-magic.nii", header(o344_4s=b"abcd") + payload)
write(bad, "sizeof-hdr.nii", header(o0_i=12345) + payload)
# dimensions: none, negative, more than there are bytes, a product beyond 64 bits
write(bad, "no-axes.nii", header(o40_h=0) + payload)
write(bad, "nine-axes.nii", header(o40_h=9) + payload)
write(bad, "negative-size.nii", header(o44_h=-5) + payload)
write(bad, "zero-size.nii", header(o44_h=0) + payload)
write(bad, "promises-64-gigabytes.nii", header(o42_h=32767, o44_h=32767, o46_h=32) + payload)
write(bad, "promises-more-than-gzip-can.nii.gz", gzip.compress(header(o42_h=32767, o44_h=32767, o46_h=3000) + payload, mtime=0))
# data types
write(bad, "unknown-type.nii", header(o70_h=3) + payload)
write(bad, "bitpix-of-another-type.nii", header(o72_h=8) + payload)
# where the data start
for name, value in (("offset-not-finite", math.nan), ("offset-infinite", math.inf), ("offset-inside-header", 100.0), ("offset-behind-end", 1e6), ("offset-fraction", 352.5), ("offset-negative", -352.0)):
    write(bad, name + ".nii", header(o108_f=value) + payload)
# scaling and geometry
write(bad, "slope-not-finite.nii", header(o112_f=math.nan) + payload)
write(bad, "pixdim-zero.nii", header(o80_f=0.0) + payload)
write(bad, "pixdim-not-finite.nii", header(o84_f=math.nan) + payload)
write(bad, "sform-singular.nii", header(o280_f=0.0) + payload)
write(bad, "sform-not-finite.nii", header(o296_f=math.inf) + payload)
# data that end early; compression that is cut, of another kind, or damaged
write(bad, "cut-data.nii", whole[:-1])
packed = gzip.compress(whole, mtime=0)
write(bad, "cut-stream.nii.gz", packed[:-9])
write(bad, "wrong-checksum.nii.gz", packed[:-8] + bytes(4) + packed[-4:])
write(bad, "bzip2-inside.nii.gz", b"BZh91AY&SY" + bytes(100))
# extensions
write(bad, "extension-size-negative.nii", header(o348_B=1, o108_f=368.0) + struct.pack("<ii", -16, 4) + bytes(8) + payload)
write(bad, "extension-behind-data.nii", header(o348_B=1, o108_f=368.0) + struct.pack("<ii", 1 << 30, 4) + bytes(8) + payload)
# pairs: a header without its image
write(bad, "pair-without-image.hdr", header(o344_4s=b"ni1\0", o108_f=0.0)[:348])
