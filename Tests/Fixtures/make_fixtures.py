"""Writes Tests/Fixtures/data from PyTorch. README.md beside this file says what is in it.

    pip install torch==2.13.0+cpu --extra-index-url https://download.pytorch.org/whl/cpu
    pip install safetensors==0.8.0 xxhash==4.1.0
    python3 Tests/Fixtures/make_fixtures.py DIGITS.csv

DIGITS.csv: the 1,797 rows of the handwritten digits, 64 pixels (0 to 16) and the class.
"""

import pathlib
import sys
import warnings

import torch

sys.dont_write_bytecode = True

from generator import averages, clipping, data, files, initializers, layers, losses, models
from generator import networks, optimizers, pointwise, precision, products, randomness, reductions
from generator import rows, schedules, shapes, training, updates
from generator.recorder import Suite

# What the pair of files of each name is written by.
SUITES = {
    "operations": [pointwise, reductions, products, rows, shapes, losses],
    "parity": [training, updates, randomness],
    "averages": [averages],
    "clipping": [clipping],
    "data": [data],
    "files": [files],
    "initializers": [initializers],
    "layers": [layers, models],
    "networks": [networks],
    "optimizers": [optimizers],
    "precision": [precision],
    "schedules": [schedules],
}


def prepare():
    """The plain path: one thread, no other library's kernels, the same bytes every time."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.mkldnn.enabled = False
    warnings.simplefilter("ignore")


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
    for name, parts in SUITES.items():
        suite = Suite(name, digits=pathlib.Path(sys.argv[1]))
        for part in parts:
            part.generate(suite)
        report(suite, suite.write(directory))


if __name__ == "__main__":
    main()
