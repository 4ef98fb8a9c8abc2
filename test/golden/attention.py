# SPDX-License-Identifier: MIT
"""Attention: pooling, and encoder-decoders."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from store import File, gradients, leaf, parameters

T, B = 5, 4
LENGTHS = torch.tensor([3, 5, 1, 4])


def weights_of(scores, lengths):
    """Softmax over the steps that each sequence has; scores are (T, B)."""
    valid = torch.arange(len(scores))[:, None] < lengths
    return scores.masked_fill(~valid, -torch.inf).softmax(0)


class AdditiveScore(nn.Module):
    def __init__(self, inputs, size):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, size), nn.Linear(size, 1, bias=False)

    def forward(self, x):
        return self.out(self.hidden(x).tanh())


class Pooling(nn.Module):
    def __init__(self, score):
        super().__init__()
        self.score = score

    def forward(self, x, lengths):
        a = weights_of(self.score(x).squeeze(-1), lengths)
        return (a[..., None] * x).sum(0), a


class Dot(nn.Module):
    def forward(self, q, memory, lengths):
        a = weights_of((q * memory).sum(-1), lengths)
        return (a[..., None] * memory).sum(0), a


class Additive(nn.Module):
    def __init__(self, query, memory, size):
        super().__init__()
        self.query, self.memory = nn.Linear(query, size, bias=False), nn.Linear(memory, size)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, q, memory, lengths):
        a = weights_of(self.score((self.query(q) + self.memory(memory)).tanh()).squeeze(-1), lengths)
        return (a[..., None] * memory).sum(0), a


class Decoder(nn.Module):
    def __init__(self, vocabulary, size, hidden, attention, feeding, layer):
        super().__init__()
        self.feeding = feeding
        self.embedding = nn.Embedding(vocabulary, size)
        self.recurrent = layer(size + (hidden if feeding else 0), hidden)
        self.attention = attention
        self.combine = nn.Linear(hidden + (hidden if attention else 0), hidden)
        self.fc = nn.Linear(hidden, vocabulary)

    def forward(self, tokens, h, memory, lengths):
        feed, all_feeds, weights = torch.zeros_like(h), [], []
        state = (h[None], torch.zeros_like(h)[None]) if isinstance(self.recurrent, nn.LSTM) else h[None]
        for x in self.embedding(tokens):
            if self.feeding:
                x = torch.cat([x, feed], -1)
            y, state = self.recurrent(x[None], state)
            y = y[0]
            if self.attention:
                context, a = self.attention(y, memory, lengths)
                weights.append(a)
                y = torch.cat([context, y], -1)
            feed = self.combine(y).tanh()
            all_feeds.append(feed)
        return self.fc(torch.stack(all_feeds)), weights[-1] if weights else None


class EncoderDecoder(nn.Module):
    def __init__(self, source, target, size, hidden, attention=None, feeding=True, layer=nn.LSTM):
        super().__init__()
        self.embedding = nn.Embedding(source, size)
        self.encoder = layer(size, hidden // 2, bidirectional=True)
        self.bridge = nn.Linear(hidden, hidden)
        self.decoder = Decoder(target, size, hidden, attention, feeding, layer)

    def forward(self, source, lengths, tokens):
        packed = pack_padded_sequence(self.embedding(source), lengths, enforce_sorted=False)
        memory, state = self.encoder(packed)
        h = state[0] if isinstance(state, tuple) else state
        h = self.bridge(torch.cat([h[0], h[1]], -1)).tanh()
        memory, _ = pad_packed_sequence(memory, total_length=len(source))
        return self.decoder(tokens, h, memory, lengths)


def add_parameters(file, case, module):
    file.add(case, {f"parameters/{name}": parameter for name, parameter in module.named_parameters()})


def attention():
    file = File("attention")
    for case, size, make in (
        ("pooling_20", 20, lambda: nn.Linear(20, 1)),
        ("pooling_3_5", 3, lambda: AdditiveScore(3, 5)),
    ):
        file.case(case)
        module, x = Pooling(make()), leaf(T, B, size)
        y, a = module(x, LENGTHS)
        dy = torch.randn_like(y)
        add_parameters(file, case, module)
        file.add(case, {"x": x, "lengths": LENGTHS, "y": y, "weights": a, "dy": dy})
        file.add(case, gradients([y], [dy], {"dx": x} | parameters(module)))
    for case, make in {
        "dot": lambda: EncoderDecoder(7, 5, 3, 20, Dot()),
        "additive": lambda: EncoderDecoder(7, 5, 3, 6, Additive(6, 6, 33), feeding=False),
        "gru": lambda: EncoderDecoder(7, 5, 3, 2, Additive(2, 2, 1), layer=nn.GRU),
        "none": lambda: EncoderDecoder(7, 5, 3, 6),
    }.items():
        file.case(case)
        module = make()
        source, tokens = torch.randint(7, (T, B)), torch.randint(5, (3, B))
        y, a = module(source, LENGTHS, tokens)
        dy = torch.randn_like(y)
        add_parameters(file, case, module)
        file.add(case, {"source": source, "lengths": LENGTHS, "tokens": tokens, "y": y, "dy": dy})
        if a is not None:
            file.add(case, {"weights": a})
        file.add(case, gradients([y], [dy], parameters(module)))
    return file
