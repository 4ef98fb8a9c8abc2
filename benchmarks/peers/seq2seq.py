#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""examples/seq2seq.cpp with --data in PyTorch: the same model, split, batch size, optimizer, number of training steps.

benchmarks/peers/seq2seq.py --data FILE [--epochs N] [--threads N] [--seed N] [--beam N ...]
"""
import argparse
import pathlib
import re
import time

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from rondo_data import Vocabulary, cosine, grouped, shuffled

CAPACITY, SIZE, HIDDEN, SCORE, BATCH, BEGIN = 128, 64, 128, 64, 64, 0
MOST, OVER = 0.2, 2000  # scheduled sampling


class Translator(nn.Module):
    def __init__(self):
        super().__init__()
        self.source, self.target = nn.Embedding(CAPACITY, SIZE), nn.Embedding(CAPACITY, SIZE)
        self.encoder = nn.LSTM(SIZE, HIDDEN // 2, bidirectional=True)
        self.bridge = nn.Linear(HIDDEN, HIDDEN)
        self.decoder = nn.LSTMCell(SIZE + HIDDEN, HIDDEN)
        self.query, self.memory = nn.Linear(HIDDEN, SCORE, bias=False), nn.Linear(HIDDEN, SCORE)
        self.score = nn.Linear(SCORE, 1, bias=False)
        self.combine, self.fc = nn.Linear(2 * HIDDEN, HIDDEN), nn.Linear(HIDDEN, CAPACITY)

    def encode(self, source, lengths):
        packed = pack_padded_sequence(self.source(source), lengths, enforce_sorted=False)
        memory, (h, _) = self.encoder(packed)
        memory, _ = pad_packed_sequence(memory, total_length=len(source))
        h = self.bridge(torch.cat([h[0], h[1]], -1)).tanh()
        return (h, torch.zeros_like(h), torch.zeros_like(h)), memory, self.memory(memory)

    def step(self, token, state, memory, keys, valid):
        h, c, feed = state
        h, c = self.decoder(torch.cat([self.target(token), feed], -1), (h, c))
        scores = self.score((keys + self.query(h)).tanh()).squeeze(-1).masked_fill(~valid, -torch.inf)
        context = (scores.softmax(0)[..., None] * memory).sum(0)
        feed = self.combine(torch.cat([context, h], -1)).tanh()
        return feed, (h, c, feed)

    def forward(self, source, lengths, tokens, rate):
        state, memory, keys = self.encode(source, lengths)
        valid = torch.arange(len(source))[:, None] < lengths
        feeds = []
        for t, token in enumerate(tokens):
            if t > 0 and rate > 0:
                own = self.fc(feeds[-1]).detach().argmax(-1)
                token = torch.where(torch.rand(len(token)) < rate, own, token)
            feed, state = self.step(token, state, memory, keys, valid)
            feeds.append(feed)
        return self.fc(torch.stack(feeds))


@torch.no_grad()
def beam_search(model, sources, width, end, most):
    """Beam search: the best target of each source; rows are sources x width."""
    n = len(sources)
    lengths = torch.tensor([len(s) for s in sources])
    source = pad_sequence([torch.tensor(s) for s in sources])
    state, memory, keys = model.encode(source, lengths)
    rows = torch.arange(n).repeat_interleave(width)
    state, memory, keys = tuple(s[rows] for s in state), memory[:, rows], keys[:, rows]
    valid = (torch.arange(len(source))[:, None] < lengths)[:, rows]
    token = torch.full((n * width,), BEGIN)
    total = torch.full((n, width), -torch.inf)
    total[:, 0] = 0
    said = [[[] for _ in range(width)] for _ in range(n)]
    best = [(-torch.inf, [])] * n
    for _ in range(most):
        feed, state = model.step(token, state, memory, keys, valid)
        scores = total[..., None] + model.fc(feed).log_softmax(-1).view(n, width, -1)
        value, way = scores.view(n, -1).topk(width)
        parent, chosen = way // CAPACITY, way % CAPACITY
        followed = []
        for k in range(n):
            rows_of = []
            for v, p, c in zip(value[k].tolist(), parent[k].tolist(), chosen[k].tolist()):
                if c == end:
                    if v > best[k][0]:
                        best[k] = (v, said[k][p])
                    rows_of.append([])
                else:
                    rows_of.append(said[k][p] + [c])
            followed.append(rows_of)
        said = followed
        total = value.masked_fill(chosen == end, -torch.inf)
        if all(best[k][0] >= total[k].max().item() for k in range(n)):
            break
        where = (torch.arange(n)[:, None] * width + parent).flatten()
        state, token = tuple(s[where] for s in state), chosen.flatten()
    return [b[1] for b in best]


def edits(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for k, y in enumerate(b, 1):
            diagonal, row[k] = row[k], min(row[k] + 1, row[k - 1] + 1, diagonal + (x != y))
    return row[-1]


def read_pairs(path):
    for line in pathlib.Path(path).read_text().split("\n"):
        line = re.sub(" #.*", "", line).rstrip()
        if line:
            source, target = line.split("\t" if "\t" in line else " ", 1)
            if not source.endswith(")"):
                yield list(source), target.split()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--beam", type=int, nargs="+", default=[1, 5])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    pairs = shuffled(read_pairs(options.data), options.seed)
    left = Vocabulary([letter for source, _ in pairs for letter in source], CAPACITY)
    right = Vocabulary([symbol for _, target in pairs for symbol in target + ["<end>"]], CAPACITY)
    end = right.token["<end>"]
    pairs = [(left.tokens(source), right.tokens(target)) for source, target in pairs]
    held_out, train = pairs[::10], [pair for k, pair in enumerate(pairs) if k % 10]
    model = Translator()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = cosine(optimizer, options.epochs * -(-len(train) // BATCH))
    seconds = steps = 0
    for epoch in range(options.epochs):
        start, total, terms = time.perf_counter(), 0, 0
        order = [train[k] for k in torch.randperm(len(train))]
        for some in grouped(order, lambda pair: (len(pair[0]), len(pair[1])), BATCH, 20):
            source = pad_sequence([torch.tensor(s) for s, _ in some])
            lengths = torch.tensor([len(s) for s, _ in some])
            tokens = pad_sequence([torch.tensor([BEGIN] + t) for _, t in some])
            wanted = pad_sequence([torch.tensor(t + [end]) for _, t in some], padding_value=-100)
            scores = model(source, lengths, tokens, MOST * min(1, steps / OVER))
            loss = nn.functional.cross_entropy(scores.flatten(0, 1), wanted.flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5)
            optimizer.step()
            schedule.step()
            count = (wanted >= 0).sum().item()
            total, terms, steps = total + loss.item() * count, terms + count, steps + 1
        seconds += time.perf_counter() - start
        print(f"epoch {epoch + 1}/{options.epochs}  loss {total / terms:.4f}", flush=True)
    result = f"seq2seq.py: torch={torch.__version__} threads={options.threads} steps={steps} train_loss={total / terms:.4f}"
    for width in options.beam:
        right_ones = wrong = symbols = 0
        for first in range(0, len(held_out), 256):
            some = held_out[first:first + 256]
            for said, (_, wanted) in zip(beam_search(model, [s for s, _ in some], width, end, 60), some):
                right_ones += said == wanted
                wrong, symbols = wrong + edits(said, wanted), symbols + len(wanted)
        result += f" exact_{width}={right_ones / len(held_out):.4f} symbol_error_{width}={wrong / symbols:.4f}"
    print(f"{result} seconds={seconds:.2f}")


if __name__ == "__main__":
    main()
