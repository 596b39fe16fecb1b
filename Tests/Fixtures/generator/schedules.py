"""Learning rates of PyTorch's schedulers and of formulas of other libraries, and plateaus."""

import math

import torch
from torch.optim import SGD, lr_scheduler as lr
from torch.optim.swa_utils import SWALR

from .recorder import generator, note

STEPS = 101
RATE = 0.1


def optimizer_of(rate):
    return SGD([torch.zeros(1, requires_grad=True)], lr=rate, momentum=0.9)


def rates_of(make, steps=STEPS, rate=RATE, key="lr"):
    optimizer = optimizer_of(rate)
    schedule = make(optimizer)
    rates = []
    for step in range(steps):
        rates.append(optimizer.param_groups[0][key])
        optimizer.step()
        if step < steps - 1:
            schedule.step()
    return rates


def chained(o):
    return lr.ChainedScheduler([lr.ConstantLR(o, 0.25, 30), lr.ExponentialLR(o, 0.97),
                                lr.CosineAnnealingLR(o, 100, 0.0)])


def sequential(o):
    parts = [lr.LinearLR(o, 0.25, 1.0, 20), lr.ExponentialLR(o, 0.95), lr.PolynomialLR(o, 40, 1.5)]
    return lr.SequentialLR(o, parts, [20, 50])


def swa(o):
    """Annealing that takes over from a cosine at step 60."""
    cosine, annealing = lr.CosineAnnealingLR(o, 100), []

    class Both:
        steps = 0

        def step(self):
            self.steps += 1
            if self.steps <= 60:
                cosine.step()
                return
            if not annealing:
                annealing.append(SWALR(o, 0.05, 25, "cos"))
            annealing[0].step()

    return Both()


def cycled(**arguments):
    return lambda o: lr.OneCycleLR(o, 0.1, total_steps=100, **arguments)


TRIANGLE = {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 13, "step_size_down": 8}
LINEAR_CYCLE = {"pct_start": 0.4, "div_factor": 10.0, "final_div_factor": 100.0,
                "anneal_strategy": "linear"}
# name | maker; of schedules that end after 100 steps, 100 are recorded
TORCH = [
    ("lambda", lambda o: lr.LambdaLR(o, lambda t: 1 / (1 + 0.1 * t))),
    ("multiplicative", lambda o: lr.MultiplicativeLR(o, lambda t: 1 - 0.5 / (t + 1))),
    ("step", lambda o: lr.StepLR(o, 7, 0.8)),
    ("multiStep", lambda o: lr.MultiStepLR(o, [50, 0, 11, 11, 80], 0.5)),
    ("constant factor", lambda o: lr.ConstantLR(o, 1 / 3, 5)),
    ("linear", lambda o: lr.LinearLR(o, 1 / 3, 1.0, 60)),
    ("exponential", lambda o: lr.ExponentialLR(o, 0.93)),
    ("polynomial", lambda o: lr.PolynomialLR(o, 90, 1.7)),
    ("cosine", lambda o: lr.CosineAnnealingLR(o, 100, 0.003)),
    ("warm restarts", lambda o: lr.CosineAnnealingWarmRestarts(o, 7, 2, 0.01)),
    ("even restarts", lambda o: lr.CosineAnnealingWarmRestarts(o, 9, 1)),
    ("oneCycle", cycled()),
    ("oneCycle, linear", cycled(**LINEAR_CYCLE)),
    ("oneCycle, three phases", cycled(three_phase=True, pct_start=0.37)),
    ("cyclic", lambda o: lr.CyclicLR(o, **TRIANGLE)),
    ("cyclic, triangular2", lambda o: lr.CyclicLR(o, **TRIANGLE, mode="triangular2")),
    ("cyclic, exponential", lambda o: lr.CyclicLR(o, **TRIANGLE, mode="exp_range", gamma=0.98)),
    ("chained", chained),
    ("sequential", sequential),
    ("annealed", swa),
]
MOMENTUMS = [("oneCycle, momentum", cycled()), ("oneCycle, momentum in three phases",
                                                cycled(three_phase=True))]


def after_warmup(warmup, then):
    """Hugging Face's: nothing in the first update, all from update `warmup` on."""
    return lambda t: t / warmup if t < warmup else then(t)


def half_cosine(t, start, end, least=0.0):
    share = min(1.0, (t - start) / (end - start))
    return least + (1 - least) * 0.5 * (1 + math.cos(math.pi * share))


def hard_restarts(t):
    share = (t - 20) / 80
    return 0.0 if share >= 1 else 0.5 * (1 + math.cos(math.pi * (4 * share % 1.0)))


def polynomial_to(end, t):
    left = max(0.0, 1 - (t - 10) / 80)
    return ((RATE - end) * left ** 2 + end) / RATE


def stable(warmup, rise, fall, least=0.0):
    """Warm-up, 50 steps at the peak, a fall of 40 steps."""
    def factor(t):
        if t < warmup:
            return rise(t)
        share = min(1.0, max(0.0, (t - warmup - 50) / 40))
        return least + (1 - least) * fall(share)
    return factor


# name | factor of update t, written from the libraries' formulas
FORMULAS = [
    ("Hugging Face: constant", after_warmup(10, lambda t: 1.0)),
    ("Hugging Face: linear", after_warmup(10, lambda t: max(0.0, (100 - t) / 90))),
    ("Hugging Face: cosine", after_warmup(10, lambda t: half_cosine(t, 10, 100))),
    ("Hugging Face: cosine with minimum",
     lambda t: (t + 1) / 10 if t < 10 else half_cosine(t, 10, 100, 0.1)),
    ("Hugging Face: hard restarts", after_warmup(20, hard_restarts)),
    ("Hugging Face: polynomial", after_warmup(10, lambda t: polynomial_to(1e-7, t))),
    ("Hugging Face: inverse square root",
     after_warmup(25, lambda t: 1 / math.sqrt((t + 40 - 25) / 40))),
    ("Hugging Face: stable", stable(10, lambda t: 0.5 * (1 - math.cos(math.pi * t / 10)),
                                    lambda x: 0.5 * (1 + math.cos(math.pi * x)), 0.05)),
    ("torchtitan: linear", stable(10, lambda t: (t + 1) / 10, lambda x: 1 - x, 0.1)),
    ("torchtitan: square root", stable(10, lambda t: (t + 1) / 10, lambda x: 1 - math.sqrt(x))),
    ("DeepSpeed: logarithmic",
     lambda t: math.log(t + 1) / math.log(30) if t < 30 else 1.0),
    ("Transformer", lambda t: min((t + 1) ** -0.5, (t + 1) * 16 ** -1.5) * 4),
]


def schedules(suite):
    for name, make in TORCH:
        ends = name.startswith("oneCycle")
        put(suite, name, rates_of(make, 100 if ends else STEPS))
    for name, make in MOMENTUMS:
        put(suite, name, rates_of(make, 100, key="momentum"))
    for name, factor in FORMULAS:
        put(suite, name, [RATE * factor(t) for t in range(STEPS)])


def put(suite, name, rates):
    note(suite, "schedule", name, {}, {"rates": torch.tensor(rates, dtype=torch.float64)})


def metrics(salt, falling):
    """A curve that gets better, more and more slowly, with noise; always above zero."""
    noise = torch.rand(100, dtype=torch.float64, generator=generator("plateau", salt))
    trend = 1 / (1 + torch.arange(100, dtype=torch.float64) / 5)
    return (trend if falling else 1.5 - trend) + 0.3 * noise * noise


# name | arguments beside a rate of 1
PLATEAUS = [
    ("defaults", {}),
    ("patient", {"patience": 3, "factor": 0.5}),
    ("impatient", {"patience": 0, "factor": 0.9}),
    ("cooling", {"patience": 2, "cooldown": 4, "factor": 0.5}),
    ("highest", {"mode": "max", "patience": 4, "factor": 0.3}),
    ("highest, absolute", {"mode": "max", "patience": 2, "threshold": 0.05,
                           "threshold_mode": "abs", "factor": 0.5}),
    ("absolute", {"patience": 2, "threshold": 0.02, "threshold_mode": "abs", "factor": 0.5}),
    ("relative", {"patience": 2, "threshold": 0.1, "factor": 0.5, "cooldown": 1}),
    ("minimum", {"patience": 1, "factor": 0.2, "min_lr": 0.03}),
]


def plateaus(suite):
    for name, arguments in PLATEAUS:
        optimizer = optimizer_of(1.0)
        schedule = lr.ReduceLROnPlateau(optimizer, eps=0.0, **arguments)
        values = metrics(name, arguments.get("mode") != "max")
        found = {"scales": [], "best": [], "bad": [], "cooling": []}
        for value in values:
            schedule.step(value.item())
            found["scales"].append(optimizer.param_groups[0]["lr"])
            found["best"].append(schedule.best)
            found["bad"].append(schedule.num_bad_epochs)
            found["cooling"].append(schedule.cooldown_counter)
        note(suite, "plateau", name, {}, {"metrics": values} | {
            key: torch.tensor(value, dtype=torch.float64) for key, value in found.items()})


def generate(suite):
    schedules(suite)
    plateaus(suite)
