# SPDX-License-Identifier: MIT
"""Recurrent layers that are linear in their state, by the equations of their papers: minGRU and minLSTM (arXiv:2410.01201;
the log-space form by logcumsumexp, as in the paper), RG-LRU (arXiv:2402.19427), LRU (arXiv:2303.06349), QRNN
(arXiv:1611.01576) and the first version of SRU (arXiv:1709.02755v1)."""

import torch
from torch import nn
from torch.nn import functional

from variants import variants


def log_g(x):
    return torch.where(x >= 0, (functional.relu(x) + 0.5).log(), -functional.softplus(-x))


def log_space(log_a, log_b, h):
    """h_t = a_t h_(t-1) + b_t; the first state apart, since it may be negative."""
    total = torch.cumsum(log_a, 0)
    return torch.exp(total + torch.logcumsumexp(log_b - total, 0)) + torch.exp(total) * h


def steps(a, b, s):
    all_states = []
    for t in range(len(a)):
        s = a[t] * s + b[t]
        all_states.append(s)
    return torch.stack(all_states)


def min_gru(gates, x, h, own):
    z, n = torch.sigmoid(gates[0]), gates[1]
    return (y := steps(1 - z, z * n, h)), y


def min_gru_log(gates, x, h, own):
    k, n = gates
    return (y := log_space(-functional.softplus(k), -functional.softplus(-k) + log_g(n), h)), y


def min_lstm(gates, x, h, own):
    f, i, n = torch.sigmoid(gates[0]), torch.sigmoid(gates[1]), gates[2]
    return (y := steps(f / (f + i), i / (f + i) * n, h)), y


def min_lstm_log(gates, x, h, own):
    f, i, n = gates
    difference = functional.softplus(-f) - functional.softplus(-i)
    return (y := log_space(-functional.softplus(difference), -functional.softplus(-difference) + log_g(n), h)), y


def rg_lru(gates, x, h, own):
    r, i = torch.sigmoid(gates[0]), torch.sigmoid(gates[1])
    a = torch.sigmoid(own["recurrent_param"]) ** (8 * r)
    return (y := steps(a, torch.sqrt(1 - a * a) * (i * x), h)), y


def lru(gates, x, s, own):
    eigenvalue = torch.exp(torch.complex(-torch.exp(own["nu_log"]), torch.exp(own["theta_log"])))
    b = torch.exp(own["gamma_log"]) * torch.complex(*gates)
    all_states = steps(eigenvalue.expand(b.shape), b, s)
    return torch.cat([all_states.real, all_states.imag], -1), all_states


def qrnn(pooling):
    def pool(gates, x, c, own):
        z, f = torch.tanh(gates[0]), torch.sigmoid(gates[1])
        i = torch.sigmoid(gates[3]) if pooling == "ifo" else 1 - f
        c = steps(f, i * z, c)
        return (c if pooling == "f" else torch.sigmoid(gates[2]) * c), c
    return pool


def sru_first(gates, x, c, own):
    u, f, r = gates[0], torch.sigmoid(gates[1]), torch.sigmoid(gates[2])
    c = steps(f, (1 - f) * u, c)
    return r * torch.tanh(c) + (1 - r) * x, c


class Layer(nn.Module):
    """A stack with PyTorch's names; sequences one by one, each as long as it is."""

    def __init__(self, of, gates, inputs, hidden, own=(), reads_input=False, num_layers=1, bidirectional=False):
        super().__init__()
        self.of, self.gates, self.hidden_size, self.num_layers = of, gates, hidden, num_layers
        self.own, self.directions, self.has_cell = own, 2 if bidirectional else 1, of is lru
        self.reads_input = reads_input
        k = hidden ** -0.5
        for layer in range(num_layers):
            columns = inputs if layer == 0 else self.directions * hidden * (2 if self.has_cell else 1)
            rows = (gates + (1 if reads_input and columns != hidden else 0)) * hidden
            for suffix in (f"l{layer}", f"l{layer}_reverse")[: self.directions]:
                for name, shape in {"weight_ih": (rows, columns), "bias_ih": (rows,)}.items():
                    self.register_parameter(f"{name}_{suffix}", nn.Parameter(torch.empty(shape).uniform_(-k, k)))
                for name in own:
                    self.register_parameter(f"{name}_{suffix}", nn.Parameter(torch.empty(hidden).uniform_(-1, 0.5)))

    def sweep(self, x, state, suffix):
        of = {name: getattr(self, f"{name}_{suffix}") for name in ("weight_ih", "bias_ih", *self.own)}
        gates = functional.linear(x, of["weight_ih"], of["bias_ih"]).split(self.hidden_size, -1)
        if len(gates) > self.gates:
            x = gates[-1]
        return self.of(gates[: self.gates], x, state, of)

    def forward(self, x, state=None, lengths=None):
        count, batch = self.num_layers * self.directions, x.shape[1]
        if state is None:
            state = x.new_zeros(count, batch, self.hidden_size)
            state = (state, state) if self.has_cell else state
        if self.has_cell:
            state = torch.complex(*state)
        if lengths is None:
            lengths = torch.full((batch,), len(x))
        finals = []
        for layer in range(self.num_layers):
            outputs = []
            for direction, suffix in enumerate((f"l{layer}", f"l{layer}_reverse")[: self.directions]):
                turned = (lambda one: one.flip(0)) if direction == 1 else (lambda one: one)
                swept = [self.sweep(turned(x[:n, b]), state[len(finals), b], suffix) for b, n in enumerate(lengths.tolist())]
                finals.append(torch.stack([states[-1] for _, states in swept]))
                outputs.append(torch.stack([functional.pad(turned(y), (0, 0, 0, len(x) - len(y))) for y, _ in swept], 1))
            x = torch.cat(outputs, -1)
        last = torch.stack(finals)
        return x, (last.real, last.imag) if self.has_cell else last


def made(of, gates, **options):
    return lambda *sizes, **more: Layer(of, gates, *sizes, **options, **more)


# Each with its sizes: inputs, hidden units, layers, directions.
LAYERS = {
    "min_gru": (made(min_gru, 2), [(1, 5, 1, 1), (5, 3, 3, 2), (3, 20, 2, 1), (33, 33, 1, 1)]),
    "min_gru_log": (made(min_gru_log, 2), [(3, 16, 2, 1), (5, 3, 3, 2)]),
    "min_lstm": (made(min_lstm, 3), [(20, 1, 2, 2), (3, 5, 1, 2)]),
    "min_lstm_log": (made(min_lstm_log, 3), [(1, 5, 1, 1), (3, 20, 2, 1)]),
    "rg_lru": (made(rg_lru, 2, own=["recurrent_param"], reads_input=True), [(33, 33, 1, 1), (5, 3, 3, 2), (3, 20, 2, 1)]),
    "lru_scan": (made(lru, 2, own=["nu_log", "theta_log", "gamma_log"]), [(5, 3, 2, 2), (1, 20, 1, 1)]),
    "qrnn_f": (made(qrnn("f"), 2), [(3, 5, 1, 1)]),
    "qrnn_fo": (made(qrnn("fo"), 3), [(20, 1, 2, 2), (1, 33, 1, 1)]),
    "qrnn_ifo": (made(qrnn("ifo"), 4), [(3, 20, 2, 1)]),
    "sru_first": (made(sru_first, 3, reads_input=True), [(20, 20, 2, 1), (5, 3, 2, 2)]),
}


def linear():
    return variants("linear", LAYERS)
