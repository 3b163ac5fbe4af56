"""Cells without a network: Gaussian smoothing, Otsu's threshold, watershed of the distance to the background (scipy, scikit-image). The
width of the smoothing, a factor on Otsu's threshold, the least distance of two centres and the least size are tuned on the labelled
training cubes (best F1 within 4 voxels, which are 1 um in the phantom); the threshold itself is the volume's own. The centroids are
written as a list that `tomograd evaluate --cells` reads, so that its matcher scores them.
usage: cells_threshold.py DATASET.json VOLUME.tif OUT.json [WAYS]      WAYS: settings that are tried at most (as many as help)"""
import json
import os
import sys
import time

import nibabel
import numpy as np
import tifffile
from scipy import ndimage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.segmentation import watershed

radius = 4.0
sigmas, factors, distances, least_sizes = (0.5, 1.0, 1.5, 2.0, 3.0), (0.8, 0.95, 1.1, 1.3, 1.5, 1.75, 2.0), (2, 3, 4, 5, 6, 7, 9), (30, 60, 100, 200, 300)


def volume_of(path):  # [z][y][x]
    return np.asarray(nibabel.load(path).dataobj).transpose(2, 1, 0)


def foreground(image, sigma, factor):
    smooth = ndimage.gaussian_filter(image.astype(np.float32), sigma)
    mask = smooth > factor * threshold_otsu(smooth)
    return mask, ndimage.distance_transform_edt(mask).astype(np.float32)


def parts_of(mask, depth, distance):
    seeds = peak_local_max(ndimage.gaussian_filter(depth, 1), min_distance=distance, labels=ndimage.label(mask)[0], exclude_border=False)
    markers = np.zeros(mask.shape, np.int32)
    markers[tuple(seeds.T)] = np.arange(1, len(seeds) + 1)
    parts = watershed(-depth, markers, mask=mask)
    sizes = np.bincount(parts.ravel(), minlength=len(seeds) + 1)[1:]
    centres = np.array(ndimage.center_of_mass(mask, parts, np.arange(1, len(seeds) + 1))).reshape(-1, 3)
    return centres, sizes


def matched(found, truth):  # how many, and their distances together
    if not len(found) or not len(truth):
        return 0, 0.0
    apart = cdist(found, truth)
    rows, columns = linear_sum_assignment(np.where(apart <= radius, apart, 1e6))
    near = apart[rows, columns][apart[rows, columns] <= radius]
    return len(near), float(near.sum())


def tuned(cubes, most):
    """One setting after the other to its best while that helps, from the middle of the lists; F1, of equals the least mean distance."""
    known, choices = {}, (sigmas, factors, distances)

    def score(way):
        if way not in known and len(known) < most:
            found = [parts_of(*foreground(image, way[0], way[1]), way[2]) for image, _ in cubes]
            known[way] = max((score_above(found, least), least) for least in least_sizes)
        return known.get(way, ((-1.0, 0.0), 0))

    def score_above(found, least):
        pairs = [matched(centres[sizes >= least], truth) for (centres, sizes), (_, truth) in zip(found, cubes)]
        hits, apart = sum(p[0] for p in pairs), sum(p[1] for p in pairs)
        total = sum(int((sizes >= least).sum()) for _, sizes in found) + sum(len(truth) for _, truth in cubes)
        return 2 * hits / max(1, total), -apart / max(1, hits)

    way, before = tuple(c[len(c) // 2] for c in choices), None
    while way != before:
        before = way
        for axis, values in enumerate(choices):
            way = max((way[:axis] + (value,) + way[axis + 1 :] for value in values), key=score)
    (f1, _), least = score(way)
    return f1, (*way, least), len(known)


def main():
    dataset, volume, out = sys.argv[1:4]
    cubes = []
    for case in json.load(open(dataset))["cases"]:
        beside = lambda path: os.path.join(os.path.dirname(os.path.abspath(dataset)), path)
        cores, count = ndimage.label(volume_of(beside(case["label"])) == 1)  # cores of touching nuclei lie apart
        truth = np.array(ndimage.center_of_mass(cores > 0, cores, np.arange(1, count + 1))).reshape(-1, 3)
        cubes.append((volume_of(beside(next(iter(case["images"].values())))), truth))
    begun = time.perf_counter()
    score, (sigma, factor, distance, least), tries = tuned(cubes, int(sys.argv[4]) if len(sys.argv) > 4 else 10**9)
    print(f"threshold and watershed, tuned on {len(cubes)} training cubes ({tries} settings, {time.perf_counter() - begun:.0f} s): sigma {sigma}, {factor} of Otsu's threshold, centres {distance} voxels apart, "
          f"at least {least} voxels: F1 {score:.3f} there", flush=True)
    begun = time.perf_counter()
    image = tifffile.imread(volume)
    centres, sizes = parts_of(*foreground(image, sigma, factor), distance)
    cells = [dict(id=i + 1, z=round(float(z), 3), y=round(float(y), 3), x=round(float(x), 3)) for i, (z, y, x) in enumerate(centres[sizes >= least])]
    json.dump({"format": "tomograd.cells/1", "size_zyx": list(image.shape), "unit": "um", "cells": cells}, open(out, "w"))
    print(f"{len(cells)} cells in {'x'.join(str(n) for n in image.shape)} voxels, {time.perf_counter() - begun:.1f} s")


main()
