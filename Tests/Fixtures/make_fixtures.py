"""Writes Tests/Fixtures/data from PyTorch. README.md beside this file says what is in it.

    pip install torch==2.13.0+cpu --extra-index-url https://download.pytorch.org/whl/cpu
    python3 Tests/Fixtures/make_fixtures.py DIGITS.csv

DIGITS.csv: the 1,797 rows of the handwritten digits, 64 pixels (0 to 16) and the class.
"""

import pathlib
import sys
import warnings

import torch

sys.dont_write_bytecode = True

from generator import losses, pointwise, products, randomness, reductions, rows, shapes
from generator import training, updates
from generator import averages
from generator import clipping
from generator import data
from generator import layers
from generator import optimizers
from generator import precision
from generator import schedules
from generator.recorder import Suite

# Modules whose data is a pair of its own.
OWN = [
    averages,
    clipping,
    data,
    layers,
    optimizers,
    precision,
    schedules,
]
OPERATIONS = [pointwise, reductions, products, rows, shapes, losses]


def prepare():
    """The plain path: one thread, no other library's kernels, the same bytes every time."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.mkldnn.enabled = False
    warnings.simplefilter("ignore")


def operations():
    suite = Suite("operations")
    for part in OPERATIONS:
        part.generate(suite)
    return suite


def parity(digits):
    suite = Suite("parity")
    training.generate(suite, digits)
    updates.generate(suite)
    randomness.generate(suite)
    return suite


def own(part):
    """The pair of a module that has one of its own, under its name."""
    suite = Suite(part.__name__.rpartition(".")[2])
    part.generate(suite)
    return suite


def report(suite, size):
    for group, count in sorted(suite.counts.items()):
        dropped = suite.dropped[group]
        print(f"{count:6}  {group}" + (f" ({dropped} corners undecided)" if dropped else ""))
    print(f"{suite.name}: {sum(suite.counts.values())} cases, {size} bytes\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    prepare()
    directory = pathlib.Path(__file__).parent / "data"
    directory.mkdir(exist_ok=True)
    suites = [operations(), parity(pathlib.Path(sys.argv[1]))] + [own(part) for part in OWN]
    for suite in suites:
        report(suite, suite.write(directory))


if __name__ == "__main__":
    main()
