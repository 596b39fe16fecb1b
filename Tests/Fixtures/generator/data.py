"""Orders of PyTorch's samplers."""

import torch
from torch.utils.data import DistributedSampler, SubsetRandomSampler, WeightedRandomSampler

from .recorder import note


def positions(sampler):
    return torch.tensor(list(sampler), dtype=torch.int32)


def distributed(suite):
    for count in [1, 2, 4, 5, 6, 11]:
        for ranks in [1, 2, 3, 4, 7]:
            for drops in [False, True]:
                note(suite, "sampler", "distributed",
                     {"count": count, "ranks": ranks, "drops": drops},
                     {str(rank): positions(DistributedSampler(
                         range(count), ranks, rank, shuffle=False, drop_last=drops))
                      for rank in range(ranks)})


def drawn(suite):
    for seed in range(3):
        for weights in [[1.0], [0.5, 0.0, 3.0, 1.0], [float(i % 7) for i in range(100)]]:
            generator = torch.Generator().manual_seed(seed)
            sampler = WeightedRandomSampler(weights, 50, generator=generator)
            note(suite, "sampler", "weighted", {"seed": seed, "weights": weights},
                 {"first": positions(sampler), "second": positions(sampler)})
        for indices in [[3], [9, 2, 5, 7], list(range(0, 90, 3))]:
            generator = torch.Generator().manual_seed(seed)
            sampler = SubsetRandomSampler(indices, generator=generator)
            note(suite, "sampler", "subset", {"seed": seed, "indices": indices},
                 {"first": positions(sampler), "second": positions(sampler)})


def generate(suite):
    distributed(suite)
    drawn(suite)
