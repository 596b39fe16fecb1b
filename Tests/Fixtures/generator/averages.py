"""Averages of the weights of a small model over updates, and recalibrated batch norms."""

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from .recorder import note, values

UPDATES = 20


class Model(nn.Module):
    def __init__(self, dtype):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3, 5, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(3, dtype=dtype))
        self.register_buffer("mean", torch.zeros(3, dtype=dtype))
        self.register_buffer("count", torch.zeros([], dtype=torch.int64))

    def state(self):
        return {name: each.detach().clone() for name, each in self.state_dict().items()}


def course(dtype):
    """What the weights and buffers are at each update: a drift with noise."""
    drift = torch.arange(UPDATES, dtype=torch.float64)[:, None]
    def drifting(size, salt):
        return (drift / 7 + values([UPDATES, size], torch.float64, -1, 1, salt)).to(dtype)
    return {"weight": drifting(15, "weight").reshape(-1, 3, 5), "bias": drifting(3, "bias"),
            "mean": drifting(3, "mean"), "count": torch.arange(UPDATES) * 100}


def torch_average(steps, dtype, use_buffers, function):
    """PyTorch's average after each update."""
    model = Model(dtype)
    average = AveragedModel(model, multi_avg_fn=function, use_buffers=use_buffers)
    trace = []
    for step in range(UPDATES):
        model.load_state_dict({name: each[step] for name, each in steps.items()})
        average.update_parameters(model)
        trace.append({name.removeprefix("module."): each.clone()
                      for name, each in average.state_dict().items() if name != "n_averaged"})
    return trace


def recorded(suite, name, attributes, steps, trace):
    tensors = {f"step.{key}": each for key, each in steps.items()}
    for key in trace[0]:
        tensors[f"average.{key}"] = torch.stack([each[key] for each in trace])
    note(suite, "average", name, attributes, tensors)


def torch_averages(suite):
    kinds = [("exponential", 0.9), ("exponential", 0.99), ("stochastic", 0.0)]
    for dtype in [torch.float32, torch.float64]:
        for name, decay in kinds:
            for use_buffers in [False, True]:
                steps = course(dtype)
                function = get_ema_multi_avg_fn(decay) if name == "exponential" else None
                trace = torch_average(steps, dtype, use_buffers, function)
                if use_buffers:
                    # PyTorch averages counts too, which this package copies.
                    for each in trace:
                        del each["count"]
                attributes = {"decay": decay, "averagesBuffers": use_buffers}
                recorded(suite, name, attributes, steps, trace)


def of_halves(suite):
    """Halves, averaged by PyTorch in float32."""
    for dtype in [torch.bfloat16, torch.float16]:
        steps = course(dtype)
        wide = {key: each.float() if each.is_floating_point() else each
                for key, each in steps.items()}
        trace = torch_average(wide, torch.float32, False, get_ema_multi_avg_fn(0.9))
        for each in trace:
            each["mean"] = each["mean"].to(dtype)
        recorded(suite, "exponential", {"decay": 0.9, "averagesBuffers": False}, steps, trace)


def folded(series, decay_of):
    found = []
    for n, value in enumerate(series):
        decay = decay_of(n)
        found.append(value if n == 0 else found[-1] * decay + value * (1 - decay))
    return found


def bias_corrected(series, decay):
    """A sum that starts at zero, divided by the sum of its weights."""
    found, total, weights = [], torch.zeros_like(series[0]), 0.0
    for value in series:
        total = total * decay + value * (1 - decay)
        weights = weights * decay + (1 - decay)
        found.append(total / weights)
    return found


# name | decay | the averages of a series
WARMUPS = [
    ("ramp", 0.7, lambda x: folded(x, lambda n: min(0.7, (1 + n) / (10 + n)))),
    ("power", 0.8, lambda x: folded(x, lambda n: min(0.8, 1 - (1 + n) ** (-2 / 3)))),
    ("power, scaled", 0.99, lambda x: folded(x, lambda n: min(0.99, 1 - (1 + n / 3) ** -0.75))),
    ("biasCorrected", 0.95, lambda x: bias_corrected(x, 0.95)),
]


def warmups(suite):
    for name, decay, averages in WARMUPS:
        steps = course(torch.float64)
        series = {key: averages(list(steps[key])) for key in ["weight", "bias"]}
        series |= {key: list(steps[key]) for key in ["mean", "count"]}
        trace = [{key: each[n] for key, each in series.items()} for n in range(UPDATES)]
        recorded(suite, name, {"decay": decay, "averagesBuffers": False}, steps, trace)


def recalibrated(suite):
    """Statistics of two norms by PyTorch, for batches of one size."""
    for dtype in [torch.float32, torch.float64]:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3),
                              nn.BatchNorm1d(3)).to(dtype)
        initial = {f"initial.{key}": each.clone() for key, each in model.state_dict().items()}
        batches = values([5, 8, 4], dtype, -2, 2, "batches")
        update_bn([(batch,) for batch in batches], model)
        final = {f"final.{key}": each.clone() for key, each in model.state_dict().items()}
        note(suite, "recalibration", "equal", {}, {"batches": batches, **initial, **final})


def generate(suite):
    for part in [torch_averages, of_halves, warmups, recalibrated]:
        part(suite)
