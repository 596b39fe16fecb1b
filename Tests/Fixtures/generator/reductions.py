"""Operations that fold axes."""

import math

import torch

from .layouts import LAYOUTS
from .recorder import ALL, FLOATS, INTEGERS, given, record, values


def over(function):
    """A function of (x, axes, keepDims) that understands no axes as all of them."""
    def fold(x, axes, keep):
        return function(x, list(range(x.dim())) if axes is None else axes, keep)
    return fold


def product(x, axes, keep):
    for axis in sorted((axis % x.dim() for axis in axes), reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


def anywhere(function):
    def fold(x, axes, keep):
        return function(x, tuple(axes), keepdim=keep)
    return fold


def norm(order):
    return over(lambda x, axes, keep: torch.linalg.vector_norm(x, order, axes, keep))


def spread(function, correction):
    return over(lambda x, axes, keep: function(x, axes, correction=correction, keepdim=keep))


# name | function(x, axes, keepDims) | attributes
REAL = [
    ("sum", over(torch.sum), {}), ("mean", over(torch.mean), {}), ("product", over(product), {}),
    ("max", over(torch.amax), {}), ("min", over(torch.amin), {}),
    ("logSumExp", over(torch.logsumexp), {}),
    *[("variance", spread(torch.var, each), {"correction": each}) for each in [0, 1]],
    *[("standardDeviation", spread(torch.std, each), {"correction": each}) for each in [0, 1]],
    *[("norm", norm(each), {"p": each}) for each in [0.5, 1.0, 2.0, 3.0]],
    ("norm", norm(math.inf), {"p": "infinity"}),
]
DISCRETE = [("any", over(anywhere(torch.any)), {}), ("all", over(anywhere(torch.all)), {})]
POSITIONS = [("argmax", torch.argmax), ("argmin", torch.argmin)]
INTEGRAL = [each for each in REAL if each[0] in ("sum", "product", "max", "min")]

AXES = [(None, False), (None, True), ([0], False), ([1], True), ([-1], False), ([0, 2], False),
        ([1, 2], True)]


def attributes_of(attributes, axes, keep):
    chosen = {} if axes is None else {"axes": axes}
    return {**attributes, **chosen, "keepDims": keep}


def one(suite, name, function, attributes, view, axes, keep, label, **more):
    record(suite, name, lambda x: function(x, axes, keep), given(x=view),
           attributes_of(attributes, axes, keep), label, **more)


def reals(suite):
    for name, function, attributes in REAL + DISCRETE:
        for dtype in FLOATS:
            for size in [1, 17, 33]:
                if size > 1 or "correction" not in attributes:
                    one(suite, name, function, attributes, values([size], dtype, -2, 2), None,
                        False, "contiguous")
            cube = values([3, 5, 7], dtype, -2, 2)
            for axes, keep in AXES:
                one(suite, name, function, attributes, cube, axes, keep, "contiguous")
            for label, layout in list(LAYOUTS.items())[1:]:
                for axes, keep in [([0], False), ([-1], True)]:
                    one(suite, name, function, attributes, layout(cube), axes, keep, label)


def integers(suite):
    for name, function, attributes in INTEGRAL + DISCRETE:
        for dtype in [*INTEGERS, torch.bool]:
            if dtype == torch.bool and name in ("max", "min"):
                continue
            view = values([3, 5, 2], dtype, -3, 3)
            for label in ["contiguous", "transposed", "offset"]:
                for axes, keep in [(None, False), ([0, 2], True)]:
                    one(suite, name, function, attributes, LAYOUTS[label](view), axes, keep,
                        f"integers, {label}")


def positions(suite):
    for name, function in POSITIONS:
        for dtype in [*FLOATS, *INTEGERS]:
            cube = values([3, 5, 7], dtype)
            for label, layout in LAYOUTS.items():
                for axis, keep in [(None, False), (0, False), (1, True), (-1, False)]:
                    chosen = {} if axis is None else {"axis": axis}
                    record(suite, name, lambda x: function(x, axis, keep),
                           given(fixed=["x"], x=layout(cube)), {**chosen, "keepDims": keep}, label)
        for dtype in FLOATS:
            for row in [[1, 3, 3, 1], [0.0, math.nan, 5, math.nan], [math.inf, -math.inf, 1],
                        [-math.inf] * 3, [-0.0, 0.0]]:
                record(suite, name, lambda x: function(x, 0), given(fixed=["x"], x=torch.tensor(
                    row, dtype=dtype)), {"axis": 0, "keepDims": False}, "corners")


def running(suite):
    for dtype in ALL:
        cube = values([3, 5, 7], dtype, -2, 2)
        for label, layout in LAYOUTS.items():
            for axis in [0, 1, -1]:
                record(suite, "cumulativeSum", lambda x: x.cumsum(axis), given(x=layout(cube)),
                       {"axis": axis}, label)
        if dtype.is_floating_point:
            row = torch.tensor([1.0, math.inf, 2.0, -math.inf, 3.0], dtype=dtype)
            record(suite, "cumulativeSum", lambda x: x.cumsum(0), given(x=row), {"axis": 0},
                   "corners")


# Rows of [n, 4], folded along the second axis.
ROWS = {
    "ties": [[1, 3, 3, 1], [2, 2, 2, 2], [-1, -1, -5, -5]],
    "zeros": [[0, 2, 3, 4], [0, 0, 3, 4], [0.0, -0.0, 0.0, -0.0]],
    "nan": [[1, math.nan, 2, 3], [math.nan, math.inf, 0, 1], [math.nan] * 4],
    "infinite": [[math.inf, 1, 2, 3], [-math.inf, 1, 2, 3], [math.inf, -math.inf, 0, 1]],
    "large": [[1000, 999, 998, 1000], [-1000, -1000, -999, 0]],
    "all infinite": [[math.inf] * 4, [-math.inf] * 4],
}
EMPTY = ["sum", "mean", "product", "any", "all"]


def corners(suite):
    for name, function, attributes in REAL + DISCRETE:
        for dtype in FLOATS:
            for label, rows in ROWS.items():
                one(suite, name, function, attributes, torch.tensor(rows, dtype=dtype), [1], False,
                    f"corners, {label}", unit=True)
            if name in EMPTY:
                one(suite, name, function, attributes, torch.zeros([0, 3], dtype=dtype), [0], False,
                    "empty")
            if name in ("variance", "standardDeviation"):
                one(suite, name, function, attributes, torch.ones([3, 1], dtype=dtype), [1], False,
                    "corners, one element", unit=True)


LONG = [each for each in REAL if each[0] in ("sum", "mean", "variance", "logSumExp")]


def accuracy(suite):
    """Long folds: the error of a naive sum would show."""
    for dtype in [torch.float32, torch.float16, torch.bfloat16]:
        for name, function, attributes in LONG:
            if attributes.get("correction") != 0:
                for shape, axes in [([2053], None), ([257, 3], [0])]:
                    one(suite, name, function, attributes, values(shape, dtype, 0.0, 2.0), axes,
                        False, "long")


def generate(suite):
    for part in [reals, integers, positions, running, corners, accuracy]:
        part(suite)
