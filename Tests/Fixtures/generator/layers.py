"""Layers of PyTorch: how they start, what they compute, and the gradients of their parameters."""

import copy

import torch
from torch import nn

from .recorder import note, values


def renamed(model):
    """The names that parameters and buffers of a layer have in the package."""
    directions = 2 if getattr(model, "bidirectional", False) else 1

    def rename(name):
        if name.startswith(("weight_", "bias_")):
            part, side, *rest = name.split("_")
            own = {"ih": "input", "hh": "hidden"}[side] + part.capitalize()
            if not rest:
                return own
            return f"cells.{int(rest[0][1:]) * directions + (rest[-1] == 'reverse')}.{own}"
        for old, new in [("in_proj_weight", "inProjectionWeight"), ("out_proj", "outProjection"),
                         ("in_proj_bias", "inProjectionBias"), ("running_mean", "runningMean"),
                         ("running_var", "runningVariance"),
                         ("num_batches_tracked", "batchCount")]:
            name = name.replace(old, new)
        return name

    return rename


def moved(model):
    """The model with numbers added to its parameters and averages, so that no 0 or 1 hides a
    mistake."""
    with torch.no_grad():
        for index, each in enumerate(model.buffers()):
            if each.is_floating_point():
                each += values(each.shape, torch.float32, 0.1, 0.5, f"average{index}")
        for index, each in enumerate(model.parameters()):
            each += values(each.shape, torch.float32, -0.4, 0.4, f"noise{index}")
    return model


def parameters(prefix, model, rename):
    return {f"{prefix}.{rename(name)}": each.detach().clone()
            for name, each in model.state_dict(keep_vars=True).items()}


def case(suite, name, seed, make, call, inputs, attributes, rename=None):
    """One layer: its start from a seed in float32, and outputs and gradients in float64.

    `call(model, **inputs)` gives a list of outputs; the gradients are of the sum of their products
    with the cotangents."""
    torch.manual_seed(seed)
    model = make()
    rename = rename or renamed(model)
    tensors = parameters("start", model, rename)
    model = moved(model)
    tensors.update(parameters("weights", model, rename))
    model = copy.deepcopy(model).double()
    wide = {key: each.double().requires_grad_() if each.is_floating_point() else each
            for key, each in inputs.items()}
    outputs = call(model, **wide)
    cotangents = [values(each.shape, torch.float32, -1, 1, f"cotangent{index}")
                  for index, each in enumerate(outputs)]
    sum((output * weight.double()).sum()
        for output, weight in zip(outputs, cotangents)).backward()
    tensors.update({f"input.{key}": each for key, each in inputs.items()})
    tensors.update({f"output.{index}": each.detach() for index, each in enumerate(outputs)})
    tensors.update({f"cotangent.{index}": each for index, each in enumerate(cotangents)})
    tensors.update({f"gradient.{rename(key)}": each.grad for key, each in model.named_parameters()})
    tensors.update({f"inputGradient.{key}": each.grad for key, each in wide.items()
                    if each.is_floating_point()})
    tensors.update({f"after.{rename(key)}": each for key, each in model.named_buffers()})
    note(suite, "layer", name, {"seed": seed, **attributes}, tensors)


def plain(model, x):
    return [model(x)]


# name | attributes | shape of the input | maker
PLAIN = [
    ("Linear", {}, [2, 3], lambda: nn.Linear(3, 2)),
    ("Conv1d", {}, [2, 3, 6], lambda: nn.Conv1d(3, 4, 3, stride=2, padding=1)),
    ("Conv2d", {}, [2, 4, 5, 4], lambda: nn.Conv2d(4, 6, (3, 2), groups=2, dilation=(2, 1))),
    ("ConvTranspose1d", {}, [2, 4, 3],
     lambda: nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)),
    ("ConvTranspose2d", {}, [1, 2, 3, 2], lambda: nn.ConvTranspose2d(2, 3, (2, 3), stride=2)),
    ("LayerNorm", {}, [2, 3, 4], lambda: nn.LayerNorm([3, 4])),
    ("RMSNorm", {}, [2, 5], lambda: nn.RMSNorm(5, eps=1e-6)),
    ("GroupNorm", {}, [2, 6, 3], lambda: nn.GroupNorm(2, 6)),
    ("BatchNorm", {}, [3, 2, 4], lambda: nn.BatchNorm1d(2)),
    ("InstanceNorm", {"affine": False, "tracks": False}, [2, 3, 4], lambda: nn.InstanceNorm1d(3)),
    ("InstanceNorm", {"affine": True, "tracks": False}, [2, 3, 2, 3],
     lambda: nn.InstanceNorm2d(3, affine=True)),
    ("PReLU", {}, [2, 3, 2], lambda: nn.PReLU(3)),
    ("MaxPool1d", {}, [2, 2, 7], lambda: nn.MaxPool1d(3, stride=2, padding=1)),
    ("AvgPool1d", {}, [2, 2, 7], lambda: nn.AvgPool1d(3, stride=2, padding=1)),
    ("AdaptiveAvgPool1d", {}, [2, 2, 7], lambda: nn.AdaptiveAvgPool1d(3)),
    ("AdaptiveMaxPool1d", {}, [2, 2, 7], lambda: nn.AdaptiveMaxPool1d(3)),
    ("AdaptiveMaxPool2d", {}, [2, 2, 7, 5], lambda: nn.AdaptiveMaxPool2d((3, 2))),
]


def without_count(model):
    """A layer whose state has no count of batches: PyTorch's stays at 0."""
    del model.num_batches_tracked
    return model


def plain_layers(suite):
    for seed in [0, 7]:
        for name, attributes, shape, make in PLAIN:
            x = values(shape, torch.float32, -2, 2, name)
            case(suite, name, seed, make, plain, {"x": x}, attributes)
    x = values([2, 3, 2, 2], torch.float32, -2, 2, "tracked")
    for affine in [False, True]:
        for is_training in [True, False]:
            case(suite, "InstanceNorm", 0, lambda: without_count(nn.InstanceNorm2d(
                3, affine=affine, track_running_stats=True).train(is_training)), plain, {"x": x},
                {"affine": affine, "tracks": True, "isEvaluating": not is_training})
    tokens = values([2, 4], torch.int64, 0, 4, "tokens")
    case(suite, "Embedding", 0, lambda: nn.Embedding(5, 3), plain, {"x": tokens}, {})
    x = values([2, 3, 4], torch.float32, -2, 2, "attention")
    case(suite, "MultiHeadAttention", 0, lambda: nn.MultiheadAttention(4, 2, batch_first=True),
         lambda model, x: [model(x, x, x)[0]], {"x": x}, {})


INPUTS, FEATURES, BATCH, LENGTH = 3, 4, 3, 5
LENGTHS = [5, 2, 3]
MAKERS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}


def through(model, x, hidden=None, cell=None, lengths=None):
    """Outputs, and the tensors of the state at the end."""
    state = hidden if cell is None else (hidden, cell)
    if lengths is not None:
        x = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    outputs, end = model(x, state)
    if lengths is not None:
        outputs, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
    return [outputs, *(end if isinstance(end, tuple) else [end])]


def recurrent(suite, name, seed, starts, lengths, **options):
    names = {"bidirectional": "isBidirectional", "num_layers": "layers",
             "nonlinearity": "activation"}
    attributes = {names.get(key, key): each for key, each in options.items()}
    cells = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    inputs = {"x": values([BATCH, LENGTH, INPUTS], torch.float32, -2, 2, "sequence")}
    for part in (["hidden", "cell"] if name == "LSTM" else ["hidden"]) if starts else []:
        inputs[part] = values([cells, BATCH, FEATURES], torch.float32, -1, 1, part)
    if lengths:
        inputs["lengths"] = torch.tensor(LENGTHS)
    case(suite, name, seed,
         lambda: MAKERS[name](INPUTS, FEATURES, batch_first=True, **options), through, inputs,
         attributes)


def recurrent_layers(suite):
    for name in MAKERS:
        kinds = [{"nonlinearity": "tanh"}, {"nonlinearity": "relu"}] if name == "RNN" else [{}]
        for kind in kinds:
            recurrent(suite, name, 0, False, False, **kind)
            recurrent(suite, name, 7, True, False, bias=False, **kind)
            recurrent(suite, name, 1, True, False, num_layers=2, bidirectional=True, **kind)
            recurrent(suite, name, 2, True, True, num_layers=2, bidirectional=True, **kind)
            recurrent(suite, name, 3, False, True, **kind)


def step(model, x, hidden=None, cell=None):
    end = model(x, hidden if cell is None else (hidden, cell))
    return list(end) if isinstance(end, tuple) else [end]


def cells(suite):
    x = values([BATCH, INPUTS], torch.float32, -2, 2, "token")
    state = {part: values([BATCH, FEATURES], torch.float32, -1, 1, part)
             for part in ["hidden", "cell"]}
    for name, make in [("RNNCell", nn.RNNCell), ("LSTMCell", nn.LSTMCell), ("GRUCell", nn.GRUCell)]:
        own = state if name == "LSTMCell" else {"hidden": state["hidden"]}
        for start in [{}, own]:
            case(suite, name, 4, lambda: make(INPUTS, FEATURES), step, {"x": x, **start}, {})


def generate(suite):
    for part in [plain_layers, recurrent_layers, cells]:
        part(suite)
