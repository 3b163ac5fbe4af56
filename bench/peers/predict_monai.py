"""MONAI's sliding_window_inference on the task of `tomograd bench predict`: residual U-Net (16 to 256 channels, stride 2, two
units), random weights, one volume of 155x240x240 voxels and 2 channels, tile 96, overlap 0.5, Gaussian.
usage: predict_monai.py f32|bf16 [THREADS]; prints one JSON object. bf16 means autocast with channels-last, MONAI's best figure."""
import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import torch
from monai.inferers import sliding_window_inference
from monai.networks.nets import UNet

precision = sys.argv[1] if len(sys.argv) > 1 else "f32"
bf16 = precision == "bf16"
torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
net = UNet(3, 2, 2, (16, 32, 64, 128, 256), (2, 2, 2, 2), num_res_units=2).eval()
if bf16:
    net = net.to(memory_format=torch.channels_last_3d)
volume = torch.randn(1, 2, 155, 240, 240)


def predict(x, tile=96):
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        return sliding_window_inference(x, (tile,) * 3, 1, net, 0.5, "gaussian").argmax(1).to(torch.uint8)


def resident_bytes(key):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(key))


predict(volume[..., :32, :32, :32], 32)  # warm, as bench_predict does
before = resident_bytes("VmRSS")
start = time.perf_counter()
predict(volume)
print(json.dumps({"precision": precision, "duration_seconds": time.perf_counter() - start, "peak_bytes": resident_bytes("VmHWM") - before,
                  "peak_total_bytes": resident_bytes("VmHWM"), "torch": torch.__version__}))
