#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""examples/sentiment.cpp in PyTorch: the same model, split, batch size, optimizer and number of training steps.

benchmarks/peers/sentiment.py --data GOOD --negative BAD [--epochs N] [--threads N] [--seed N]
"""
import argparse
import pathlib
import time

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from rondo_data import Vocabulary, cosine, grouped, shuffled, words

CAPACITY, BATCH = 20000, 32


class Sentiment(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(CAPACITY, 100, padding_idx=0)
        self.lstm = nn.LSTM(100, 256, 2, bidirectional=True, dropout=0.5)
        self.head = nn.Sequential(nn.Linear(512, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 1))

    def forward(self, x, lengths):
        _, (h, _) = self.lstm(pack_padded_sequence(self.embedding(x), lengths))
        return self.head(torch.cat([h[-2], h[-1]], -1)).squeeze(-1)


def batch_of(some):
    some = sorted(some, key=lambda review: -len(review[0]))
    x = pad_sequence([torch.tensor(tokens) for tokens, _ in some])
    return x, torch.tensor([len(tokens) for tokens, _ in some]), torch.tensor([float(label) for _, label in some])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--negative", required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    reviews = [(words(line), label) for path, label in ((options.data, 1), (options.negative, 0))
               for line in pathlib.Path(path).read_text().split("\n") if words(line)]
    reviews = shuffled(reviews, options.seed)
    held_out, train = reviews[::10], [review for k, review in enumerate(reviews) if k % 10]
    vocabulary = Vocabulary([word for text, _ in train for word in text], CAPACITY)
    train, held_out = ([(vocabulary.tokens(text), label) for text, label in part] for part in (train, held_out))
    model = Sentiment()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = cosine(optimizer, options.epochs * -(-len(train) // BATCH))
    loss_of = nn.functional.binary_cross_entropy_with_logits

    seconds = steps = 0
    for epoch in range(options.epochs):
        start, total = time.perf_counter(), 0
        model.train()
        order = [train[k] for k in torch.randperm(len(train))]
        for some in grouped(order, lambda review: len(review[0]), BATCH):
            x, lengths, y = batch_of(some)
            optimizer.zero_grad()
            loss = loss_of(model(x, lengths), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5)
            optimizer.step()
            schedule.step()
            total, steps = total + loss.item() * len(some), steps + 1
        seconds += time.perf_counter() - start
        model.eval()
        right = validation = 0
        with torch.no_grad():
            for first in range(0, len(held_out), 100):
                x, lengths, y = batch_of(held_out[first:first + 100])
                scores = model(x, lengths)
                validation += loss_of(scores, y, reduction="sum").item()
                right += ((scores >= 0) == (y > 0.5)).sum().item()
        print(f"epoch {epoch + 1}/{options.epochs}  loss {total / len(train):.4f}"
              f"  validation {validation / len(held_out):.4f}", flush=True)
    print(f"sentiment.py: torch={torch.__version__} threads={options.threads} words={len(vocabulary.words)} steps={steps}"
          f" train_loss={total / len(train):.4f} accuracy={right / len(held_out):.4f} seconds={seconds:.2f}")


if __name__ == "__main__":
    main()
