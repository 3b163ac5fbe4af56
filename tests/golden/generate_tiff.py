"""Makes tests/golden/tiff with tifffile and imagecodecs: small stacks of every voxel type, byte order, container, layout and
compression that the reader knows, and the array each one holds.

index.txt: one line per file: name, big (0/1), swapped (0/1), type, sizes z y x, compression as the reader names it, spacing z y x in
mm (0 0 0 = unknown), array (a .f64 file, C order z,y,x; arrays are shared). Run: python tests/golden/generate_tiff.py
"""
import json
import pathlib
import shutil

import numpy
import tifffile

here = pathlib.Path(__file__).parent / "tiff"
shutil.rmtree(here, ignore_errors=True)
here.mkdir()
index = []
numpy.random.seed(20240805)
Z, Y, X = 3, 18, 17
TYPES = "uint8 int8 uint16 int16 uint32 int32 float32 float64".split()


def array(dtype):
    kind = numpy.dtype(dtype)
    if kind.kind == "f":
        v = (numpy.random.standard_normal((Z, Y, X)) * 1000).astype(kind)
        v[0, 0, 0], v[-1, -1, -1] = numpy.finfo("float32").max, -0.0
        return v
    i = numpy.iinfo(kind)
    v = numpy.random.randint(i.min, int(i.max) + 1, (Z, Y, X), dtype="int64").astype(kind)
    v[0, 0, 0], v[-1, -1, -1] = i.min, i.max
    v[1] = numpy.arange(X, dtype="int64") % 4 * 10  # something to compress
    return v


ARRAYS = {t: array(t) for t in TYPES}
for t in TYPES:
    (here / (t + ".f64")).write_bytes(ARRAYS[t].astype("<f8").tobytes())


def write(name, dtype, named="none", spacing=(0, 0, 0), data=None, big=0, order="<", sidecar=None, **options):
    data = ARRAYS[dtype] if data is None else data
    tifffile.imwrite(here / name, data, bigtiff=bool(big), byteorder=order, software=False, **options)
    if sidecar:
        (here / (name.rsplit(".", 1)[0] + ".json")).write_text(json.dumps(sidecar) + "\n")
    index.append([name, big, int(order == ">"), dtype, Z, Y, X, named, *spacing, dtype + ".f64"])


for t in TYPES:
    for order, letter in (("<", "little"), (">", "big")):
        write(f"{t}_{letter}.tif", t, order=order, photometric="minisblack", metadata=None)
    predictor = 3 if t.startswith("f") else 2
    write(f"{t}_predictor.tif", t, "deflate", order=">", big=1, compression="deflate", predictor=predictor, rowsperstrip=4, photometric="minisblack", metadata=None)

for name, named, options in [("lzw", "LZW", {}), ("packbits", "PackBits", {}), ("deflate", "deflate", {}), ("adobe_deflate", "deflate", {}),
                             ("lzma", "LZMA", {}), ("zstd", "zstd", {})]:
    for order, letter in (("<", "little"), (">", "big")):
        write(f"{name}_{letter}.tif", "uint16", named, order=order, compression=name, rowsperstrip=5, photometric="minisblack", metadata=None, **options)
write("lerc.tif", "uint16", "LERC", compression="lerc", rowsperstrip=5, photometric="minisblack", metadata=None)
write("lerc_float.tif", "float32", "LERC", compression="lerc", rowsperstrip=18, photometric="minisblack", metadata=None)
write("zstd_predictor.tif", "uint16", "zstd", compression="zstd", predictor=2, rowsperstrip=18, photometric="minisblack", metadata=None)
write("lzw_float.tif", "float32", "LZW", compression="lzw", predictor=3, rowsperstrip=6, photometric="minisblack", metadata=None)
smooth = (numpy.add.outer(numpy.add.outer(numpy.arange(Z) * 20, numpy.arange(Y) * 5), numpy.arange(X) * 3)).astype("uint8")
tifffile.imwrite(here / "jpeg.tif", smooth, compression="jpeg", photometric="minisblack", metadata=None, software=False)
(here / "jpeg.f64").write_bytes(tifffile.imread(here / "jpeg.tif").astype("<f8").tobytes())  # lossy: what its decoder makes of it
index.append(["jpeg.tif", 0, 0, "uint8", Z, Y, X, "JPEG", 0, 0, 0, "jpeg.f64"])
write("tiles.tif", "uint16", tile=(16, 16), photometric="minisblack", metadata=None)
write("tiles_deflate_big.tif", "float32", "deflate", big=1, order=">", tile=(16, 16), compression="deflate", predictor=3, photometric="minisblack", metadata=None)
write("tiles_lzw.tif", "int16", "LZW", tile=(32, 16), compression="lzw", photometric="minisblack", metadata=None)

# Meaning of the texts.
write("trailing_axis.tif", "uint16", data=ARRAYS["uint16"][..., None], photometric="minisblack")
write("shaped.tif", "uint16", photometric="minisblack")
write("truncated.tif", "uint16", metadata={}, photometric="minisblack", truncate=True)
write("imagej.tif", "uint16", spacing=(0.002, 0.0005, 0.00025), imagej=True, order=">", resolution=(4, 2), metadata={"spacing": 2.0, "unit": "um", "axes": "ZYX"})
write("imagej_nm.tif", "float32", spacing=(0.0003, 0.0001, 0.0001), imagej=True, resolution=(0.01, 0.01), metadata={"spacing": 300.0, "unit": "nm", "axes": "ZYX"})
write("stack.ome.tif", "uint16", spacing=(0.0015, 0.0004, 0.0003), ome=True, photometric="minisblack",
      metadata={"axes": "ZYX", "PhysicalSizeX": 0.3, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 400.0, "PhysicalSizeYUnit": "nm", "PhysicalSizeZ": 1.5})
write("sidecar.tif", "uint16", spacing=(3.0, 0.5, 0.75), sidecar={"spacing": [3.0, 0.5, 0.75]}, photometric="minisblack", metadata=None)
write("sidecar_um.tif", "uint16", spacing=(0.002, 0.001, 0.001), sidecar={"spacing": [2.0, 1.0, 1.0], "unit": "um"}, photometric="minisblack", metadata=None)
write("numbered_0000.tif", "uint16", spacing=(3.0, 1.0, 1.0), photometric="minisblack", metadata=None)
(here / "numbered.json").write_text('{"spacing": [3.0, 1.0, 1.0]}\n')

(here / "index.txt").write_text("".join(" ".join(str(v) for v in row) + "\n" for row in index))
