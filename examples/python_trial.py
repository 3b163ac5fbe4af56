"""A trial in plain numpy: multinomial logistic regression on each voxel, its neighbourhood's mean and the products of both.

It is small, but what a trial has to do is all there: it uses only the channels it was given, the patients it is tested on
touch nothing before the weights are final, and it may be killed at any moment. Its state is the weights, Adam's moments and the
step; the voxels of a step are drawn from (seed, step) alone, so a run that went on from its state ends with the same bits as one
that was left alone. See python-trial.toml and tomograd_trial.py.
"""
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # trials share the cores, and one thread always adds in the same order

import argparse
import json
import signal
import sys
import time

import nibabel
import numpy as np

import tomograd_trial as tomograd


def scaled(image, inside):
    """Zero mean and unit deviation within the ROI of this scan: nothing of any other patient is used."""
    values = image[inside]
    return (image - values.mean()) / max(float(values.std()), 1e-6)


def neighbourhood(image):
    """Mean of 3 x 3 x 3 voxels; the border is repeated."""
    for axis in range(3):
        padded = np.concatenate([image.take([0], axis), image, image.take([-1], axis)], axis)
        size = image.shape[axis]
        image = sum(padded.take(range(shift, shift + size), axis) for shift in range(3)) / 3
    return image


def features(case, channels):
    """float32 [voxel][feature], and which voxels they are. A channel that a patient lacks is 0, the mean of those that have it."""
    images = [case.image(channel) for channel in channels]
    shape = next((image.shape for image in images if image is not None), None)
    if shape is None:
        raise SystemExit(f"{case.id} has none of the channels {', '.join(channels)}")
    inside = np.asarray(nibabel.load(case.roi).dataobj) > 0.5 if case.roi else np.ones(shape, bool)
    columns = []
    for image in images:
        own = scaled(image, inside) if image is not None else np.zeros(shape, np.float32)
        columns += [own[inside], neighbourhood(own)[inside]]
    columns += [a * b for i, a in enumerate(columns) for b in columns[i:]]
    return np.stack([np.ones_like(columns[0])] + columns, 1).astype(np.float32), inside


class Training:
    """Adam on the mean cross-entropy of `batch` voxels per class and step; the prior is put back when it predicts."""

    def __init__(self, rows, classes, count, seed):
        self.rows, self.classes, self.seed = rows, classes, seed
        self.of_class = [np.flatnonzero(classes == number) for number in range(count)]
        self.prior = np.array([max(len(of), 1) / max(len(classes), 1) for of in self.of_class])
        self.weights, self.first, self.second = (np.zeros((rows.shape[1], count)) for _ in range(3))
        self.step = 0

    def advance(self, batch=64, rate=0.02):
        self.step += 1
        random = np.random.default_rng([self.seed, self.step])
        drawn = np.concatenate([random.choice(of, batch) for of in self.of_class if len(of)])
        rows, wanted = self.rows[drawn].astype(np.float64), self.classes[drawn]
        share = softmax(rows @ self.weights)
        share[np.arange(len(drawn)), wanted] -= 1
        gradient = rows.T @ share / len(drawn) + 1e-4 * self.weights
        self.first = 0.9 * self.first + 0.1 * gradient
        self.second = 0.999 * self.second + 0.001 * gradient**2
        self.weights = self.weights - rate * (self.first / (1 - 0.9**self.step)) / (np.sqrt(self.second / (1 - 0.999**self.step)) + 1e-8)

    def predict(self, rows):
        return (rows @ self.weights + np.log(self.prior)).argmax(1)


def softmax(scores):
    scores = np.exp(scores - scores.max(1, keepdims=True))
    return scores / scores.sum(1, keepdims=True)


def save(path, training, asked):
    tomograd.publish(path, lambda file: np.savez(file, asked=asked, step=training.step, weights=training.weights, first=training.first, second=training.second))


def go_on(path, training, asked):
    """From what an earlier attempt left, if it was asked the same."""
    if not path.exists():
        return
    with np.load(path) as state:
        if str(state["asked"]) != asked:
            return
        training.step, training.weights, training.first, training.second = int(state["step"]), state["weights"], state["first"], state["second"]
    print(f"goes on after step {training.step}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--save-every", type=int, default=100, help="steps between states")
    options = parser.parse_args()
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))  # heard between two steps, never within a file
    began = time.monotonic()
    trial = tomograd.this_trial()

    parts = [(*features(case, trial.channels), case.classes(trial.labels)) for case in trial.train]
    known = [classes[inside] != tomograd.IGNORED for _, inside, classes in parts]
    rows = np.concatenate([part[0][keep] for part, keep in zip(parts, known)])
    classes = np.concatenate([part[2][part[1]][keep] for part, keep in zip(parts, known)])
    training = Training(rows, classes, len(trial.labels) + 1, trial.seed)
    asked = json.dumps([trial.channels, trial.test_patients, trial.seed, trial.labels, [case.id for case in trial.train], rows.shape])
    state = trial.out / "state.npz"
    go_on(state, training, asked)
    while training.step < options.steps:
        training.advance()
        if stop or training.step % options.save_every == 0:
            save(state, training, asked)
        if stop:
            print(f"stopped after step {training.step}")
            return tomograd.STOPPED
    print(f"{training.step} steps on {len(rows)} voxels, {time.monotonic() - began:.1f} s", flush=True)

    scores = []
    for case in trial.test:
        rows, inside = features(case, trial.channels)
        prediction = np.zeros(inside.shape, np.uint8)
        prediction[inside] = training.predict(rows)
        scores.append(tomograd.score(trial, case, prediction))
    tomograd.answer(trial, scores)
    return 0


if __name__ == "__main__":
    sys.exit(main())
