"""Writes cases: one JSON object a line, and beside it the numbers, each stored once."""

import collections
import ctypes
import dataclasses
import json
import zlib

import torch

DTYPES = {
    "float32": torch.float32, "float64": torch.float64,
    "float16": torch.float16, "bfloat16": torch.bfloat16,
    "int32": torch.int32, "int64": torch.int64, "uint8": torch.uint8, "bool": torch.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
INTEGERS = [torch.int32, torch.int64, torch.uint8]
ALL = list(DTYPES.values())


class Suite:
    """A file pair: NAME.jsonl with the cases, NAME.bin with their numbers."""

    def __init__(self, name, digits):
        self.name = name
        self.digits = digits
        self.lines = []
        self.payload = bytearray()
        self.places = {}
        self.counts = collections.Counter()
        self.dropped = collections.Counter()

    def add(self, group, line):
        self.counts[group] += 1
        self.lines.append(json.dumps(line, separators=(",", ":"), allow_nan=False))

    def place(self, data):
        """[byte offset, byte count] of the bytes; offsets are multiples of eight."""
        if data not in self.places:
            self.payload.extend(b"\0" * (-len(self.payload) % 8))
            self.places[data] = [len(self.payload), len(data)]
            self.payload.extend(data)
        return self.places[data]

    def dense(self, tensor, default=None):
        """Where a tensor lies; its dtype is left out where it is the default."""
        tensor = tensor.detach().contiguous()
        dtype = {} if tensor.dtype == default else {"dtype": NAMES[tensor.dtype]}
        data = ctypes.string_at(tensor.data_ptr(), tensor.nbytes) if tensor.nbytes else b""
        return {**dtype, "shape": list(tensor.shape), "data": self.place(data)}

    def strided(self, view, default):
        """The whole storage under a view; strides and offset only where they are not default."""
        if view.is_contiguous() and view.storage_offset() == 0:
            return self.dense(view, default)
        dtype = {} if view.dtype == default else {"dtype": NAMES[view.dtype]}
        storage = view.untyped_storage()
        return {**dtype, "shape": list(view.shape), "strides": list(view.stride()),
                "offset": view.storage_offset(),
                "data": self.place(ctypes.string_at(storage.data_ptr(), storage.nbytes()))}

    def optional(self, tensors, default):
        return [None if tensor is None else self.dense(tensor, default) for tensor in tensors]

    def write(self, directory):
        text = "\n".join(self.lines) + "\n"
        (directory / f"{self.name}.jsonl").write_text(text)
        (directory / f"{self.name}.bin").write_bytes(self.payload)
        return len(text) + len(self.payload)


@dataclasses.dataclass
class Input:
    name: str
    view: torch.Tensor
    gradient: bool


def given(fixed=(), **views):
    """The inputs of a case by name; floating ones take part in gradients unless fixed."""
    return [Input(name, view, view.is_floating_point() and name not in fixed)
            for name, view in views.items() if view is not None]


def generator(*key):
    """Random numbers that depend on the key alone, so that equal requests share their bytes."""
    return torch.Generator().manual_seed(zlib.crc32(repr(key).encode()))


def values(shape, dtype, low=-3.0, high=3.0, salt=""):
    source = generator(tuple(shape), NAMES[dtype], low, high, salt)
    if dtype.is_floating_point:
        unit = torch.rand(shape, dtype=torch.float64, generator=source)
        return (low + (high - low) * unit).to(dtype)
    if dtype == torch.bool:
        return torch.rand(shape, generator=source) < 0.5
    low = max(0, int(low)) if dtype == torch.uint8 else int(low)
    return torch.randint(low, int(high) + 1, shape, generator=source).to(dtype)


def as_list(result):
    return list(result) if isinstance(result, (tuple, list)) else [result]


def widened(tensor):
    dense = tensor.detach().clone(memory_format=torch.contiguous_format)
    return dense.double() if dense.is_floating_point() else dense


class Differentiation:
    """Forward, backward and, on request, the gradient of a product with the gradients."""

    def __init__(self, function, inputs, cotangent_dtype, unit):
        self.arguments = {each.name: widened(each.view) for each in inputs}
        self.leaves = [self.arguments[each.name].requires_grad_() if each.gradient else None
                       for each in inputs]
        self.active = [leaf for leaf in self.leaves if leaf is not None]
        self.outputs = as_list(function(**self.arguments))
        self.cotangents = [self.cotangent(output, index, cotangent_dtype, unit)
                           if output.requires_grad else None
                           for index, output in enumerate(self.outputs)]
        self.defined = any(each is not None for each in self.cotangents)

    @staticmethod
    def cotangent(output, index, dtype, unit):
        if unit:
            return torch.ones_like(output).requires_grad_()
        return values(output.shape, dtype, -1.0, 1.0, f"cotangent{index}").double().requires_grad_()

    def spread(self, found):
        found = iter(found)
        return [None if leaf is None else next(found) for leaf in self.leaves]

    def gradients(self, create_graph=False):
        pairs = [(output, cotangent) for output, cotangent in zip(self.outputs, self.cotangents)
                 if cotangent is not None]
        return torch.autograd.grad(
            [pair[0] for pair in pairs], self.active, [pair[1] for pair in pairs],
            create_graph=create_graph, retain_graph=True, materialize_grads=True)

    def second_order(self):
        """Vectors v, then the gradients of sum(v * gradients) by inputs and by cotangents."""
        gradients = self.gradients(create_graph=True)
        vectors = [values(each.shape, torch.float64, -1.0, 1.0, f"vector{index}")
                   for index, each in enumerate(gradients)]
        variables = self.active + [each for each in self.cotangents if each is not None]
        # The second sum is zero: it ties in variables on which constant gradients do not depend.
        total = sum((gradient * vector).sum() for gradient, vector in zip(gradients, vectors))
        total = total + sum((each * 0).sum() for each in variables)
        found = torch.autograd.grad(total, variables)
        by_cotangent = iter(found[len(self.active):])
        return (self.spread(vectors), self.spread(found[:len(self.active)]),
                [None if each is None else next(by_cotangent) for each in self.cotangents])


def record(suite, operation, function, inputs, attributes=None, label="contiguous",
           result=None, native=False, unit=False):
    """One case. Floating results are computed in float64 from the same inputs and rounded to the
    dtype `result` (by default that of the first floating input), unless `native`."""
    floating = [each.view.dtype for each in inputs if each.view.is_floating_point()]
    dtype = result or (floating[0] if floating else inputs[0].view.dtype)
    native = native or not (floating or result)
    line = {"operation": operation, "label": label, "dtype": NAMES[dtype],
            **({"reference": "native"} if native else {}),
            "attributes": attributes or {},
            "inputs": [{"name": each.name, **suite.strided(each.view, dtype)} for each in inputs]}
    if native:
        arguments = {each.name: each.view.clone() for each in inputs}
        line["outputs"] = suite.optional(as_list(function(**arguments)), dtype)
    else:
        line.update(differentiated(suite, function, inputs, dtype, label, unit))
    suite.add(operation, line)


def differentiated(suite, function, inputs, dtype, label, unit):
    """Outputs, and where there are any, gradients; of second order for plain float64."""
    def stored(tensors):
        return suite.optional((tensor.to(dtype) if tensor is not None and
                               tensor.is_floating_point() else tensor for tensor in tensors), dtype)

    run = Differentiation(function, inputs, dtype, unit)
    if not run.defined:
        return {"outputs": stored(run.outputs)}
    result = {"outputs": stored(run.outputs), "cotangents": stored(run.cotangents),
              "gradients": stored(run.spread(run.gradients()))}
    if dtype == torch.float64 and label == "contiguous":
        vectors, gradients, by_cotangent = run.second_order()
        result["secondOrder"] = {"vectors": stored(vectors), "gradients": stored(gradients),
                                 "cotangentGradients": stored(by_cotangent)}
    return result


def note(suite, kind, name, attributes, tensors):
    """A case that is no call of one operation: named numbers."""
    suite.add(f"{kind} {name}", {
        "kind": kind, "name": name, "attributes": attributes,
        "tensors": {key: suite.dense(tensor) for key, tensor in tensors.items()}})
