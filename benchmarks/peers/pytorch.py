#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The epochs of benchmarks/epochs.cpp in PyTorch: the same models, sizes, batches and optimizer, one thread.

benchmarks/peers/pytorch.py [--compile] [--benchmark_filter=REGEX] [--benchmark_min_time=SECONDS] ...: as Google
Benchmark; --compile measures torch.compile(model).
"""
import functools

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import google_benchmark


class Characters(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.lstm, self.fc = nn.Embedding(26, 128), nn.LSTM(128, 128, 2, dropout=0.2), nn.Linear(128, 26)

    def forward(self, x):
        return self.fc(self.lstm(self.embedding(x))[0])


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.fc = nn.GRU(1, 50, 2, dropout=0.2), nn.Linear(50, 1)

    def forward(self, x):
        return self.fc(self.gru(x)[0][-1])


class Reviews(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(100, 100, padding_idx=0)
        self.lstm = nn.LSTM(100, 256, 2, bidirectional=True, dropout=0.5)
        self.head = nn.Sequential(nn.Linear(512, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 1))

    def forward(self, x, lengths):
        _, (h, _) = self.lstm(pack_padded_sequence(self.embedding(x), lengths))
        return self.head(torch.cat([h[-2], h[-1]], -1)).squeeze(-1)


def windows(series, length, targets):
    """Mini-batches of 32 of every window, shuffled."""
    for chosen in torch.randperm(len(series) - length).split(32):
        at = chosen + torch.arange(length + 1)[:, None]
        yield series[at[:-1]], targets(series, at)


def characters(compiled):
    text = torch.randint(26, (307,))
    model, loss = compiled(Characters()), nn.CrossEntropyLoss()
    return model, lambda: ((loss(model(x).flatten(0, 1), y.flatten()))
                           for x, y in windows(text, 40, lambda series, at: series[at[1:]]))


def series(compiled):
    sine = torch.sin(torch.arange(810.0) / 8)[:, None]
    model, loss = compiled(Forecaster()), nn.MSELoss()
    return model, lambda: (loss(model(x), y) for x, y in windows(sine, 50, lambda series, at: series[at[-1]]))


def reviews(compiled):
    lengths = torch.arange(20, 10, -1)
    x, y = torch.randint(1, 100, (20, 10)), torch.arange(10.0) % 2
    model, loss = compiled(Reviews()), nn.BCEWithLogitsLoss()
    return model, lambda: (loss(model(x, lengths), y) for _ in range(1))


def epoch(make, options):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    model, losses = make(torch.compile if options.compile else lambda module: module)
    optimizer = torch.optim.Adam(model.parameters())

    def run():
        for loss in losses():
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5)
            optimizer.step()

    return run


if __name__ == "__main__":
    google_benchmark.main(
        __doc__.splitlines()[0],
        {f"epoch/{make.__name__}/threads:1/real_time": functools.partial(epoch, make)
         for make in (characters, series, reviews)},
        {"torch": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()},
        lambda parser: parser.add_argument("--compile", action="store_true"))
