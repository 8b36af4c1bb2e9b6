"""Layers of image networks in PyTorch, by Descent's recipes, shapes and orders: what convolutions.py records.

Images come as [rows, channels, height, width], which nchw and nhwc turn; parameters are laid out as Descent's.
- PyTorch has no padding `same` for strides, nor for pools: the zeros (for maxima -infinity) are put around by hand, as
  Keras does, one more below and on the right where they are odd in number. An average counts what lies in the image.
- A number of a plan is a float32: momentum and epsilon of the normalisations are rounded so before PyTorch gets them.
"""

import struct

import torch
from torch.nn import functional

STATISTICS = ("runningMean", "runningVariance")
ACTIVATIONS = {
    "linear": lambda z: z,
    "relu": torch.relu,
    "leakyRelu": functional.leaky_relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": functional.gelu,
}

class Margin:
    """The smallest distance from a kink since the last reset: of relu and of maxima."""

    def __init__(self):
        self.smallest = float("inf")

    def reset(self):
        self.smallest = float("inf")

    def note(self, distances):
        if distances.numel() > 0:
            self.smallest = min(self.smallest, distances.min().item())


margin = Margin()


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def pair(extent):
    return tuple(extent) if isinstance(extent, list) else (extent, extent)


def put_around(x, size, stride, padding, value=0.0):
    """x [n, c, h, w] with what padding `same` puts around it."""
    if padding == "valid":
        return x
    total = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(x.shape[2:], size, stride)]
    (top, left), (bottom, right) = [t // 2 for t in total], [t - t // 2 for t in total]
    return functional.pad(x, (left, right, top, bottom), value=value)


def nhwc(x):
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


def nchw(x):
    return x.permute(0, 3, 1, 2) if x.dim() == 4 else x


def activate(layer, z):
    name = layer.get("activation", "linear")
    if name in ("relu", "leakyRelu"):
        margin.note(z.detach().abs())
    return ACTIVATIONS[name](z)


def normalise(layer, own, x, training):
    """Batch and layer normalisation; the running statistics in `own` are updated in place."""
    epsilon = float32(layer.get("epsilon", 1e-5))
    if layer["type"] == "layerNorm":
        last = nhwc(x)
        return nchw(functional.layer_norm(last, last.shape[-1:], own["scale"], own["shift"], epsilon))
    momentum = float32(layer.get("momentum", 0.1))
    statistics = (own[name] for name in STATISTICS)
    return functional.batch_norm(x, *statistics, own["scale"], own["shift"], training, momentum, epsilon)


def max_pool(x, size, stride, padding):
    x = put_around(x, size, stride, padding, -torch.inf)
    windows = x.detach().unfold(2, size[0], stride[0]).unfold(3, size[1], stride[1]).flatten(4)
    if windows.shape[-1] > 1:
        first, second = windows.topk(2, -1).values.unbind(-1)
        # Zeros are what relu leaves: a gradient goes no further whichever of them gets it.
        margin.note((first - second)[first != 0])
    return functional.max_pool2d(x, size, stride)


def apply_layer(layer, own, inputs, training):
    """Output of a layer, images as [n, c, h, w], with its parameters by their last name."""
    x, kind = inputs[0], layer["type"]
    if kind == "dense":
        return activate(layer, nhwc(x).flatten(1) @ own["weight"] + own["bias"])
    if kind == "conv2d":
        stride = pair(layer.get("stride", 1))
        x = put_around(x, pair(layer.get("kernel", 3)), stride, layer.get("padding", "valid"))
        return activate(layer, functional.conv2d(x, own["weight"].permute(3, 2, 0, 1), own.get("bias"), stride))
    if kind in ("maxPool2d", "averagePool2d"):
        size = pair(layer.get("size", 2))
        window = size, pair(layer.get("stride", list(size))), layer.get("padding", "valid")
        if kind == "maxPool2d":
            return max_pool(x, *window)
        means = [functional.avg_pool2d(put_around(each, *window), *window[:2]) for each in (x, torch.ones_like(x))]
        return means[0] / means[1]
    if kind == "globalAveragePool2d":
        return x.mean((2, 3))
    if kind in ("batchNorm", "layerNorm"):
        return activate(layer, normalise(layer, own, x, training))
    if kind == "add":
        return activate(layer, sum(inputs[1:], inputs[0]))
    if kind == "flatten":
        return nhwc(x).flatten(1)
    raise ValueError(kind)


def parameter_shapes(layer, in_shape):
    """Shapes of parameters and running statistics, by last name."""
    kind, channels = layer["type"], in_shape[-1]
    if kind == "dense":
        size = torch.Size(in_shape).numel()
        return {"weight": (size, layer["units"]), "bias": (layer["units"],)}
    if kind == "conv2d":
        shapes = {"weight": (*pair(layer.get("kernel", 3)), channels, layer["filters"])}
        return {**shapes, "bias": (layer["filters"],)} if layer.get("bias", True) else shapes
    if kind == "batchNorm":
        return {name: (channels,) for name in ("scale", "shift", *STATISTICS)}
    return {name: (channels,) for name in ("scale", "shift")} if kind == "layerNorm" else {}


def draw_parameters(normal, layer, in_shape, grid):
    """Weights of variance 2/inputs, scales about 1, in multiples of 1/grid; running statistics as they begin."""
    drawn = {}
    for name, shape in parameter_shapes(layer, in_shape).items():
        if name in STATISTICS:
            drawn[name] = torch.full(shape, float(name == "runningVariance"), dtype=torch.float64)
            continue
        spread = (2 / torch.Size(shape[:-1]).numel()) ** 0.5 if name == "weight" else 0.25
        values = normal(*shape) * spread + (name == "scale")
        drawn[name] = torch.round(values * grid) / grid
    return drawn
