#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""examples/series.cpp in PyTorch: the same model, split, scaling, batch size, optimizer and number of training steps.

benchmarks/peers/series.py --data FILE --column NAME [--window N] [--epochs N] [--threads N] [--seed N]
"""
import argparse
import csv
import time

import torch
from torch import nn

from rondo_data import cosine

BATCH = 32


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 50, 2, dropout=0.2)
        self.fc = nn.Linear(50, 1)

    def forward(self, x):
        return self.fc(self.gru(x)[0][-1]).squeeze(-1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--column", required=True)
    parser.add_argument("--window", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    with open(options.data, newline="", encoding="utf-8") as file:
        values = torch.tensor([float(row[options.column]) for row in csv.DictReader(file)], dtype=torch.float64)
    split = (len(values) - options.window) * 8 // 10
    known = values[:split + options.window]
    mean, scale = known.mean(), known.std(unbiased=False)
    scaled = ((values - mean) / scale).float()
    windows = scaled.unfold(0, options.window, 1)[:-1]
    targets = scaled[options.window:]
    model = Forecaster()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = cosine(optimizer, options.epochs * -(-split // BATCH))

    start = time.perf_counter()
    for _ in range(options.epochs):
        model.train()
        for chosen in torch.randperm(split).split(BATCH):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(windows[chosen].t().unsqueeze(-1)), targets[chosen])
            loss.backward()
            optimizer.step()
            schedule.step()
    seconds = time.perf_counter() - start
    model.eval()
    with torch.no_grad():
        forecast = torch.cat([model(part.t().unsqueeze(-1)) for part in windows[split:].split(256)]).double()
    error = (forecast * scale + mean - values[split + options.window:]).square().mean().item()
    print(f"series.py: torch={torch.__version__} threads={options.threads} epochs={options.epochs}"
          f" test_mse={error:.6g} seconds={seconds:.2f}")


if __name__ == "__main__":
    main()
