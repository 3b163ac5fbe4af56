"""The mixed-scale dense network of ../shared/peers/msd.py (3-D, width 1, dilations 1..10, zero borders) by PyTorch on a CUDA device:
stack of feature maps allocated once, cuDNN picks its algorithm first.
usage: msd_gpu.py [SIZE 192] [DEPTH 86]   prints seconds and TFLOP/s (2 FLOP per multiply-add, 3^3 taps only)"""
import sys
import time

import torch
import torch.nn.functional as F

size = int(sys.argv[1]) if len(sys.argv) > 1 else 192
depth = int(sys.argv[2]) if len(sys.argv) > 2 else 86
torch.manual_seed(0)
torch.backends.cudnn.benchmark = True
flop = 2 * 27 * sum(1 + i for i in range(depth)) * size**3


def forward(x, weights, head):
    stack = torch.empty((1, 1 + depth, size, size, size), dtype=x.dtype, device=x.device)
    stack[:, :1] = x
    for i, w in enumerate(weights):
        d = i % 10 + 1
        stack[:, 1 + i : 2 + i] = F.relu(F.conv3d(stack[:, : 1 + i], w, padding=d, dilation=d))
    return F.conv3d(stack, head).argmax(1)


with torch.no_grad():
    weights = [torch.randn(1, 1 + i, 3, 3, 3, device="cuda") * (2 / (27 * (1 + i))) ** 0.5 for i in range(depth)]
    head = torch.randn(2, 1 + depth, 1, 1, 1, device="cuda")
    x = torch.randn(1, 1, size, size, size, device="cuda")
    labels = None
    for name, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16), ("tf32", torch.float32)):
        torch.backends.cudnn.allow_tf32 = name == "tf32"
        args = x.to(dtype), [w.to(dtype) for w in weights], head.to(dtype)
        forward(*args)
        torch.cuda.synchronize()
        begun = time.perf_counter()
        out = forward(*args)
        torch.cuda.synchronize()
        took = time.perf_counter() - begun
        labels = out if labels is None else labels
        agree = (out == labels).float().mean().item()
        print(f"torch_{name} {took:.3f} s {flop / took / 1e12:.2f} TFLOP/s agrees_with_f32 {agree:.4f} {torch.cuda.get_device_name()}", flush=True)
