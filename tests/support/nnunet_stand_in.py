"""nnunet_stand_in.py PROGRAM ARGUMENTS...: stands in for nnUNetv2_plan_and_preprocess, _train and _predict (2.8.1) where nnU-Net is
not installed. Each checks what it is given as nnU-Net would find it and leaves files under nnU-Net's names; the first attempt
of every trial is killed on the way: in preprocessing, after a whole checkpoint, or in the middle of writing one."""
import json
import os
import signal
import sys
import zipfile
from pathlib import Path

import nibabel
import numpy as np

program, arguments = sys.argv[1], sys.argv[2:]
raw, preprocessed, results = (Path(os.environ[f"nnUNet_{name}"]) for name in ("raw", "preprocessed", "results"))
attempt, number = int(os.environ["TOMOGRAD_TRIAL_ATTEMPT"]), int(os.environ["TOMOGRAD_TRIAL_NUMBER"])
channels, tested = (os.environ[f"TOMOGRAD_TRIAL_{name}"].split(",") for name in ("CHANNELS", "SPLIT"))
name = "Dataset001_trial"
fold = results / name / "nnUNetTrainer_100epochs__nnUNetPlans__3d_fullres" / "fold_0"
dataset = json.loads((raw / name / "dataset.json").read_text())
cases = sorted(path.name.removesuffix(".nii.gz") for path in (raw / name / "labelsTr").iterdir())
original = {case["id"]: case for case in json.loads(Path(os.environ["TOMOGRAD_TRIAL_DATA"]).read_text())["cases"]}


def option(flag):
    return arguments[arguments.index(flag) + 1]


def die(kind):
    if attempt == 1 and number % 3 == kind:
        os.kill(os.getpid(), signal.SIGKILL)


def is_each_channel(folder, identifiers):
    """One file per case and used channel, numbered in the order of channel_names, with that channel's voxels; nothing else."""
    assert dataset["channel_names"] == {str(i): channel for i, channel in enumerate(channels)}, dataset
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{case}_{i:04d}.nii.gz" for case in identifiers for i in range(len(channels)))
    base = Path(os.environ["TOMOGRAD_TRIAL_DATA"]).parent
    for case in identifiers:
        for i, channel in enumerate(channels):
            given, wanted = nibabel.load(folder / f"{case}_{i:04d}.nii.gz"), nibabel.load(base / original[case]["images"][channel])
            assert np.array_equal(given.dataobj, wanted.dataobj) and np.allclose(given.affine, wanted.affine), (case, channel)


def plan_and_preprocess():
    assert option("-d") == "1" and option("-c") == "3d_fullres" and "--verify_dataset_integrity" in arguments
    assert dataset["file_ending"] == ".nii.gz" and dataset["numTraining"] == len(cases)
    assert list(dataset["labels"].values()) == list(range(len(dataset["labels"]))) and dataset["labels"]["background"] == 0
    is_each_channel(raw / name / "imagesTr", cases)
    assert sorted(cases) == sorted(case for case in original if original[case]["patient"] not in tested), "a tested patient would decide plans and statistics"
    for case in cases:
        label, image = nibabel.load(raw / name / "labelsTr" / f"{case}.nii.gz"), nibabel.load(raw / name / "imagesTr" / f"{case}_0000.nii.gz")
        assert label.shape == image.shape and set(np.unique(label.dataobj)) <= set(dataset["labels"].values())
    (preprocessed / name / "nnUNetPlans_3d_fullres").mkdir(parents=True)  # an earlier attempt's was put away
    die(0)
    for case in cases:
        (preprocessed / name / "nnUNetPlans_3d_fullres" / f"{case}.b2nd").touch()


def checkpoint(kind, epoch):
    with zipfile.ZipFile(fold / f"checkpoint_{kind}.pth", "w") as file:
        file.writestr("epoch", str(epoch))


def train():
    assert arguments[:3] == ["1", "3d_fullres", "0"] and option("-tr") == "nnUNetTrainer_100epochs" and option("-p") == "nnUNetPlans"
    splits = json.loads((preprocessed / name / "splits_final.json").read_text())
    assert len(splits) == 1 and splits[0]["val"] and splits[0]["train"] and sorted(splits[0]["train"] + splits[0]["val"]) == cases, splits
    of = [{original[case]["patient"] for case in splits[0][part]} for part in ("train", "val")]
    assert not of[0] & of[1], "scans of one patient on both sides"
    fold.mkdir(parents=True, exist_ok=True)
    there = [fold / f"checkpoint_{kind}.pth" for kind in ("final", "latest", "best") if (fold / f"checkpoint_{kind}.pth").exists()]
    epoch = 0
    if "--c" in arguments and there:
        with zipfile.ZipFile(there[0]) as file:  # as torch.load, it fails at a file that was cut short
            epoch = int(file.read("epoch"))
    assert epoch == (0 if attempt == 1 or number % 3 == 0 else 50 if number % 3 == 1 else 30), (epoch, arguments)
    checkpoint("best", 30), checkpoint("latest", 50)
    die(1)
    if attempt == 1 and number % 3 == 2:
        os.truncate(fold / "checkpoint_latest.pth", 20)
    die(2)
    checkpoint("final", 100)
    (fold / "checkpoint_latest.pth").unlink()


def predict():
    assert option("-d") == "1" and option("-c") == "3d_fullres" and option("-f") == "0" and option("-tr") == "nnUNetTrainer_100epochs"
    assert (fold / option("-chk")).exists()
    identifiers = [case for case in original if original[case]["patient"] in tested]
    is_each_channel(Path(option("-i")), identifiers)
    for case in identifiers:
        image = nibabel.load(Path(option("-i")) / f"{case}_0000.nii.gz")
        voxels = np.asarray(image.dataobj)
        found = np.digitize(voxels, np.quantile(voxels, [0.9, 0.97])).astype(np.uint8)
        nibabel.save(nibabel.Nifti1Image(found, image.affine), Path(option("-o")) / f"{case}.nii.gz")


{"nnUNetv2_plan_and_preprocess": plan_and_preprocess, "nnUNetv2_train": train, "nnUNetv2_predict": predict}[program]()
