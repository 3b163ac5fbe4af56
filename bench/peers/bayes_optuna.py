"""Optuna's GPSampler on the functions of `tomograd bench bayes`, from the same seeds. usage: bayes_optuna.py [SEEDS 20] [FUNCTION...]
Regret = best value found minus the minimum. `mixed` is that of src/cli/bench_bayes.cpp: names, whole numbers, a log scale and a real number,
whose best values depend on the network; its minimum is 0. `training` is noisy: trial n of search s is measured, and its regret judged without
noise, by `$TOMOGRAD bench bayes --functions training --evaluate -` (build/tomograd), with the training seeds that ours has. Its two regrets are of
the best observed trial and of the best one by our model, for both programs.
"""
import math
import os
import subprocess
import sys
import time
import warnings

import numpy as np
import optuna

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

ALPHA = np.array([1, 1.2, 3, 3.2])
A6 = np.array([[10, 3, 17, 3.5, 1.7, 8], [.05, 10, 17, .1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, .05, 10, .1, 14]])
P6 = 1e-4 * np.array([[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991], [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]])
A3 = np.array([[3, 10, 30], [.1, 10, 35], [3, 10, 30], [.1, 10, 35]])
P3 = 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]])
NETWORKS, LOSSES = ["unet", "deepmedic", "msd", "resnet"], ["dice", "entropy", "focal"]
COST = [[0.0, 0.3, 0.2], [0.4, 0.1, 0.5], [0.15, 0.35, 0.05], [0.6, 0.5, 0.4]]
BEST_RATE, BEST_DEPTH, BEST_WIDTH = [-3.2, -2.1, -2.7, -4.0], [5, 9, 11, 3], [5, 6, 3, 5]


def branin(x):
    a, b = x
    return (b - 5.1 / (4 * math.pi ** 2) * a * a + 5 / math.pi * a - 6) ** 2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(a) + 10


def hartmann(a, p):
    return lambda x: -float((ALPHA * np.exp(-(a * (np.array(x) - p) ** 2).sum(1))).sum())


def ackley(x):
    x = np.array(x)
    return float(-20 * np.exp(-.2 * np.sqrt((x ** 2).mean())) - np.exp(np.cos(2 * np.pi * x).mean()) + 20 + math.e)


def mixed(network, loss, rate, depth, width, dropout):
    n = NETWORKS.index(network)
    return COST[n][LOSSES.index(loss)] + 0.3 * (math.log10(rate) - BEST_RATE[n]) ** 2 + 0.02 * (depth - BEST_DEPTH[n]) ** 2 + 0.05 * (math.log2(width) - BEST_WIDTH[n]) ** 2 + 3 * (dropout - 0.05 - 0.03 * depth) ** 2


def box(f, bounds):
    return lambda t: f([t.suggest_float(f"x{i}", *b) for i, b in enumerate(bounds)])


def mixed_trial(t):
    return mixed(t.suggest_categorical("network", NETWORKS), t.suggest_categorical("loss", LOSSES), t.suggest_float("rate", 1e-5, 1e-1, log=True),
                 t.suggest_int("depth", 1, 12), t.suggest_int("width", 4, 128, log=True), t.suggest_float("dropout", 0, 0.6))


class Training:
    """A search after another over one process of ours, which measures every trial and judges the end."""

    def __init__(self):
        program = os.environ.get("TOMOGRAD", os.path.join(os.path.dirname(__file__), "../../build/tomograd"))
        self.process = subprocess.Popen([program, "bench", "bayes", "--functions", "training", "--evaluate", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        print(line, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().strip()
        if not answer:
            sys.exit(f"tomograd did not answer '{line}'")
        return answer

    def __call__(self, t):
        x = (t.suggest_float("rate", 1e-4, 1, log=True), t.suggest_float("decay", 1e-6, 1e-1, log=True), t.suggest_int("batch", 4, 128, log=True), t.suggest_float("momentum", 0, 0.99))
        return float(self.ask(",".join(repr(v) for v in x)))


FUNCTIONS = {
    "branin": (box(branin, [(-5, 10), (0, 15)]), 0.39788735773, 40),
    "hartmann3": (box(hartmann(A3, P3), [(0, 1)] * 3), -3.86278, 40),
    "hartmann6": (box(hartmann(A6, P6), [(0, 1)] * 6), -3.322368, 60),
    "ackley5": (box(ackley, [(-32.768, 32.768)] * 5), 0.0, 60),
    "mixed": (mixed_trial, 0.0, 40),
}
seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
for name in sys.argv[2:] or [*FUNCTIONS, "training"]:
    training = Training() if name == "training" else None
    objective, minimum, trials = (training, 0.0, 40) if training else FUNCTIONS[name]
    for sampler in (optuna.samplers.GPSampler, optuna.samplers.RandomSampler):
        regrets, by_model, begun = [], [], time.perf_counter()
        for seed in range(100, 100 + seeds):
            if training:
                training.ask(f"search {seed}")
            study = optuna.create_study(sampler=sampler(seed=seed))
            study.optimize(objective, n_trials=trials)
            if training:
                observed, mean = map(float, training.ask("end").split())
                by_model.append(mean)
            regrets.append(observed if training else study.best_value - minimum)
        quartiles = np.percentile(regrets, [25, 75])
        model = f"median_regret_by_our_model {np.median(by_model):.6g} " if training else ""
        print(f"{name} {sampler.__name__} optuna {optuna.__version__} trials {trials} median_regret {np.median(regrets):.6g} {model}"
              f"quartiles {quartiles[0]:.3g} {quartiles[1]:.3g} seconds_per_run {(time.perf_counter() - begun) / seeds:.1f}", flush=True)
