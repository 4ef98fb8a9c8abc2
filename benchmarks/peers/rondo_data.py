# SPDX-License-Identifier: MIT
"""Random orders, words and vocabularies as in the examples, so that peers train on the same data."""

import math
import re
from collections import Counter

import torch

MASK32, MASK64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
USER, SHUFFLE = 0, 3


def philox(counter, key):
    """Philox 4x32-10 (Salmon et al. 2011)."""
    a, b, c, d = counter
    k0, k1 = key & MASK32, key >> 32
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ k0, q & MASK32, (p >> 32) ^ d ^ k1, p & MASK32
        k0, k1 = (k0 + 0x9E3779B9) & MASK32, (k1 + 0xBB67AE85) & MASK32
    return a, b, c, d


class Draw:
    """rondo::RandomStream: random numbers keyed by their purpose."""

    def __init__(self, seed, purpose=USER, step=0):
        words = philox((step & MASK32, step >> 32, 0, purpose), seed)
        self.key = words[0] | words[1] << 32

    def wide(self, unit):
        words = philox((unit // 2 & MASK32, 0, 0, unit // 2 >> 32), self.key)
        return words[unit % 2 * 2] | words[unit % 2 * 2 + 1] << 32


def shuffled(values, seed):
    """rondo::shuffle with RandomStream{seed, Purpose::user}."""
    values, draw = list(values), Draw(seed)
    for left in range(len(values), 1, -1):
        k = draw.wide(left - 1) * left >> 64
        values[left - 1], values[k] = values[k], values[left - 1]
    return values


def words(text, apart=False):
    """rondo::words: lower case; punctuation is dropped, or its characters and newlines are words."""
    text = re.sub("[A-Z]", lambda m: m.group().lower(), text)
    mark, space = r"!-/:-@\[-`{-~", r" \t\n\v\f\r"
    if not apart:
        return re.findall(f"[^{space}]+", re.sub(f"[{mark}]", "", text))
    inner = f"[^{mark}{space}](?:[^{mark}{space}]|(?<=[^{mark}{space}])['-](?=[^{mark}{space}]))*"
    return re.findall(rf"{inner}|[{mark}]|\n", text)


class Vocabulary:
    """<pad>, <unk>, then words by descending frequency, equally frequent ones in the order of their bytes."""

    def __init__(self, text, capacity):
        counts = Counter(text)
        order = sorted(counts, key=lambda word: (-counts[word], word.encode()))
        self.words = ["<pad>", "<unk>"] + order[:capacity - 2]
        self.token = {word: k for k, word in enumerate(self.words)}

    def tokens(self, text):
        return [self.token.get(word, 1) for word in text]


def grouped(order, length, batch, pool=50):
    """Mini-batches of similar lengths: sorted within pools of `pool` mini-batches, then shuffled."""
    batches = []
    for first in range(0, len(order), pool * batch):
        some = sorted(order[first:first + pool * batch], key=length)
        batches += [some[k:k + batch] for k in range(0, len(some), batch)]
    return [batches[k] for k in torch.randperm(len(batches))]


def cosine(optimizer, steps):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: (1 + math.cos(math.pi * t / steps)) / 2)
