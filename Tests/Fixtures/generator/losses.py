"""Losses, and the dtype of mixed operands."""

import math

import torch
import torch.nn.functional as F

from .layouts import LAYOUTS
from .recorder import ALL, FLOATS, NAMES, given, record, values

REDUCTIONS = ["none", "mean", "sum"]


def labels_of(shape, classes, ignored=False):
    labels = values(shape, torch.int64, 0, classes - 1, "labels")
    if ignored:
        labels.view(-1)[1::3] = -100
    return labels


def cross_entropy_case(suite, logits, labels, label, reduction="mean", smoothing=0.0, weight=None):
    settings = {"reduction": reduction, "labelSmoothing": smoothing, "ignoreIndex": -100}
    record(suite, "crossEntropy", lambda logits, labels, weight=None:
           F.cross_entropy(logits, labels, weight, reduction=reduction, label_smoothing=smoothing),
           given(fixed=["weight"], logits=logits, labels=labels, weight=weight), settings, label)


def cross_entropy(suite):
    for dtype in FLOATS:
        weight = values([7], dtype, 0.2, 2.0)
        for label, layout in LAYOUTS.items():
            logits = layout(values([5, 7], dtype))
            for reduction in REDUCTIONS:
                cross_entropy_case(suite, logits, labels_of([5], 7), label, reduction)
        for reduction in REDUCTIONS:
            for smoothing in [0.0, 0.1]:
                for chosen in [None, weight]:
                    cross_entropy_case(suite, values([5, 7], dtype), labels_of([5], 7, True),
                                       "contiguous", reduction, smoothing, chosen)
            cross_entropy_case(suite, values([2, 3, 4], dtype), labels_of([2, 4], 3), "spatial",
                               reduction)
        ignored = torch.full([3], -100, dtype=torch.int64)
        for reduction in ["mean", "sum"]:
            cross_entropy_case(suite, values([3, 4], dtype), ignored, "corners, all ignored",
                               reduction)
        extreme = torch.tensor([[1000.0, -1000.0, 0.0], [-math.inf, 0.0, 1.0], [0.0, 0.0, 0.0]],
                               dtype=dtype)
        for target in [[0, 1, 2], [1, 0, 2]]:
            cross_entropy_case(suite, extreme, torch.tensor(target), "corners, extreme", "none")


def negative_log_likelihood(suite):
    for dtype in FLOATS:
        weight = values([7], dtype, 0.2, 2.0)
        for reduction in REDUCTIONS:
            for label, layout in LAYOUTS.items():
                for chosen in [None, weight] if label == "contiguous" else [weight]:
                    record(suite, "negativeLogLikelihood", lambda input, labels, weight=None:
                           F.nll_loss(input, labels, weight, reduction=reduction),
                           given(fixed=["weight"], input=layout(values([5, 7], dtype, -5, 0)),
                                 labels=labels_of([5], 7, True), weight=chosen),
                           {"reduction": reduction, "ignoreIndex": -100}, label)


def binary_cross_entropy(suite):
    def apply(reduction):
        return lambda logits, target, weight=None, positiveWeight=None: \
            F.binary_cross_entropy_with_logits(logits, target, weight, reduction=reduction,
                                               pos_weight=positiveWeight)

    for dtype in FLOATS:
        weight, positive = values([3], dtype, 0.2, 2, "w"), values([3], dtype, 0.5, 3, "p")
        for reduction in REDUCTIONS:
            both = {"weight": weight, "positiveWeight": positive}
            variants = [(label, {}) for label in LAYOUTS] + [
                ("contiguous", both), *[("contiguous", {key: both[key]}) for key in both]]
            for label, options in variants:
                logits = LAYOUTS[label](values([5, 3], dtype, -5, 5))
                record(suite, "binaryCrossEntropyWithLogits", apply(reduction),
                       given(fixed=["target", *options], logits=logits,
                             target=values([5, 3], dtype, 0, 1), **options),
                       {"reduction": reduction}, label)
        extreme = torch.tensor([1000.0, -1000.0, 0.0, math.nan], dtype=dtype)
        for target in [0.0, 1.0]:
            record(suite, "binaryCrossEntropyWithLogits", apply("none"),
                   given(fixed=["target"], logits=extreme,
                         target=torch.full([4], target, dtype=dtype)),
                   {"reduction": "none"}, "corners", unit=True)


# name | function(input, target, reduction) | attributes
DISTANCES = [
    ("meanSquaredError", lambda a, b, how: F.mse_loss(a, b, reduction=how), {}),
    ("l1Loss", lambda a, b, how: F.l1_loss(a, b, reduction=how), {}),
    ("huberLoss", lambda a, b, how: F.huber_loss(a, b, reduction=how), {"delta": 1.0}),
    ("huberLoss", lambda a, b, how: F.huber_loss(a, b, reduction=how, delta=0.5), {"delta": 0.5}),
    ("smoothL1Loss", lambda a, b, how: F.smooth_l1_loss(a, b, reduction=how), {"beta": 1.0}),
    ("smoothL1Loss", lambda a, b, how: F.smooth_l1_loss(a, b, reduction=how, beta=0.5),
     {"beta": 0.5}),
]


def distances(suite):
    for name, function, attributes in DISTANCES:
        for dtype in FLOATS:
            for reduction in REDUCTIONS:
                settings = {**attributes, "reduction": reduction}

                def apply(input, target):
                    return function(input, target, reduction)

                for label, layout in LAYOUTS.items():
                    record(suite, name, apply, given(input=layout(values([5, 7], dtype)),
                                                     target=values([5, 7], dtype, salt="t")),
                           settings, label)
            kinks = torch.tensor([0.0, 0.5, -0.5, 1.0, -1.0, 2.0, math.nan, math.inf], dtype=dtype)
            record(suite, name, apply, given(input=kinks, target=torch.zeros(8, dtype=dtype)),
                   {**attributes, "reduction": "sum"}, "corners", unit=True)
            nothing = torch.zeros([0], dtype=dtype)
            for how in ["mean", "sum"]:
                record(suite, name, lambda input, target: function(input, target, how),
                       given(input=nothing, target=nothing.clone()),
                       {**attributes, "reduction": how}, "empty")


PROMOTING = [("add", torch.add), ("mul", torch.mul), ("div", torch.div), ("maximum", torch.maximum),
             ("less", torch.lt)]


def promotion(suite):
    """Operands of two dtypes; numbers are small, so that every dtype holds them."""
    for name, function in PROMOTING:
        for left in ALL:
            for right in ALL:
                a, b = values([3], left, 0, 3, "a"), values([3], right, 1, 3, "b")
                a, b = a.double().round().to(left), b.double().round().to(right)
                record(suite, name, lambda a, b: function(a, b), given(fixed=["a", "b"], a=a, b=b),
                       label="promotion", native=True)
    for name, function in PROMOTING[:3]:
        for dtype in ALL:
            for scalar, kind in [(2, "int"), (0.5, "float")]:
                record(suite, name, lambda a: function(a, scalar),
                       given(fixed=["a"], a=values([3], dtype, 0, 3)),
                       {"scalar": scalar, "scalarKind": kind}, "promotion", native=True)


def generate(suite):
    for part in [cross_entropy, negative_log_likelihood, binary_cross_entropy, distances, promotion]:
        part(suite)
