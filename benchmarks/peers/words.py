#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""examples/words.cpp in PyTorch: the same model, vocabulary, split, streams, optimizer and number of training steps.

benchmarks/peers/words.py --data FILE [--tied] [--epochs N] [--threads N] [--seed N]
"""
import argparse
import math
import pathlib
import time

import torch
from torch import nn

from rondo_data import Vocabulary, words
from text import streams, train_epoch, validate

CAPACITY, LENGTH, BATCH = 10000, 35, 20


class WordModel(nn.Module):
    def __init__(self, tied):
        super().__init__()
        self.embedding = nn.Embedding(CAPACITY, 128)
        self.lstm = nn.LSTM(128, 128, 2, dropout=0.2)
        self.fc = nn.Linear(128, CAPACITY)
        if tied:
            self.fc.weight = self.embedding.weight

    def forward(self, x, state=None):
        y, state = self.lstm(self.embedding(x), state)
        return self.fc(y), state


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--tied", action="store_true")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    text = words(pathlib.Path(options.data).read_bytes().decode(), apart=True)
    split = len(text) - len(text) // 10
    vocabulary = Vocabulary(text[:split], CAPACITY)
    tokens = torch.tensor(vocabulary.tokens(text))
    model = WordModel(options.tied)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    seconds = 0
    for epoch in range(options.epochs):
        start = time.perf_counter()
        loss, _ = train_epoch(model, optimizer, streams(tokens[:split], LENGTH, BATCH))
        seconds += time.perf_counter() - start
        validation = validate(model, streams(tokens[split:], LENGTH, BATCH))
        print(f"epoch {epoch + 1}/{options.epochs}  loss {loss:.4f}  validation {validation:.4f}", flush=True)
    print(f"words.py: torch={torch.__version__} threads={options.threads} vocabulary={len(vocabulary.words)}"
          f" tied={int(options.tied)} train_perplexity={math.exp(loss):.4f}"
          f" validation_perplexity={math.exp(validation):.4f} seconds={seconds:.2f}")


if __name__ == "__main__":
    main()
