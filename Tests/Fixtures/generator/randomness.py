"""Draws of PyTorch's generator on the CPU, and the weights that layers and initializers make."""

import torch
from torch import nn

from .recorder import DTYPES, FLOATS, NAMES, note

DRAWS = {
    "uniform": lambda shape, dtype, low, high: torch.empty(shape, dtype=dtype).uniform_(low, high),
    "normal": lambda shape, dtype, mean, deviation:
        torch.empty(shape, dtype=dtype).normal_(mean, deviation),
    "integer": lambda shape, dtype, low, high: torch.randint(low, high, shape, dtype=dtype),
    "permutation": lambda shape, dtype: torch.randperm(shape[0], dtype=dtype),
}
BOUNDS = {"uniform": ("low", "high"), "normal": ("mean", "standardDeviation"),
          "integer": ("low", "high"), "permutation": ()}


def call(draw, shape, dtype=torch.float32, *bounds):
    names = BOUNDS[draw]
    if names and not bounds:
        bounds = (0.0, 1.0)
    return {"draw": draw, "shape": shape, "dtype": NAMES[dtype], **dict(zip(names, bounds))}


def sequence(suite, name, seed, calls):
    torch.manual_seed(seed)
    tensors = {}
    for index, each in enumerate(calls):
        bounds = [each[bound] for bound in BOUNDS[each["draw"]]]
        tensors[str(index)] = DRAWS[each["draw"]](each["shape"], DTYPES[each["dtype"]], *bounds)
    note(suite, "random", name, {"seed": seed, "calls": calls}, tensors)


def draws(suite):
    whole = torch.int64
    for seed in [0, 1, 42, 2 ** 32 + 5, 67280421310721]:
        sequence(suite, "uniform", seed, [call("uniform", [7])])
        sequence(suite, "normal", seed, [call("normal", [17])])
    for dtype in FLOATS:
        sequence(suite, "uniform", 0, [call("uniform", [5, 7], dtype),
                                       call("uniform", [33], dtype, -0.3, 1.7)])
        for count in [1, 2, 3, 15, 16, 17, 31, 32, 100]:
            sequence(suite, "normal", 0, [call("normal", [count], dtype)])
        sequence(suite, "normal", 3, [call("normal", [5, 7], dtype, 0.5, 0.02)])
    for count in [0, 1, 2, 10, 100, 1438]:
        sequence(suite, "permutation", 1, [call("permutation", [count], whole)])
    for low, high in [(0, 1), (0, 10), (-5, 5), (0, 256), (0, 2 ** 31), (0, 2 ** 33)]:
        sequence(suite, "integer", 2, [call("integer", [9], whole, low, high)])
    # An odd count of small normals leaves a spare, which the next small draw takes.
    sequence(suite, "mixed", 0, [
        call("normal", [3]), call("uniform", [2]), call("normal", [2], torch.float64),
        call("normal", [5]), call("normal", [16]), call("normal", [1]),
        call("permutation", [7], whole), call("uniform", [3], torch.float64),
        call("integer", [4], whole, 0, 6), call("normal", [20]),
    ])


# name | attributes | maker
LAYERS = [
    ("Linear", {"inputs": 3, "outputs": 2}, lambda: nn.Linear(3, 2)),
    ("Linear", {"inputs": 17, "outputs": 33}, lambda: nn.Linear(17, 33)),
    ("Linear", {"inputs": 5, "outputs": 4, "bias": False}, lambda: nn.Linear(5, 4, bias=False)),
    ("Conv1d", {"inputs": 3, "outputs": 4, "kernel": [5]}, lambda: nn.Conv1d(3, 4, 5)),
    ("Conv2d", {"inputs": 3, "outputs": 4, "kernel": [3, 3]}, lambda: nn.Conv2d(3, 4, 3)),
    ("Conv2d", {"inputs": 4, "outputs": 6, "kernel": [3, 2], "groups": 2},
     lambda: nn.Conv2d(4, 6, (3, 2), groups=2)),
    ("ConvTranspose2d", {"inputs": 4, "outputs": 6, "kernel": [3, 3]},
     lambda: nn.ConvTranspose2d(4, 6, 3)),
    ("Embedding", {"count": 11, "width": 7}, lambda: nn.Embedding(11, 7)),
    ("Embedding", {"count": 5, "width": 2}, lambda: nn.Embedding(5, 2)),
    ("MultiHeadAttention", {"width": 8, "heads": 2}, lambda: nn.MultiheadAttention(8, 2)),
    ("LayerNorm", {"shape": [5]}, lambda: nn.LayerNorm(5)),
    ("RMSNorm", {"shape": [5]}, lambda: nn.RMSNorm(5)),
    ("BatchNorm2d", {"channels": 3}, lambda: nn.BatchNorm2d(3)),
    ("GroupNorm", {"groups": 2, "channels": 6}, lambda: nn.GroupNorm(2, 6)),
    ("PReLU", {"count": 1}, lambda: nn.PReLU()),
    ("Sequential", {"widths": [4, 8, 3]},
     lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))),
]


def layers(suite):
    for name, attributes, maker in LAYERS:
        for seed in [0, 7]:
            torch.manual_seed(seed)
            note(suite, "layer", name, {"seed": seed, **attributes}, maker().state_dict())


HE = [("fanIn", "relu", 0.0), ("fanOut", "relu", 0.0), ("fanIn", "leakyReLU", 0.2),
      ("fanIn", "linear", 0.0), ("fanOut", "tanh", 0.0)]
TORCH_NAMES = {"fanIn": "fan_in", "fanOut": "fan_out", "leakyReLU": "leaky_relu"}


def initializers(suite):
    for shape in [[5, 3], [17, 9], [6, 2, 3], [4, 3, 3, 2]]:
        for gain in [1.0, 5 / 3]:
            for name, fill in [("xavierUniform", nn.init.xavier_uniform_),
                               ("xavierNormal", nn.init.xavier_normal_)]:
                initializer(suite, name, shape, {"gain": gain}, lambda w: fill(w, gain))
        for mode, nonlinearity, slope in HE:
            arguments = {"a": slope, "mode": TORCH_NAMES[mode],
                         "nonlinearity": TORCH_NAMES.get(nonlinearity, nonlinearity)}
            for name, fill in [("heUniform", nn.init.kaiming_uniform_),
                               ("heNormal", nn.init.kaiming_normal_)]:
                initializer(suite, name, shape,
                            {"mode": mode, "nonlinearity": nonlinearity, "slope": slope},
                            lambda w: fill(w, **arguments))


def initializer(suite, name, shape, attributes, fill):
    for dtype in [torch.float32, torch.float64]:
        torch.manual_seed(5)
        weight = fill(torch.empty(shape, dtype=dtype))
        note(suite, "initializer", name, {"seed": 5, **attributes}, {"weight": weight})


def generate(suite):
    for part in [draws, layers, initializers]:
        part(suite)
