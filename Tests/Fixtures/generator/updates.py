"""Traces of optimizers and schedules, and clipped gradients."""

import math

import torch
from torch.optim import SGD, Adam, AdamW, RMSprop, lr_scheduler

from .recorder import note, values

STEPS = 20
BASE = {"learningRate": 0.1}
SGDS = [{}, {"weightDecay": 0.1}, {"momentum": 0.9}, {"momentum": 0.9, "dampening": 0.5},
        {"momentum": 0.9, "nesterov": True},
        {"momentum": 0.9, "nesterov": True, "weightDecay": 0.01},
        {"momentum": 0.9, "maximize": True}]
ADAMS = [{}, {"weightDecay": 0.1}, {"amsgrad": True}, {"amsgrad": True, "weightDecay": 0.05},
         {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3}, {"beta1": 0.0, "beta2": 0.99}]
RMSPROPS = [{}, {"alpha": 0.9, "weightDecay": 0.1}, {"momentum": 0.9}, {"centered": True},
            {"centered": True, "momentum": 0.9, "epsilon": 1e-3}]
# name | class | attributes beside the learning rate
OPTIMIZERS = [("SGD", SGD, SGDS), ("Adam", Adam, ADAMS), ("AdamW", AdamW, ADAMS),
              ("RMSprop", RMSprop, RMSPROPS)]
TORCH_NAMES = {"learningRate": "lr", "weightDecay": "weight_decay", "epsilon": "eps"}


def torch_arguments(attributes):
    arguments = {TORCH_NAMES.get(name, name): value for name, value in attributes.items()
                 if not name.startswith("beta")}
    if "beta1" in attributes:
        arguments["betas"] = (attributes["beta1"], attributes["beta2"])
    return arguments


def gradients_of(dtype):
    """Ordinary, tiny, huge and vanishing gradients side by side."""
    scale = torch.tensor([1, 1, 1e-4, 1e-8, 1e3, 0, 1], dtype=torch.float64)
    found = values([STEPS, 7], torch.float64, -1, 1, "gradient") * scale
    found[3:9, 6] = 0
    return found.to(dtype)


def optimizers(suite):
    for name, kind, variants in OPTIMIZERS:
        for variant in variants:
            for dtype in [torch.float32, torch.float64]:
                attributes = {**BASE, **variant}
                parameter = values([7], dtype, -1, 1, "parameter").requires_grad_()
                initial, gradients = parameter.detach().clone(), gradients_of(dtype)
                optimizer = kind([parameter], foreach=False, **torch_arguments(attributes))
                trace = []
                for gradient in gradients:
                    parameter.grad = gradient.clone()
                    optimizer.step()
                    trace.append(parameter.detach().clone())
                note(suite, "optimizer", name, attributes,
                     {"initial": initial, "gradients": gradients, "trace": torch.stack(trace)})


def warmed_up(optimizer):
    return lr_scheduler.SequentialLR(optimizer, [
        lr_scheduler.LinearLR(optimizer, 0.1, 1.0, 10),
        lr_scheduler.CosineAnnealingLR(optimizer, 40, 0.001)], [10])


# name | attributes | maker | steps
SCHEDULES = [
    ("constant", {}, lambda o: lr_scheduler.LambdaLR(o, lambda step: 1.0), 5),
    ("step", {"stepSize": 7, "gamma": 0.3}, lambda o: lr_scheduler.StepLR(o, 7, 0.3), 30),
    ("multiStep", {"milestones": [5, 11, 12], "gamma": 0.5},
     lambda o: lr_scheduler.MultiStepLR(o, [5, 11, 12], 0.5), 20),
    ("exponential", {"gamma": 0.95}, lambda o: lr_scheduler.ExponentialLR(o, 0.95), 30),
    ("cosine", {"steps": 30, "minimum": 0.0}, lambda o: lr_scheduler.CosineAnnealingLR(o, 30), 31),
    ("cosine", {"steps": 25, "minimum": 0.01},
     lambda o: lr_scheduler.CosineAnnealingLR(o, 25, 0.01), 26),
    ("linear", {"startFactor": 0.25, "endFactor": 1.0, "steps": 8},
     lambda o: lr_scheduler.LinearLR(o, 0.25, 1.0, 8), 15),
    ("linear", {"startFactor": 1.0, "endFactor": 0.1, "steps": 10},
     lambda o: lr_scheduler.LinearLR(o, 1.0, 0.1, 10), 15),
    ("polynomial", {"steps": 12, "power": 2.0},
     lambda o: lr_scheduler.PolynomialLR(o, 12, 2.0), 15),
    ("warmupCosine", {"warmupSteps": 10, "startFactor": 0.1, "steps": 40, "minimum": 0.001},
     warmed_up, 51),
    ("oneCycle", {"steps": 40, "warmupFraction": 0.3, "divisor": 25.0, "finalDivisor": 1e4,
                  "anneal": "cosine"},
     lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=40), 40),
    ("oneCycle", {"steps": 30, "warmupFraction": 0.4, "divisor": 10.0, "finalDivisor": 100.0,
                  "anneal": "linear"},
     lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=30, pct_start=0.4, div_factor=10.0,
                                       final_div_factor=100.0, anneal_strategy="linear"), 30),
]


def schedules(suite):
    for name, attributes, maker, steps in SCHEDULES:
        optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=BASE["learningRate"])
        schedule = maker(optimizer)
        rates = []
        for step in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if step < steps - 1:
                schedule.step()
        note(suite, "schedule", name, {**BASE, **attributes},
             {"rates": torch.tensor(rates, dtype=torch.float64)})


# gradients | largest norm | p
NORMS = [([[3.0, 4.0]], 1.0, 2.0), ([[3.0, 4.0]], 5.0, 2.0), ([[0.6, 0.8]], 1.0, 2.0),
         ([[3.0], [4.0, 0.0], [12.0]], 1.0, 2.0), ([[3.0, 4.0]], 1.0, 1.0),
         ([[3.0, -4.0], [1.0]], 1.0, math.inf), ([[3.0, 4.0]], 1.0, 3.0), ([[0.0, 0.0]], 1.0, 2.0),
         ([[3.0, 4.0]], 0.0, 2.0), ([[0.3, 0.4]], 100.0, 2.0), ([[math.nan, 1.0], [2.0]], 1.0, 2.0),
         ([[math.inf, 1.0], [2.0]], 1.0, 2.0)]
LIMITS = [([[3.0, -4.0, 0.5], [-0.5]], 1.0), ([[3.0, -4.0]], 0.0),
          ([[math.nan, math.inf, -math.inf, 0.25]], 2.0)]


def clipped(suite, name, rows, attributes, clip):
    for dtype in [torch.float32, torch.float64]:
        gradients = [torch.tensor(row, dtype=dtype) for row in rows]
        parameters = [torch.zeros_like(each).requires_grad_() for each in gradients]
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = gradient.clone()
        norm = clip(parameters)
        returned = {} if norm is None else {"norm": norm}
        tensors = {f"gradient.{index}": each for index, each in enumerate(gradients)}
        tensors |= {f"clipped.{index}": each.grad for index, each in enumerate(parameters)}
        note(suite, "clipping", name, attributes, tensors | returned)


def clipping(suite):
    for rows, largest, p in NORMS:
        attributes = {"largest": largest, "p": "infinity" if p == math.inf else p}
        clipped(suite, "globalNorm", rows, attributes, lambda parameters:
                torch.nn.utils.clip_grad_norm_(parameters, largest, p, foreach=False))
    for rows, limit in LIMITS:
        clipped(suite, "value", rows, {"limit": limit}, lambda parameters:
                torch.nn.utils.clip_grad_value_(parameters, limit, foreach=False))


def generate(suite):
    for part in [optimizers, schedules, clipping]:
        part(suite)
