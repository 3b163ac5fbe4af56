#!/usr/bin/env python3
"""Writes fuzz/corpus: small inputs, good and nearly good, from which the fuzz targets start. Python's own library suffices.
Files of tests/golden/volume (made by nibabel) and examples/*.toml are taken where a target reads them as they are.
usage: fuzz/make_corpus.py   (safe to repeat; the folder is made anew)"""
import gzip, json, pathlib, shutil, struct, zlib

here = pathlib.Path(__file__).resolve().parent
corpus, golden, examples = here / "corpus", here.parent / "tests/golden/volume", here.parent / "examples"
shutil.rmtree(corpus, ignore_errors=True)


def put(target, name, content):
    path = corpus / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def nifti1(dim=(3, 3, 2, 2), datatype=2, bits=8, data=None, order="<", offset=352, slope=0, inter=0, extension=b"", magic=b"n+1\0", qform=0, sform=1):
    header = bytearray(348)
    pack = lambda at, form, *values: struct.pack_into(order + form, header, at, *values)
    dim = tuple(dim) + (1,) * (8 - len(dim))
    pack(0, "i", 348), pack(40, "8h", *dim), pack(70, "hh", datatype, bits), pack(76, "8f", 1, 1, 1.5, 2, 0, 0, 0, 0)
    pack(108, "3f", offset, slope, inter), pack(123, "B", 2)
    pack(252, "hh", qform, sform), pack(256, "6f", 0, 0, 1, -1, 2, 3)
    pack(280, "12f", 1, 0, 0, -1, 0, 1.5, 0, 2, 0, 0, 2, 3)
    header[344:348] = magic
    voxels = dim[1] * dim[2] * dim[3] * dim[4]
    if data is None:
        data = bytes(i % 3 for i in range(voxels * bits // 8))
    between = b"" if magic == b"ni1\0" else (extension or b"\0\0\0\0").ljust(int(offset) - 348, b"\0")
    return bytes(header) + between + data


def extensions(*blocks):
    return b"\1\0\0\0" + b"".join(struct.pack("<ii", len(b) + 8, code) + b for code, b in blocks)


plain = nifti1()
scans = {
    "u8.nii": plain,
    "i16_be.nii": nifti1(datatype=4, bits=16, order=">"),
    "f32_scaled.nii": nifti1(datatype=16, bits=32, slope=2, inter=-1),
    "f64.nii": nifti1(datatype=64, bits=64, qform=1, sform=0),
    "u64.nii": nifti1(datatype=1280, bits=64, data=struct.pack("<12Q", *[2**k for k in range(0, 60, 5)])),
    "frames.nii": nifti1(dim=(4, 3, 2, 2, 3)),
    "extension.nii": nifti1(offset=400, extension=extensions((6, b"a comment".ljust(24, b"\0")), (0, b"\0" * 8))),
    "no_orientation.nii": nifti1(sform=0),
    "line.nii": nifti1(dim=(1, 7)),
}
for name, content in scans.items():
    put("nifti", name, content)
    put("nifti_labels", name, content)
    put("nifti_gz", name, b"\1" + content)
    put("nifti_region", name, struct.pack("<6hb", 0, 0, 1, 2, 1, 2, 0) + content)
    put("nifti_region", name + ".gz", struct.pack("<6hb", 1, 0, 0, 1, 2, 3, 1) + content)
for name in ("float32_n2_be.nii", "int16_n2_le.nii", "both_forms.nii", "flat.nii"):
    put("nifti", name, (golden / name).read_bytes())
    put("nifti_labels", name, (golden / name).read_bytes())
put("nifti_region", "frames", struct.pack("<6hb", 0, 0, 0, 2, 2, 3, 4) + scans["frames.nii"])
packed = lambda content: gzip.compress(content, mtime=0)
put("nifti_gz", "raw.gz", b"\0" + packed(plain))
put("nifti_gz", "two_members.gz", b"\0" + packed(plain[:200]) + packed(plain[200:]))
put("nifti_gz", "padding.gz", b"\0" + packed(plain) + b"\0" * 40)
put("nifti_gz", "garbage.gz", b"\0" + packed(plain) + b"garbage")
stored = zlib.compressobj(0, zlib.DEFLATED, 31)
put("nifti_gz", "stored.gz", b"\0" + stored.compress(plain) + stored.flush())
name_in_header = packed(plain)
put("nifti_gz", "name.gz", b"\0" + name_in_header[:3] + b"\x08" + name_in_header[4:10] + b"x.nii\0" + name_in_header[10:])
pair = nifti1(magic=b"ni1\0", offset=0)
for flags in range(8):
    put("nifti_pair", f"flags{flags}", struct.pack("<HB", 348, flags) + pair)
put("nifti_pair", "n2", struct.pack("<HB", 540, 0) + (golden / "pair_n2.hdr").read_bytes() + (golden / "pair_n2.img").read_bytes())
put("nifti_pair", "extension", struct.pack("<HB", 348 + 36, 0) + pair[:348] + extensions((6, b"x" * 24)) + pair[348:])

put("toml", "all.toml", 'a = 1\nb = 1.5e-3\nc = "text \\u00e4"\nd = [1, 2.0, "x", [true, false]]\ne.f = -9223372036854775808\n'
    '[g]\nh = { i = 1, j = [] }\n[[k]]\nl = nan\n[[k]]\nm = \'raw\\\'\nn = """two\nlines"""\n[k.o]\np = inf\n# comment\n')
put("toml", "dotted.toml", 'a.b.c."d e".f = 1\n[a.x.y]\nz = 0x1F\n')
put("toml", "setting", "sampling.patch=[9,165,165]")
put("toml", "date.toml", "when = 2026-01-01T00:00:00Z\n")
put("json", "all.json", '{"a":1,"b":-1.5e-3,"c":"\\u00e4\\n","d":[1,2.0,"x",[true,false,null]],"e":{"f":{}},"g":18446744073709551615}')
put("json", "list.json", "[[],[[]],{}]")
for path in sorted(examples.glob("*.toml")):
    content = path.read_text()
    put("experiment_spec" if "experiment/1" in content or "[strategy]" in content else "run_spec", path.name, content)
put("experiment_spec", "sweep.toml", '''run = "run.toml"
out = "x"
[strategy]
kind = "sweep"
seeds = 2
folds = 2
[[variable]]
key = "optimizer.learning_rate"
range = [0.0001, 0.1]
scale = "log"
count = 3
[[variable]]
key = "model.kind"
values = ["unet", "deepmedic"]
labels = ["U", "D"]
''')
put("experiment_spec", "command.toml", '[trial]\ncommand = ["prog", "{out}"]\n[strategy]\nkind = "leave-one-out"\nchannels = ["T1", "T2"]\n')
models = {
    "residual": 'channels = [4, 8, 16]\nstrides = [2, [1, 2, 2]]\n',
    "unet3d": 'family = "unet3d"\ndepth = 2\nfilters = 4\npatch = [8, 16, 16]\n',
    "nnunet": 'family = "nnunet"\nspacing = [5, 1, 1]\npatch = [16, 64, 64]\n',
    "deepmedic": 'kind = "deepmedic"\nvariant = "default"\npatch = [9, 65, 65]\n',
    "paths": 'kind = "deepmedic"\nfactors = [1, [1, 3, 3]]\npath_channels = [4, 4]\nfc_channels = [8]\npadding = "same"\n',
    "graph": '''kind = "graph"
patch = 16
[[block]]
name = "a"
op = "conv"
channels = 4
norm = "batch"
activation = "relu"
repeat = 2
[[block]]
name = "down"
op = "pool"
factor = 2
[[block]]
name = "up"
op = "upsample"
factor = [2, 2, 2]
[[block]]
name = "both"
op = "concat"
from = ["a", "up"]
[[block]]
op = "crop"
margin = 1
[[block]]
op = "conv"
kernel = 1
''',
}
for name, content in models.items():
    put("model_spec", name + ".toml", content)

case = {"id": "p1", "patient": "p1", "scan": "", "images": {"T1": "a.nii", "T2": None}, "frames": {}, "label": "l.nii", "roi": None,
        "shape_zyx": [2, 2, 3], "spacing": [2, 1.5, 1], "affine": [[1, 0, 0, -1], [0, 1.5, 0, 2], [0, 0, 2, 3], [0, 0, 0, 1]], "digest": "00", "warnings": ["w"]}
dataset = {"format": "tomograd.dataset/1", "modalities": ["T1", "T2"], "labels": {"tumour": [1, 2], "node": [3]}, "cases": [case, {**case, "id": "p2", "patient": "p2", "images": {"T1": "/b.nii"}, "frames": {"T1": 1}}]}
put("dataset", "two.json", json.dumps(dataset))
put("dataset", "least.json", json.dumps({"format": "tomograd.dataset/1", "modalities": [], "labels": {}, "cases": []}))

lists = {
    "nnunet": {"channel_names": {"0": "T1", "1": "T2"}, "labels": {"background": 0, "tumour": 1, "whole": [1, 2]}, "numTraining": 1, "file_ending": ".nii"},
    "nnunet_list": {"channel_names": {"0": "T1"}, "labels": {"background": 0, "t": 1}, "file_ending": ".nii", "dataset": {"a": {"images": ["a.nii"], "label": "a_label.nii"}}},
    "decathlon": {"modality": {"0": "T1"}, "labels": {"0": "background", "1": "edema"}, "training": [{"image": "./a.nii", "label": "./a_label.nii"}], "test": ["b.nii"]},
    "monai": {"training": [{"image": ["a.nii", "b.nii"], "label": "c.nii", "fold": 0}], "validation": []},
}
for name, content in lists.items():
    for first in (0, 32, 4, 20, 12):
        put("import_list", f"{name}_{first}", bytes([first]) + json.dumps(content).encode())
config = '# DeepMedic\nchannelsTraining = ["./list.txt", "other.txt"]\ngtLabelsTraining = "./labels.txt"  # "no"\nroiMasksTraining = \'list.txt\'\nchannelsValidation = [\n"list.txt",\n"other.txt"]\nnamesForPredictionsPerCaseVal = "labels.txt"\n'
put("import_list", "config", b"\1" + config.encode())
put("import_list", "table", b"\2channel_t1,channel_t2,ground_truth,roi_mask,prediction_filename\na.nii,b.nii,a_label.nii,,p1\n\"b.nii\",-,c.nii,a.nii,\"p\"\"2\"\n")
put("import_list", "segments", b"\3index\tname\tcolor\n1\ttumour\t#ff0000\n2\tnode\t#00ff00\n")
names = {
    1: "p1/T1.nii\np1/T2.nii\np1/label.nii\np2/T1.nii\np2/T2.nii\np2/GT.nii\np2/brain_mask.nii",
    0: "s/p1/scan1/p1_scan1_T1_normalization.nii\ns/p1/scan1/OT_MultiClass.nii\ns/p1/scan2/T1.nii\ns/p1/scan2/OT.nii\ns/p2/scan1/T1.nii\ns/p2/scan1/OT.nii",
    2: "dataset_description.json\nsub-1/anat/sub-1_T1w.nii\nsub-1/ses-2/anat/sub-1_ses-2_acq-x_ce-gd_T1w.nii.gz\nderivatives/seg/sub-1_desc-brain_mask.nii\nderivatives/seg/sub-1_dseg.nii",
    3: "BraTS20_1/BraTS20_1_t1.nii\nBraTS20_1/BraTS20_1_t1ce.nii\nBraTS20_1/BraTS20_1_seg.nii\nBraTS-GLI-1/BraTS-GLI-1-t1n.nii\nBraTS-GLI-1/BraTS-GLI-1-t2f.nii\nBraTS-GLI-1/BraTS-GLI-1-seg.nii",
    4: "imagesTr/CHUM-001__CT.nii\nimagesTr/CHUM-001__PT.nii\nlabelsTr/CHUM-001.nii",
    5: "2/midRT/2_midRT_T2.nii\n2/midRT/2_midRT_mask.nii\n2/midRT/2_preRT_T2_registered.nii\n2/preRT/2_preRT_T2.nii\n2/preRT/2_preRT_mask.nii",
}
for first, content in names.items():
    put("import_names", f"layout{first}", bytes([first]) + content.encode())
    put("import_names", f"detected{first}", bytes([0xC0]) + content.encode())

put("locations", "all.csv", 'case,z,y,x\na,0,0,0\n"b",3.5,4,5\r\nc;1;1;1\nother,9,9,9\n')
put("locations", "order.csv", "x,comment,y,z,case\n1,hello,2,3,a\n")


def safetensors(table, data):
    text = json.dumps(table, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


put("safetensors", "two", safetensors({"__metadata__": {"format": "x", "a\u00e4": "\n\"\\"}, "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}, "b": {"dtype": "U8", "shape": [], "data_offsets": [16, 17]}}, bytes(17)))
put("safetensors", "empty", safetensors({}, b""))
put("safetensors", "zero", safetensors({"z": {"dtype": "I64", "shape": [0, 3], "data_offsets": [0, 0]}}, b""))

put("run_folder", "spec", b"\0" + (examples / "unet-tiny.toml").read_bytes())
put("run_folder", "log", b"\1" + b'{"step":1,"loss":0.5}\n{"step":2,"loss":null,"position":0.25,"seconds":1.5}\n{"step":5,"position":1}\n{"step":')
result = {"format": "tomograd.result/1", "out": "/x", "test": [{"case": "a", "patient": "p", "classes": ["background", "t"], "dice": [0.9, 0.5]}, {"patient": "q", "dice": 0.25}], "seconds": 1, "timing": {"x": 2}, "validation_dice": 0.5}
put("trial_result", "all.json", json.dumps(result))
put("trial_result", "plain.json", '{"dice": 0.5}')


def png(width, height, colour, rows, depth=8, interlace=0):
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


put("png", "grey.png", png(3, 2, 0, b"\0abc\1def"))
put("png", "rgb.png", png(2, 2, 2, b"\0abcdef\4ghijkl"))
put("png", "alpha16.png", png(1, 1, 6, b"\0" + bytes(8), depth=16))
put("png", "large.png", png(60000, 60000, 0, bytes(100), depth=1))

put("s3_listing", "page.xml", """<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken>
<Contents><Key>x/a &#252;&#x5c42;&lt;</Key><ETag>&quot;1-2&quot;</ETag><Size>12</Size></Contents><CommonPrefixes><Prefix>x/deep/</Prefix></CommonPrefixes></ListBucketResult>""")
put("s3_listing", "refusal.xml", "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")
