"""What `bench restore` is run on: the central crop of a scan in [0, 1], the same with Gaussian noise of 25/255 (clipped; the noise of the peers' script),
with Rician noise of the same sigma (magnitudes, not clipped), with half of its voxels missing (NaN), and pairs of its slices averaged. usage: restore_inputs.py SCAN.nii.gz OUT_FOLDER [EDGE 96]"""
import sys
import nibabel as nib, numpy as np

image = nib.load(sys.argv[1]); out = sys.argv[2]; h = (int(sys.argv[3]) if len(sys.argv) > 3 else 96) // 2
a = np.asarray(image.dataobj).astype(np.float32)
c = [s // 2 for s in a.shape]
a = a[tuple(slice(k - h, k + h) for k in c)]
a = a / a.max()
noisy = np.clip(a + np.random.default_rng(0).normal(0, 25 / 255, a.shape).astype(np.float32), 0, 1)
thick = a.reshape(2 * h, 2 * h, h, 2).mean(-1).astype(np.float32)
affine = image.affine.copy(); affine[:3, 3] += affine[:3, 2] * 0.5; affine[:3, 2] *= 2
nib.save(nib.Nifti1Image(a, image.affine), out + "/clean.nii.gz")
nib.save(nib.Nifti1Image(noisy, image.affine), out + "/noisy.nii.gz")
random = np.random.default_rng(1)
rician = np.hypot(a + random.normal(0, 25 / 255, a.shape), random.normal(0, 25 / 255, a.shape)).astype(np.float32)
nib.save(nib.Nifti1Image(rician, image.affine), out + "/rician.nii.gz")
nib.save(nib.Nifti1Image(np.where(random.random(a.shape) < 0.5, np.float32(np.nan), a), image.affine), out + "/scattered.nii.gz")
nib.save(nib.Nifti1Image(thick, affine), out + "/thick.nii.gz")
