"""Files that Python's `safetensors` writes, reads and refuses, and checksums of `xxhash`."""

import json
import struct

import safetensors
import torch
import xxhash
from safetensors.torch import load, save

from .recorder import ALL, FLOATS, generator, note, values

CORNERS = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1e-40, 65504.0, -1.5]
# Dtypes of the format that tensors here do not have.
FOREIGN = [torch.int8, torch.int16, torch.uint16, torch.uint32, torch.uint64,
           torch.float8_e4m3fn, torch.float8_e5m2, torch.complex64]


def as_tensor(data):
    return torch.frombuffer(bytearray(data), dtype=torch.uint8) if data else torch.zeros(0).byte()


def raw(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8)


def file(suite, name, tensors, metadata=None, data=None):
    """A file that Python reads; one that Python wrote too is to be written to the same bytes."""
    written = data or save(tensors, metadata)
    found = load(written)
    assert found.keys() == tensors.keys(), name
    assert all(torch.equal(raw(found[key]), raw(tensors[key])) for key in tensors), name
    note(suite, "file", name, {"metadata": metadata or {}, "isWritten": data is None},
         {"bytes": as_tensor(written), **{f"tensor {key}": each for key, each in tensors.items()}})


def refused(suite, name, data, culprit, byPython=True):
    """A file that must be refused, at the tensor of that name, if at one. Python takes some of them."""
    try:
        safetensors.deserialize(data)
        assert not byPython, name
    except safetensors.SafetensorError:
        assert byPython, name
    note(suite, "refused", name, {"culprit": culprit or ""}, {"bytes": as_tensor(data)})


def assembled(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(start, end, shape=(1,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


def generate(suite):
    written(suite)
    foreign(suite)
    malformed(suite)
    checksums(suite)


def written(suite):
    every = {f"{dtype}": values((2, 3), dtype) for dtype in ALL}
    file(suite, "every dtype", every)
    file(suite, "corners", {f"{dtype}": torch.tensor(CORNERS, dtype=torch.float64).to(dtype)
                            for dtype in FLOATS})
    file(suite, "shapes", {
        "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3, dtype=torch.int64),
        "nothing": torch.zeros(2, 0, dtype=torch.bool), "eight": values((1, 2, 1, 2, 1, 2, 1, 2),
                                                                        torch.float16)})
    file(suite, "names", {
        name: torch.tensor([float(place)]) for place, name in enumerate([
            "b", "a", "B", "a.b", "", "é", "e\u0301\u0302", "\n\t\b\f\r\"\\/\x01\x1f\x7f", "😀", "\uffff",
            "日本", "a\0b"])})
    file(suite, "metadata", {"x": torch.ones(1)}, {"a \"name\"\n": "日本 \\ \x02"})
    file(suite, "no tensors", {})
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8))
    file(suite, "a model", model.state_dict(), {"format": "pt"})
    x, y = torch.tensor([1.5]), torch.tensor([2, 3], dtype=torch.int64)
    loose = (b'{ "y" :\t{"shape":[2] ,"data_offsets":[4,20],"dtype":"I64"},\n"\\u00e9\\ud83d\\ude00\\/":\r'
             b'{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   ')
    file(suite, "another order, spaces and escapes", {"é😀/": x, "y": y},
         data=assembled(loose, x.numpy().tobytes() + y.numpy().tobytes()))


def foreign(suite):
    for dtype in FOREIGN:
        data = save({"kept": torch.ones(1), "strange": torch.zeros(2, dtype=dtype)})
        refused(suite, f"{dtype}", data, "strange", byPython=False)


def malformed(suite):
    whole = assembled({"a": entry(0, 4), "b": entry(4, 8)}, bytes(8))
    for length in [0, 1, 7, 8, 9, len(whole) // 2]:
        refused(suite, f"cut to {length}", whole[:length], None)
    refused(suite, "cut in the data", whole[:-1], "b")
    refused(suite, "cut before the last tensor", whole[:-4], "b")
    refused(suite, "bytes behind", whole + b"\0", None)
    refused(suite, "a header of 2⁶⁴ - 1 bytes", assembled(b"{}", length=2**64 - 1), None)
    refused(suite, "a header of 2⁶³ bytes", assembled(b"{}", length=2**63), None)
    refused(suite, "a header longer than the file", assembled(b"{}", length=3), None)
    for name, header in {
            "no object": b"[]", "a number": b"1", "unfinished": b'{"a"', "two objects": b"{}{}",
            "no UTF-8": b'{"\xff\xfe":{}}', "half a pair": b'{"\\ud800":{}}', "a comma": b"{,}",
            "a raw control character": b'{"\n":{}}', "an unknown escape": b'{"\\x41":{}}'}.items():
        refused(suite, name, assembled(header), None)
    for name, wrong in {
            "unknown dtype": entry(0, 4, dtype="F3"), "too few bytes": entry(0, 4, [2]),
            "too many bytes": entry(0, 4, [0]), "backwards": entry(4, 0),
            "beyond the end": entry(0, 8, [2]), "not from the start": entry(2, 4, dtype="F16"),
            "a product of 2⁶⁴": entry(0, 0, [2**32, 2**32]), "an extent of 2⁶⁴": entry(0, 4, [2**64]),
            "negative extent": entry(0, 4, [-1]), "a fraction": entry(0, 4, [1.5]),
            "no shape": {"dtype": "F32", "data_offsets": [0, 4]},
            "one offset": {**entry(0, 4), "data_offsets": [0]}, "text": {**entry(0, 4), "shape": "1"},
    }.items():
        refused(suite, name, assembled({"a": wrong}, bytes(4)), "a")
    refused(suite, "overlap", assembled({"a": entry(0, 4), "b": entry(2, 6)}, bytes(6)), "b")
    refused(suite, "gap", assembled({"a": entry(0, 4), "b": entry(6, 10)}, bytes(10)), "b")
    whole = json.dumps(entry(0, 4)).encode()
    for name, header, culprit in [
            ("a name twice", b'{"a":' + whole + b',"a":' + whole + b"}", None),
            ("a space before", b' {"a":' + whole + b"}", None),
            ("metadata twice", b'{"a":' + whole + b',"__metadata__":{"k":"1","k":"2"}}', None),
            ("another member", b'{"a":' + whole[:-1] + b',"x":1}}', "a")]:
        refused(suite, name, assembled(header, bytes(4)), culprit, byPython=False)
    refused(suite, "an extent beside 0 that is too large",
            assembled({"a": entry(0, 0, [0, 2**63 - 1, 2])}), "a", byPython=False)
    refused(suite, "a bool of 2", assembled({"a": entry(0, 1, dtype="BOOL")}, b"\2"), "a",
            byPython=False)
    refused(suite, "metadata of numbers", assembled({"__metadata__": {"a": 1}}), None)


def checksums(suite):
    for count in [*range(0, 70), 255, 256, 1023, 4099]:
        data = bytes(torch.randint(256, (count,), generator=generator("bytes", count)).tolist())
        note(suite, "checksum", f"{count} bytes", {"digits": xxhash.xxh64_hexdigest(data)},
             {"bytes": as_tensor(data)})
