"""What a trial written in Python needs (numpy and nibabel): what it was asked, the scans, the score, its answer.

Tomograd starts the program of [trial] once per attempt and tells it by its environment:
    TOMOGRAD_TRIAL_DATA      dataset.json                    TOMOGRAD_TRIAL_SEED      seed of this repeat
    TOMOGRAD_TRIAL_CHANNELS  channels to use, with commas    TOMOGRAD_TRIAL_OUT       its folder, kept between attempts
    TOMOGRAD_TRIAL_SPLIT     patients to test on             TOMOGRAD_TRIAL_SETTINGS  variables of the experiment, JSON
All other patients of dataset.json are there to train on. The answer is OUT/metrics.json and exit code 0. A program that is
asked to stop (SIGTERM) saves its state and exits with 3 within 10 s; killed or stopped, it is started again and goes on.
"""
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import nibabel
import numpy as np

STOPPED = 3  # exit code: stopped on request, state saved
IGNORED = 255  # label value of voxels that are not scored


@dataclass
class Case:
    """One scan event of a patient. Arrays are those of nibabel, [x][y][z]."""
    id: str
    patient: str
    images: dict  # channel -> path; what this patient lacks is absent
    frames: dict  # channel -> frame of a 4-D file
    label: Path | None
    roi: Path | None

    def image(self, channel):
        """float32 voxels, or None when this patient lacks the channel."""
        if channel not in self.images:
            return None
        data = nibabel.load(self.images[channel]).dataobj
        return np.asarray(data[..., self.frames.get(channel, 0)] if len(data.shape) == 4 else data, np.float32)

    def classes(self, labels):
        """uint8 class numbers: 0 = background, then 1, 2, ... in the order of `labels` (name -> values); IGNORED stays."""
        values = np.rint(np.asarray(nibabel.load(self.label).dataobj)).astype(np.int64)
        classes = np.where(values == IGNORED, IGNORED, 0).astype(np.uint8)
        for number, wanted in enumerate(labels.values(), 1):
            classes[np.isin(values, wanted)] = number
        return classes


@dataclass
class Trial:
    channels: list
    test_patients: list
    seed: int
    out: Path
    settings: dict
    labels: dict  # class name -> label values
    train: list = field(default_factory=list)  # cases with a label
    test: list = field(default_factory=list)


def this_trial():
    """The trial this process was started for."""
    said = {name: os.environ.get("TOMOGRAD_TRIAL_" + name, "") for name in ("DATA", "CHANNELS", "SPLIT", "SEED", "OUT", "SETTINGS")}
    if not said["DATA"] or not said["OUT"]:
        raise SystemExit('no TOMOGRAD_TRIAL_DATA or _OUT: this is the program of [trial] command = [...] and needs data = "dataset.json" beside it')
    path = Path(said["DATA"])
    dataset = json.loads(path.read_text())
    trial = Trial(said["CHANNELS"].split(","), said["SPLIT"].split(","), int(said["SEED"]), Path(said["OUT"]), json.loads(said["SETTINGS"] or "{}"), dataset["labels"])
    numbers = [value for values in trial.labels.values() for value in values]
    if len(set(numbers)) < len(numbers):
        raise SystemExit(f"labels of {path} share values, so a voxel has no one class: {trial.labels}")
    at = lambda name: path.parent / name if name else None
    for entry in dataset["cases"]:
        images = {channel: at(name) for channel, name in entry["images"].items() if name}
        case = Case(entry["id"], entry["patient"], images, entry.get("frames", {}), at(entry.get("label")), at(entry.get("roi")))
        if case.label:
            (trial.test if case.patient in trial.test_patients else trial.train).append(case)
    if not trial.train or not trial.test:
        raise SystemExit(f"{path} has {len(trial.train)} labelled scans to train on and {len(trial.test)} of {trial.test_patients} to test on")
    return trial


def publish(path, write):
    """A file that is there whole or not at all, whenever this process is killed: write(file) fills a temporary beside it."""
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def score(trial, case, prediction):
    """One entry of `test` in metrics.json: Dice of every class of a case. Nothing there and nothing found is 1."""
    truth = case.classes(trial.labels)
    counted = truth != IGNORED
    dice = []
    for number in range(1, len(trial.labels) + 1):
        found, there = (prediction == number) & counted, truth == number
        both = int(found.sum()) + int(there.sum())
        dice.append(2 * int((found & there).sum()) / both if both else 1.0)
    return {"case": case.id, "patient": case.patient, "classes": list(trial.labels), "dice": dice}


def answer(trial, test):
    """The report shows each patient and each class of `test`; what is compared is the mean over classes, then cases."""
    publish(trial.out / "metrics.json", lambda file: file.write(json.dumps({"test": test}, allow_nan=False).encode()))
