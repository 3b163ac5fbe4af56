"""Makes tests/golden/volume with nibabel: small NIfTI files of every type, byte order, version and layout, and what nibabel
reads from them. Run with .venv-test/bin/python tests/golden/generate_volume.py; the files are committed.

index.txt: one line per file: name, kind of expected values (a .f32 file, C order z,y,x), frame, version, swapped (0/1),
type, sizes z y x, 12 numbers of the affine, orientation letters, qform code, sform code.
resample*: linear resampling by scipy; NaN where a position is not certainly inside.
"""
import pathlib
import shutil

import nibabel
import numpy
from scipy import ndimage

here = pathlib.Path(__file__).parent / "volume"
shutil.rmtree(here, ignore_errors=True)
here.mkdir()
index = []
numpy.random.seed(20240801)

X, Y, Z = 9, 7, 5
AFFINE = numpy.array([[-0.9, 0.01, 0.02, 31.5], [0.015, 1.1, -0.03, -44.25], [0.03, 0.025, 2.5, 12.125], [0, 0, 0, 1]])
TYPES = "uint8 int8 uint16 int16 uint32 int32 uint64 int64 float32 float64".split()


def values_of(dtype):
    kind = numpy.dtype(dtype)
    if kind.kind == "f":
        v = numpy.random.standard_normal((X, Y, Z)) * 1000
        return v.astype(kind)
    info = numpy.iinfo(kind)
    low, high = max(info.min, -(2**52)), min(info.max, 2**52)
    v = numpy.random.randint(low, high, (X, Y, Z), dtype="int64").astype(kind)
    v.flat[0], v.flat[-1] = low, high
    return v


def note(name, expected, frame=0):
    image = nibabel.load(here / name)
    data = numpy.asanyarray(image.dataobj) if image.dataobj.slope == 1 and image.dataobj.inter == 0 else image.get_fdata(dtype=numpy.float64)
    while data.ndim < 3:
        data = data[..., None]
    data = data.reshape(data.shape[:3] + (-1,))[..., frame]
    want = here / (expected + ".f32")
    got = numpy.ascontiguousarray(data.astype(numpy.float64).astype("<f4").T).tobytes()
    if want.exists():
        assert want.read_bytes() == got, name
    want.write_bytes(got)
    header = image.header
    version = 2 if isinstance(image, (nibabel.Nifti2Image, nibabel.Nifti2Pair)) else 1
    swapped = int(header.endianness == ">")
    affine = image.affine[:3].ravel()
    axes = "".join(nibabel.aff2axcodes(image.affine))
    row = [name, expected, frame, version, swapped, header.get_data_dtype().newbyteorder("=").name, data.shape[2], data.shape[1], data.shape[0]]
    row += [repr(float(v)) for v in affine] + [axes, int(header["qform_code"]), int(header["sform_code"])]
    index.append(" ".join(str(v) for v in row))


def image_of(data, affine, version=1, order="<", pair=False, slope=None, inter=None, q=None, s=1):
    header_class = {(1, 0): nibabel.Nifti1Header, (2, 0): nibabel.Nifti2Header, (1, 1): nibabel.nifti1.Nifti1PairHeader, (2, 1): nibabel.nifti2.Nifti2PairHeader}[version, int(pair)]
    image_class = {(1, 0): nibabel.Nifti1Image, (2, 0): nibabel.Nifti2Image, (1, 1): nibabel.Nifti1Pair, (2, 1): nibabel.Nifti2Pair}[version, int(pair)]
    header = header_class(endianness=order)
    header.set_data_dtype(data.dtype)
    header.set_xyzt_units("mm", "sec")
    image = image_class(data, None, header)
    image.header.set_data_dtype(data.dtype)
    if slope is not None:
        image.header.set_slope_inter(slope, inter)
    if s is not None:
        image.set_sform(affine, code=s)
    if q is not None:
        image.set_qform(affine, code=q)
    return image


def save(image, name):
    nibabel.save(image, here / name)


for t in TYPES:
    data = values_of(t)
    for version in (1, 2):
        for order, letter in (("<", "le"), (">", "be")):
            name = f"{t}_n{version}_{letter}.nii"
            save(image_of(data, AFFINE, version, order), name)
            note(name, t)

data = values_of("int16")
for version in (1, 2):
    save(image_of(data, AFFINE, version), f"gz_n{version}.nii.gz")
    note(f"gz_n{version}.nii.gz", "gz")
    for ends in (".hdr", ".hdr.gz"):
        name = f"pair_n{version}{ends}"
        save(image_of(data, AFFINE, version, ">", True), name.replace(".hdr", ".img"))
        note(name, "gz")

# Scaling: nibabel scales floats into an integer type and stores slope and intercept.
for slope, inter, name in ((0.25, -7.5, "scaled"), (-3.0e-3, 1e4, "scaled_negative"), (2.0**-32, 0.5, "scaled_mask")):
    raw = numpy.random.randint(-30000, 30000, (X, Y, Z)).astype("int32") if name != "scaled_mask" else (numpy.random.randint(0, 2, (X, Y, Z)) * (2**32 - 1) - 2**31).astype("int32")
    image = image_of(raw, AFFINE)
    save(image, name + ".nii")
    path = here / (name + ".nii")
    content = bytearray(path.read_bytes())
    content[112:116] = numpy.float32(slope).tobytes()
    content[116:120] = numpy.float32(inter).tobytes()
    path.write_bytes(content)
    note(name + ".nii", name)

# Four dimensions: each frame.
data = numpy.random.randint(0, 255, (X, Y, Z, 3)).astype("uint8")
save(image_of(data, AFFINE), "frames.nii.gz")
for frame in range(3):
    note("frames.nii.gz", f"frames{frame}", frame)

# Two dimensions.
save(image_of(values_of("float32")[:, :, 0], AFFINE), "flat.nii")
note("flat.nii", "flat")

# qform only: rotations by every kind of angle, both handednesses, anisotropic.
data = numpy.arange(X * Y * Z, dtype="uint16").reshape(X, Y, Z)


def rotation(axis, degrees):
    axis = numpy.array(axis, float) / numpy.linalg.norm(axis)
    a = numpy.radians(degrees)
    k = numpy.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return numpy.eye(3) + numpy.sin(a) * k + (1 - numpy.cos(a)) * k @ k


turns = [((0, 0, 1), d) for d in (5, 30, 44, 60, 83, 90, 120, 180, 200)] + [((1, 0, 0), d) for d in (10, 80, 180)] + [((0, 1, 0), d) for d in (15, 100, 180)] + [((1, 2, -1), 20), ((3, 1, 2), 160)]
for number, (axis, degrees) in enumerate(turns):
    for hand in (1, -1):
        affine = numpy.eye(4)
        affine[:3, :3] = rotation(axis, degrees) @ numpy.diag([0.7, 1.3, 3.0 * hand])
        affine[:3, 3] = (number - 3.5, 20 * hand, 7)
        for version in (1, 2):
            name = f"qform_{number}_{'r' if hand > 0 else 'l'}_n{version}.nii.gz"
            save(image_of(data, affine, version, "<>"[number % 2], q=1, s=None), name)
            note(name, "qform")

save(image_of(data, AFFINE, q=2, s=4), "both_forms.nii")
note("both_forms.nii", "qform")

# Resampling: scipy's linear interpolation at the world positions of an oblique grid, and of a finer straight one.
# resample.txt: expected values, grid of `float32` (sizes z y x, affine), then the grid resampled onto.
data = values_of("float32")
values = numpy.ascontiguousarray(data.T)
(here / "resample_input.f32").write_bytes(values.astype("<f4").tobytes())
rows = []
slanted = numpy.eye(4)
slanted[:3, :3] = AFFINE[:3, :3] @ rotation((1, -1, 2), 25) @ numpy.diag([0.6, 0.7, 0.5])
slanted[:3, 3] = (AFFINE @ [1.5, 1.5, 1.0, 1])[:3]
finer = AFFINE @ numpy.diag([0.5, 0.7, 0.4, 1])
for name, affine, size in (("slanted", slanted, (6, 5, 7)), ("finer", finer, (9, 10, 17))):
    grid = numpy.stack(numpy.meshgrid(*[numpy.arange(n) for n in size], indexing="ij"), -1)[..., ::-1]  # x, y, z
    at = numpy.linalg.inv(AFFINE) @ affine
    positions = grid @ at[:3, :3].T + at[:3, 3]
    inside = ((positions > -0.99) & (positions < numpy.array([X, Y, Z]) - 0.01)).all(-1)
    assert inside.mean() > 0.6, inside.mean()
    v = ndimage.map_coordinates(data.astype("float64"), numpy.moveaxis(positions, -1, 0), order=1, mode="nearest")
    v[~inside] = numpy.nan
    (here / f"resample_{name}.f32").write_bytes(v.astype("<f4").tobytes())
    rows.append(" ".join(str(x) for x in [f"resample_{name}.f32", Z, Y, X, *[repr(float(x)) for x in AFFINE[:3].ravel()], *size, *[repr(float(x)) for x in affine[:3].ravel()]]))
(here / "resample.txt").write_text("\n".join(rows) + "\n")

(here / "index.txt").write_text("\n".join(index) + "\n")
print(len(index), "lines,", sum(f.stat().st_size for f in here.iterdir()), "bytes")
