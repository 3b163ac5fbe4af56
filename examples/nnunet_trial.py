"""A trial that trains nnU-Net v2 on the channels it was given and is scored on patients that nnU-Net never sees.

Written to the formats and command lines of nnU-Net 2.8.1 and checked against stand-ins for its three programs
(tests/support/nnunet_stand_in.py), not against nnU-Net itself. All of it lies below the trial's folder:
    raw/Dataset001_trial/           imagesTr: CASE_0000.nii.gz, _0001, ... of the used channels only, links where the file serves
                                    as it is; labelsTr: classes 1, 2, ... in the order of dataset.json
    test/                           the same for the patients that are tested: outside of the raw data set, since the intensity
                                    statistics and the plans are taken over all that lies in it
    preprocessed/, results/         nnU-Net's own; predictions/: its answer for test/
Of the other patients a share is set aside as nnU-Net's validation set, whole patients, drawn from the seed: the same ones for every
channel set, so that trials stay comparable. They choose nothing here, as the last weights (checkpoint_final) predict.
A patient that lacks a channel gets zeros there. A channel named "CT" is normalised by nnU-Net over the data set, all others per scan.

Killed or stopped at any moment, the next attempt does what is not yet done and continues the training with --c from nnU-Net's last
whole checkpoint (it writes one every 50 epochs, and not in one piece: one that was cut short is put away). nnU-Net seeds no
random numbers, so two runs differ, and strategy.seeds = 2 or more shows by how much; it has no handler for SIGTERM either.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nibabel
import numpy as np

import tomograd_trial as tomograd

DATASET = "Dataset001_trial"


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def save_volume(voxels, like, path):
    """On the grid of another volume; -> .nii.gz."""
    nibabel.save(nibabel.Nifti1Image(voxels, nibabel.load(like).affine), path)


def write_images(case, channels, folder):
    there = [case.images[channel] for channel in channels if channel in case.images]
    if not there:
        raise SystemExit(f"{case.id} has none of the channels {', '.join(channels)}")
    for number, channel in enumerate(channels):
        source, target = case.images.get(channel), folder / f"{case.id}_{number:04d}.nii.gz"
        if source is None:
            save_volume(np.zeros(nibabel.load(there[0]).shape[:3], np.float32), there[0], target)
        elif source.name.endswith(".nii.gz") and len(nibabel.load(source).shape) == 3:
            target.symlink_to(source.resolve())
        else:
            save_volume(case.image(channel), source, target)


def write_raw(trial):
    raw, test = fresh(trial.out / "raw" / DATASET), fresh(trial.out / "test")
    (raw / "imagesTr").mkdir(), (raw / "labelsTr").mkdir()
    for case in trial.train:
        write_images(case, trial.channels, raw / "imagesTr")
        classes = case.classes(trial.labels)
        if (classes == tomograd.IGNORED).any():
            raise SystemExit(f"{case.label} has voxels of value {tomograd.IGNORED} (not scored), which this script does not hand to nnU-Net")
        save_volume(classes, case.label, raw / "labelsTr" / f"{case.id}.nii.gz")
    for case in trial.test:
        write_images(case, trial.channels, test)
    description = {
        "channel_names": {str(number): channel for number, channel in enumerate(trial.channels)},
        "labels": {"background": 0} | {name: number for number, name in enumerate(trial.labels, 1)},
        "numTraining": len(trial.train),
        "file_ending": ".nii.gz",
    }
    (raw / "dataset.json").write_text(json.dumps(description, indent=1))


def split_of(trial, share):
    """Whole patients for nnU-Net's validation: at least one, and never all. With a single patient to train on it is that one."""
    patients = sorted({case.patient for case in trial.train})
    count = min(max(1, round(share * len(patients))), max(1, len(patients) - 1))
    validation = set(np.random.default_rng(trial.seed).choice(patients, count, replace=False))
    train = [case.id for case in trial.train if case.patient not in validation]
    return {"train": train or [case.id for case in trial.train], "val": [case.id for case in trial.train if case.patient in validation]}


def run(program, *arguments, **variables):
    print(f"{program} {' '.join(map(str, arguments))}", flush=True)
    ended = subprocess.run([program, *map(str, arguments)], env=os.environ | {name: str(value) for name, value in variables.items()})
    if ended.returncode:
        raise SystemExit(f"{program} ended with {ended.returncode}")


def once(path, work):
    """Does a step unless an attempt before has finished it."""
    if not path.exists():
        work()
        tomograd.publish(path, lambda file: None)


def train(fold, command):
    """Continues where checkpoints are; one that was being written when the process was killed is no whole zip file."""
    checkpoints = sorted(fold.glob("checkpoint_*.pth"))
    for checkpoint in checkpoints:
        if not zipfile.is_zipfile(checkpoint):
            print(f"{checkpoint.name} was cut short and is left aside", flush=True)
            checkpoint.rename(checkpoint.with_suffix(".cut-short"))
    command("--c") if any(checkpoint.exists() for checkpoint in checkpoints) else command()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configuration", default="3d_fullres")
    parser.add_argument("--trainer", default="nnUNetTrainer", help="nnUNetTrainer_100epochs and others are shorter than its 1000 epochs")
    parser.add_argument("--plans", default="nnUNetPlans")
    parser.add_argument("--planner", default="ExperimentPlanner", help="nnUNetPlannerResEncL with --plans nnUNetResEncUNetLPlans")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--validation-share", type=float, default=0.2, help="share of the patients that are not tested")
    options = parser.parse_args()
    trial = tomograd.this_trial()
    out = trial.out
    folders = {f"nnUNet_{name}": out / name for name in ("raw", "preprocessed", "results")}

    once(out / "raw.done", lambda: write_raw(trial))

    def preprocess():
        fresh(folders["nnUNet_preprocessed"])
        run("nnUNetv2_plan_and_preprocess", "-d", 1, "-c", options.configuration, "-pl", options.planner, "--verify_dataset_integrity", **folders)
        splits = [split_of(trial, options.validation_share)]
        (out / "preprocessed" / DATASET / "splits_final.json").write_text(json.dumps(splits, indent=1))

    once(out / "preprocessed.done", preprocess)

    fold = out / "results" / DATASET / f"{options.trainer}__{options.plans}__{options.configuration}" / "fold_0"
    model = ["-tr", options.trainer, "-p", options.plans, "-device", options.device]
    command = lambda *more: run("nnUNetv2_train", 1, options.configuration, 0, *model, *more, **folders)
    once(out / "trained.done", lambda: train(fold, command))

    predictions = fresh(out / "predictions")
    run("nnUNetv2_predict", "-i", out / "test", "-o", predictions, "-d", 1, "-c", options.configuration, "-f", 0, "-chk", "checkpoint_final.pth", *model, **folders)
    scores = []
    for case in trial.test:
        scores.append(tomograd.score(trial, case, np.asarray(nibabel.load(predictions / f"{case.id}.nii.gz").dataobj)))
    tomograd.answer(trial, scores)
    return 0


if __name__ == "__main__":
    sys.exit(main())
