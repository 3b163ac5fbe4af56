"""Golden values of the Bayesian search, by scikit-learn and mpmath. Run: python tests/golden/generate_search.py
gaussian_process.txt: coordinates, points, queries, lengths, signal, noise; points row by row, values; log marginal likelihood; then per query the
                      point, posterior mean and variance. Kernel: 1 + signal * Matern 5/2 (ARD).
improvement.txt:      z, log(phi(z) + z Phi(z)), log Phi(z), by mpmath with 60 digits.
sobol.txt:            unscrambled points 0..31 of 24 dimensions, as 32-bit integers (SciPy's table of Joe and Kuo).
"""
import pathlib

import mpmath
import numpy as np
from scipy.stats import qmc
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

here = pathlib.Path(__file__).parent / "search"
here.mkdir(exist_ok=True)
random = np.random.default_rng(7)


def row(values):
    return " ".join(repr(float(v)) for v in np.ravel(values))


with open(here / "gaussian_process.txt", "w") as out:
    for dims, n, queries, signal, noise in [(1, 3, 4, 1.0, 0.1), (3, 17, 5, 2.3, 1e-3), (7, 41, 6, 0.6, 1e-6)]:
        lengths = random.uniform(0.2, 2.5, dims)
        x, q, y = random.random((n, dims)), random.random((queries, dims)), random.standard_normal(n)
        gp = GaussianProcessRegressor(ConstantKernel(1.0) + ConstantKernel(signal) * Matern(lengths, nu=2.5), alpha=noise, optimizer=None).fit(x, y)
        mean, deviation = gp.predict(q, return_std=True)
        print(dims, n, queries, row(lengths), signal, noise, file=out)
        print(row(x), row(y), repr(float(gp.log_marginal_likelihood_value_)), file=out)
        for i in range(queries):
            print(row(q[i]), repr(float(mean[i])), repr(float(deviation[i] ** 2)), file=out)

mpmath.mp.dps = 60
with open(here / "improvement.txt", "w") as out:
    for z in [8, 3, 1, 0.3, 0, -0.3, -1, -1.9, -1.999999, -2, -2.000001, -2.5, -3.7, -5, -8, -13, -25, -38, -60, -1e3, -1e5]:
        z = mpmath.mpf(z)
        density, share = mpmath.npdf(z), mpmath.erfc(-z / mpmath.sqrt(2)) / 2
        if z < -1e4:  # 60 digits are too few for the difference; its series has none
            improvement = density / z**2 * (1 - 3 / z**2 + 15 / z**4)
        else:
            with mpmath.workdps(80):
                improvement = density + z * share
        print(repr(float(z)), mpmath.nstr(mpmath.log(improvement), 20), mpmath.nstr(mpmath.log(share), 20), file=out)

with open(here / "sobol.txt", "w") as out:
    for p in qmc.Sobol(24, scramble=False, bits=32).random(32):
        print(*(int(v) for v in p * 2.0**32), file=out)
