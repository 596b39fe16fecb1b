"""Transformers in PyTorch, written from their papers: GPT with options, BERT, rotary positions."""

import torch
import torch.nn.functional as F
from torch import nn

from .layers import case
from .recorder import note, values


def rotary(x, base, start=0):
    """Features i and i + d/2 of [..., length, d] as one complex number, turned by an angle."""
    half = x.shape[-1] // 2
    frequency = base ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.arange(start, start + x.shape[-2]).double()[:, None] * frequency
    turned = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([turned.real, turned.imag], -1)


def norm(kind, width, bias=True, epsilon=None):
    if kind == "rmsNorm":
        return nn.RMSNorm(width, eps=1e-6)
    return nn.LayerNorm(width, eps=epsilon or 1e-5, bias=bias)


class Attention(nn.Module):
    def __init__(self, width, heads, causal, bias=True, query_key_norm=None, base=None):
        super().__init__()
        self.heads, self.causal, self.base = heads, causal, base
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        if query_key_norm:
            self.queryNorm = norm(query_key_norm, width // heads, bias)
            self.keyNorm = norm(query_key_norm, width // heads, bias)
        self.projection = nn.Linear(width, width, bias=bias)

    def forward(self, x, mask=None):
        batch, length, width = x.shape
        query, key, value = (part.view(batch, length, self.heads, -1).transpose(1, 2)
                             for part in self.qkv(x).split(width, 2))
        if hasattr(self, "queryNorm"):
            query, key = self.queryNorm(query), self.keyNorm(key)
        if self.base:
            query, key = rotary(query, self.base), rotary(key, self.base)
        mask = None if mask is None else mask[:, None, None, :]
        mixed = F.scaled_dot_product_attention(query, key, value, mask, is_causal=self.causal)
        return self.projection(mixed.transpose(1, 2).reshape(batch, length, width))


class FeedForward(nn.Module):
    def __init__(self, width, activation, hidden=None, bias=True):
        super().__init__()
        self.activation = activation
        gated = activation == "swiGLU"
        hidden = hidden or (8 * width // 3 if gated else 4 * width)
        if gated:
            self.gate = nn.Linear(width, hidden, bias=bias)
        self.expand = nn.Linear(width, hidden, bias=bias)
        self.contract = nn.Linear(hidden, width, bias=bias)

    def forward(self, x):
        wide = self.expand(x)
        return self.contract({
            "gelu": lambda: F.gelu(wide), "geluTanh": lambda: F.gelu(wide, approximate="tanh"),
            "relu": lambda: F.relu(wide), "swiGLU": lambda: F.silu(self.gate(x)) * wide,
        }[self.activation]())


class Decoder(nn.Module):
    def __init__(self, width, heads, options):
        super().__init__()
        kind, bias = options["norm"], options["bias"]
        self.norm1 = norm(kind, width, bias)
        self.attention = Attention(width, heads, True, bias, options.get("queryKeyNorm"),
                                   options.get("rotaryBase"))
        self.norm2 = norm(kind, width, bias)
        self.feedForward = FeedForward(width, options["activation"], options.get("hidden"), bias)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.feedForward(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, options):
        super().__init__()
        width = options["features"]
        self.tokenEmbedding = nn.Embedding(options["vocabulary"], width)
        if "rotaryBase" not in options:
            self.positionEmbedding = nn.Embedding(options["context"], width)
        self.blocks = nn.ModuleList(Decoder(width, options["heads"], options)
                                    for _ in range(options["layers"]))
        self.norm = norm(options["norm"], width, options["bias"])
        self.tied = options["tied"]
        if not self.tied:
            self.head = nn.Linear(width, options["vocabulary"], bias=False)

    def forward(self, tokens):
        x = self.tokenEmbedding(tokens)
        if hasattr(self, "positionEmbedding"):
            x = x + self.positionEmbedding(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), (self.tokenEmbedding if self.tied else self.head).weight)


class Encoder(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.attention = Attention(width, heads, False)
        self.norm1 = norm("layerNorm", width, epsilon=1e-12)
        self.feedForward = FeedForward(width, "gelu", hidden)
        self.norm2 = norm("layerNorm", width, epsilon=1e-12)

    def forward(self, x, mask):
        x = self.norm1(x + self.attention(x, mask))
        return self.norm2(x + self.feedForward(x))


class BERT(nn.Module):
    def __init__(self, options):
        super().__init__()
        width = options["features"]
        self.tokenEmbedding = nn.Embedding(options["vocabulary"], width)
        self.positionEmbedding = nn.Embedding(options["context"], width)
        self.segmentEmbedding = nn.Embedding(2, width)
        self.norm = norm("layerNorm", width, epsilon=1e-12)
        self.blocks = nn.ModuleList(Encoder(width, options["heads"], options["hidden"])
                                    for _ in range(options["layers"]))
        self.transform = nn.Linear(width, width)
        self.transformNorm = norm("layerNorm", width, epsilon=1e-12)
        self.decoder = nn.Module()
        self.decoder.bias = nn.Parameter(torch.zeros(options["vocabulary"]))

    def forward(self, tokens, segments=None, mask=None):
        segments = torch.zeros_like(tokens) if segments is None else segments
        x = self.norm(self.tokenEmbedding(tokens) + self.segmentEmbedding(segments)
                      + self.positionEmbedding(torch.arange(tokens.shape[1])))
        for block in self.blocks:
            x = block(x, mask)
        x = self.transformNorm(F.gelu(self.transform(x)))
        return F.linear(x, self.tokenEmbedding.weight, self.decoder.bias)


def started(model, layers, residual):
    """The model with weights of N(0, 0.02^2), and biases of 0."""
    for name, each in model.named_parameters():
        if each.dim() > 1:
            small = residual and name.endswith(("projection.weight", "contract.weight"))
            nn.init.normal_(each, 0, 0.02 / (2 * layers) ** 0.5 if small else 0.02)
        elif name.endswith("bias"):
            nn.init.zeros_(each)
    return model


SIZES = {"vocabulary": 11, "context": 6, "features": 8, "heads": 2, "layers": 2}
PLAIN = {**SIZES, "norm": "layerNorm", "activation": "geluTanh", "bias": True, "tied": False}
GPTS = [
    {**PLAIN, "isDefault": True, "seed": 0},
    {**PLAIN, "tied": True, "seed": 1, "zLoss": 0.01},
    {**PLAIN, "tied": True, "rotaryBase": 10_000, "norm": "rmsNorm", "activation": "swiGLU",
     "queryKeyNorm": "rmsNorm", "bias": False, "seed": 2, "zLoss": 1e-4},
    {**PLAIN, "rotaryBase": 100, "queryKeyNorm": "layerNorm", "activation": "relu", "hidden": 12,
     "seed": 3},
]


def language_loss(logits, labels, z=0.0):
    """Cross entropy and z-loss, each as a mean over the labels other than -100."""
    rows, labels = logits.flatten(0, 1), labels.flatten()
    drift = torch.logsumexp(rows, -1)[labels != -100].square().mean()
    return F.cross_entropy(rows, labels) + z * drift


def gpt(suite):
    tokens = values([2, 6], torch.int64, 0, 10, "gpt tokens")
    tokens[1, 4:] = 0
    labels = tokens.clone()
    labels[1, 4:] = -100
    for options in GPTS:
        make = lambda: (GPT(options) if "isDefault" in options
                        else started(GPT(options), options["layers"], True))
        attributes = {key: each for key, each in options.items() if key != "seed"}

        def call(model, tokens, labels):
            logits = model(tokens)
            return [logits, language_loss(logits[:, :-1], labels[:, 1:], options.get("zLoss", 0.0))]

        case(suite, "GPT", options["seed"], make, call, {"tokens": tokens, "labels": labels},
             attributes, lambda name: name)


def bert(suite):
    tokens = values([2, 5], torch.int64, 0, 10, "bert tokens")
    segments = torch.tensor([[0, 0, 1, 1, 1], [0, 0, 0, 1, 0]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]).bool()
    labels = torch.full([2, 5], -100)
    labels[0, 1], labels[0, 4], labels[1, 2] = 3, 7, 0
    options = {**SIZES, "hidden": 12}
    for inputs in [{}, {"segments": segments, "mask": mask}]:
        def call(model, tokens, labels, segments=None, mask=None):
            logits = model(tokens, segments, mask)
            return [logits, language_loss(logits, labels)]

        case(suite, "BERT", 5, lambda: started(BERT(options), options["layers"], False), call,
             {"tokens": tokens, "labels": labels, **inputs}, options, lambda name: name)


def rotary_positions(suite):
    for shape, base, start in [([2, 5, 4], 10_000.0, 0), ([3, 2, 7, 6], 100.0, 3)]:
        x = values(shape, torch.float64, -2, 2, "rotary").requires_grad_()
        y = rotary(x, base, start)
        cotangent = values(shape, torch.float64, -1, 1, "rotary cotangent")
        gradient, = torch.autograd.grad(y, x, cotangent)
        note(suite, "function", "rotaryEmbedding", {"base": base, "start": start},
             {"x": x, "y": y, "cotangent": cotangent, "gradient": gradient})


def generate(suite):
    for part in [gpt, bert, rotary_positions]:
        part(suite)
