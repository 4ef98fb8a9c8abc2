#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The epochs of benchmarks/epochs.cpp in PyTorch: the same models, sizes, batches and optimizer, one thread.

benchmarks/peers/pytorch.py [--benchmark_filter=REGEX] [--benchmark_min_time=SECONDS] ...: as Google Benchmark
"""
import argparse
import json
import re
import time

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence


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


def characters():
    text = torch.randint(26, (307,))
    model, loss = Characters(), nn.CrossEntropyLoss()
    return model, lambda: ((loss(model(x).flatten(0, 1), y.flatten()))
                           for x, y in windows(text, 40, lambda series, at: series[at[1:]]))


def series():
    sine = torch.sin(torch.arange(810.0) / 8)[:, None]
    model, loss = Forecaster(), nn.MSELoss()
    return model, lambda: (loss(model(x), y) for x, y in windows(sine, 50, lambda series, at: series[at[-1]]))


def reviews():
    lengths = torch.arange(20, 10, -1)
    x, y = torch.randint(1, 100, (20, 10)), torch.arange(10.0) % 2
    model, loss = Reviews(), nn.BCEWithLogitsLoss()
    return model, lambda: (loss(model(x, lengths), y) for _ in range(1))


def measure(make, least):
    torch.manual_seed(1)
    model, losses = make()
    optimizer = torch.optim.Adam(model.parameters())

    def epoch():
        for loss in losses():
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5)
            optimizer.step()

    epoch()
    runs, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < least:
        epoch()
        runs += 1
    return (time.perf_counter() - start) / runs, (time.process_time() - cpu) / runs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--benchmark_filter", default="")
    parser.add_argument("--benchmark_min_time", type=float, default=0.5)
    parser.add_argument("--benchmark_format", default="json", choices=["json"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    results = []
    for make in (characters, series, reviews):
        name = f"epoch/{make.__name__}/threads:1/real_time"
        if re.search(options.benchmark_filter, name):
            real, cpu = measure(make, options.benchmark_min_time)
            results.append({"name": name, "real_time": real * 1e3, "cpu_time": cpu * 1e3, "time_unit": "ms"})
    capability = torch.backends.cpu.get_cpu_capability()
    print(json.dumps({"context": {"torch": torch.__version__, "capability": capability}, "benchmarks": results}))


if __name__ == "__main__":
    main()
