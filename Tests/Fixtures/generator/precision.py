"""Mixed precision: PyTorch's lists, its loss scaler, and runs and calls under its autocast."""

import pathlib
import re

import torch
import torch.nn.functional as F
from torch import nn

from .recorder import note, values
from .training import digits

HALVES = [torch.float16, torch.bfloat16]

# Lists of the header, by what they do to inputs.
LISTS = {"low": "LOWER_PRECISION_FP", "wide": "FP32", "wideResult": "FP32_SET_OPT_DTYPE",
         "widest": "PROMOTE"}


def lists(suite):
    """Which operations CUDA's autocast casts, and how."""
    header = pathlib.Path(torch.__file__).parent / "include/ATen/autocast_mode.h"
    text = header.read_text()
    found = {}
    for name, macro in LISTS.items():
        block = re.search(rf"#define AT_FORALL_{macro}\(_\)(.*?)\n\n", text, re.S).group(1)
        found[name] = sorted(set(re.findall(r"_\((\w+)", block)))
    note(suite, "autocast", "CUDA", found, {})


SCALERS = [
    {"initialScale": 4.0, "growthInterval": 3, "events": [0, 0, 0, 0, 1, 0, 0, 0]},
    {"initialScale": 2.0**16, "growthInterval": 2, "skipped": 0.2, "count": 200},
    {"initialScale": 100.0, "growthFactor": 1.7, "backoffFactor": 0.3, "growthInterval": 2,
     "skipped": 0.35, "count": 200},
    {"initialScale": 2.0**120, "growthInterval": 1, "skipped": 0.1, "count": 60},
    {"initialScale": 1.0, "growthInterval": 7, "skipped": 0.6, "count": 60},
]


def scalers(suite):
    """The scale and its tracker after each step of a given outcome."""
    for seed, settings in enumerate(SCALERS):
        source = torch.Generator().manual_seed(seed)
        events = (torch.tensor(settings["events"]) if "events" in settings else
                  (torch.rand(settings["count"], generator=source) < settings["skipped"]))
        numbers = {"growthFactor": 2.0, "backoffFactor": 0.5, **settings}
        scale = torch.tensor([numbers["initialScale"]])
        tracker = torch.zeros(1, dtype=torch.int32)
        scales, trackers = [], []
        for event in events:
            torch._amp_update_scale_(
                scale, tracker, event.float().reshape(1), numbers["growthFactor"],
                numbers["backoffFactor"], numbers["growthInterval"])
            scales.append(scale.clone())
            trackers.append(tracker.clone())
        attributes = {key: numbers[key] for key in
                      ["initialScale", "growthFactor", "backoffFactor", "growthInterval"]}
        note(suite, "scaler", "GradScaler", attributes, {
            "events": events.to(torch.uint8), "scales": torch.cat(scales),
            "trackers": torch.cat(trackers)})


CALLS = {
    "linear": (lambda x, w, b: F.linear(x, w, b), [[6, 8], [5, 8], [5]]),
    "conv2d": (lambda x, w, b: F.conv2d(x, w, b, padding=1), [[2, 3, 5, 4], [4, 3, 3, 3], [4]]),
    "matmul": (lambda a, b: a @ b, [[2, 5, 6], [2, 6, 3]]),
    "scaledDotProductAttention": (
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        [[2, 6, 4], [2, 6, 4], [2, 6, 4]]),
}


def calls(suite):
    """float32 in, 16 bits out, float32 gradients."""
    for dtype in HALVES:
        for name, (function, shapes) in CALLS.items():
            inputs = [values(shape, torch.float32, -1.0, 1.0, f"autocast{place}").requires_grad_()
                      for place, shape in enumerate(shapes)]
            with torch.autocast("cpu", dtype):
                output = function(*inputs)
            cotangent = values(output.shape, dtype, -1.0, 1.0, "autocast")
            output.backward(cotangent)
            tensors = {"output": output, "cotangent": cotangent}
            for place, each in enumerate(inputs):
                tensors |= {f"input.{place}": each, f"gradient.{place}": each.grad}
            note(suite, "autocast call", name, {"dtype": str(dtype).split(".")[1]}, tensors)


RUN = {"modelSeed": 0, "steps": 60, "batchSize": 64, "learningRate": 1e-3}
SCALER = {"init_scale": 2.0**26, "growth_interval": 8}


def runs(suite):
    """A perceptron on the digits: losses and scales of each step."""
    pixels, labels = digits(suite.digits)
    for dtype in HALVES:
        torch.manual_seed(RUN["modelSeed"])
        model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
        optimizer = torch.optim.Adam(model.parameters(), lr=RUN["learningRate"], foreach=False)
        scaler = torch.amp.GradScaler("cpu", enabled=dtype == torch.float16, **SCALER)
        losses, scales = [], []
        for step in range(RUN["steps"]):
            rows = (torch.arange(RUN["batchSize"]) + step * RUN["batchSize"]) % len(labels)
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype):
                loss = F.cross_entropy(model(pixels[rows].float()), labels[rows])
            scales.append(scaler.get_scale())
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            losses.append(loss.detach().float())
        note(suite, "mixed training", "mlp", {**RUN, "dtype": str(dtype).split(".")[1], **SCALER},
             {"losses": torch.stack(losses), "scales": torch.tensor(scales)})


def generate(suite):
    lists(suite)
    scalers(suite)
    calls(suite)
    runs(suite)
