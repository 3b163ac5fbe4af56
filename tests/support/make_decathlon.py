"""A folder in the layout of Medical Segmentation Decathlon's Task01_BrainTumour with a few tiny patients.
usage: make_decathlon.py FOLDER PATIENTS"""
import json
import sys
from pathlib import Path

import nibabel as nib
import numpy as np

folder, patients = Path(sys.argv[1]), int(sys.argv[2])
random = np.random.default_rng(1)
for part in ("imagesTr", "labelsTr"):
    (folder / part).mkdir(parents=True)
training = []
for number in range(1, patients + 1):
    name = f"BRATS_{number:03d}.nii.gz"
    image = random.normal(size=(24, 24, 20, 4)).astype(np.float32)
    label = np.zeros((24, 24, 20), np.uint8)
    label[6:14, 7:15, 5:12], label[8:12, 9:13, 7:10] = 1, 3
    image[..., 0] += 3 * (label > 0)
    nib.save(nib.Nifti1Image(image, np.eye(4)), folder / "imagesTr" / name)
    nib.save(nib.Nifti1Image(label, np.eye(4)), folder / "labelsTr" / name)
    training.append({"image": f"./imagesTr/{name}", "label": f"./labelsTr/{name}"})
(folder / "dataset.json").write_text(json.dumps({
    "name": "BRATS", "tensorImageSize": "4D", "modality": {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"},
    "labels": {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"},
    "numTraining": patients, "numTest": 0, "training": training, "test": []}))
