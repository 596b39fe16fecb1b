"""Traces of optimizers over two parameters in two groups, with decay, zero and missing gradients."""

import contextlib
import unittest.mock

import numpy
import torch
from torch import optim

from .recorder import NAMES, note, values

STEPS = 20
MISSING = [4, 5, 11]
FACTOR = 0.5
VECTOR, MATRIX, WIDE, STACK = [7], [5, 3], [3, 4], [2, 3, 4]
# Ordinary, tiny, huge and vanishing gradients side by side.
SCALES = torch.tensor([1, 1, 1e-4, 1e-8, 1e3, 0, 1], dtype=torch.float64)

SGDS = [{}, {"weightDecay": 0.1}, {"momentum": 0.9, "dampening": 0.5, "weightDecay": 0.1},
        {"momentum": 0.9, "nesterov": True, "weightDecay": 0.1}]
ADAMS = [{}, {"weightDecay": 0.1}, {"amsgrad": True, "weightDecay": 0.05},
         {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3}, {"beta1": 0.0, "beta2": 0.99}]
NADAMS = [{}, {"weightDecay": 0.1}, {"weightDecay": 0.1, "decoupled": True},
          {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3, "momentumDecay": 0.1}]
RADAMS = [{}, {"weightDecay": 0.1}, {"weightDecay": 0.1, "decoupled": True},
          {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3}, {"beta1": 0.0, "beta2": 0.5}]
ADAMAXES = [{}, {"weightDecay": 0.1}, {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3}]
RMSPROPS = [{}, {"alpha": 0.9, "weightDecay": 0.1}, {"momentum": 0.9, "weightDecay": 0.1},
            {"centered": True, "momentum": 0.9, "epsilon": 1e-3, "weightDecay": 0.1}]
ADAGRADS = [{}, {"weightDecay": 0.1},
            {"learningRateDecay": 0.1, "initialSquareSum": 0.5, "epsilon": 1e-3}]
ADADELTAS = [{}, {"weightDecay": 0.1}, {"rho": 0.5, "epsilon": 1e-2}, {"rho": 1.0}]
ADAFACTORS = [{}, {"weightDecay": 0.1}, {"decayExponent": -0.5, "clippingThreshold": 2.0},
              {"epsilon": 1e-4, "scaleEpsilon": 0.5}]
MUONS = [{}, {"weightDecay": 0.0}, {"nesterov": False, "momentum": 0.5},
         {"scaling": "matchingAdamW", "iterations": 3},
         {"coefficients": [2.0, -1.5, 0.5], "epsilon": 1e-3}]
# name | class | shapes | variants
TORCHS = [("SGD", optim.SGD, (VECTOR, MATRIX), SGDS), ("Adam", optim.Adam, (VECTOR, MATRIX), ADAMS),
          ("AdamW", optim.AdamW, (VECTOR, MATRIX), ADAMS),
          ("NAdam", optim.NAdam, (VECTOR, MATRIX), NADAMS),
          ("RAdam", optim.RAdam, (VECTOR, MATRIX), RADAMS),
          ("Adamax", optim.Adamax, (VECTOR, MATRIX), ADAMAXES),
          ("RMSprop", optim.RMSprop, (VECTOR, MATRIX), RMSPROPS),
          ("Adagrad", optim.Adagrad, (VECTOR, MATRIX), ADAGRADS),
          ("Adadelta", optim.Adadelta, (VECTOR, MATRIX), ADADELTAS),
          ("Adafactor", optim.Adafactor, (VECTOR, MATRIX), ADAFACTORS),
          ("Adafactor", optim.Adafactor, (WIDE, STACK), ADAFACTORS),
          ("Muon", optim.Muon, (WIDE, MATRIX), MUONS)]
ARGUMENTS = {"weightDecay": "weight_decay", "epsilon": "eps", "decoupled": "decoupled_weight_decay",
             "momentumDecay": "momentum_decay", "learningRateDecay": "lr_decay",
             "initialSquareSum": "initial_accumulator_value", "decayExponent": "beta2_decay",
             "clippingThreshold": "d", "coefficients": "ns_coefficients", "iterations": "ns_steps"}


def torch_arguments(name, attributes):
    rest = dict(attributes)
    arguments = {}
    if "beta1" in rest:
        arguments["betas"] = (rest.pop("beta1"), rest.pop("beta2"))
    if name == "Adafactor":
        arguments["eps"] = (rest.pop("epsilon", None), rest.pop("scaleEpsilon", 1e-3))
    if rest.pop("scaling", None):
        arguments["adjust_lr_fn"] = "match_rms_adamw"
    return arguments | {ARGUMENTS.get(key, key): value for key, value in rest.items()}


class Torch:
    """A torch optimizer whose second group has half the rate and no decay."""

    def __init__(self, name, kind, attributes, rate, parameters):
        self.parameters = [each.clone().requires_grad_() for each in parameters]
        first, second = self.parameters
        groups = [{"params": [first]},
                  {"params": [second], "lr": rate * FACTOR, "weight_decay": 0.0}]
        extra = {} if name == "Muon" else {"foreach": False}
        self.optimizer = kind(groups, lr=rate, **extra, **torch_arguments(name, attributes))

    def step(self, gradients):
        for parameter, gradient in zip(self.parameters, gradients):
            parameter.grad = None if gradient is None else gradient.clone()
        self.optimizer.step()
        return [each.detach().clone() for each in self.parameters]


class Paper:
    """A rule from its paper, in float64, for each of the two parameters alone."""

    def __init__(self, rule, attributes, rate, parameters):
        self.values = [each.double().numpy() for each in parameters]
        self.rules = [rule(**attributes), rule(**(attributes | {"weightDecay": 0.0}))]
        self.rates = [rate, rate * FACTOR]
        self.dtype = parameters[0].dtype

    def step(self, gradients):
        for k, gradient in enumerate(gradients):
            if gradient is not None:
                self.values[k] = self.rules[k].step(self.values[k], gradient.double().numpy(),
                                                    self.rates[k])
        return [torch.from_numpy(each.copy()).to(self.dtype) for each in self.values]


class Lion:
    """Chen et al. 2023, algorithm 2."""

    def __init__(self, beta1=0.9, beta2=0.99, weightDecay=0.01):
        self.beta1, self.beta2, self.decay, self.m = beta1, beta2, weightDecay, 0

    def step(self, p, g, rate):
        direction = numpy.sign(self.beta1 * self.m + (1 - self.beta1) * g)
        self.m = self.beta2 * self.m + (1 - self.beta2) * g
        return p - rate * (direction + self.decay * p)


class LAMB:
    """You et al. 2020, algorithm 2."""

    def __init__(self, beta1=0.9, beta2=0.999, epsilon=1e-6, weightDecay=0.01):
        self.beta1, self.beta2, self.epsilon, self.decay = beta1, beta2, epsilon, weightDecay
        self.m, self.v, self.t = 0, 0, 0

    def step(self, p, g, rate):
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g * g
        mean, square = self.m / (1 - self.beta1 ** self.t), self.v / (1 - self.beta2 ** self.t)
        direction = mean / (numpy.sqrt(square) + self.epsilon) + self.decay * p
        size, length = numpy.linalg.norm(p), numpy.linalg.norm(direction)
        return p - rate * (size / length if size > 0 and length > 0 else 1) * direction


class StableAdamW:
    """Wortsman et al. 2023, algorithm 2."""

    def __init__(self, beta1=0.9, beta2=0.99, epsilon=1e-6, weightDecay=0.01):
        self.beta1, self.beta2, self.epsilon, self.decay = beta1, beta2, epsilon, weightDecay
        self.v, self.u, self.t = 0, 0, 0

    def step(self, p, g, rate):
        self.t += 1
        beta1, beta2 = (beta * (1 - beta ** (self.t - 1)) / (1 - beta ** self.t)
                        for beta in (self.beta1, self.beta2))
        self.v = beta1 * self.v + (1 - beta1) * g
        self.u = beta2 * self.u + (1 - beta2) * g * g
        size = numpy.sqrt(numpy.mean(g * g / numpy.maximum(self.u, self.epsilon ** 2)))
        rate = rate / max(1, size)
        return p - rate * self.decay * p - rate * self.v / (numpy.sqrt(self.u) + self.epsilon)


MOMENTS = [{}, {"weightDecay": 0.1}, {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3},
           {"beta1": 0.0, "weightDecay": 0.0}]
PAPERS = [("Lion", Lion, [{}, {"weightDecay": 0.1}, {"beta1": 0.5, "beta2": 0.95}]),
          ("LAMB", LAMB, MOMENTS), ("StableAdamW", StableAdamW, MOMENTS)]


def gradients_of(shape, dtype):
    found = values([STEPS, *shape], torch.float64, -1, 1, "optimizer gradient")
    found[3:9, ..., -1] = 0
    found[14] = 0
    found[15] *= 100
    return (found * SCALES if shape == VECTOR else found).to(dtype)


def trace(suite, name, attributes, shapes, dtype, rate, make):
    parameters = [values(shape, dtype, -1, 1, f"optimizer {k}") for k, shape in enumerate(shapes)]
    gradients = [gradients_of(shape, dtype) for shape in shapes]
    optimizer = make(parameters)
    traces = [optimizer.step([gradients[0][step],
                              None if step in MISSING else gradients[1][step]])
              for step in range(STEPS)]
    tensors = {}
    for k, key in enumerate(["first", "second"]):
        tensors[f"initial.{key}"] = parameters[k]
        tensors[f"gradients.{key}"] = gradients[k]
        tensors[f"trace.{key}"] = torch.stack([each[k] for each in traces])
    note(suite, "optimizer", name,
         {"learningRate": rate, "factor": FACTOR, "missing": MISSING, **attributes}, tensors)


def torchs(suite, dtype):
    for name, kind, shapes, variants in TORCHS:
        rate = 1.0 if name == "Adadelta" else 0.1
        for attributes in variants:
            trace(suite, name, attributes, shapes, dtype, rate, lambda parameters:
                  Torch(name, kind, attributes, rate, parameters))


def unrounded_muons(suite, dtype):
    """Muon's iteration in the parameter's dtype instead of bfloat16."""
    with unittest.mock.patch.object(torch.Tensor, "bfloat16", torch.Tensor.clone):
        for attributes in MUONS:
            trace(suite, "Muon", attributes | {"precision": NAMES[dtype]}, (WIDE, MATRIX), dtype,
                  0.1, lambda parameters: Torch("Muon", optim.Muon, attributes, 0.1, parameters))


def papers(suite, dtype):
    for name, rule, variants in PAPERS:
        for attributes in variants:
            trace(suite, name, attributes, (VECTOR, MATRIX), dtype, 0.1, lambda parameters:
                  Paper(rule, attributes, 0.1, parameters))


@contextlib.contextmanager
def double_scalars():
    """PyTorch keeps numbers such as NAdam's product of momenta in the default dtype."""
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def generate(suite):
    with double_scalars():
        for dtype in [torch.float32, torch.float64]:
            for part in [torchs, unrounded_muons, papers]:
                part(suite, dtype)
