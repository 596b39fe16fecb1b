"""Operations that look at a whole row: softmax, normalizations, attention."""

import math

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from .layouts import LAYOUTS
from .recorder import FLOATS, given, record, values

SOFTMAX_ROWS = {
    "large": [[1000.0, 1001.0, 999.0], [-1000.0, 0.0, 1.0], [60000.0, 60000.0, -60000.0]],
    "infinite": [[-math.inf, 0.0, 1.0], [math.inf, 0.0, 1.0], [-math.inf] * 3],
    "nan": [[math.nan, 0.0, 1.0], [0.0, -0.0, 0.0], [1.0, math.inf, math.inf]],
}


SOFTMAX_SHAPES = [([1], [0]), ([17], [0]), ([5, 33], [0, -1]), ([3, 5, 7], [0, 1, 2])]
LAYER_SHAPES = [([5, 7], [7]), ([2, 3, 17], [17]), ([2, 3, 5], [3, 5]), ([3, 1], [1])]


def softmax(suite):
    for name, function in [("softmax", torch.softmax), ("logSoftmax", torch.log_softmax)]:
        for dtype in FLOATS:
            for shape, axes in SOFTMAX_SHAPES:
                for label, layout in LAYOUTS.items():
                    for axis in axes if label != "transposed" or len(shape) > 1 else []:
                        record(suite, name, lambda x: function(x, axis),
                               given(x=layout(values(shape, dtype))), {"axis": axis}, label)
            for label, rows in SOFTMAX_ROWS.items():
                record(suite, name, lambda x: function(x, -1),
                       given(x=torch.tensor(rows, dtype=dtype)), {"axis": -1}, f"corners, {label}")


def affine(shape, dtype, present=True):
    if not present:
        return {"weight": None, "bias": None}
    return {"weight": values(shape, dtype, 0.5, 1.5, "weight"),
            "bias": values(shape, dtype, -1, 1, "bias")}


def layer_norm(suite):
    for dtype in FLOATS:
        for shape, normalized in LAYER_SHAPES:
            for label, layout in LAYOUTS.items():
                for present in [True, False]:
                    parts = affine(normalized, dtype, present)
                    x = layout(values(shape, dtype))
                    attributes = {"normalizedShape": normalized, "epsilon": 1e-5}
                    record(suite, "layerNorm", lambda input, weight=None, bias=None:
                           F.layer_norm(input, normalized, weight, bias, 1e-5),
                           given(input=x, **parts), attributes, label)
                    record(suite, "rmsNorm", lambda input, weight=None:
                           F.rms_norm(input, normalized, weight, 1e-5),
                           given(input=x, weight=parts["weight"]), attributes, label)


def batch_norm(suite):
    for dtype in FLOATS:
        for shape in [[5, 3], [2, 3, 7], [2, 3, 4, 5]]:
            for label, layout in LAYOUTS.items():
                x = layout(values(shape, dtype))
                for training in [True, False]:
                    for present in [True, False] if label == "contiguous" else [True]:
                        batch_norm_case(suite, x, label, training, present)
        rows = torch.tensor([[math.nan, 1], [2, 1], [3, 1]], dtype=dtype)
        batch_norm_case(suite, torch.cat([rows, rows[:, :1]], 1), "corners", True, False)


def batch_norm_case(suite, view, label, training, present):
    dtype, channels = view.dtype, view.shape[1]
    settings = {"training": training, "momentum": 0.1, "epsilon": 1e-5}

    def apply(input, runningMean, runningVariance, weight=None, bias=None):
        mean, variance = runningMean.clone(), runningVariance.clone()
        y = F.batch_norm(input, mean, variance, weight, bias, training, 0.1, 1e-5)
        return (y, mean, variance) if training else y

    running = {"runningMean": values([channels], dtype, -1, 1, "mean"),
               "runningVariance": values([channels], dtype, 0.5, 1.5, "variance")}
    record(suite, "batchNorm", apply,
           given(fixed=list(running), input=view, **running, **affine([channels], dtype, present)),
           settings, label)


def group_norm(suite):
    for dtype in FLOATS:
        for shape, groups in [([2, 6], 3), ([2, 6, 5], 2), ([2, 4, 3, 3], 1), ([1, 4, 3, 2], 4)]:
            for label, layout in LAYOUTS.items():
                x, parts = layout(values(shape, dtype)), affine(shape[1:2], dtype)
                record(suite, "groupNorm", lambda input, weight, bias:
                       F.group_norm(input, groups, weight, bias, 1e-5), given(input=x, **parts),
                       {"groups": groups, "epsilon": 1e-5}, label)
                if len(shape) > 2:
                    record(suite, "instanceNorm", lambda input, weight, bias:
                           F.instance_norm(input, weight=weight, bias=bias, eps=1e-5),
                           given(input=x, **parts), {"epsilon": 1e-5}, label)


# query | key | value shapes
ATTENTION = [([1, 1, 1, 1],) * 3, ([2, 3, 5, 4],) * 3, ([1, 2, 3, 7], [1, 2, 6, 7], [1, 2, 6, 5]),
             ([1, 17, 8],) * 3]


def attention_case(suite, shapes, dtype, layout, label, mask=None, causal=False, scale=None):
    def apply(query, key, value, mask=None):
        with sdpa_kernel(SDPBackend.MATH):
            return F.scaled_dot_product_attention(query, key, value, mask, 0.0, causal, scale=scale)

    query, key, value = (values(shape, dtype, -2, 2, name)
                         for shape, name in zip(shapes, ["query", "key", "value"]))
    settings = {"isCausal": causal, **({"scale": scale} if scale else {})}
    record(suite, "scaledDotProductAttention", apply,
           given(query=layout(query), key=layout(key), value=layout(value), mask=mask),
           settings, label)


def heads_inside(tensor):
    """How a projection split into heads lies in memory: [batch, length, heads, width]."""
    return tensor.transpose(-3, -2).contiguous().transpose(-3, -2)


def attention(suite):
    layouts = [*LAYOUTS.items(), ("heads inside", heads_inside)]
    for dtype in FLOATS:
        for shapes in ATTENTION:
            length, keys = shapes[0][-2], shapes[1][-2]
            boolean = values([length, keys], torch.bool) | torch.eye(length, keys, dtype=torch.bool)
            additive = values([length, keys], dtype, -2, 2, "mask")
            for options in [{}, {"causal": True}, {"mask": boolean}, {"mask": additive},
                            {"scale": 0.3}]:
                attention_case(suite, shapes, dtype, LAYOUTS["contiguous"], "contiguous", **options)
        for label, layout in layouts[1:]:
            attention_case(suite, ATTENTION[1], dtype, layout, label, causal=True)
            attention_case(suite, ATTENTION[2], dtype, layout, label)
        per_batch = values([2, 1, 5, 5], torch.bool) | torch.eye(5, dtype=torch.bool)
        nothing = torch.ones([5, 5], dtype=torch.bool)
        nothing[2] = False
        for label, mask in [("contiguous", per_batch), ("corners, nothing to see", nothing)]:
            attention_case(suite, ATTENTION[1], dtype, LAYOUTS["contiguous"], label, mask)


def generate(suite):
    for part in [softmax, layer_norm, batch_norm, group_norm, attention]:
        part(suite)
