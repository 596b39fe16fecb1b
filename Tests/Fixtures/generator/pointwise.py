"""Operations that act on each element by itself."""

import functools
import math

import torch
import torch.nn.functional as F

from .layouts import LAYOUTS
from .recorder import ALL, FLOATS, INTEGERS, given, record, values

EVERYWHERE, POSITIVE = (-3.0, 3.0), (0.1, 4.0)

# name | function | attributes | sampled interval
UNARY = [
    ("neg", torch.neg, {}, EVERYWHERE), ("abs", torch.abs, {}, EVERYWHERE),
    ("sign", torch.sign, {}, EVERYWHERE), ("exp", torch.exp, {}, EVERYWHERE),
    ("expm1", torch.expm1, {}, EVERYWHERE), ("log", torch.log, {}, POSITIVE),
    ("log1p", torch.log1p, {}, (-0.9, 3.0)), ("sqrt", torch.sqrt, {}, POSITIVE),
    ("rsqrt", torch.rsqrt, {}, POSITIVE), ("square", torch.square, {}, EVERYWHERE),
    ("reciprocal", torch.reciprocal, {}, POSITIVE), ("sin", torch.sin, {}, (-10.0, 10.0)),
    ("cos", torch.cos, {}, (-10.0, 10.0)), ("tanh", torch.tanh, {}, EVERYWHERE),
    ("sigmoid", torch.sigmoid, {}, (-8.0, 8.0)), ("erf", torch.erf, {}, EVERYWHERE),
    ("floor", torch.floor, {}, EVERYWHERE), ("ceil", torch.ceil, {}, EVERYWHERE),
    ("round", torch.round, {}, EVERYWHERE), ("relu", F.relu, {}, EVERYWHERE),
    ("leakyReLU", lambda x: F.leaky_relu(x, 0.2), {"negativeSlope": 0.2}, EVERYWHERE),
    ("elu", lambda x: F.elu(x, 1.5), {"alpha": 1.5}, EVERYWHERE),
    ("celu", lambda x: F.celu(x, 1.5), {"alpha": 1.5}, EVERYWHERE),
    ("selu", F.selu, {}, EVERYWHERE), ("gelu", F.gelu, {}, EVERYWHERE),
    ("geluTanh", lambda x: F.gelu(x, approximate="tanh"), {}, EVERYWHERE),
    ("silu", F.silu, {}, (-8.0, 8.0)), ("mish", F.mish, {}, (-8.0, 8.0)),
    ("softplus", lambda x: F.softplus(x, 2.0, 10.0), {"beta": 2.0, "threshold": 10.0},
     (-8.0, 8.0)),
    ("softsign", F.softsign, {}, EVERYWHERE), ("hardswish", F.hardswish, {}, (-5.0, 5.0)),
    # F.hardsigmoid itself has no second derivative.
    ("hardsigmoid", lambda x: F.relu6(x + 3) / 6, {}, (-5.0, 5.0)),
    ("hardtanh", lambda x: F.hardtanh(x, -0.75, 1.25), {"lower": -0.75, "upper": 1.25},
     EVERYWHERE),
    ("relu6", F.relu6, {}, (-3.0, 9.0)), ("logSigmoid", F.logsigmoid, {}, (-8.0, 8.0)),
    ("threshold", lambda x: F.threshold(x, 0.5, -2.0), {"threshold": 0.5, "value": -2.0},
     EVERYWHERE),
    ("softshrink", lambda x: F.softshrink(x, 0.5), {"lambda": 0.5}, EVERYWHERE),
    ("hardshrink", lambda x: F.hardshrink(x, 0.5), {"lambda": 0.5}, EVERYWHERE),
    ("clamp", lambda x: torch.clamp(x, -0.75, 1.25), {"lower": -0.75, "upper": 1.25},
     EVERYWHERE),
    ("clamp", lambda x: torch.clamp(x, min=-0.75), {"lower": -0.75}, EVERYWHERE),
    ("clamp", lambda x: torch.clamp(x, max=1.25), {"upper": 1.25}, EVERYWHERE),
    ("isNaN", torch.isnan, {}, EVERYWHERE), ("isFinite", torch.isfinite, {}, EVERYWHERE),
    ("logicalNot", torch.logical_not, {}, EVERYWHERE),
]

BINARY = [
    ("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("div", torch.div),
    ("pow", torch.pow), ("minimum", torch.minimum), ("maximum", torch.maximum),
    ("atan2", torch.atan2), ("remainder", torch.remainder),
    ("floorDivide", functools.partial(torch.div, rounding_mode="floor")),
]
COMPARISONS = [
    ("equal", torch.eq), ("notEqual", torch.ne), ("less", torch.lt),
    ("lessEqual", torch.le), ("greater", torch.gt), ("greaterEqual", torch.ge),
    ("logicalAnd", torch.logical_and), ("logicalOr", torch.logical_or),
    ("logicalXor", torch.logical_xor),
]

# Exact in every floating dtype; kinks of the activations are among them.
CORNERS = [0.0, -0.0, 0.5, -0.5, -0.75, 1.0, -1.0, 1.25, 1.5, -1.5, 2.5, -2.5, 3.0, -3.0, 5.0, 6.0,
           10.5, 20.0, -20.0, 88.0, -88.0, 90.0, -90.0, 104.0, -104.0, 712.0, -712.0, -750.0,
           math.inf, -math.inf, math.nan]
BINARY_CORNERS = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -1.5, 3.0, math.inf, -math.inf, math.nan]


def corners(dtype):
    limits = torch.finfo(dtype)
    least = limits.smallest_normal * limits.eps
    edges = [limits.max, limits.min, limits.smallest_normal, -limits.smallest_normal,
             least, -least, limits.eps, -limits.eps]
    return torch.tensor(CORNERS + edges, dtype=torch.float64).to(dtype)


def evaluated(function, arguments, dtype, gradient):
    """What PyTorch computes in a dtype: outputs, then gradients for cotangents of one."""
    leaves = [each.to(dtype).requires_grad_(gradient) for each in arguments]
    output = function(*leaves)
    if not gradient or not output.requires_grad:
        return [output.detach()]
    found = torch.autograd.grad(output.sum(), leaves, materialize_grads=True)
    return [output.detach(), *found]


def agreed(function, arguments, gradient):
    """The elements on which PyTorch's arithmetic in this dtype equals float64, rounded: where its
    own kernels disagree about a corner, none of them is a judge."""
    dtype = arguments[0].dtype
    keep = torch.ones(arguments[0].shape, dtype=torch.bool)
    tolerance = 8 * torch.finfo(dtype).eps
    for own, exact in zip(evaluated(function, arguments, dtype, gradient),
                          evaluated(function, arguments, torch.float64, gradient)):
        own, exact = own.double(), exact.to(own.dtype).double()
        keep &= torch.isclose(own, exact, rtol=tolerance, atol=0, equal_nan=True)
    return keep


def record_corners(suite, name, function, attributes, names, arguments):
    """Values for all agreed corners; gradients for those whose gradients agree too."""
    for gradient, label in [(False, "corners"), (True, "corners, gradient")]:
        keep = agreed(function, arguments, gradient)
        if gradient and not evaluated(function, arguments, torch.float64, True)[1:]:
            continue
        suite.dropped[name] += int((~keep).sum())
        views = dict(zip(names, (each[keep].clone() for each in arguments)))
        record(suite, name, lambda **views: function(*views.values()),
               given(fixed=() if gradient else names, **views), attributes, label, unit=True)


def unary(suite):
    for name, function, attributes, (low, high) in UNARY:
        def apply(x, function=function):
            return function(x)
        for dtype in FLOATS:
            for size in [1, 7, 17, 33]:
                record(suite, name, apply, given(x=values([size], dtype, low, high)), attributes)
            for label, layout in list(LAYOUTS.items())[1:]:
                view = layout(values([5, 7], dtype, low, high))
                record(suite, name, apply, given(x=view), attributes, label)
            record_corners(suite, name, apply, attributes, ["x"], [corners(dtype)])
        unary_of_integers(suite, name, function, attributes, low)


def unary_of_integers(suite, name, function, attributes, low):
    """Integers stay integers where the function keeps them, and become float32 elsewhere."""
    if attributes:
        return
    for dtype in [*INTEGERS, torch.bool]:
        view = values([7], dtype, 1 if low > -1 else -3, 4)
        try:
            kept = function(view).dtype
        except (RuntimeError, NotImplementedError):
            continue
        if kept.is_floating_point:
            record(suite, name, lambda x: function(x.double()), given(x=view), label="integers",
                   result=kept)
        else:
            record(suite, name, lambda x: function(x), given(x=view), label="integers")


def pairs(dtype, low, high):
    """Label and two operands: every layout, and shapes that broadcast."""
    def left(shape):
        return values(shape, dtype, low, high, "a")

    def right(shape):
        return values(shape, dtype, low, high, "b")

    for size in [1, 17, 33]:
        yield "contiguous", left([size]), right([size])
    for label, layout in list(LAYOUTS.items())[1:]:
        yield label, layout(left([5, 7])), right([5, 7])
        yield f"{label}, second", left([5, 7]), layout(right([5, 7]))
    yield "contiguous", left([5, 7]), right([7])
    yield "contiguous", left([5, 1]), right([1, 7])
    yield "contiguous", left([2, 1, 3]), right([4, 1])
    yield "contiguous", left([]), right([5])
    yield "contiguous", left([0, 3]), right([3])


def binary(suite):
    grid = torch.cartesian_prod(*[torch.tensor(BINARY_CORNERS, dtype=torch.float64)] * 2)
    for name, function in BINARY + COMPARISONS:
        def apply(a, b, function=function):
            return function(a, b)
        for dtype in FLOATS:
            bounds = POSITIVE if name == "pow" else EVERYWHERE
            for label, a, b in pairs(dtype, *bounds):
                record(suite, name, apply, given(a=a, b=b), label=label)
            first, second = grid.to(dtype).unbind(1)
            record_corners(suite, name, apply, {}, ["a", "b"], [first.clone(), second.clone()])
        binary_of_integers(suite, name, function)


def binary_of_integers(suite, name, function):
    for dtype in [*INTEGERS, torch.bool]:
        a = values([5, 7], dtype, -9, 9, "a")
        b = values([7], dtype, 1, 3, "b")
        b = b if name == "pow" or dtype in (torch.uint8, torch.bool) else b * torch.tensor(
            [1, -1, 1, -1, 1, -1, 1], dtype=dtype)
        try:
            kept = function(a, b).dtype
        except (RuntimeError, NotImplementedError):
            continue
        real = kept.is_floating_point

        def apply(a, b):
            return function(a.double(), b.double()) if real else function(a, b)

        for label in ["contiguous", "transposed"]:
            record(suite, name, apply, given(a=LAYOUTS[label](a), b=b), label=f"integers, {label}",
                   result=kept if real else None)


def wrapping(suite):
    """Results outside the range of int32 and uint8 wrap."""
    large = torch.tensor([2147483647, -2147483648, 65536], dtype=torch.int32)
    byte = torch.tensor([200, 255, 7], dtype=torch.uint8)
    for value in [large, byte]:
        for name, function in [("add", torch.add), ("sub", torch.sub), ("mul", torch.mul)]:
            record(suite, name, lambda a, b: function(a, b), given(a=value, b=value.flip(0)),
                   label="wrapping")
        for name, function in [("neg", torch.neg), ("abs", torch.abs)]:
            record(suite, name, lambda x: function(x), given(x=value), label="wrapping")


def scalars(suite):
    """A number beside a tensor."""
    operations = [("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("div", torch.div),
                  ("pow", torch.pow)]
    for name, function in operations:
        for dtype in FLOATS:
            for scalar in [2.5, 3]:
                record(suite, name, lambda a: function(a, scalar),
                       given(a=values([7], dtype, *POSITIVE)),
                       {"scalar": scalar, "scalarKind": "int" if scalar == 3 else "float"})
    base = torch.tensor([-2.0, -1.0, 0.0, 0.5, 3.0, math.inf, -math.inf], dtype=torch.float64)
    for exponent in [0.0, 1.0, 2.0, 3.0, -1.0, 0.5]:
        record(suite, "pow", lambda a: torch.pow(a, exponent), given(a=base),
               {"scalar": exponent, "scalarKind": "float"}, "corners", unit=True)


def prelu(suite):
    for dtype in FLOATS:
        for shape, count in [([5], 1), ([5, 7], 1), ([3, 7], 7), ([2, 3, 5], 3)]:
            weight = values([count], dtype, 0.0, 0.5)
            for label, layout in LAYOUTS.items():
                if label != "transposed" or len(shape) > 1:
                    record(suite, "prelu", F.prelu,
                           given(input=layout(values(shape, dtype)), weight=weight), label=label)
        corner = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan, 1.0], dtype=dtype)
        weight = torch.full([1], 0.25, dtype=dtype)
        record(suite, "prelu", F.prelu, given(input=corner, weight=weight), label="corners",
               unit=True)


def where(suite):
    def select(condition, a, b):
        return torch.where(condition, a, b)

    condition = values([5, 7], torch.bool)
    for dtype in ALL:
        a, b = values([5, 7], dtype, salt="a"), values([5, 7], dtype, salt="b")
        for label, layout in LAYOUTS.items():
            record(suite, "where", select, given(condition=layout(condition), a=layout(a), b=b),
                   label=label)
        record(suite, "where", select,
               given(condition=condition[0].clone(), a=a, b=b[:, :1].clone()))
    unused = torch.tensor([math.nan, 1.0, math.inf], dtype=torch.float64)
    record(suite, "where", select, given(condition=torch.tensor([False, True, False]), a=unused,
                                         b=torch.ones(3, dtype=torch.float64)), label="corners")


def generate(suite):
    for part in [unary, binary, wrapping, scalars, prelu, where]:
        part(suite)
