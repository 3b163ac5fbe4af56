"""Networks of "somebody else", as small ONNX files whose answer is known, and some that no tiled prediction can use.
usage: make_networks.py DIR T; the good ones label voxels whose second channel is above T (of two; class 1, or class 2 of three):
logits.onnx (any size), softmax.onnx, one_logit.onnx, one_share.onnx, fixed.onnx (tiles of 8,12,10), double.onnx, and logits.xml with .bin;
valid.onnx returns a voxel less on each side; xyz.onnx looks at the voxel before along the first spatial axis, fixed_xyz.onnx is fixed.onnx of [x][y][z]."""
import sys
import numpy as np
import onnx
from onnx import TensorProto as T, helper as h, numpy_helper as nh

folder, threshold = sys.argv[1], float(sys.argv[2])
free = ["n", 2, "z", "y", "x"]


def value(name, shape, kind=T.FLOAT):
    return h.make_tensor_value_info(name, kind, shape)


def save(name, nodes, inputs, outputs, constants=()):
    graph = h.make_graph(nodes, name, inputs, outputs, [nh.from_array(array, key) for key, array in constants])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, f"{folder}/{name}.onnx")


def above(rows, kind="f4", scale=1.0):
    """Channels of a 1x1x1 convolution: None = 0, +1 = scale (x - T), -1 = its opposite."""
    w = np.zeros((len(rows), 2, 1, 1, 1), kind)
    b = np.zeros(len(rows), kind)
    for i, sign in enumerate(rows):
        if sign:
            w[i, 1], b[i] = sign * scale, -sign * scale * threshold
    return [("w", w), ("b", b)]


def conv(to, **more):
    return h.make_node("Conv", ["x", "w", "b"], [to], **more)


def out(classes, *size):
    return [value("y", ["n", classes, *(size or "abc")])]


save("logits", [conv("y")], [value("x", free)], out(3), above([-1, None, 1]))
save("softmax", [conv("l"), h.make_node("Softmax", ["l"], ["y"], axis=1)], [value("x", free)], out(2), above([-1, 1]))
save("one_logit", [conv("y")], [value("x", free)], out(1), above([1]))
save("one_share", [conv("l"), h.make_node("Sigmoid", ["l"], ["y"])], [value("x", free)], out(1), above([1]))
save("fixed", [conv("y")], [value("x", [1, 2, 8, 12, 10])], [value("y", [1, 2, 8, 12, 10])], above([-1, 1]))
save("double", [conv("y")], [value("x", free, T.DOUBLE)], [value("y", ["n", 2, "z", "y", "x"], T.DOUBLE)], above([-1, 1], "f8"))

save("two_inputs", [h.make_node("Add", ["x", "other"], ["y"])], [value("x", free), value("other", free)], out(2))
save("flat", [h.make_node("Relu", ["x"], ["y"])], [value("x", ["n", 2, "y", "z"])], [value("y", ["n", 2, "y", "z"])])
save("labels", [conv("l"), h.make_node("ArgMax", ["l"], ["y"], axis=1)], [value("x", free)], [value("y", ["n", 1, "a", "b", "c"], T.INT64)], above([-1, 1]))
save("any_channels", [h.make_node("Relu", ["x"], ["y"])], [value("x", ["n", "c", "z", "y", "x"])], [value("y", ["n", "c", "z", "y", "x"])])
save("regions", [conv("l"), h.make_node("Sigmoid", ["l"], ["y"])], [value("x", free)], out(3), above([-1, 1, 1]))


def widened(size, at):
    """above() for class 1, of the voxel at this place of a larger kernel."""
    (_, w), b = above([-1, 1])
    kernel = np.zeros((2, 2, *size), "f4")
    kernel[(..., *at)] = w[..., 0, 0, 0]
    return [("w", kernel), b]


save("valid", [conv("y", kernel_shape=[3, 3, 3])], [value("x", free)], out(2), widened((3, 3, 3), (1, 1, 1)))
save("xyz", [conv("y", kernel_shape=[3, 1, 1], pads=[1, 0, 0, 1, 0, 0])], [value("x", free)], out(2), widened((3, 1, 1), (0, 0, 0)))
save("fixed_xyz", [conv("y")], [value("x", [1, 2, 10, 12, 8])], [value("y", [1, 2, 10, 12, 8])], above([-1, 1]))
save("lopsided", [conv("y", kernel_shape=[2, 2, 2])], [value("x", free)], out(2), widened((2, 2, 2), (0, 0, 0)))
save("coarse", [h.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2, 2], strides=[2, 2, 2])], [value("x", free)], out(2))
halves = [("s", np.array([1, 1, 2, 2, 2], "f4"))]
save("even", [h.make_node("MaxPool", ["x"], ["p"], kernel_shape=[2, 2, 2], strides=[2, 2, 2]), h.make_node("Resize", ["p", "", "s"], ["u"], mode="nearest"), h.make_node("Add", ["x", "u"], ["y"])],
     [value("x", free)], out(2), halves)

try:
    import openvino
    openvino.save_model(openvino.convert_model(f"{folder}/logits.onnx"), f"{folder}/logits.xml", compress_to_fp16=False)
except ImportError:
    pass
