# SPDX-License-Identifier: MIT
"""Variants of recurrent layers: those that PyTorch has, and those of ONNX's operators LSTM, GRU and RNN."""

import torch
from torch import nn
from torch.nn import functional

from recurrent import LENGTHS, ResetBeforeGRU, initial_states, over_time
from store import File, leaf

FUNCTIONS = {  # of ONNX's list, with alpha and beta
    "sigmoid": lambda x, a, b: torch.sigmoid(x),
    "tanh": lambda x, a, b: torch.tanh(x),
    "relu": lambda x, a, b: torch.relu(x),
    "leaky_relu": lambda x, a, b: functional.leaky_relu(x, a),
    "thresholded_relu": lambda x, a, b: functional.threshold(x, a, 0.0),
    "elu": lambda x, a, b: functional.elu(x, a),
    "hard_sigmoid": lambda x, a, b: torch.clamp(a * x + b, 0, 1),
    "affine": lambda x, a, b: a * x + b,
    "scaled_tanh": lambda x, a, b: a * torch.tanh(b * x),
    "softsign": lambda x, a, b: functional.softsign(x),
    "softplus": lambda x, a, b: functional.softplus(x),
}
SIGMOID, TANH = ("sigmoid", 0, 0), ("tanh", 0, 0)


class Variant(nn.Module):
    """A stack by the equations of ONNX's operators, with PyTorch's names and orders of gates. clip bounds what enters the
    functions of gates and candidate, but not c, as ONNX Runtime does."""

    def __init__(self, kind, inputs, hidden, num_layers=1, bidirectional=False, gate=SIGMOID, candidate=TANH, output=TANH,
                 clip=None, coupled=False, peepholes=False, proj_size=0):
        super().__init__()
        self.proj_size = proj_size
        self.kind, self.hidden_size, self.num_layers = kind, hidden, num_layers
        self.directions = 2 if bidirectional else 1
        self.clip, self.coupled, self.peepholes = clip, coupled, peepholes
        self.gate, self.candidate, self.output = (self.function(f) for f in (gate, candidate, output))
        self.has_cell = kind == "lstm"
        gates = {"lstm": 3 if coupled else 4, "gru": 3, "gru_reset_before": 3, "rnn": 1}[kind]
        k = hidden ** -0.5
        for layer in range(num_layers):
            columns = inputs if layer == 0 else self.directions * (proj_size or hidden)
            for suffix in (f"l{layer}", f"l{layer}_reverse")[: self.directions]:
                shapes = {"weight_ih": (gates * hidden, columns), "weight_hh": (gates * hidden, proj_size or hidden),
                          "bias_ih": (gates * hidden,), "bias_hh": (gates * hidden,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden)
                if peepholes:
                    shapes["weight_own"] = ((2 if coupled else 3) * hidden,)
                for name, shape in shapes.items():
                    self.register_parameter(f"{name}_{suffix}", nn.Parameter(torch.empty(shape).uniform_(-k, k)))

    @staticmethod
    def function(given):
        name, alpha, beta = given
        return lambda x: FUNCTIONS[name](x, alpha, beta)

    def clipped(self, x):
        return x if self.clip is None else torch.clamp(x, -self.clip, self.clip)

    def f(self, x):
        return self.gate(self.clipped(x))

    def g(self, x):
        return self.candidate(self.clipped(x))

    def step(self, x, state, suffix):
        w, u, b, c = (getattr(self, f"{name}_{suffix}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        ax = functional.linear(x, w, b)
        if self.kind == "lstm":
            return self.lstm(ax + functional.linear(state[0], u, c), state[1], suffix)
        h = state[0]
        if self.kind == "rnn":
            return (self.g(ax + functional.linear(h, u, c)),)
        x_r, x_z, x_n = ax.chunk(3, -1)
        u_r, u_z, u_n = u.chunk(3)
        c_r, c_z, c_n = c.chunk(3)
        r, z = self.f(x_r + functional.linear(h, u_r, c_r)), self.f(x_z + functional.linear(h, u_z, c_z))
        if self.kind == "gru":
            n = self.g(x_n + r * functional.linear(h, u_n, c_n))
        else:
            n = self.g(x_n + functional.linear(r * h, u_n, c_n))
        return ((1 - z) * n + z * h,)

    def lstm(self, a, c, suffix):
        own = getattr(self, f"weight_own_{suffix}").chunk(2 if self.coupled else 3) if self.peepholes else [0] * 3
        if self.coupled:
            a_i, a_g, a_o = a.chunk(3, -1)
        else:
            a_i, a_f, a_g, a_o = a.chunk(4, -1)
        i = self.f(a_i + own[0] * c)
        f = 1 - i if self.coupled else self.f(a_f + own[1] * c)
        after = f * c + i * self.g(a_g)
        o = self.f(a_o + own[-1] * after)
        h = o * self.output(after)
        return functional.linear(h, getattr(self, f"weight_hr_{suffix}")) if self.proj_size else h, after

    def sweep(self, x, state, lengths, suffix, backward):
        ys = [None] * len(x)
        for t in reversed(range(len(x))) if backward else range(len(x)):
            valid = (t < lengths)[:, None]
            state = tuple(torch.where(valid, new, old) for new, old in zip(self.step(x[t], state, suffix), state, strict=True))
            ys[t] = torch.where(valid, state[0], 0.0)
        return torch.stack(ys), state

    def forward(self, x, state=None, lengths=None):
        count = 2 if self.has_cell else 1
        if state is None:
            state = tuple(x.new_zeros(self.num_layers * self.directions, x.shape[1], units)
                          for units in (self.proj_size or self.hidden_size, self.hidden_size)[:count])
        elif torch.is_tensor(state):
            state = (state,)
        if lengths is None:
            lengths = torch.full(x.shape[1:2], len(x))
        last = []
        for layer in range(self.num_layers):
            ys = []
            for direction, suffix in enumerate((f"l{layer}", f"l{layer}_reverse")[: self.directions]):
                y, final = self.sweep(x, tuple(s[len(last)] for s in state), lengths, suffix, direction == 1)
                ys.append(y)
                last.append(final)
            x = torch.cat(ys, -1)
        finals = tuple(torch.stack([one[k] for one in last]) for k in range(count))
        return x, finals if self.has_cell else finals[0]


def made(kind, **options):
    return lambda inputs, hidden, **sizes: Variant(kind, inputs, hidden, **sizes, **options)


# Each with its sizes: inputs, hidden units, layers, directions.
VARIANTS = {
    "lstm_no_bias": (lambda *sizes, **more: nn.LSTM(*sizes, bias=False, **more), [(3, 20, 2, 1), (5, 3, 3, 2)]),
    "gru_no_bias": (lambda *sizes, **more: nn.GRU(*sizes, bias=False, **more), [(33, 5, 1, 1), (5, 3, 3, 2)]),
    "gru_reset_before_no_bias": (lambda *sizes, **more: ResetBeforeGRU(*sizes, bias=False, **more), [(20, 1, 2, 2)]),
    "rnn_no_bias": (lambda *sizes, **more: nn.RNN(*sizes, bias=False, **more), [(1, 5, 1, 1), (5, 33, 1, 2)]),
    "peephole": (made("lstm", peepholes=True), [(3, 20, 2, 1), (5, 3, 3, 2), (20, 1, 2, 2), (1, 5, 1, 1)]),
    "lstm_coupled": (made("lstm", coupled=True), [(3, 20, 1, 1), (5, 3, 2, 2)]),
    "lstm_hard": (made("lstm", gate=("hard_sigmoid", 0.2, 0.5), candidate=("softsign", 0, 0), output=("relu", 0, 0)),
                  [(5, 3, 2, 2), (3, 33, 1, 1)]),
    "lstm_all": (made("lstm", gate=("hard_sigmoid", 0.3, 0.4), candidate=("elu", 0.5, 0), output=("scaled_tanh", 1.5, 0.75),
                      clip=0.75, coupled=True, peepholes=True), [(1, 20, 1, 1), (20, 1, 2, 2)]),
    "lstm_clip": (made("lstm", clip=0.5, peepholes=True), [(3, 5, 2, 1)]),
    "gru_hard": (made("gru", gate=("hard_sigmoid", 0.2, 0.5), candidate=("leaky_relu", 0.125, 0)), [(20, 5, 1, 1)]),
    "gru_clip": (made("gru", clip=0.25, candidate=("affine", 0.75, 0.25)), [(5, 3, 2, 2), (1, 33, 1, 1)]),
    "gru_reset_before_hard": (made("gru_reset_before", gate=("hard_sigmoid", 0.2, 0.5), clip=0.5,
                                   candidate=("elu", 1.0, 0)), [(5, 3, 2, 2), (3, 20, 1, 1)]),
    "rnn_clip": (made("rnn", clip=0.5), [(5, 20, 1, 1)]),
    "rnn_threshold": (made("rnn", candidate=("thresholded_relu", 0.25, 0)), [(3, 5, 1, 2)]),
    "lstm_softplus": (made("lstm", gate=("softplus", 0, 0), candidate=("softplus", 0, 0), output=("softplus", 0, 0), clip=0.5),
                      [(3, 5, 1, 1)]),
}


# The same of LSTMs with a projection, and its size after them.
PROJECTED = {
    "lstm_projected": (nn.LSTM, [(5, 3, 3, 2, 1), (3, 20, 2, 1, 5), (33, 33, 1, 1, 20), (3, 5, 1, 2, 4), (1, 33, 1, 2, 16)]),
    "lstm_projected_no_bias": (lambda *sizes, **more: nn.LSTM(*sizes, bias=False, **more), [(3, 16, 2, 2, 3)]),
    "peephole_projected": (made("lstm", peepholes=True), [(3, 20, 2, 1, 5), (5, 3, 2, 2, 2)]),
    "lstm_all_projected": (VARIANTS["lstm_all"][0], [(3, 20, 1, 2, 7)]),
}


def variants(name="variants", table=VARIANTS):
    """As recurrent.layers: "plain" from zero, "full" with initial states and lengths."""
    file = File(name)
    for number, (name, (build, sizes)) in enumerate(table.items()):
        for inputs, hidden, depth, directions, *projection in sizes:
            case = f"{name}/{inputs}_{hidden}_{depth}_{directions}"
            file.case(case)
            options = {"proj_size": projection[0]} if projection else {}
            module = build(inputs, hidden, num_layers=depth, bidirectional=directions == 2, **options)
            file.add(f"{case}/parameters", dict(module.named_parameters()))
            file.add(f"{case}/plain", over_time(module, leaf(5, 3, inputs), {}))
            initial = initial_states(isinstance(module, nn.LSTM) or getattr(module, "has_cell", False), depth * directions,
                                     5, hidden, projection=module.proj_size if projection else 0)
            file.add(f"{case}/full", over_time(module, leaf(7, 5, inputs), initial,
                                               lengths=torch.tensor(LENGTHS[number % 2])))
    return file


def check_variant():
    """Without options, a Variant has to be PyTorch's layer."""
    worst = 0.0
    theirs = {"lstm": nn.LSTM, "gru": nn.GRU, "gru_reset_before": ResetBeforeGRU, "rnn": nn.RNN}
    for kind, build, projection in [(*one, 0) for one in theirs.items()] + [("lstm", nn.LSTM, 2)]:
        options = {"proj_size": projection} if projection else {}
        module, ours = (make(5, 3, num_layers=2, bidirectional=True, **options) for make in (build, made(kind)))
        ours.load_state_dict(module.state_dict())
        x, lengths = leaf(7, 5, 5), torch.tensor(LENGTHS[0])
        initial = initial_states(kind == "lstm", 4, 5, 3, projection=projection)
        torch.manual_seed(1)
        expected = over_time(module, x, initial, lengths=lengths)
        torch.manual_seed(1)
        got = over_time(ours, x, initial, lengths=lengths)
        assert got.keys() == expected.keys()
        worst = max([worst] + [(got[name] - expected[name]).detach().abs().max().item() for name in got])
    assert worst < 1e-12, worst
    return worst
