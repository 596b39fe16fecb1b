"""Clipped and smoothed gradients: norms of any order, units, values, and rules with a history."""

import math

import numpy
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_, get_total_norm

from .recorder import FLOATS, NAMES, note, values

ORDERS = [1.0, 1.5, 2.0, 3.0, math.inf]
LIMITS = [0.0, 1e-3, 0.5, 1.0, 100.0, math.inf]
SHAPES = [(7,), (5, 3), (2, 3, 2, 2), (1,), ()]
# Edges of the norm: gradients, each with a largest norm.
EDGES = [([[3.0, 4.0]], 1.0), ([[3.0, 4.0]], 5.0), ([[0.6, 0.8]], 1.0), ([[0.0, 0.0]], 1.0),
         ([[0.0, 0.0]], 0.0), ([[3.0, 4.0]], math.inf), ([[3.0], [4.0, 0.0], [12.0]], 1.0),
         ([[math.nan, 1.0], [2.0]], 1.0), ([[1.0], [math.inf, 2.0]], 1.0), ([[]], 1.0), ([], 1.0),
         ([[3e30, 4e30], [1e30]], 1.0), ([[3e4, 4e4]], 1.0), ([[1e-30, 2e-30]], 1e-31),
         ([[3e300, 4e300]], 1.0)]
VALUES = [0.0, 0.25, 1.0, 100.0, math.inf]
# Ratio and least norm of weights.
UNITS = [(0.01, 1e-3), (0.1, 1e-3), (0.5, 0.5), (0.0, 1e-3), (10.0, 1e-3)]


def number(value):
    return "infinity" if value == math.inf else value


def gradients_of(dtype, scale=1.0):
    return [values(shape, dtype, -scale, scale, f"clipping{index}")
            for index, shape in enumerate(SHAPES)]


def rows_of(rows, dtype):
    return [torch.tensor(row, dtype=torch.float64).to(dtype) for row in rows]


def applied(gradients, clip):
    """The gradients after `clip` has changed those of parameters, and what it returned."""
    parameters = [torch.zeros_like(each).requires_grad_() for each in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = gradient.clone()
    returned = clip(parameters)
    return [parameter.grad for parameter in parameters], returned


def clipped(suite, name, attributes, gradients, clip, others=None):
    """What PyTorch makes of the gradients, in their own dtype and exactly: widened to float64."""
    own, _ = applied(gradients, clip)
    exact, norm = applied([each.double() for each in gradients], clip)
    tensors = {f"gradient.{index}": each for index, each in enumerate(gradients)}
    tensors |= {f"clipped.{index}": each for index, each in enumerate(own)}
    tensors |= {f"exact.{index}": each for index, each in enumerate(exact)}
    tensors |= {} if norm is None else {"norm": norm.double()}
    dtype = NAMES[gradients[0].dtype] if gradients else "float32"
    note(suite, "clipping", name, {**attributes, "dtype": dtype}, tensors | (others or {}))


def norm_case(suite, gradients, largest, p):
    attributes = {"largest": number(largest), "p": number(p)}
    clipped(suite, "globalNorm", attributes, gradients, lambda parameters:
            clip_grad_norm_(parameters, largest, p, foreach=False))


def norms(suite):
    for dtype in FLOATS:
        for p in ORDERS:
            for largest in LIMITS:
                norm_case(suite, gradients_of(dtype, 3.0), largest, p)
        for rows, largest in EDGES:
            for p in [2.0] if [] in rows else [1.0, 2.0, math.inf]:
                norm_case(suite, rows_of(rows, dtype), largest, p)
        gradients = gradients_of(dtype, 3.0)
        total = {f"p{number(p)}": get_total_norm([each.double() for each in gradients], p)
                 for p in ORDERS}
        note(suite, "totalNorm", NAMES[dtype], {}, total | {
            f"gradient.{index}": each for index, each in enumerate(gradients)})


def parameter_norms(suite):
    for dtype in FLOATS:
        for p in [1.0, 2.0, math.inf]:
            for largest in [0.0, 1.0, 4.0]:
                def clip(parameters, largest=largest, p=p):
                    for parameter in parameters:
                        clip_grad_norm_([parameter], largest, p, foreach=False)
                clipped(suite, "parameterNorm", {"largest": largest, "p": number(p)},
                        gradients_of(dtype, 3.0), clip)


def limited_values(suite):
    for dtype in FLOATS:
        for limit in VALUES:
            clipped(suite, "value", {"limit": number(limit)}, gradients_of(dtype, 3.0),
                    lambda parameters: clip_grad_value_(parameters, limit, foreach=False))


def unit_norm(tensor):
    axes = tuple(range(1, tensor.ndim))
    return tensor.norm(2) if tensor.ndim < 2 else tensor.norm(2, dim=axes, keepdim=True)


def units(suite):
    """Adaptive clipping as Brock et al. 2021 give it, with timm's least norms."""
    for dtype in FLOATS:
        weights = [values(shape, dtype, -1, 1, f"weights{index}")
                   for index, shape in enumerate(SHAPES)]
        weights[1][0] = 0
        for ratio, least in UNITS:
            def clip(parameters, ratio=ratio, least=least):
                for parameter, weight in zip(parameters, weights):
                    gradient = parameter.grad
                    limit = ratio * unit_norm(weight.to(gradient.dtype)).clamp(min=least)
                    norm = unit_norm(gradient)
                    smaller = gradient * (limit / norm.clamp(min=1e-6))
                    parameter.grad = torch.where(norm <= limit, gradient, smaller)
            clipped(suite, "unitNorm", {"ratio": ratio, "epsilon": least}, gradients_of(dtype, 3.0),
                    clip, {f"weight.{index}": each for index, each in enumerate(weights)})


def noisy_norms():
    """Norms that drift and spike."""
    found = values([120], torch.float64, 0.8, 1.2, "norms") * torch.linspace(2, 1, 120).double()
    for step, factor in [(10, 6), (40, 20), (41, 3), (70, 1.8), (71, 100), (100, 5)]:
        found[step] *= factor
    return found


def z_score_limits(norms, threshold, decay, warmup):
    """The largest norm of each step by ZClip, equations 2 to 6."""
    first, mean, variance, limits = [], None, None, []
    for norm in norms.tolist():
        limit = math.inf
        if len(first) < warmup:
            first.append(norm)
            if len(first) == warmup:
                mean, variance = numpy.mean(first), numpy.var(first)
        else:
            z = (norm - mean) / (math.sqrt(variance) + 1e-6)
            if z > threshold:
                limit = mean + threshold * math.sqrt(variance) / (z / threshold)
            kept = norm if limit == math.inf else limit
            mean = decay * mean + (1 - decay) * kept
            variance = decay * variance + (1 - decay) * (kept - mean) ** 2
        limits.append(limit)
    return torch.tensor(limits, dtype=torch.float64)


def histories(suite):
    norms = noisy_norms()
    for threshold, decay, warmup in [(2.5, 0.97, 25), (1.0, 0.9, 1), (2.0, 0.5, 10)]:
        note(suite, "history", "zScore",
             {"threshold": threshold, "decay": decay, "warmup": warmup},
             {"norms": norms, "limits": z_score_limits(norms, threshold, decay, warmup)})
    for percentile, window in [(10.0, 120), (90.0, 120), (50.0, 7), (100.0, 120), (33.0, 1)]:
        limits = [numpy.percentile(norms[max(0, step + 1 - window):step + 1].numpy(), percentile)
                  for step in range(len(norms))]
        note(suite, "history", "percentile", {"percentile": percentile, "window": window},
             {"norms": norms, "limits": torch.tensor(limits, dtype=torch.float64)})


def smoothings(suite):
    """m <- d m + (1 - d) g, divided by 1 - d^t; at some steps there is no gradient."""
    for decay in [0.0, 0.5, 0.9, 0.999]:
        for dtype in FLOATS:
            given = values([12, 5], dtype, -2, 2, "smoothing")
            given[4] *= 100
            average, steps, smoothed = torch.zeros(5, dtype=torch.float64), 0, []
            for step, gradient in enumerate(given.double()):
                if step % 5 != 3:
                    average, steps = decay * average + (1 - decay) * gradient, steps + 1
                smoothed.append(average / (1 - decay ** steps))
            note(suite, "smoothing", NAMES[dtype], {"decay": decay},
                 {"gradients": given, "smoothed": torch.stack(smoothed)})


def generate(suite):
    for part in [norms, parameter_norms, limited_values, units, histories, smoothings]:
        part(suite)
