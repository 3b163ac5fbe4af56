"""Golden numbers of the deep image prior's network (nn/skip.safetensors), for src/nn/skip_test.cpp:
   .venv-peers/bin/python tests/golden/generate_skip.py
The network of Ulyanov et al. 2018 written down from its description, in 2-D and 3-D, computed in float64: its output, and the
gradient of every parameter as its inner product with hashed numbers. Norms are PyTorch's batch norms in training with one image
in the batch, borders its reflection and replication padding, the Lanczos filter a dense convolution."""
import math
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from generate_nn import gradient_products, hashed, save

torch.set_default_dtype(torch.float64)


def centre(x, size):
    for axis, n in enumerate(size):
        x = x.narrow(axis + 2, (x.shape[axis + 2] - n) // 2, n)
    return x


class Lanczos(nn.Module):
    """Factor 2, phase 0.5: samples at half places of a kernel 4a + 1 wide, which leave 4a of them."""
    def __init__(self, dims, a):
        super().__init__()
        middle = (4 * a + 2) / 2
        at = [abs(i + 0.5 - middle) / 2 for i in range(1, 4 * a + 1)]
        line = torch.tensor([a * math.sin(math.pi * x) * math.sin(math.pi * x / a) / (math.pi * x) ** 2 for x in at])
        kernel = line
        for _ in range(dims - 1): kernel = kernel[..., None] * line
        self.kernel, self.dims, self.border = kernel / kernel.sum(), dims, (4 * a - 2) // 2

    def forward(self, x):
        channels = x.shape[1]
        x = F.pad(x, [self.border] * (2 * self.dims), mode="replicate")
        convolve = F.conv2d if self.dims == 2 else F.conv3d
        return convolve(x, self.kernel.expand(channels, 1, *self.kernel.shape), stride=2, groups=channels)


ACTIVATIONS = {"leaky_relu": lambda: nn.LeakyReLU(0.2), "swish": lambda: nn.SiLU(), "elu": lambda: nn.ELU(), "none": lambda: nn.Identity()}


class Scale(nn.Module):
    def __init__(self, i, x, o):
        super().__init__()
        two = o["dims"] == 2
        Conv, Norm = (nn.Conv2d, nn.BatchNorm2d) if two else (nn.Conv3d, nn.BatchNorm3d)

        def unit(a, b, k, stride=1, then=None):
            border = (k - 1) // 2
            parts = []
            if o["pad"] == "reflection" and border: parts.append((nn.ReflectionPad2d if two else nn.ReflectionPad3d)(border))
            parts.append(Conv(a, b, k, stride, 0 if o["pad"] == "reflection" else border, bias=o["bias"]))
            if then: parts.append(then)
            return nn.Sequential(*parts, Norm(b), ACTIVATIONS[o["activation"]]())

        down, up, skip, last = o["down"][i], o["up"][i], o["skip"][i], i + 1 == len(o["down"])
        sampling = {"stride": None, "avg": nn.AvgPool2d(2) if two else nn.AvgPool3d(2), "max": nn.MaxPool2d(2) if two else nn.MaxPool3d(2),
                    "lanczos2": Lanczos(o["dims"], 2), "lanczos3": Lanczos(o["dims"], 3)}[o["downsample"]]
        self.skip = unit(x, skip, o["k_skip"]) if skip else None
        self.down = unit(x, down, o["k_down"], 1 if sampling else 2, sampling)
        self.deep = unit(down, down, o["k_down"])
        self.below = None if last else Scale(i + 1, down, o)
        self.up = nn.Upsample(scale_factor=2, mode=o["upsample"]) if o["upsample"] == "nearest" else nn.Upsample(scale_factor=2, mode="bilinear" if two else "trilinear", align_corners=False)
        joined = skip + (down if last else o["up"][i + 1])
        self.join = Norm(joined)
        self.merge = unit(joined, up, o["k_up"])
        self.mix = unit(up, up, 1) if o["one"] else nn.Identity()

    def forward(self, x):
        y = self.deep(self.down(x))
        if self.below: y = self.below(y)
        y = self.up(y)
        if self.skip:
            s = self.skip(x)
            size = [min(a, b) for a, b in zip(s.shape[2:], y.shape[2:])]
            y = torch.cat([centre(s, size), centre(y, size)], 1)
        return self.mix(self.merge(self.join(y)))


class Skip(nn.Module):
    def __init__(self, x, to, o):
        super().__init__()
        self.scales = Scale(0, x, o)
        self.result = (nn.Conv2d if o["dims"] == 2 else nn.Conv3d)(o["up"][0], to, 1, bias=o["bias"])
        self.sigmoid = o["sigmoid"]

    def forward(self, x):
        y = self.result(self.scales(x))
        return torch.sigmoid(y) if self.sigmoid else y


PLAIN = dict(dims=3, down=[4, 6], up=[4, 6], skip=[4, 4], k_down=3, k_up=3, k_skip=1, activation="leaky_relu", pad="zero", upsample="nearest", downsample="stride", bias=True, one=True, sigmoid=True)
# Pooling and the filters halve downwards and a scale without a skip branch does not crop, so these take sizes that 4 divides.
CASES = {
    "default": ((11, 13, 9), {}),
    "reflection": ((11, 13, 9), dict(pad="reflection", upsample="linear", up=[5, 3], k_up=5)),
    "average": ((12, 8, 16), dict(pad="reflection", upsample="linear", downsample="avg", k_skip=3)),
    "maximum": ((12, 8, 16), dict(downsample="max", activation="elu")),
    "lanczos2": ((12, 8, 16), dict(downsample="lanczos2", one=False)),
    "lanczos3": ((12, 8, 16), dict(downsample="lanczos3", activation="swish", pad="reflection", skip=[3, 2])),
    "planes": ((13, 18), dict(dims=2, upsample="linear", skip=[2, 3])),
    "planes_lanczos2": ((12, 16), dict(dims=2, pad="reflection", downsample="lanczos2")),
    "logits": ((11, 13, 9), dict(sigmoid=False, activation="none", bias=False)),
    "no_skip": ((16, 8, 24), dict(down=[4, 5, 6], up=[3, 4, 5], skip=[0, 3, 0], upsample="linear")),
}


def set_hashed(parameters):
    """As generate_nn's, for kernels of two dimensions too, and with the rounding of float32."""
    with torch.no_grad():
        for i, p in enumerate(parameters):
            v = hashed(100 + i, *p.shape)
            p.copy_(torch.from_numpy(v * np.float32(2 / np.sqrt(p[0].numel())) if p.dim() > 1 else np.float32(0.25) + np.float32(0.2) * v))


def main():
    sizes = {(3, 32, 1, 3, 128, 4, 5): 6466149, (2, 32, 3, 3, 128, 4, 5): 2217831, (3, 32, 1, 3, 128, 4, 4): 5106513}
    for (dims, x, to, k, channels, skip, scales), published in sizes.items():
        net = Skip(x, to, {**PLAIN, "dims": dims, "down": [channels] * scales, "up": [channels] * scales, "skip": [skip] * scales})
        assert sum(p.numel() for p in net.parameters()) == published
    result = {}
    for name, (size, changes) in CASES.items():
        options = {**PLAIN, **changes}
        net = Skip(3, 2, options)
        parameters = list(net.parameters())
        set_hashed(parameters)
        y = net(torch.from_numpy(hashed(1, 1, 3, *size).astype(np.float64)))
        (y * torch.from_numpy(hashed(2, *y.shape).astype(np.float64))).sum().backward()
        assert y.dtype == torch.float64 and tuple(y.shape[2:]) == size, (name, y.shape)
        result[name + "/output"] = y.detach().numpy()
        result[name + "/gradients"] = gradient_products(parameters)
    save("skip.safetensors", result)
    print({key: (list(value.shape), float(np.abs(value).mean())) for key, value in result.items()})


if __name__ == "__main__":
    main()
