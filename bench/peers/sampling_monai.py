"""MONAI's balanced patch sampling on the task of `tomograd bench sampling`: all cases of a dataset in memory, the first two
modalities and the label, half of the centres foreground; plain, and with three flips (p 0.5) and Gaussian noise on every patch.
usage: sampling_monai.py DATASET.json [PATCH 64] [PATCHES 256] [THREADS 2]; prints one JSON object.
Every documented way is tried (indices found per crop or cached, meta data tracked or not, loader in line or in a thread)."""
import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import monai
import monai.data as md
import monai.transforms as mt
import torch

path = sys.argv[1]
side = int(sys.argv[2]) if len(sys.argv) > 2 else 64
wanted = int(sys.argv[3]) if len(sys.argv) > 3 else 256
threads = int(sys.argv[4]) if len(sys.argv) > 4 else 2
torch.set_num_threads(threads)
dataset = json.load(open(path))
here = os.path.dirname(os.path.abspath(path))
cases = [dict(img=[os.path.join(here, c["images"][m]) for m in dataset["modalities"][:2]], lab=os.path.join(here, c["label"])) for c in dataset["cases"]]
load = [mt.LoadImaged(["img", "lab"]), mt.EnsureChannelFirstd(["lab"])]
noisy = [mt.RandFlipd(["img", "lab"], 0.5, axis) for axis in range(3)] + [mt.RandGaussianNoised(["img"], 1.0)]
cached = [mt.FgBgToIndicesd("lab", image_threshold=-1e9)]
keys = dict(fg_indices_key="lab_fg_indices", bg_indices_key="lab_bg_indices")
ways = {"documented": ([], {}), "cached indices": (cached, keys), "cached indices, no meta data": (cached + [mt.ToTensord(["img", "lab"], track_meta=False)], keys)}


def rate(prepare, crop_keys, augment, threaded):
    crop = mt.RandCropByPosNegLabeld(["img", "lab"], "lab", (side,) * 3, 1, 1, 16, **crop_keys)
    data = md.CacheDataset(cases, mt.Compose(load + prepare + [crop] + augment), progress=False, num_workers=threads)
    made, start = 0, None
    while made < wanted:
        for batch in md.ThreadDataLoader(data, batch_size=1, num_workers=0, buffer_size=1) if threaded else md.DataLoader(data, batch_size=1):
            if start is None:  # the first batch pays for starting up
                start = time.perf_counter()
                continue
            made += batch["img"].shape[0]
    return made / (time.perf_counter() - start)


rates = {kind: {f"{name}{', thread' if threaded else ''}": rate(prepare, crop_keys, augment, threaded) for name, (prepare, crop_keys) in ways.items() for threaded in (False, True)}
         for kind, augment in (("plain", []), ("flips and noise", noisy))}
print(json.dumps({"patch": side, "threads": threads, "monai": monai.__version__, "torch": torch.__version__, "patches_per_second": rates, "best": {kind: max(r.values()) for kind, r in rates.items()}}))
