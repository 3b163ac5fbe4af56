"""Holds label maps against what the networks of make_networks.py must say. usage: check_threshold.py IMAGE T LABEL MAP..."""
import sys
import nibabel, numpy as np

image, threshold, label = np.asarray(nibabel.load(sys.argv[1]).dataobj), float(sys.argv[2]), int(sys.argv[3])
expected = np.where(image > threshold, label, 0)
assert 0.05 < (expected > 0).mean() < 0.95 and np.abs(image - threshold).min() > 0
for path in sys.argv[4:]:
    labels = nibabel.load(path)
    assert np.array_equal(labels.affine, nibabel.load(sys.argv[1]).affine), path
    assert np.array_equal(np.asarray(labels.dataobj), expected), (path, int((np.asarray(labels.dataobj) != expected).sum()))
