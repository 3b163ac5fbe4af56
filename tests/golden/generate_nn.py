"""Golden numbers of the room nn.
   .venv-peers/bin/python tests/golden/generate_nn.py    networks, losses, optimisers (torch, MONAI)
   .venv-test/bin/python tests/golden/generate_nn.py     files of the safetensors package
Inputs and weights are not stored: both sides compute them with hashed() below, so the files hold only what the other program
made of them. Gradients are stored as their inner product with hashed numbers."""
import json, os, struct
import numpy as np

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "nn")


def hashed(seed, *shape):
    """Numbers in [-0.5, 0.5), exact in float32; the same function stands in src/nn/golden_test_support.h."""
    n = int(np.prod(shape))
    h = (np.arange(1, n + 1, dtype=np.uint64) * 2654435761 + np.uint64(seed) * 2246822519) & 0xFFFFFFFF
    h ^= h >> 15
    h = (h * 2246822519) & 0xFFFFFFFF
    h ^= h >> 13
    return ((h >> 8).astype(np.float64) / 2**24 - 0.5).astype(np.float32).reshape(shape)


def save(name, tensors):
    header, data = {}, b""
    for key, value in tensors.items():
        value = np.ascontiguousarray(np.asarray(value, dtype=np.float64 if np.asarray(value).dtype == np.float64 else np.float32))
        header[key] = {"dtype": "F64" if value.dtype == np.float64 else "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + value.nbytes]}
        data += value.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    open(os.path.join(HERE, name), "wb").write(struct.pack("<Q", len(text)) + text + data)


def set_hashed(parameters):
    """Weights by position: convolutions +-1/sqrt(fan in of the first axes' rest), the others 0.25 + a little."""
    import torch
    with torch.no_grad():
        for i, p in enumerate(parameters):
            v = hashed(100 + i, *p.shape)
            p.copy_(torch.from_numpy(v * np.float32(2 / np.sqrt(p[0].numel())) if p.dim() == 5 else 0.25 + np.float32(0.2) * v))


def gradient_products(parameters):
    return np.array([float((p.grad.double().numpy() * hashed(500 + i, *p.shape)).sum()) for i, p in enumerate(parameters)])


def run(net, parameters, x, out_seed):
    y = net(x)
    (y * __import__("torch").from_numpy(hashed(out_seed, *y.shape))).sum().backward()
    return {"output": y.detach().numpy(), "gradients": gradient_products(parameters)}


def networks():
    import torch
    import torch.nn.functional as F
    from monai.networks.nets import UNet
    net = UNet(3, 2, 3, (4, 8, 16, 32), (2, 2, 2), num_res_units=2)
    parameters = list(net.parameters())
    set_hashed(parameters)
    save("monai_unet.safetensors", run(net, parameters, torch.from_numpy(hashed(1, 2, 2, 8, 16, 24)), 2))

    # Cicek's 3-D U-Net: depth 2, 4 filters: conv(F), conv(2F) per stage with batch norm (shift only) and ReLU, max pooling,
    # up-convolutions 2^3 without bias.
    def unit(i, o): return [torch.nn.Conv3d(i, o, 3, padding=1, bias=False), torch.nn.BatchNorm3d(o), torch.nn.ReLU()]
    class UNet3d(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.e0 = torch.nn.Sequential(*unit(2, 4), *unit(4, 8))
            self.e1 = torch.nn.Sequential(*unit(8, 8), *unit(8, 16))
            self.b = torch.nn.Sequential(*unit(16, 16), *unit(16, 32))
            self.u1 = torch.nn.ConvTranspose3d(32, 32, 2, 2, bias=False)
            self.d1 = torch.nn.Sequential(*unit(48, 16), *unit(16, 16))
            self.u0 = torch.nn.ConvTranspose3d(16, 16, 2, 2, bias=False)
            self.d0 = torch.nn.Sequential(*unit(24, 8), *unit(8, 8))
            self.c = torch.nn.Conv3d(8, 3, 1)
        def forward(self, x):
            a = self.e0(x)
            b = self.e1(F.max_pool3d(a, 2))
            y = self.u1(self.b(F.max_pool3d(b, 2)))
            y = self.u0(self.d1(torch.cat([b, y], 1)))
            return self.c(self.d0(torch.cat([a, y], 1)))
    net = UNet3d()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm3d): module.weight.requires_grad_(False)
    parameters = [p for p in net.parameters() if p.requires_grad]
    set_hashed(parameters)
    x = torch.from_numpy(hashed(1, 2, 2, 8, 12, 16))
    result = run(net, parameters, x, 2)
    net.eval()
    result["inference"] = net(x).detach().numpy()
    save("unet3d.safetensors", result)
    deep_medic(torch, F)


class Rings:
    """Batch norm of DeepMedic: biased variance, no epsilon to speak of, inference by the mean of the last 60 batches."""
    def __init__(self): self.means, self.variances = [], []
    def mean(self): return sum(self.means) / 60, (sum(self.variances) + 60 - len(self.variances)) / 60


def deep_medic(torch, F):
    """Two paths (1, 3), residuals at layers 4, 6, 8 and hidden 2, hidden kernels 3^3 (edges mirrored) and 1."""
    path, hidden, classes = [4, 4, 5, 5, 6, 6, 7, 7], [8, 16], 3
    parameters, rings = [], {}
    def new(*shape): parameters.append(torch.zeros(*shape, requires_grad=True)); return parameters[-1]
    paths = []
    for p in range(2):
        weights, before = [new(2)], 2
        for i, c in enumerate(path):
            weights.append(([new(before), new(before), new(before)] if i else []) + [new(c, before, 3, 3, 3)])
            before = c
        paths.append(weights)
    fc, before = [], 14
    for i, c in enumerate(hidden):
        k = 3 if i == 0 else 1
        fc.append([new(before), new(before), new(before), new(c, before, k, k, k)])
        before = c
    last = [new(before), new(before), new(before), new(classes, before, 1, 1, 1), new(classes)]
    set_hashed(parameters)
    def channel(v): return v.view(1, -1, 1, 1, 1)
    def activation(x, gamma, beta, slope, key, training):
        ring = rings.setdefault(key, Rings())
        if training:
            m, v = x.mean((0, 2, 3, 4)), x.var((0, 2, 3, 4), unbiased=False)
            ring.means.append(m.detach()), ring.variances.append(v.detach())
        else: m, v = ring.mean()
        y = (x - channel(m)) / torch.sqrt(channel(v)) * channel(gamma) + channel(beta)
        return torch.where(y > 0, y, y * channel(slope))
    def add(y, x):
        begin = [(n - 1) // 2 - (m - 1) // 2 for n, m in zip(x.shape[2:], y.shape[2:])]
        x = x[:, :, begin[0]:begin[0] + y.shape[2], begin[1]:begin[1] + y.shape[3], begin[2]:begin[2] + y.shape[4]][:, :y.shape[1]]
        return torch.cat([y[:, :x.shape[1]] + x, y[:, x.shape[1]:]], 1)
    def symmetric(x):
        for axis in 2, 3, 4:
            first, end = x.narrow(axis, 0, 1), x.narrow(axis, x.shape[axis] - 1, 1)
            x = torch.cat([first, x, end], axis)
        return x
    def net(x, training, keep=1.0):
        ends = []
        for p, weights in enumerate(paths):
            y = x[:, :, 16:-16, 16:-16, 16:-16] if p == 0 else x[:, :, ::3, ::3, ::3]
            y = y + channel(weights[0])
            inputs = []
            for i in range(8):
                inputs.append(y)
                w = weights[1 + i]
                if i: y = activation(y, w[0], w[1], w[2], (p, i), training)
                y = F.conv3d(y, w[-1])
                if i in (3, 5, 7): y = add(y, inputs[i - 1])
            ends.append(y)
        n = ends[0].shape[2:]
        low = ends[1].repeat_interleave(3, 2).repeat_interleave(3, 3).repeat_interleave(3, 4)[:, :, :n[0], :n[1], :n[2]]
        joined = y = torch.cat([ends[0], low], 1)
        for i, w in enumerate(fc):
            y = activation(y, *w[:3], ("fc", i), training)
            if i: y = y * keep
            y = F.conv3d(symmetric(y) if w[3].shape[2] == 3 else y, w[3])
            if i == 1: y = add(y, joined)
        y = activation(y, *last[:3], "last", training) * keep
        return F.conv3d(y, last[3], last[4])
    result = {}
    for seed in 1, 2:
        for p in parameters: p.grad = None
        result.update(run(lambda x: net(x, True), parameters, torch.from_numpy(hashed(seed, 2, 2, 50, 51, 57)), 3))
    with torch.no_grad():
        x = torch.from_numpy(hashed(4, 1, 2, 50, 51, 57))
        result["inference"] = net(x, False).numpy()
        result["inference_dropout"] = net(x, False, 0.5).numpy()
    save("deep_medic.safetensors", result)


def losses():
    import torch, monai, warnings
    warnings.filterwarnings("ignore")
    logits = (4 * hashed(7, 2, 3, 5, 6, 7)).astype(np.float64)
    labels = np.minimum(2, ((hashed(8, 2, 1, 5, 6, 7) + 0.5) * 4)).astype(np.int64)
    result = {}
    def both(name, function):
        z = torch.from_numpy(logits).requires_grad_()
        value = function(z, torch.from_numpy(labels))
        value.backward()
        result[name] = np.array([value.item(), float((z.grad.numpy() * hashed(9, *logits.shape)).sum())])
    both("dice_ce", monai.losses.DiceCELoss(to_onehot_y=True, softmax=True))
    both("dice_ce_weighted", monai.losses.DiceCELoss(to_onehot_y=True, softmax=True, include_background=False, batch=True, lambda_dice=0.7, lambda_ce=1.3))
    both("dice", monai.losses.DiceLoss(to_onehot_y=True, softmax=True, include_background=False, batch=True))
    both("generalized_dice", monai.losses.GeneralizedDiceLoss(to_onehot_y=True, softmax=True, batch=True))
    weight = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64)
    both("ce_weighted", lambda z, y: torch.nn.functional.cross_entropy(z, y[:, 0], weight))
    masked = labels.copy()
    masked[:, :, 1:3, 2:, :4] = 255
    labels = masked
    both("ce_masked", lambda z, y: torch.nn.functional.cross_entropy(z, y[:, 0], ignore_index=255))
    def dice_masked(z, y):
        counted = (y != 255).double()
        p, g = torch.softmax(z, 1) * counted, torch.nn.functional.one_hot(torch.where(y == 255, 0, y)[:, 0], 3).permute(0, 4, 1, 2, 3) * counted
        axes = (2, 3, 4)
        return 1 - ((2 * (p * g).sum(axes) + 1e-5) / (p.sum(axes) + g.sum(axes) + 1e-5)).mean()
    both("dice_masked", dice_masked)
    def deepmedic(z, y):
        p = torch.softmax(z, 1).gather(1, torch.where(y == 255, 0, y))
        return -(torch.log(p + 1e-6) * weight[torch.where(y == 255, 0, y)])[y != 255].mean()
    both("deepmedic", deepmedic)
    save("losses.safetensors", result)


def optimisers():
    import torch
    result = {}
    def follow(name, make, clip=0):
        p = [torch.from_numpy(hashed(20, 3, 2, 1, 1, 2)).requires_grad_(), torch.from_numpy(hashed(21, 5)).requires_grad_()]
        optimiser = make(p)
        for step in range(6):
            for i, q in enumerate(p): q.grad = torch.from_numpy(hashed(30 + 2 * step + i, *q.shape))
            if clip: torch.nn.utils.clip_grad_norm_(p, clip)
            for group in optimiser.param_groups: group["lr"] = 0.05 / (1 + step)
            optimiser.step()
        result[name] = np.concatenate([q.detach().numpy().ravel() for q in p])
    follow("sgd", lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True, weight_decay=0.01))
    follow("sgd_clipped", lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True, weight_decay=0.01), 0.3)
    follow("adam", lambda p: torch.optim.Adam(p, 0.05, weight_decay=0.01))
    follow("adamw", lambda p: torch.optim.AdamW(p, 0.05, weight_decay=0.01, betas=(0.8, 0.99)))
    values = []
    for i, shape in enumerate([(3, 2, 1, 1, 2), (5,)]):  # DeepMedic's RMSProp, with L1 and L2 on the convolution weight
        p, a, v = hashed(20 + i, *shape).astype(np.float64), 0.0, 0.0
        for step in range(6):
            g = hashed(30 + 2 * step + i, *shape).astype(np.float64)
            if i == 0: g = g + 1e-3 * np.sign(p) + 2 * 1e-2 * p
            a = 0.9 * a + 0.1 * g * g
            s = 0.05 / (1 + step) * g / np.sqrt(a + 1e-4)
            v = 0.6 * v - s
            p = p + 0.6 * v - s
        values.append(p.ravel())
    result["deepmedic_rmsprop"] = np.concatenate(values)
    save("optimisers.safetensors", result)


def files():
    from safetensors.numpy import save_file
    save_file({"a.weight": hashed(1, 2, 3), "empty": np.zeros((0, 4), np.float32), "scalar": np.array(7, np.int64), "half": hashed(2, 5).astype(np.float16),
               "bytes": np.arange(3, dtype=np.uint8), "double": hashed(3, 2, 2).astype(np.float64)},
              os.path.join(HERE, "written_by_python.safetensors"), {"ключ \"q\"": "line\nbreak \\ ü"})


if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    try: import torch
    except ImportError: torch = None
    if torch: networks(); losses(); optimisers()
    try: import safetensors
    except ImportError: safetensors = None
    if safetensors: files()
