"""Golden values of cell detection and matching, by SciPy. Run: python tests/golden/generate_detection.py
matching.txt:   per case: name, radius um, numbers of points a and b; then the points (z y x, um) one per line; then the size of the
                largest matching within the radius and the least sum of distances over all matchings of that size
                (scipy.optimize.linear_sum_assignment with forbidden pairs at a cost above all others together).
components.txt: name, size, mask as 0/1 text, then per component (26 neighbours, SciPy's order) its voxels and centre z y x.
"""
import pathlib

import numpy as np
from scipy import ndimage, optimize
from scipy.spatial.distance import cdist

here = pathlib.Path(__file__).parent / "detection"
here.mkdir(exist_ok=True)
random = np.random.default_rng(404)


def best(a, b, radius):
    if len(a) == 0 or len(b) == 0:
        return 0, 0.0
    d = cdist(a, b)
    forbidden = (min(len(a), len(b)) + 1) * radius * 10
    cost = np.where(d <= radius, d, forbidden)
    i, j = optimize.linear_sum_assignment(cost)
    good = d[i, j] <= radius
    return int(good.sum()), float(d[i, j][good].sum())


def points(n, side):
    return np.round(random.uniform(0, side, (n, 3)), 4)


cases = [("empty_a", 3, points(0, 9), points(4, 9)), ("empty_b", 3, points(3, 9), points(0, 9)), ("few", 4, points(7, 12), points(9, 12)),
         ("crowd", 6, points(60, 20), points(55, 20)), ("all_to_all", 100, points(25, 30), points(31, 30)), ("sparse", 2, points(80, 60), points(90, 60))]
truth = points(70, 60)
for radius in (0.5, 1, 2, 4, 8):
    found = np.round(np.concatenate([truth[8:] + random.normal(0, 1, (62, 3)), points(11, 60)]), 4)
    cases.append((f"jitter_{radius}", radius, random.permutation(found), truth))
# Greedy nearest-first takes the middle pair and loses one of three.
cases.append(("greedy_fails", 2.1, np.array([[0, 0, 0], [0, 0, 3.9]]), np.array([[0, 0, 2.0], [0, 0, 5.9]])))
cases.append(("lattice_ties", 1.5, np.argwhere(np.ones((3, 3, 3))).astype(float), np.argwhere(np.ones((3, 3, 3))).astype(float) + [0, 0, 0.5]))
with open(here / "matching.txt", "w") as out:
    for name, radius, a, b in cases:
        n, total = best(a, b, radius)
        print(name, radius, len(a), len(b), file=out)
        for p in [*a, *b]:
            print(*(repr(float(v)) for v in p), file=out)
        print(n, repr(total), file=out)

with open(here / "components.txt", "w") as out:
    for name, size, share, smooth in [("blobs", (9, 14, 17), .2, 1.2), ("dust", (7, 9, 11), .08, 0), ("dense", (6, 11, 9), .6, .7), ("flat", (1, 13, 12), .35, .8), ("full", (3, 4, 5), 1.0, 0)]:
        field = random.standard_normal(size)
        field = ndimage.gaussian_filter(field, smooth) if smooth else field
        mask = field >= np.quantile(field, 1 - share)
        labels, n = ndimage.label(mask, np.ones((3, 3, 3)))
        row = [name, *size, "".join(str(int(v)) for v in mask.ravel()), n]
        for k in range(1, n + 1):
            row += [int((labels == k).sum()), *(repr(float(v)) for v in ndimage.center_of_mass(labels == k))]
        print(*row, file=out)
