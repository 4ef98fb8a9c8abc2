# SPDX-License-Identifier: MIT
"""Recurrent layers over several steps, and single steps of the cells."""

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from store import File, gradients, leaf, parameters


class LoopGRU(nn.GRU):
    """nn.GRU in plain operations, as the base of the variant that PyTorch lacks."""

    def candidate(self, r, h, u_n, b_n):
        return r * functional.linear(h, u_n, b_n)

    def step(self, x, h, suffix):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        w, u, b_x, b_h = (getattr(self, f"{name}_{suffix}", None) for name in names)
        if b_h is None:
            b_h = x.new_zeros(3 * self.hidden_size)
        x_r, x_z, x_n = functional.linear(x, w, b_x).chunk(3, -1)
        u_r, u_z, u_n = u.chunk(3)
        b_r, b_z, b_n = b_h.chunk(3)
        r = torch.sigmoid(x_r + functional.linear(h, u_r, b_r))
        z = torch.sigmoid(x_z + functional.linear(h, u_z, b_z))
        n = torch.tanh(x_n + self.candidate(r, h, u_n, b_n))
        return (1 - z) * n + z * h

    def sweep(self, x, h, lengths, suffix, backward):
        ys = [None] * len(x)
        for t in reversed(range(len(x))) if backward else range(len(x)):
            valid = (t < lengths)[:, None]
            h = torch.where(valid, self.step(x[t], h, suffix), h)
            ys[t] = torch.where(valid, h, 0.0)
        return torch.stack(ys), h

    def forward(self, x, state=None, lengths=None):
        directions = 2 if self.bidirectional else 1
        if state is None:
            state = x.new_zeros(self.num_layers * directions, x.shape[1], self.hidden_size)
        if lengths is None:
            lengths = torch.full(x.shape[1:2], len(x))
        last = []
        for layer in range(self.num_layers):
            suffixes = [f"l{layer}", f"l{layer}_reverse"][:directions]
            swept = [self.sweep(x, state[len(last) + d], lengths, s, d == 1) for d, s in enumerate(suffixes)]
            x = torch.cat([y for y, _ in swept], -1)
            last += [h for _, h in swept]
        return x, torch.stack(last)


class ResetBeforeGRU(LoopGRU):
    """n = tanh(W_n x + b_in + U_n (r * h) + b_hn), and nn.GRU in all else."""

    def candidate(self, r, h, u_n, b_n):
        return functional.linear(r * h, u_n, b_n)


def run(module, x, state=None, lengths=None):
    """Outputs (T, B, D*H), zero past each end, and the final state or states."""
    if not isinstance(module, nn.RNNBase) or isinstance(module, LoopGRU): # with a forward of its own
        return module(x, state, lengths)
    if lengths is None:
        return module(x, state)
    packed, last = module(pack_padded_sequence(x, lengths, enforce_sorted=False), state)
    return pad_packed_sequence(packed, total_length=len(x))[0], last


KINDS = {
    "rnn_tanh": lambda *sizes, **options: nn.RNN(*sizes, nonlinearity="tanh", **options),
    "rnn_relu": lambda *sizes, **options: nn.RNN(*sizes, nonlinearity="relu", **options),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "gru_reset_before": ResetBeforeGRU,
}
SIZES = [  # inputs, hidden units, layers, directions
    (1, 5, 1, 1), (3, 20, 2, 1), (5, 3, 3, 2), (20, 1, 2, 2), (33, 33, 1, 1), (3, 5, 1, 2), (3, 16, 2, 1)]
LENGTHS = [[4, 7, 1, 7, 3], [2, 5, 6, 1, 5]]  # in turn: of 7 steps, the second leaves the last to padding alone


def record(given, initial, outputs, module, **more):
    """Inputs, random gradients of the outputs, the outputs, and every gradient that follows."""
    upstream = {f"d{name}": torch.randn_like(output) for name, output in outputs.items()}
    leaves = {f"d{name}": tensor for name, tensor in ({"x": given} | initial).items()} | parameters(module)
    downstream = gradients(outputs.values(), upstream.values(), leaves)
    return {"x": given} | initial | more | upstream | outputs | downstream


def over_time(module, x, initial, **lengths):
    state = tuple(initial.values())
    y, last = run(module, x, (state if len(state) > 1 else state[0]) if state else None, **lengths)
    states = {"h_n": last} if torch.is_tensor(last) else {"h_n": last[0], "c_n": last[1]}
    return record(x, initial, {"y": y} | states, module, **lengths)


def initial_states(has_cell, *shape, projection=0):
    initial = {"h0": leaf(*shape[:-1], projection or shape[-1])}
    return initial | ({"c0": leaf(*shape)} if has_cell else {})


def layers(name, build):
    """All sizes of one kind: "plain" from zero, "full" with initial states and lengths."""
    file = File(name)
    for number, (inputs, hidden, depth, directions) in enumerate(SIZES):
        case = f"{inputs}_{hidden}_{depth}_{directions}"
        file.case(case)
        module = build(inputs, hidden, num_layers=depth, bidirectional=directions == 2)
        file.add(f"{case}/parameters", dict(module.named_parameters()))
        file.add(f"{case}/plain", over_time(module, leaf(5, 3, inputs), {}))
        initial = initial_states(isinstance(module, nn.LSTM), depth * directions, 5, hidden)
        lengths = torch.tensor(LENGTHS[number % 2])
        file.add(f"{case}/full", over_time(module, leaf(7, 5, inputs), initial, lengths=lengths))
    return file


def check_loop():
    """The loop with its reset gate after the product has to be nn.GRU."""
    theirs, ours = (layers("gru", build).tensors for build in (nn.GRU, LoopGRU))
    assert ours.keys() == theirs.keys()
    worst = max(abs(ours[name] - theirs[name]).max() for name in theirs)
    assert worst < 1e-12, worst
    return worst


def cells():
    """One step of each nn.*Cell."""
    file = File("cells")
    kinds = {"rnn_tanh": nn.RNNCell, "rnn_relu": lambda *sizes: nn.RNNCell(*sizes, nonlinearity="relu"),
             "lstm": nn.LSTMCell, "gru": nn.GRUCell}
    sizes = [(kind, *size) for kind in kinds for size in ((1, 3), (5, 20), (33, 5))]
    sizes += [(kind, 3, 16) for kind in kinds]
    for kind, inputs, hidden in sizes:
        case = f"{kind}/{inputs}_{hidden}"
        file.case(case)
        module, x = kinds[kind](inputs, hidden), leaf(3, inputs)
        initial = initial_states(kind == "lstm", 3, hidden)
        state = tuple(initial.values())
        outputs = dict(zip("hc", module(x, state), strict=True)) if kind == "lstm" else {"h": module(x, *state)}
        file.add(f"{case}/parameters", dict(module.named_parameters()))
        file.add(case, record(x, initial, outputs, module))
    return file
