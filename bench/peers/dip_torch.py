"""Deep image prior as a plain PyTorch script: the skip network of Ulyanov et al. 2018 with Conv3d, BatchNorm3d, LeakyReLU, reflection padding and
trilinear up-sampling, Adam and MSE, as a user would write it from the paper.
usage: dip_torch.py SCAN.nii.gz [--channels 16,32,64] [--skip 4] [--edge 96] [--iterations 20] [--precision f32|bf16] [--psnr-every N] [--depth 32]
Prints seconds per iteration (median), peak memory above the idle process, and with --psnr-every the PSNR of the running average against the clean crop."""
import argparse, resource, statistics, time
import nibabel as nib, numpy as np, torch
from torch import nn

a = argparse.ArgumentParser()
a.add_argument("scan"); a.add_argument("--channels", default="16,32,64"); a.add_argument("--skip", type=int, default=4); a.add_argument("--edge", type=int, default=96)
a.add_argument("--iterations", type=int, default=20); a.add_argument("--precision", default="f32"); a.add_argument("--psnr-every", type=int, default=0)
a.add_argument("--depth", type=int, default=32); a.add_argument("--threads", type=int, default=2)
o = a.parse_args()
torch.set_num_threads(o.threads); torch.manual_seed(0)


def conv(i, n, k, stride=1):
    layers = [nn.ReflectionPad3d((k - 1) // 2)] if k > 1 else []
    return nn.Sequential(*layers, nn.Conv3d(i, n, k, stride))


def act(n):
    return nn.Sequential(nn.BatchNorm3d(n), nn.LeakyReLU(0.2, inplace=True))


class Scale(nn.Module):
    def __init__(self, i, channels, skip):
        super().__init__()
        n = channels[0]
        self.skip = nn.Sequential(conv(i, skip, 1), act(skip))
        self.down = nn.Sequential(conv(i, n, 3, 2), act(n), conv(n, n, 3), act(n))
        self.deeper = Scale(n, channels[1:], skip) if len(channels) > 1 else nn.Identity()
        below = channels[1] if len(channels) > 1 else n
        self.up = nn.Upsample(scale_factor=2, mode="trilinear", align_corners=False)
        self.join = nn.BatchNorm3d(skip + below)
        self.out = nn.Sequential(conv(skip + below, n, 3), act(n), conv(n, n, 1), act(n))

    def forward(self, x):
        s, d = self.skip(x), self.up(self.deeper(self.down(x)))
        d = d[:, :, :s.shape[2], :s.shape[3], :s.shape[4]]
        return self.out(self.join(torch.cat([s, d], 1)))


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


v = np.asarray(nib.load(o.scan).dataobj).astype(np.float32)
c = [s // 2 for s in v.shape]; h = o.edge // 2
v = v[tuple(slice(k - h, k + h) for k in c)]; v = v / v.max()
noisy = np.clip(v + np.random.default_rng(0).normal(0, 25 / 255, v.shape).astype(np.float32), 0, 1)
clean, noisy = torch.from_numpy(v), torch.from_numpy(noisy)[None, None]
channels = [int(k) for k in o.channels.split(",")]
net = nn.Sequential(Scale(o.depth, channels, o.skip), conv(channels[0], 1, 1), nn.Sigmoid())
z = torch.rand(1, o.depth, *v.shape) * 0.1
before = peak()
adam = torch.optim.Adam(net.parameters(), lr=0.01)
psnr = lambda x: 10 * np.log10(1 / float(torch.mean((x - clean) ** 2)))
print("parameters", sum(p.numel() for p in net.parameters()), "noisy %.2f dB" % psnr(noisy[0, 0]), flush=True)
times, average, begun = [], None, time.time()
for i in range(1, o.iterations + 1):
    t = time.time()
    adam.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=o.precision == "bf16"):
        out = net(z + torch.randn_like(z) / 30)
    loss = torch.mean((out.float() - noisy) ** 2)
    loss.backward(); adam.step()
    with torch.no_grad():
        y = out.detach().float()[0, 0]
        average = y if average is None else 0.99 * average + 0.01 * y
    times.append(time.time() - t)
    if o.psnr_every and i % o.psnr_every == 0: print(i, "%.0f s" % (time.time() - begun), "out %.2f average %.2f dB" % (psnr(y), psnr(average)), flush=True)
print("seconds per iteration %.3f, peak above idle %.0f MB, %s" % (statistics.median(times[1:]), (peak() - before) / 1e6, o.precision))
