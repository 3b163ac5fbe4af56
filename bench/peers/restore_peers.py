"""What other ways make of the inputs of `bench restore` (restore_inputs.py), each at its best setting by the truth: Gaussian filter, total variation, non-local
means, and BM4D (Maggioni et al., IEEE Trans. Image Process. 2013; the package bm4d of its authors, which is told the noise and has nothing to tune).
usage: restore_peers.py FOLDER   (needs nibabel, scipy, scikit-image; bm4d where it is installed)"""
import sys, time
import nibabel as nib, numpy as np
from scipy.ndimage import gaussian_filter
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

folder, sigma = sys.argv[1], 25 / 255
load = lambda name: np.asarray(nib.load(f"{folder}/{name}.nii.gz").dataobj).astype(np.float32)
clean = load("clean")
psnr = lambda x: 10 * np.log10(1 / np.mean((x - clean) ** 2, dtype=np.float64))


def best(name, settings, run):
    begun = time.time()
    value, at = max((psnr(run(s)), s) for s in settings)
    print("%-22s %.2f dB at %g   (%.0f s for %d settings)" % (name, value, at, time.time() - begun, len(settings)), flush=True)


def denoisers(noisy, correct):
    """`correct`: of magnitudes, from the expected magnitude towards the signal; nothing of Gaussian noise."""
    best("Gaussian filter", (.5, .7, .9, 1.1), lambda s: correct(gaussian_filter(noisy, s)))
    best("total variation", (.05, .08, .1, .12, .15, .2), lambda w: correct(denoise_tv_chambolle(noisy, weight=w)))
    best("non-local means", (.5, .6, .8, 1.0), lambda h: correct(denoise_nl_means(noisy, patch_size=3, patch_distance=5, h=h * sigma, sigma=sigma, fast_mode=True)))
    try:
        from bm4d import bm4d
        best("BM4D", (sigma,), lambda s: correct(np.asarray(bm4d(noisy, s))))
    except ImportError:
        print("BM4D's figure is missing: no package bm4d here")


print("== Gaussian noise: observed %.2f dB" % psnr(load("noisy")))
denoisers(load("noisy"), lambda x: x)
# E[m^2] = x^2 + 2 sigma^2; a mean m loses about sigma^2 of it to its variance where there is signal, 0.43 sigma^2 where there is none.
print("== Rician noise: observed %.2f dB; every result m became sqrt(max(0, m^2 - sigma^2)) where that is better" % psnr(load("rician")))
denoisers(load("rician"), lambda m: max((m, np.sqrt(np.maximum(0, m * m - sigma**2))), key=psnr))
holes = load("scattered"); known = np.isfinite(holes)
print("== %.0f of 100 voxels missing at random" % (100 * (1 - known.mean())))
def blurred(s):  # normalised convolution (Knutsson and Westin, 1993)
    weight = gaussian_filter(known.astype(np.float32), s)
    return np.where(known, holes, gaussian_filter(np.where(known, holes, 0), s) / np.maximum(weight, 1e-6))
best("normalised convolution", (.4, .5, .6, .7, .9), blurred)
