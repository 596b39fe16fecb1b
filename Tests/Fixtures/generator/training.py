"""Whole runs: a small network on the digits, and a small GPT on a text."""

import torch
import torch.nn.functional as F
from torch import nn

from .recorder import note

PRECISIONS = [torch.float32, torch.float64]


def run(model, optimizer, batches, loss_of):
    """Losses and gradient norms of each step, in the dtype of the model."""
    losses, norms = [], []
    for batch in batches:
        optimizer.zero_grad()
        loss = loss_of(model, *batch)
        loss.backward()
        losses.append(loss.detach())
        norms.append(torch.nn.utils.get_total_norm([each.grad for each in model.parameters()]))
        optimizer.step()
    return {"losses": torch.stack(losses), "gradientNorms": torch.stack(norms)}


def state(prefix, model):
    return {f"{prefix}.{name}": each.detach().clone() for name, each in model.named_parameters()}


def digits(path):
    """Training rows (all but every fifth) as pixels in 0 ... 1 and labels."""
    rows = [[int(number) for number in line.split(",")] for line in path.read_text().split()]
    kept = torch.tensor([row for index, row in enumerate(rows) if index % 5 != 4])
    return kept[:, :-1].double() / 16, kept[:, -1]


MLP = {"modelSeed": 0, "orderSeed": 1, "widths": [64, 128, 10], "steps": 200, "batchSize": 64,
       "optimizer": "Adam", "learningRate": 1e-3}


def epochs_of(count):
    """Row orders: a permutation an epoch, from a generator of their own."""
    size, steps = MLP["batchSize"], MLP["steps"]
    source = torch.Generator().manual_seed(MLP["orderSeed"])
    per_epoch = count // size
    return torch.stack([torch.randperm(count, generator=source)
                        for _ in range(-(-steps // per_epoch))])


def multilayer_perceptron(suite):
    pixels, labels = digits(suite.digits)
    order = epochs_of(len(labels))
    size, per_epoch = MLP["batchSize"], len(labels) // MLP["batchSize"]
    for dtype in PRECISIONS:
        torch.manual_seed(MLP["modelSeed"])
        model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
        initial = state("initial", model)
        model = model.to(dtype)
        rows = [order[step // per_epoch][step % per_epoch * size:][:size]
                for step in range(MLP["steps"])]
        optimizer = torch.optim.Adam(model.parameters(), lr=MLP["learningRate"], foreach=False)
        found = run(model, optimizer, [(pixels[each].to(dtype), labels[each]) for each in rows],
                    lambda model, x, y: F.cross_entropy(model(x), y))
        final = state("final", model) if dtype == torch.float64 else {}
        note(suite, "training", "mlp", MLP, {"order": order.int(), **initial, **found, **final})


TEXT = (
    "A step is applied, or it is skipped and says why. A gradient that is not a number never "
    "reaches the weights; a loss that jumps is told apart from a loss that drifts. What was "
    "measured is written down, what was guessed is marked, and what failed is tried again with "
    "one thing changed. The same seed gives the same run: 0, 1, 2, 3 threads or more."
)
GPT = {"vocabulary": 65, "width": 32, "heads": 4, "context": 16, "layers": 2, "seed": 0,
       "steps": 50, "batchSize": 8, "optimizer": "AdamW", "learningRate": 3e-3,
       "weightDecay": 0.01}


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)

    def forward(self, x):
        batch, length, width = x.shape
        query, key, value = (part.view(batch, length, self.heads, -1).transpose(1, 2)
                             for part in self.qkv(x).split(width, 2))
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.projection(mixed.transpose(1, 2).reshape(batch, length, width))


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.expand = nn.Linear(width, 4 * width)
        self.contract = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.contract(F.gelu(self.expand(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.feedForward = FeedForward(width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.feedForward(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self, vocabulary, width, heads, context, layers):
        super().__init__()
        self.tokenEmbedding = nn.Embedding(vocabulary, width)
        self.positionEmbedding = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens):
        x = self.tokenEmbedding(tokens) + self.positionEmbedding(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def windows():
    """Tokens [steps, batch, context + 1]: each row and the one that follows it."""
    letters = sorted(set(TEXT))
    text = torch.tensor([letters.index(letter) for letter in TEXT])
    length = GPT["context"] + 1
    starts = [[(37 * step + 101 * row) % (len(text) - length) for row in range(GPT["batchSize"])]
              for step in range(GPT["steps"])]
    return torch.stack([torch.stack([text[start:start + length] for start in row])
                        for row in starts])


def transformer(suite):
    tokens = windows()
    for dtype in PRECISIONS:
        torch.manual_seed(GPT["seed"])
        sizes = {key: GPT[key] for key in ["vocabulary", "width", "heads", "context", "layers"]}
        model = Transformer(**sizes)
        initial = state("initial", model)
        model = model.to(dtype)
        optimizer = torch.optim.AdamW(model.parameters(), lr=GPT["learningRate"],
                                      weight_decay=GPT["weightDecay"], foreach=False)
        found = run(model, optimizer, [(batch,) for batch in tokens], lambda model, batch:
                    F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten()))
        note(suite, "training", "gpt", GPT, {"tokens": tokens.int(), **initial, **found})


def generate(suite):
    multilayer_perceptron(suite)
    transformer(suite)
