#!/usr/bin/env python3
"""Parameter shapes of peer networks, for src/arch/unet_test.cpp. Run with .venv-peers/bin/python (torch, monai)."""
import json, math, pathlib
from monai.networks.blocks.dynunet_block import UnetUpBlock
from monai.networks.nets import DynUNet, UNet


class NnUNet(DynUNet):
    """nnU-Net's way up has each level's own kernels; DynUNet takes those of the level below."""

    def get_upsamples(self):
        return self.get_module_list(self.filters[1:][::-1], self.filters[:-1][::-1], self.kernel_size[:-1][::-1], self.strides[1:][::-1],
                                    UnetUpBlock, self.upsample_kernel_size[::-1], trans_bias=self.trans_bias)


out = pathlib.Path(__file__).parent / "arch"
out.mkdir(exist_ok=True)


def shapes(net, only_kernels=False):
    return sorted(list(p.shape) for p in net.parameters() if p.requires_grad and (not only_kernels or p.dim() == 5))


def count(net):
    return sum(math.prod(p.shape) for p in net.parameters() if p.requires_grad)


cases = []
for c_in, c_out, channels, units in [(1, 2, [16, 32, 64, 128, 256], 2), (7, 3, [16, 32, 64, 128, 256], 2), (4, 4, [8, 16, 32], 1),
                                     (2, 5, [16, 32, 64], 0), (2, 2, [8, 8, 24], 3), (16, 16, [16, 32], 2)]:
    net = UNet(3, c_in, c_out, channels, [2] * (len(channels) - 1), num_res_units=units)
    cases.append(dict(in_channels=c_in, out_channels=c_out, channels=channels, residual_units=units, parameters=count(net), shapes=shapes(net)))

# nnU-Net's plan for a 20 x 320 x 256 patch at 3.6 x 0.62 x 0.62 mm (its published example of an anisotropic data set)
kernels = [[1, 3, 3], [1, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 3]]
strides = [[1, 1, 1], [1, 2, 2], [1, 2, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2], [1, 2, 2]]
dynamic = []
for name, k, s in [("cube128", [[3] * 3] * 6, [[1] * 3] + [[2] * 3] * 5), ("prostate", kernels, strides)]:
    net = NnUNet(3, 2, 3, k, s, s[1:], norm_name=("INSTANCE", {"affine": True}), deep_supervision=True, deep_supr_num=len(s) - 3, res_block=False)
    dynamic.append(dict(name=name, kernels=k, strides=s[1:], kernel_shapes=shapes(net, True)))

(out / "peers.json").write_text(json.dumps(dict(residual=cases, nnunet=dynamic)))
print({str(c["channels"]): c["parameters"] for c in cases}, [len(d["kernel_shapes"]) for d in dynamic])
