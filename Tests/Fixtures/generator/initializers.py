"""Weights that PyTorch's initializers make, beside those of randomness.py."""

import torch
from torch import nn

from .recorder import FLOATS, note

REALS = [torch.float32, torch.float64]


def start(suite, name, shape, dtype, attributes, fill):
    torch.manual_seed(5)
    weight = fill(torch.empty(shape, dtype=dtype))
    note(suite, "initializer", name, {"seed": 5, **attributes}, {"weight": weight})


def orthogonal(suite):
    for shape in [[4, 4], [7, 3], [3, 7], [20, 20], [6, 2, 3], [4, 3, 3, 2], [1, 5], [5, 1]]:
        for dtype in REALS:
            for gain in [1.0, 2.0 ** 0.5]:
                start(suite, "orthogonal", shape, dtype, {"gain": gain},
                      lambda w: nn.init.orthogonal_(w, gain))


# mean, deviation, lower, upper: the last three have little of the distribution within the bounds.
TRUNCATED = [(0.0, 1.0, -2.0, 2.0), (0.0, 0.02, -2.0, 2.0), (0.5, 2.0, 0.0, 4.0),
             (0.0, 1.0, 0.25, 0.75), (0.0, 1.0, 2.0, 3.0), (1.0, 0.5, -1.0, -0.25)]


def truncated_normal(suite):
    for mean, deviation, lower, upper in TRUNCATED:
        for shape in [[3], [5, 7], [40, 20]]:
            settings = {"mean": mean, "deviation": deviation, "lower": lower, "upper": upper}
            dtypes = FLOATS if lower <= mean <= upper and deviation < upper - lower else REALS
            for dtype in dtypes:
                start(suite, "truncatedNormal", shape, dtype, settings,
                      lambda w: nn.init.trunc_normal_(w, mean, deviation, lower, upper))


def sparse(suite):
    for shape in [[5, 3], [17, 9], [1, 4]]:
        for sparsity in [0.0, 0.1, 0.5, 1.0]:
            for dtype in REALS:
                start(suite, "sparse", shape, dtype, {"sparsity": sparsity, "deviation": 0.5},
                      lambda w: nn.init.sparse_(w, sparsity, 0.5))


def identities(suite):
    for shape in [[3, 3], [2, 5], [5, 2]]:
        start(suite, "identity", shape, torch.float32, {}, nn.init.eye_)
    for shape, groups in [([3, 2, 3], 1), ([4, 6, 2], 2), ([6, 2, 3, 4], 3), ([2, 2, 1, 3, 5], 1)]:
        start(suite, "dirac", shape, torch.float32, {"groups": groups},
              lambda w: nn.init.dirac_(w, groups))


def generate(suite):
    for part in [orthogonal, truncated_normal, sparse, identities]:
        part(suite)
