"""compare_store.py STORE IMAGE LABEL: zarr-python reads the same voxels from a block store as nibabel from the NIfTI files it was
made of, and the counts beside the labels are the voxels' own."""
import sys

import nibabel
import numpy
import zarr

store, image, label = sys.argv[1:]
group = zarr.open_group(store, mode="r")
wanted = numpy.asarray(nibabel.load(image).dataobj).transpose()
got = group["s0"][0]
assert got.shape == wanted.shape and numpy.array_equal(got, wanted.astype(got.dtype)), "image differs"
multiscale = group.attrs["ome"]["multiscales"][0]
assert group.attrs["ome"]["version"] == "0.5" and [axis["name"] for axis in multiscale["axes"]] == ["c", "z", "y", "x"]
for level in multiscale["datasets"]:
    assert group[level["path"]].ndim == 4 and numpy.isfinite(group[level["path"]][...]).all()
numpy.testing.assert_allclose(group.attrs["tomograd"]["affine"], nibabel.load(image).affine[:3], atol=1e-6)
assert group["labels"].attrs["ome"]["labels"] == ["label"]
labels = group["labels/label/s0"][...]
assert numpy.array_equal(labels, numpy.rint(nibabel.load(label).get_fdata()).transpose()), "labels differ"
counts = group["labels/label/counts"]
z, y, x = counts.attrs["block"]
for i, value in enumerate(counts.attrs["values"]):
    for b in numpy.ndindex(*counts.shape[1:]):
        block = labels[b[0] * z:(b[0] + 1) * z, b[1] * y:(b[1] + 1) * y, b[2] * x:(b[2] + 1) * x]
        assert counts[(i, *b)] == (block == value).sum(), "counts differ"
