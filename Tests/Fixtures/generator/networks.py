"""Gated units, shrinking functions, cosines, and losses beside those of losses.py."""

import math

import torch
import torch.nn.functional as F

from .layouts import LAYOUTS
from .pointwise import EVERYWHERE, corners, record_corners
from .recorder import FLOATS, given, record, values

REDUCTIONS = {"none": "none", "mean": "mean", "sum": "sum"}
WITH_BATCH = {**REDUCTIONS, "batchMean": "batchmean"}
REALS = [torch.float32, torch.float64]


def tanhshrink(suite):
    for dtype in FLOATS:
        for size in [1, 17, 33]:
            record(suite, "tanhshrink", F.tanhshrink, given(input=values([size], dtype, *EVERYWHERE)))
        for label, layout in list(LAYOUTS.items())[1:]:
            record(suite, "tanhshrink", F.tanhshrink, given(input=layout(values([5, 7], dtype))),
                   label=label)
        record_corners(suite, "tanhshrink", F.tanhshrink, {}, ["input"], [corners(dtype)])


GATES = {"glu": torch.sigmoid, "swiGLU": F.silu, "geGLU": F.gelu, "reGLU": F.relu}


def gated(suite):
    # Rows of values, then of gates.
    edges = torch.tensor([[1.0, -2.0, 3.0, 0.0, 2.0], [1.0, math.inf, -math.inf, math.nan, 1.0],
                          [0.0, -0.0, 0.5, 20.0, -20.0], [math.inf, 1.0, 2.0, -1.0, math.nan]],
                         dtype=torch.float64)
    for variant, gate in GATES.items():
        for dtype in FLOATS:
            for axis in [-1, 0]:
                def apply(input):
                    if variant == "glu":
                        return F.glu(input, axis)
                    first, second = input.chunk(2, axis)
                    return first * gate(second)

                settings = {"variant": variant, "axis": axis}
                for label, layout in LAYOUTS.items():
                    record(suite, "glu", apply, given(input=layout(values([6, 8], dtype))), settings,
                           label)
            record(suite, "glu", apply, given(input=edges.to(dtype)),
                   settings, "corners", unit=True)


def softmin(suite):
    for dtype in FLOATS:
        for axis in [0, 1, -1]:
            for label, layout in LAYOUTS.items():
                record(suite, "softmin", lambda input: F.softmin(input, axis),
                       given(input=layout(values([5, 7], dtype))), {"axis": axis}, label)


def cosine_similarity(suite):
    for dtype in FLOATS:
        for left, right, axis in [([5, 7], [5, 7], 1), ([2, 3, 4], [2, 3, 4], 1), ([4, 6], [6], -1)]:
            record(suite, "cosineSimilarity", lambda a, b: F.cosine_similarity(a, b, axis),
                   given(a=values(left, dtype, salt="a"), b=values(right, dtype, salt="b")),
                   {"axis": axis, "epsilon": 1e-8})
        rows = torch.tensor([[0.0, 0.0], [1e-3, -1e-3], [3.0, -4.0], [0.0, 2.0]], dtype=dtype)
        record(suite, "cosineSimilarity", lambda a, b: F.cosine_similarity(a, b, 1, 0.5),
               given(a=rows, b=rows.flip(0)), {"axis": 1, "epsilon": 0.5}, "corners", unit=True)


def loss(suite, name, function, reductions, attributes, label, unit=False, **inputs):
    """A loss under every reduction."""
    for ours, theirs in reductions.items():
        record(suite, name, lambda **views: function(reduction=theirs, **views), given(**inputs),
               {**attributes, "reduction": ours}, label, unit=unit)


def kl_divergence(suite):
    for dtype in REALS:
        for logarithm in [False, True]:
            def apply(input, target, reduction):
                return F.kl_div(input, target, reduction=reduction, log_target=logarithm)

            settings = {"logTargets": logarithm}
            target = torch.softmax(values([3, 5], dtype, salt="t"), -1)
            for shape in [[3, 5], [15], [3, 5, 1]]:
                loss(suite, "klDivergence", apply, WITH_BATCH, settings, "contiguous",
                     input=torch.log_softmax(values([3, 5], dtype), -1).reshape(shape),
                     target=(target.log() if logarithm else target).reshape(shape))
            certain = torch.tensor([1.0, 0.5, 2.0], dtype=dtype)
            loss(suite, "klDivergence", apply, REDUCTIONS, settings, "corners", unit=True,
                 input=torch.tensor([-math.inf, 0.0, math.nan], dtype=dtype), target=certain)
        # Here PyTorch knows no gradient by targets.
        zeros = torch.tensor([0.0, 1.0, 0.0], dtype=dtype)
        for how in ["none", "sum"]:
            record(suite, "klDivergence", lambda input, target: F.kl_div(input, target, reduction=how),
                   given(fixed=["target"], input=torch.tensor([-1.0, -2.0, 3.0], dtype=dtype),
                         target=zeros), {"logTargets": False, "reduction": how}, "corners", unit=True)


def binary_cross_entropy(suite):
    for dtype in REALS:
        inputs = {"input": values([4, 3], dtype, 0.02, 0.98), "target": values([4, 3], dtype, 0, 1)}
        # PyTorch adds 1e-12 here and there to its second derivative: no judge beyond nine digits.
        loss(suite, "binaryCrossEntropy", F.binary_cross_entropy, REDUCTIONS, {}, "plain", **inputs)
        for how in REDUCTIONS:
            record(suite, "binaryCrossEntropy",
                   lambda input, target, weight: F.binary_cross_entropy(input, target, weight,
                                                                        reduction=how),
                   given(fixed=["weight"], weight=values([3], dtype, 0.2, 2), **inputs),
                   {"reduction": how}, "weighted")
        edges = torch.tensor([0.0, 1.0, 1e-30, 1e-20, 1e-7, 0.5], dtype=dtype)
        for answer in [0.0, 1.0, 0.25]:
            for how in ["none", "mean"]:
                record(suite, "binaryCrossEntropy",
                       lambda input, target: F.binary_cross_entropy(input, target, reduction=how),
                       given(fixed=["target"], input=edges, target=torch.full([6], answer, dtype=dtype)),
                       {"reduction": how}, "corners", unit=True)


def focal(input, target, reduction, alpha, gamma):
    """The formula of the paper."""
    p = torch.sigmoid(input)
    right = p * target + (1 - p) * (1 - target)
    losses = (1 - right) ** gamma * F.binary_cross_entropy_with_logits(
        input, target, reduction="none")
    if alpha >= 0:
        losses = losses * (alpha * target + (1 - alpha) * (1 - target))
    return {"none": losses, "mean": losses.mean(), "sum": losses.sum()}[reduction]


def focal_loss(suite):
    for dtype in REALS:
        answers = (values([4, 3], dtype, salt="t") > 0).to(dtype)
        for alpha, gamma in [(0.25, 2.0), (-1.0, 1.5), (0.5, 0.0)]:
            for how in REDUCTIONS:
                record(suite, "sigmoidFocalLoss",
                       lambda input, target: focal(input, target, how, alpha, gamma),
                       given(fixed=["target"], input=values([4, 3], dtype, -6, 6), target=answers),
                       {"alpha": alpha, "gamma": gamma, "reduction": how})


def z_loss(suite):
    def apply(input, reduction):
        losses = 0.01 * torch.logsumexp(input, 1) ** 2
        return {"none": losses, "mean": losses.mean(), "sum": losses.sum()}[reduction]

    for dtype in REALS:
        for shape in [[5, 7], [2, 3, 4]]:
            loss(suite, "zLoss", apply, REDUCTIONS, {"weight": 0.01}, "contiguous",
                 input=values(shape, dtype))
        loss(suite, "zLoss", apply, REDUCTIONS, {"weight": 0.01}, "corners", unit=True,
             input=torch.tensor([[1e4, -1e4, 0.0], [-math.inf, 1.0, 2.0]], dtype=dtype))


def embeddings(suite):
    signs = torch.tensor([1.0, -1.0, -1.0, 1.0, -1.0])
    for dtype in REALS:
        first, second, third = (values([5, 4], dtype, salt=salt) for salt in "abc")
        zero = torch.zeros([5, 4], dtype=dtype)
        for margin in [0.0, -0.5, 0.3]:
            def cosine(a, b, reduction):
                return F.cosine_embedding_loss(a, b, signs, margin, reduction=reduction)

            for label, a, b in [("contiguous", first, second), ("corners", zero, second)]:
                loss(suite, "cosineEmbeddingLoss", cosine, REDUCTIONS, {"margin": margin}, label,
                     a=a, b=b)
        for p, swap in [(2.0, False), (2.0, True), (1.0, True), (3.0, False), (math.inf, True)]:
            def triplet(a, b, c, reduction):
                return F.triplet_margin_loss(a, b, c, 1.5, p, swap=swap, reduction=reduction)

            settings = {"margin": 1.5, "p": "infinity" if math.isinf(p) else p, "swap": swap}
            loss(suite, "tripletMarginLoss", triplet, REDUCTIONS, settings, "contiguous",
                 a=first, b=second, c=third)
        loss(suite, "tripletMarginLoss", lambda **views: F.triplet_margin_loss(
            *(views[key] for key in "abc"), 1.5, reduction=views["reduction"]), REDUCTIONS,
            {"margin": 1.5, "p": 2.0, "swap": False}, "corners", a=first, b=first.clone(), c=second)
        pair = {"a": torch.tensor([1.0, 2.0, 0.5, math.nan, -1.0], dtype=dtype),
                "b": torch.tensor([1.0, -1.0, 0.25, 0.0, math.inf], dtype=dtype)}
        for margin in [0.0, 0.25]:
            loss(suite, "marginRankingLoss", lambda a, b, reduction: F.margin_ranking_loss(
                a, b, signs.to(dtype), margin, reduction=reduction), REDUCTIONS,
                {"margin": margin}, "corners", unit=True, **pair)
        for margin in [1.0, 2.0]:
            loss(suite, "hingeEmbeddingLoss", lambda a, reduction: F.hinge_embedding_loss(
                a, signs.to(dtype), margin, reduction=reduction), REDUCTIONS,
                {"margin": margin}, "corners", unit=True, a=pair["a"])


def likelihoods(suite):
    for dtype in REALS:
        counts = values([4, 3], dtype, 0, 9, "t").round()
        for logarithm in [True, False]:
            for full in [False, True]:
                inputs = values([4, 3], dtype, *((-3, 3) if logarithm else (0, 4)))
                for how in REDUCTIONS:
                    record(suite, "poissonNegativeLogLikelihood",
                           lambda input, target: F.poisson_nll_loss(
                               input, target, logarithm, full, reduction=how),
                           given(fixed=["target"], input=inputs, target=counts),
                           {"logRates": logarithm, "isFull": full, "reduction": how})
        edges = torch.tensor([0.0, 1e-8, math.inf, math.nan], dtype=dtype)
        record(suite, "poissonNegativeLogLikelihood",
               lambda input, target: F.poisson_nll_loss(input, target, False, reduction="none"),
               given(fixed=["target"], input=edges, target=torch.ones(4, dtype=dtype)),
               {"logRates": False, "isFull": False, "reduction": "none"}, "corners", unit=True)
        for shape in [[4, 3], [4, 1], [4]]:
            for full in [False, True]:
                loss(suite, "gaussianNegativeLogLikelihood", lambda input, target, variance, reduction:
                     F.gaussian_nll_loss(input, target, variance, full=full, reduction=reduction),
                     REDUCTIONS, {"isFull": full}, "contiguous", input=values([4, 3], dtype),
                     target=values([4, 3], dtype, salt="t"), variance=values(shape, dtype, 0.2, 3))
        small = torch.tensor([[0.0, 1e-9, 1e-6]], dtype=dtype)
        loss(suite, "gaussianNegativeLogLikelihood", lambda input, target, variance, reduction:
             F.gaussian_nll_loss(input, target, variance, reduction=reduction), {"none": "none"},
             {"isFull": False}, "corners", unit=True, input=torch.zeros_like(small),
             target=torch.tensor([[0.0, 1e-3, 0.5]], dtype=dtype), variance=small)


def generate(suite):
    for part in [tanhshrink, gated, softmin, cosine_similarity, kl_divergence, binary_cross_entropy,
                 focal_loss, z_loss, embeddings, likelihoods]:
        part(suite)
