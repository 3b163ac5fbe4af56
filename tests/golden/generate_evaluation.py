"""Golden values of the evaluation room. Run: .venv-peers/bin/python tests/golden/generate_evaluation.py
surface.txt:    name, size z y x, spacing z y x, two masks as 0/1 text, then MONAI's HD95, MONAI's HD, MONAI's symmetric ASSD and
                the same three from SciPy alone (erosion by the cross, exact EDT, numpy percentile).
components.txt: name, size, mask, SciPy's 26-neighbour labels as comma-separated numbers, mask with SciPy's filled holes.
statistics.txt: SciPy's Wilcoxon, enumerated Wilcoxon with ties, Kendall's tau-b, Hodges-Lehmann by enumeration, variance parts, Student's t."""
import itertools
import os
import numpy as np
import torch
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance
from scipy import ndimage, stats

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "evaluation")
random = np.random.default_rng(20)


def blob(size, share, smooth):
    field = ndimage.gaussian_filter(random.standard_normal(size), smooth)
    return (field > np.quantile(field, 1 - share)).astype(np.uint8)


def surface(mask):
    return mask.astype(bool) ^ ndimage.binary_erosion(mask)


def by_scipy(a, b, spacing):
    a, b = surface(a), surface(b)
    ab = ndimage.distance_transform_edt(~b, sampling=spacing)[a]
    ba = ndimage.distance_transform_edt(~a, sampling=spacing)[b]
    return max(np.percentile(ab, 95), np.percentile(ba, 95)), max(ab.max(), ba.max()), np.concatenate([ab, ba]).mean()


def by_monai(a, b, spacing):
    a, b = (torch.from_numpy(np.ascontiguousarray(m))[None, None].float() for m in (a, b))
    hd95 = compute_hausdorff_distance(a, b, include_background=True, percentile=95, spacing=[float(s) for s in spacing])
    hd = compute_hausdorff_distance(a, b, include_background=True, spacing=[float(s) for s in spacing])
    assd = compute_average_surface_distance(a, b, include_background=True, symmetric=True, spacing=[float(s) for s in spacing])
    return float(hd95), float(hd), float(assd)


def bits(mask):
    return "".join(str(int(v)) for v in mask.ravel())


with open(os.path.join(here, "surface.txt"), "w") as out:
    cases = [((9, 11, 13), (1, 1, 1), .3, 1.5), ((9, 11, 13), (3, .5, .7), .3, 1.5), ((7, 15, 10), (.25, 2, 1), .1, 1),
             ((12, 9, 14), (1.5, 1.5, 4), .6, 2), ((5, 17, 11), (5, .9, .9), .05, .5), ((11, 11, 11), (1, 1, 1), .02, .3)]
    for i, (size, spacing, share, smooth) in enumerate(cases):
        a, b = blob(size, share, smooth), blob(size, share * .8, smooth)
        numbers = [*by_monai(a, b, spacing), *by_scipy(a, b, spacing)]
        print(f"case{i}", *size, *spacing, bits(a), bits(b), *(repr(float(v)) for v in numbers), file=out)

with open(os.path.join(here, "components.txt"), "w") as out:
    for i, (size, share, smooth) in enumerate([((9, 11, 13), .15, .5), ((6, 7, 8), .5, 0), ((8, 9, 7), .75, .4), ((1, 9, 9), .4, 0)]):
        mask = blob(size, share, smooth)
        labels, _ = ndimage.label(mask, np.ones((3, 3, 3)))
        filled = ndimage.binary_fill_holes(mask)
        print(f"case{i}", *size, bits(mask), ",".join(str(v) for v in labels.ravel()), bits(filled), file=out)


def enumerated(d):
    d = np.array([v for v in d if v != 0])
    ranks = stats.rankdata(np.abs(d))
    low = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    sums = np.array([np.dot(signs, ranks) for signs in itertools.product([0, 1], repeat=len(d))])
    return min(1.0, 2 * (sums <= low + 1e-9).mean())


def write(out, kind, lists, numbers):
    print(kind, len(lists), *(v for values in lists for v in [len(values), *(repr(float(x)) for x in values)]), *(repr(float(v)) for v in numbers), file=out)


with open(os.path.join(here, "statistics.txt"), "w") as out:
    for n in (6, 13, 50):
        d = random.normal(.4, 1, n)
        write(out, "wilcoxon", [d], [stats.wilcoxon(d, method="exact").pvalue])
    d = np.round(random.normal(.3, 2, 80))
    write(out, "wilcoxon", [d], [stats.wilcoxon(d, zero_method="wilcox", correction=False, method="approx").pvalue])
    for n in (5, 9, 14):
        d = np.round(random.normal(.6, 2, n))
        write(out, "wilcoxon", [d], [enumerated(d)])
    for n in (4, 9, 30):
        a, b = np.round(random.normal(0, 2, n)), np.round(random.normal(0, 3, n))
        write(out, "kendall", [a, b + a], [stats.kendalltau(a, b + a).statistic])
    for n in (3, 6, 11):
        d = random.normal(1, 2, n)
        walsh = np.sort([(d[i] + d[j]) / 2 for i in range(n) for j in range(i, n)])
        sums = np.array([np.dot(signs, np.arange(1, n + 1)) for signs in itertools.product([0, 1], repeat=n)])
        k = max([1] + [k for k in range(1, len(walsh) // 2 + 1) if 1 - 2 * (sums <= k - 1).mean() >= .95])
        write(out, "hodges_lehmann", [d], [np.median(walsh), walsh[k - 1], walsh[-k], 1 - 2 * (sums <= k - 1).mean()])
    table = random.normal(0, 1, (6, 1)) * 2 + random.normal(0, .5, (6, 4))
    within = table.var(axis=1, ddof=1).mean()
    write(out, "variance", list(table), [table.mean(axis=1).var(ddof=1) - within / 4, within])
    for t, degrees, chance in ((.3, 1, .95), (2.2, 2, .9), (3.1, 3, .99), (1.7, 8, .5), (4.5, 11, .999), (.9, 40, .95)):
        write(out, "student", [[t, degrees, chance]], [2 * stats.t.sf(t, degrees), stats.t.isf((1 - chance) / 2, degrees)])

# Files for the command test: two pairs with two classes, a truth without prediction, and the rows `tomograd evaluate` must print.
import nibabel

affine = np.array([[-.7, .1, 0, 40], [.1, .7, 0, -30], [0, 0, 2.5, 12.5], [0, 0, 0, 1.]])
spacing = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))[::-1]


def save(folder, name, labels):
    os.makedirs(os.path.join(here, folder), exist_ok=True)
    nibabel.Nifti1Image(labels.transpose(2, 1, 0), affine).to_filename(os.path.join(here, folder, name + ".nii.gz"))


rows = []
for name in ("a", "b"):
    maps = {}
    for folder, share in (("prediction", .25), ("truth", .3)):
        labels = blob((8, 15, 12), share, 1.5)
        if name == "a":
            labels[blob((8, 15, 12), .2, 1.5) > 0] = 3
        save(folder, name, labels)
        maps[folder] = labels
    for value in sorted(set(np.unique(maps["truth"])) - {0}):
        p, t = maps["prediction"] == value, maps["truth"] == value
        hd95, _, assd = by_scipy(p, t, spacing)
        rows.append(f"{name} {value} {2 * (p & t).sum() / (p.sum() + t.sum()):.4f} {hd95:.2f} {assd:.2f} {(p.sum() - int(t.sum())) / t.sum():.3f}")
save("truth", "c", blob((8, 15, 12), .3, 1.5))
save("other_grid", "a", blob((8, 15, 11), .3, 1.5))
open(os.path.join(here, "rows.txt"), "w").write("\n".join(rows) + "\n")
