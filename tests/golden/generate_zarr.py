"""Zarr arrays and OME-Zarr groups by zarr-python, numcodecs and ome-zarr, for src/volume/zarr_golden_test.cpp.

pip install numpy==2.4.6 zarr==3.1.6 numcodecs==0.16.6 ome-zarr==0.18.0; python generate_zarr.py
All stores go into one file, zarr/stores.bundle: for every file a line "PATH BYTES", then its bytes and a newline.
Beside every array NAME lies NAME.expected: its voxels, little endian, C order. zarr/index.txt has one line per array:
NAME TYPE SHAPE.
"""
import os
import shutil
import tempfile

import numcodecs
import numpy as np
import ome_zarr.format
import ome_zarr.writer
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "zarr")
types = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64", "bool"]
index = []


def voxels(shape, dtype, seed):
    rng = np.random.default_rng(seed)
    smooth = np.add.outer(np.add.outer(np.arange(shape[-3]) * 3, np.arange(shape[-2])), np.arange(shape[-1]) % 4)
    values = np.broadcast_to(smooth, shape) + rng.integers(0, 3, shape)
    if dtype == "bool":
        return values % 2 == 1
    if np.issubdtype(dtype, np.signedinteger):
        values = values - 9
    if np.issubdtype(dtype, np.floating):
        values = values / 7 - 1
    return values.astype(dtype)


def put(root, name, data, **options):
    options.setdefault("chunks", (2, 4, 4))
    array = zarr.create_array(os.path.join(root, name), shape=data.shape, dtype=options.pop("dtype", data.dtype), **options)
    array[...] = data
    note(root, name, data)
    return array


def note(root, name, data):
    little = np.ascontiguousarray(data).astype(data.dtype.newbyteorder("<"))
    little.tofile(os.path.join(root, name + ".expected"))
    index.append(f"{name} {data.dtype.name} {','.join(map(str, data.shape))}")


def v2(root):
    shape = (3, 5, 7)
    for i, dtype in enumerate(types):
        put(root, f"v2_{dtype}", voxels(shape, dtype, i), zarr_format=2)
    codecs = {
        "raw": None, "zstd": numcodecs.Zstd(3), "zlib": numcodecs.Zlib(6), "gzip": numcodecs.GZip(5), "lz4": numcodecs.LZ4(),
        "blosc_lz4": numcodecs.Blosc("lz4", 5, numcodecs.Blosc.SHUFFLE), "blosc_lz4hc": numcodecs.Blosc("lz4hc", 5, numcodecs.Blosc.NOSHUFFLE),
        "blosc_zstd": numcodecs.Blosc("zstd", 3, numcodecs.Blosc.BITSHUFFLE), "blosc_zlib": numcodecs.Blosc("zlib", 3, numcodecs.Blosc.SHUFFLE),
        "blosc_blosclz": numcodecs.Blosc("blosclz", 9, numcodecs.Blosc.AUTOSHUFFLE),
    }
    for name, codec in codecs.items():
        put(root, f"v2_{name}", voxels((5, 9, 11), "uint16", 20), zarr_format=2, compressors=codec, chunks=(5, 8, 8))
    put(root, "v2_lz4_long", np.repeat(voxels((4, 8, 40), "uint8", 21), 4, axis=2), zarr_format=2, compressors=numcodecs.LZ4(), chunks=(4, 8, 160))
    put(root, "v2_big", voxels(shape, "int16", 22), dtype=">i2", zarr_format=2)
    put(root, "v2_big_float", voxels(shape, "float64", 23), dtype=">f8", zarr_format=2, order="F")
    put(root, "v2_fortran", voxels((2, 3, 5, 7), "int32", 24), zarr_format=2, order="F", chunks=(2, 2, 4, 4))
    put(root, "v2_slash", voxels(shape, "float32", 25), zarr_format=2, chunk_key_encoding={"name": "v2", "separator": "/"})
    data = np.full((4, 8, 8), np.nan, "float32")
    data[:2, :4, 4:] = 3
    put(root, "v2_missing", data, zarr_format=2, fill_value=float("nan"), config={"write_empty_chunks": False})


def v3(root):
    shape = (3, 5, 7)
    for i, dtype in enumerate(types):
        put(root, f"v3_{dtype}", voxels(shape, dtype, 40 + i))
    codecs = {
        "raw": None, "zstd_check": ZstdCodec(level=5, checksum=True), "gzip": GzipCodec(level=4), "crc": [ZstdCodec(), Crc32cCodec()], "crc_alone": Crc32cCodec(),
        "gzip_zstd": [GzipCodec(), ZstdCodec()], "blosc_lz4": BloscCodec(cname="lz4", shuffle="shuffle"), "blosc_zstd": BloscCodec(cname="zstd", shuffle="bitshuffle"),
        "blosc_blosclz": BloscCodec(cname="blosclz", shuffle="noshuffle"),
    }
    for name, codec in codecs.items():
        put(root, f"v3_{name}", voxels((5, 9, 11), "float32", 60), compressors=codec, chunks=(5, 8, 8))
    put(root, "v3_big", voxels(shape, "uint16", 61), serializer=BytesCodec(endian="big"))
    put(root, "v3_transpose", voxels((2, 3, 5, 7), "uint16", 62), filters=TransposeCodec(order=(2, 0, 3, 1)), chunks=(1, 2, 4, 3))
    put(root, "v3_transposed_twice", voxels(shape, "float64", 63), filters=[TransposeCodec(order=(1, 2, 0)), TransposeCodec(order=(0, 2, 1))], chunks=(2, 3, 4))
    put(root, "v3_dots", voxels(shape, "int16", 64), chunk_key_encoding={"name": "default", "separator": "."})
    put(root, "v3_v2_keys", voxels(shape, "int16", 65), chunk_key_encoding={"name": "v2", "separator": "."})
    put(root, "v3_5d", voxels((2, 3, 5, 6, 7), "uint8", 66), chunks=(1, 2, 3, 4, 4), dimension_names=["t", "c", "z", "y", "x"])
    data = np.full((4, 8, 8), np.inf, "float64")
    data[2:, 4:, :4] = 3
    put(root, "v3_missing", data, fill_value=float("inf"), config={"write_empty_chunks": False})
    put(root, "v3_sharded", voxels((9, 10, 13), "uint16", 67), chunks=(2, 4, 4), shards=(4, 8, 8))
    put(root, "v3_sharded_5d", voxels((2, 3, 5, 6, 7), "int32", 68), chunks=(1, 1, 2, 4, 4), shards=(1, 2, 4, 8, 8))
    put(root, "v3_sharded_blosc", voxels((5, 9, 11), "float32", 69), chunks=(3, 4, 4), shards=(6, 12, 12), compressors=BloscCodec(cname="zstd", shuffle="shuffle"))
    sharded = {
        "start": ShardingCodec(chunk_shape=(2, 4, 4), index_location="start", codecs=[BytesCodec(), ZstdCodec()]),
        "no_crc": ShardingCodec(chunk_shape=(2, 4, 4), index_codecs=[BytesCodec()], codecs=[TransposeCodec(order=(2, 1, 0)), BytesCodec(endian="big"), GzipCodec()]),
        "big_index": ShardingCodec(chunk_shape=(2, 4, 4), index_codecs=[BytesCodec(endian="big"), Crc32cCodec()]),
    }
    for name, codec in sharded.items():
        put(root, f"v3_sharded_{name}", voxels((6, 9, 12), "int16", 70), chunks=(4, 8, 8), serializer=codec, compressors=None, filters=None)
    data = np.zeros((8, 8, 8), "uint16")
    data[0:2, 4:, :4] = 3
    data[4:, 4:, 4:] = 5
    put(root, "v3_sharded_missing", data, chunks=(2, 4, 4), shards=(4, 8, 8), config={"write_empty_chunks": False})


def ome(root):
    for version, format in (("04", ome_zarr.format.FormatV04()), ("05", ome_zarr.format.FormatV05())):
        name = f"ome{version}"
        image = voxels((2, 9, 14, 20), "uint16", 80)
        labels = (voxels((9, 14, 20), "uint8", 81) > 20).astype("uint8")
        group = zarr.open_group(os.path.join(root, name), mode="w", zarr_format=2 if version == "04" else 3)
        scales = [[{"type": "scale", "scale": [1, 2.0 * f, 0.5 * f, 0.25 * f]}, {"type": "translation", "translation": [0, f - 1, 10 + 0.25 * (f - 1), 0.125 * (f - 1)]}] for f in (1, 2)]
        small = image.reshape(2, 9, 7, 2, 10, 2).mean(axis=(3, 5))[:, ::2].astype("uint16")
        axes = [{"name": "c", "type": "channel"}] + [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]
        ome_zarr.writer.write_multiscale([image, small], group, axes=axes, fmt=format, coordinate_transformations=scales, storage_options={"chunks": (1, 4, 8, 8)})
        ome_zarr.writer.write_labels(labels, group, name="cells", axes="zyx", fmt=format, scaler=None, storage_options={"chunks": (4, 8, 8)})
        note(root, name, image)


def bundle(root):
    with open(os.path.join(here, "stores.bundle"), "wb") as out:
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                content = open(path, "rb").read()
                out.write(f"{os.path.relpath(path, root)} {len(content)}\n".encode() + content + b"\n")
    with open(os.path.join(here, "index.txt"), "w") as out:
        out.write("\n".join(index) + "\n")


if __name__ == "__main__":
    os.makedirs(here, exist_ok=True)
    folder = tempfile.mkdtemp()
    try:
        v2(folder), v3(folder), ome(folder)
        bundle(folder)
    finally:
        shutil.rmtree(folder)
