"""Operations that move elements: views, joins, indexing, order, conversion. Mostly exact."""

import math

import torch
import torch.nn.functional as F

from .layouts import LAYOUTS
from .recorder import ALL, FLOATS, INTEGERS, NAMES, generator, given, record, values


def slices(starts, ends, steps):
    def apply(x):
        return x[tuple(slice(*each) for each in zip(starts, ends, steps))].clone()
    return apply, {"starts": starts, "ends": ends, "steps": steps}


def padded(widths, value):
    flat = [width for pair in reversed(widths) for width in pair]
    return lambda x: F.pad(x, flat, value=value), {"widths": widths, "value": value}


# name | function | attributes; the input has shape [3, 1, 5, 4]
VIEWS = [
    ("reshape", lambda x: x.reshape(5, 12), {"shape": [5, 12]}),
    ("reshape", lambda x: x.reshape(-1, 4), {"shape": [-1, 4]}),
    ("permute", lambda x: x.permute(2, 0, 3, 1), {"axes": [2, 0, 3, 1]}),
    ("transposed", lambda x: x.transpose(0, 2), {"axes": [0, 2]}),
    ("transposed", lambda x: x.transpose(-1, -2), {"axes": [-1, -2]}),
    ("squeeze", lambda x: x.squeeze(1), {"axis": 1}),
    ("expandDims", lambda x: x.unsqueeze(0), {"axis": 0}),
    ("expandDims", lambda x: x.unsqueeze(-1), {"axis": -1}),
    ("broadcast", lambda x: x.expand(2, 3, 2, 5, 4), {"shape": [2, 3, 2, 5, 4]}),
    ("slice", *slices([1, 0, 0, 1], [3, 1, 5, 4], [1, 1, 2, 2])),
    ("slice", *slices([0, 0, 4, 0], [2, 1, 5, 4], [1, 1, 1, 3])),
    ("split", lambda x: x.split([2, 3], 2), {"sizes": [2, 3], "axis": 2}),
    ("split", lambda x: x.split([1, 1, 1], 0), {"sizes": [1, 1, 1], "axis": 0}),
    ("pad", *padded([[0, 0], [1, 0], [2, 1], [0, 3]], 0.0)),
    ("flip", lambda x: x.flip(0), {"axes": [0]}),
    ("flip", lambda x: x.flip(1, 3), {"axes": [1, 3]}),
    ("repeat", lambda x: x.repeat(2, 3, 1, 2), {"counts": [2, 3, 1, 2]}),
]
JOINS = [("concatenate", torch.cat), ("stack", torch.stack)]


def views(suite):
    for dtype in ALL:
        for label, layout in LAYOUTS.items():
            x = layout(values([3, 1, 5, 4], dtype))
            for name, function, attributes in VIEWS:
                record(suite, name, function, given(x=x), attributes, label)
            for name, function in JOINS:
                joins(suite, name, function, dtype, layout, label)
        if dtype.is_floating_point:
            function, attributes = padded([[1, 1]], -2.5)
            record(suite, "pad", function, given(x=values([7], dtype)), attributes)


def joins(suite, name, function, dtype, layout, label):
    for axis in [0, 1, -1]:
        shapes = [[2, 3], [2, 3], [2, 3]]
        if name == "concatenate":
            shapes[1] = [5, 3] if axis == 0 else [2, 4]
        parts = {f"x{index}": layout(values(shape, dtype, salt=index))
                 for index, shape in enumerate(shapes)}
        record(suite, name, lambda **parts: function(list(parts.values()), axis), given(**parts),
               {"axis": axis}, label)


def positions(shape, count, salt=""):
    return values(shape, torch.int64, 0, count - 1, salt)


def indexing(suite):
    for dtype in ALL:
        for label, layout in LAYOUTS.items():
            x = layout(values([5, 7], dtype))
            for axis, shape in [(0, [3, 7]), (1, [5, 4]), (-1, [2, 9])]:
                indices = layout(positions(shape, x.shape[axis]))
                record(suite, "gather", lambda x, indices: x.gather(axis, indices),
                       given(x=x, indices=indices), {"axis": axis}, label)
                if dtype != torch.bool:
                    record(suite, "scatterAdd", lambda x, indices, source:
                           x.scatter_add(axis, indices, source),
                           given(x=x, indices=indices, source=values(shape, dtype, salt="source")),
                           {"axis": axis}, label)
                record(suite, "indexSelect", lambda x, indices: x.index_select(axis, indices),
                       given(x=x, indices=positions([6], x.shape[axis])), {"axis": axis}, label)
        if dtype.is_floating_point:
            embedding(suite, dtype)
    for label in ["contiguous", "transposed", "offset"]:
        record(suite, "oneHot", lambda indices: F.one_hot(indices, 6),
               given(indices=LAYOUTS[label](positions([3, 4], 6))), {"count": 6}, label)


def embedding(suite, dtype):
    for label, layout in LAYOUTS.items():
        for shape in [[6], [2, 3]]:
            if label != "transposed" or len(shape) > 1:
                record(suite, "embedding", lambda weight, indices: F.embedding(indices, weight),
                       given(weight=layout(values([5, 7], dtype)),
                             indices=layout(positions(shape, 5))), label=label)


def distinct(shape, dtype):
    count = math.prod(shape)
    order = torch.randperm(count, generator=generator("distinct", shape))
    return (order.double() / 4 - 4 if dtype.is_floating_point else order).to(dtype).reshape(shape)


def ordering(suite):
    for dtype in [*FLOATS, *INTEGERS]:
        for label, layout in LAYOUTS.items():
            for axis in [1, -1]:
                x = layout(distinct([5, 7, 3], dtype))
                for flag in [False, True]:
                    sort_case(suite, x, axis, flag, label)
                    record(suite, "topK", lambda x: torch.topk(x, 3, axis, flag),
                           given(x=x), {"count": 3, "axis": axis, "largest": flag}, label)
        ties = values([33], torch.int32, 0, 3).to(dtype)
        rows = [ties]
        if dtype.is_floating_point:
            rows.append(torch.tensor([1, math.nan, math.inf, 0.0, -math.inf, -0.0, math.nan, -1],
                                     dtype=dtype))
        for row in rows:
            for flag in [False, True]:
                sort_case(suite, row, 0, flag, "corners")


def sort_case(suite, x, axis, descending, label):
    record(suite, "sort", lambda x: torch.sort(x, dim=axis, descending=descending, stable=True),
           given(x=x), {"axis": axis, "descending": descending}, label)


# What every real dtype can hold, and what each rounds in its own way.
WHOLE = [0.0, 1.0, 2.0, 3.75, 7.5, 100.0, 127.0]
SIGNED = [-1.0, -2.5, -100.75]
ROUNDING = [1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65504.0, 65519.0, 65520.0,
            1e6, 2.0 ** -24, 2.0 ** -25, 3.0 * 2 ** -25, 1e-40, 3.3e38, math.inf, -math.inf,
            math.nan, -0.0]
WIDE = [0.1, 1 / 3, 16777217.0, 1e300, -1e300, 1e-46, 1e-42]
COUNTS = [16777217, 16777219, 2049, 2051, 257, 259, 65519, 65520, -16777217, -5, 0, 1]


def cast(suite):
    for source in ALL:
        for target in ALL:
            numbers = torch.tensor(WHOLE + SIGNED * (target != torch.uint8), dtype=torch.float64)
            x = numbers.to(source) if source != torch.uint8 else numbers.abs().to(source)
            attributes = {"to": NAMES[target]}
            for label in ["contiguous", "offset", "stepped"]:
                cast_case(suite, LAYOUTS[label](x), target, attributes, label)
            if source.is_floating_point and (target.is_floating_point or target == torch.bool):
                corner = torch.tensor(ROUNDING, dtype=torch.float64).float().to(source)
                cast_case(suite, corner, target, attributes, "corners")
            if source in (torch.int32, torch.int64) and target != torch.uint8:
                cast_case(suite, torch.tensor(COUNTS, dtype=source), target, attributes, "corners")
    wide = torch.tensor(WIDE, dtype=torch.float64)
    cast_case(suite, wide, torch.float32, {"to": "float32"}, "corners")
    for dtype in FLOATS:
        nothing = torch.zeros([0], dtype=dtype)
        cast_case(suite, nothing, torch.float32, {"to": "float32"}, "empty")


def cast_case(suite, x, target, attributes, label):
    record(suite, "cast", lambda x: x.to(target), given(x=x), attributes, label, native=True)


def generate(suite):
    for part in [views, indexing, ordering, cast]:
        part(suite)
