"""The same values in different memory. What a view must not read is poison."""

import math

import torch


def filler(dtype):
    return math.nan if dtype.is_floating_point else 77 if dtype != torch.bool else True


def contiguous(tensor):
    return tensor


def transposed(tensor):
    """The last two axes are swapped in memory."""
    return tensor.mT.contiguous().mT


def offset(tensor):
    """A block inside a larger buffer: one more before the first axis, and around the last."""
    sizes = list(tensor.shape)
    sizes[0] += 1
    sizes[-1] += 2
    block = torch.full(sizes, filler(tensor.dtype), dtype=tensor.dtype)[1:, ..., 1:-1] \
        if tensor.dim() > 1 else torch.full(sizes, filler(tensor.dtype), dtype=tensor.dtype)[2:-1]
    return block.copy_(tensor)


def stepped(tensor):
    """Every second element of the last axis of a buffer twice as long."""
    base = torch.full([*tensor.shape[:-1], 2 * tensor.shape[-1]], filler(tensor.dtype),
                      dtype=tensor.dtype)
    base[..., ::2].copy_(tensor)
    return base[..., ::2]


def broadcast(tensor):
    """The first entry of the first axis, repeated by a stride of zero."""
    return tensor[:1].clone().expand(tensor.shape)


LAYOUTS = {"contiguous": contiguous, "transposed": transposed, "offset": offset,
           "stepped": stepped, "broadcast": broadcast}
