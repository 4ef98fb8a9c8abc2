#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""examples/text.cpp in PyTorch: the same model, data, mini-batches, optimizer and epochs, to compare loss and time.

benchmarks/peers/text.py [--data FILE] [--epochs N] [--hidden N] [--threads N] [--seed N]
"""
import argparse
import math
import pathlib
import re
import time

import torch
from torch import nn


def paragraph():
    """The training text of examples/text.cpp, from its source."""
    source = (pathlib.Path(__file__).parents[2] / "examples" / "text.cpp").read_text()
    literal = re.search(r"paragraph =\s*((?:\"[^\"]*\"\s*)+);", source).group(1)
    return "".join(re.findall(r"\"([^\"]*)\"", literal)).encode()


class CharModel(nn.Module):
    def __init__(self, symbols, hidden):
        super().__init__()
        self.embedding = nn.Embedding(symbols, hidden)
        self.lstm = nn.LSTM(hidden, hidden, 2, dropout=0.2)
        self.fc = nn.Linear(hidden, symbols)

    def forward(self, x, state=None):
        y, state = self.lstm(self.embedding(x), state)
        return self.fc(y), state


def windows(tokens, length, batch):
    """Mini-batches of all windows of `length` tokens, shuffled: inputs, targets, and whether the state is kept (no)."""
    starts = torch.randperm(len(tokens) - length)
    for first in range(0, len(starts), batch):
        x = torch.stack([tokens[s:s + length + 1] for s in starts[first:first + batch]], 1)
        yield x[:-1], x[1:], False


def streams(tokens, length, batch):
    """The text split into `batch` parts, as sequences of one mini-batch: inputs, targets, and whether the state of the
    previous mini-batch is kept."""
    steps = (len(tokens) - 1) // batch
    x = torch.stack([tokens[b * steps:(b + 1) * steps] for b in range(batch)], 1)
    y = torch.stack([tokens[b * steps + 1:(b + 1) * steps + 1] for b in range(batch)], 1)
    for first in range(0, steps, length):
        yield x[first:first + length], y[first:first + length], first > 0


def compute_loss(model, x, y, state):
    scores, state = model(x, state)
    return nn.functional.cross_entropy(scores.flatten(0, 1), y.flatten()), state


def train_epoch(model, optimizer, batches):
    model.train()
    total = terms = 0
    state = None
    for x, y, keep_state in batches:
        state = tuple(s.detach() for s in state) if keep_state else None
        optimizer.zero_grad()
        loss, state = compute_loss(model, x, y, state)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimizer.step()
        total, terms = total + loss.item() * y.numel(), terms + y.numel()
    return total / terms, terms


@torch.no_grad()
def validate(model, batches):
    model.eval()
    total = terms = 0
    state = None
    for x, y, _ in batches:
        loss, state = compute_loss(model, x, y, state)
        total, terms = total + loss.item() * y.numel(), terms + y.numel()
    return total / terms


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hidden", type=int, default=128)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    text = pathlib.Path(options.data).read_bytes() if options.data else paragraph()
    symbols = list(range(256)) if options.data else sorted(set(text))
    tokens = torch.tensor([symbols.index(c) for c in text])
    split = len(tokens) * 9 // 10
    model = CharModel(len(symbols), options.hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    seconds = trained = 0
    for epoch in range(options.epochs):
        start = time.perf_counter()
        batches = streams(tokens[:split], 64, 32) if options.data else windows(tokens, 40, 32)
        loss, terms = train_epoch(model, optimizer, batches)
        seconds, trained = seconds + time.perf_counter() - start, trained + terms
        line = f"epoch {epoch + 1}/{options.epochs}  loss {loss:.4f}"
        if options.data:
            validation = validate(model, streams(tokens[split:], 64, 32))
            line += f"  validation {validation:.4f} nats"
        if options.data or (epoch + 1) % 10 == 0:
            print(line, flush=True)
    result = f"text.py: torch={torch.__version__} threads={options.threads} epochs={options.epochs}"
    result += f" train_loss={loss:.4f}"
    if options.data:
        result += f" validation_loss={validation:.4f} bits_per_character={validation / math.log(2):.4f}"
    print(f"{result} seconds={seconds:.2f} chars_per_second={trained / seconds:.0f}")


if __name__ == "__main__":
    main()
