"""Matrix products, convolutions and pooling."""

import math

import torch
import torch.nn.functional as F

from .layouts import LAYOUTS, offset, transposed
from .recorder import FLOATS, given, record, values

MATMUL = [
    ([17], [17]), ([5, 7], [7]), ([7], [7, 5]), ([1, 1], [1, 1]), ([7, 17], [17, 33]),
    ([33, 1], [1, 7]), ([17, 33], [33, 1]), ([3, 65], [65, 4]), ([3, 5, 7], [3, 7, 2]),
    ([2, 1, 5, 7], [3, 7, 2]), ([2, 3, 5, 7], [7, 2]), ([5, 7], [2, 3, 7, 2]), ([3, 5, 7], [7]),
    ([7], [3, 7, 2]), ([3, 0], [0, 4]), ([0, 3], [3, 4]),
]


def matmul(suite):
    def product(a, b):
        return torch.matmul(a, b)

    def operands(shapes, dtype):
        return (values(shape, dtype, -2, 2, side) for shape, side in zip(shapes, "ab"))

    for dtype in [*FLOATS, torch.int32, torch.int64]:
        for shapes in MATMUL:
            a, b = operands(shapes, dtype)
            record(suite, "matmul", product, given(a=a, b=b))
        for shapes in [([7, 17], [17, 5]), ([3, 5, 7], [3, 7, 2])]:
            for label, layout in list(LAYOUTS.items())[1:]:
                a, b = operands(shapes, dtype)
                record(suite, "matmul", product, given(a=layout(a), b=b), label=label)
                record(suite, "matmul", product, given(a=a, b=layout(b)), label=f"{label}, second")
                record(suite, "matmul", product, given(a=layout(a), b=transposed(b)),
                       label=f"{label}, both")
        if dtype.is_floating_point:
            a = torch.tensor([[0, math.inf], [math.nan, 1], [0, 0]], dtype=dtype)
            b = torch.tensor([[1, math.inf, 0], [2, 0, 1]], dtype=dtype)
            record(suite, "matmul", product, given(a=a, b=b), label="corners", unit=True)
    for dtype in [torch.float32, torch.bfloat16]:
        a, b = operands(([9, 129], [129, 5]), dtype)
        record(suite, "matmul", product, given(a=a, b=b), label="long")


# input | weight | stride, padding, dilation, groups (and outputPadding) per axis
CONVOLUTIONS = [
    ([2, 3, 9], [4, 3, 3], {}), ([1, 1, 1], [1, 1, 1], {}),
    ([2, 4, 11], [6, 2, 3], {"stride": [2], "padding": [1], "groups": 2}),
    ([1, 3, 17], [3, 1, 4], {"padding": [3], "dilation": [2], "groups": 3}),
    ([2, 3, 7, 6], [4, 3, 3, 3], {}), ([2, 3, 5, 5], [7, 3, 1, 1], {}),
    ([2, 3, 7, 6], [4, 3, 3, 2], {"stride": [2, 1], "padding": [1, 0]}),
    ([1, 4, 7, 8], [6, 2, 3, 3], {"stride": [2, 2], "padding": [1, 1], "groups": 2}),
    ([2, 4, 6, 5], [4, 1, 3, 3], {"padding": [1, 1], "groups": 4}),
    ([1, 2, 9, 9], [3, 2, 3, 2], {"stride": [1, 3], "padding": [2, 1], "dilation": [2, 3]}),
    ([1, 2, 4, 4], [2, 2, 4, 4], {"padding": [2, 2], "stride": [3, 3]}),
]
TRANSPOSED = [
    ([2, 3, 5], [3, 4, 3], {}),
    ([1, 4, 5], [4, 3, 3], {"stride": [2], "padding": [1], "outputPadding": [1], "groups": 2}),
    ([2, 3, 4, 5], [3, 2, 3, 3], {}), ([1, 2, 3, 3], [2, 3, 2, 2], {"stride": [2, 2]}),
    ([1, 4, 3, 4], [4, 3, 3, 2], {"stride": [2, 3], "padding": [1, 0], "outputPadding": [1, 2],
                                  "groups": 2}),
    ([2, 2, 4, 3], [2, 2, 3, 3], {"padding": [2, 1], "dilation": [2, 1], "stride": [1, 2]}),
    ([1, 3, 4, 4], [3, 1, 3, 3], {"stride": [2, 2], "padding": [1, 1], "groups": 3}),
]
OPERATORS = {
    "conv1d": F.conv1d, "conv2d": F.conv2d,
    "convTranspose1d": F.conv_transpose1d, "convTranspose2d": F.conv_transpose2d,
}


def convolution(suite, name, shapes, options, dtype, layout, label, with_bias):
    inputs, weights = shapes
    rank = len(inputs) - 2
    settings = {"stride": [1] * rank, "padding": [0] * rank, "dilation": [1] * rank, "groups": 1}
    if "Transpose" in name:
        settings["outputPadding"] = [0] * rank
    settings.update(options)
    arguments = {key.replace("outputPadding", "output_padding"): value
                 for key, value in settings.items()}
    outputs = weights[1] * settings["groups"] if "Transpose" in name else weights[0]

    def apply(input, weight, bias=None):
        return OPERATORS[name](input, weight, bias, **arguments)

    bias = values([outputs], dtype, -1, 1) if with_bias else None
    record(suite, name, apply, given(input=layout(values(inputs, dtype, -2, 2)),
                                     weight=values(weights, dtype, -1, 1), bias=bias),
           settings, label)


def channels_last(tensor):
    return tensor.movedim(1, -1).contiguous().movedim(-1, 1)


def convolutions(suite):
    for prefix, table in [("conv", CONVOLUTIONS), ("convTranspose", TRANSPOSED)]:
        for dtype in FLOATS:
            for index, (inputs, weights, options) in enumerate(table):
                name = f"{prefix}{len(inputs) - 2}d"
                shapes = (inputs, weights)
                convolution(suite, name, shapes, options, dtype, LAYOUTS["contiguous"],
                            "contiguous", index % 2 == 0)
                if index % 2:
                    continue
                for label, layout in [*list(LAYOUTS.items())[1:], ("channels last", channels_last)]:
                    convolution(suite, name, shapes, options, dtype, layout, label, False)


def pooling_settings(kernel, stride=None, padding=None):
    rank = len(kernel)
    return {"kernelSize": kernel, "stride": stride or kernel, "padding": padding or [0] * rank}


WINDOWS = [
    ([2, 3, 9], pooling_settings([2])), ([1, 2, 11], pooling_settings([3], [2], [1])),
    ([2, 3, 6, 7], pooling_settings([2, 2])),
    ([1, 2, 7, 9], pooling_settings([3, 3], [2, 2], [1, 1])),
    ([2, 2, 5, 6], pooling_settings([3, 2], [1, 2], [1, 0])),
    ([1, 3, 5, 5], pooling_settings([5, 5])), ([1, 2, 6, 6], pooling_settings([2, 3], [3, 1])),
]
MAX_POOLS = {1: F.max_pool1d, 2: F.max_pool2d}
AVERAGE_POOLS = {1: F.avg_pool1d, 2: F.avg_pool2d}


def pool(suite, shape, settings, view, label, unit=False):
    rank = len(shape) - 2
    kernel, stride, padding = (settings[key] for key in ("kernelSize", "stride", "padding"))
    dilations = [[1] * rank] + ([[2] * rank] if max(kernel) == 3 and label == "contiguous" else [])
    for dilation in dilations:
        if all(2 * p + s > d * (k - 1) for p, s, d, k in zip(padding, shape[2:], dilation, kernel)):
            record(suite, f"maxPool{rank}d",
                   lambda input: MAX_POOLS[rank](input, kernel, stride, padding, dilation),
                   given(input=view), {**settings, "dilation": dilation}, label, unit=unit)
    for count in [True, False] if max(padding) else [True]:
        record(suite, f"avgPool{rank}d", lambda input: AVERAGE_POOLS[rank](
            input, kernel, stride, padding, count_include_pad=count), given(input=view),
            {**settings, "countIncludePad": count}, label, unit=unit)


def pooling(suite):
    layouts = [*LAYOUTS.items(), ("channels last", channels_last)]
    for dtype in FLOATS:
        for shape, settings in WINDOWS:
            for label, layout in layouts if max(settings["padding"]) else layouts[:1]:
                pool(suite, shape, settings, layout(values(shape, dtype)), label)
        ties = values([1, 1, 6, 6], torch.int32, -1, 1).to(dtype)
        special = ties.clone()
        special[0, 0, [0, 3, 5], [0, 3, 0]] = torch.tensor([math.nan, math.inf, -math.inf],
                                                           dtype=dtype)
        low = torch.full([1, 1, 4, 4], -math.inf, dtype=dtype)
        for label, view in [("ties", ties), ("special", special), ("all infinite", low)]:
            settings = pooling_settings([2, 2], [2, 2], [1, 1])
            pool(suite, list(view.shape), settings, view, f"corners, {label}", unit=True)


# input | output size
ADAPTIVE = [([2, 3, 7, 6], [3, 2]), ([1, 2, 5, 5], [1, 1]), ([1, 2, 4, 7], [4, 5]),
            ([1, 1, 3, 2], [5, 3])]


def adaptive(suite):
    for dtype in FLOATS:
        for shape, size in ADAPTIVE:
            for label, layout in LAYOUTS.items():
                view = layout(values(shape, dtype))
                for name, function in [("adaptiveAvgPool2d", F.adaptive_avg_pool2d),
                                       ("adaptiveMaxPool2d", F.adaptive_max_pool2d)]:
                    record(suite, name, lambda input: function(input, size), given(input=view),
                           {"outputSize": size}, label)
        ties = offset(values([1, 1, 6, 6], torch.int32, -1, 1).to(dtype))
        record(suite, "adaptiveMaxPool2d", lambda input: F.adaptive_max_pool2d(input, [4, 3]),
               given(input=ties), {"outputSize": [4, 3]}, "corners, ties", unit=True)


def generate(suite):
    for part in [matmul, convolutions, pooling, adaptive]:
        part(suite)
