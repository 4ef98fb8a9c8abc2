# SPDX-License-Identifier: MIT
"""PyTorch's exports: of its default exporter and of the one before (dynamo=False)."""

import functools
import itertools
import logging
import warnings

import torch
from torch import nn

from case import Case

INPUTS, HIDDEN, OUTPUTS, VOCABULARY, STEPS, BATCH = 3, 5, 2, 7, 6, 4
KINDS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
HEADS = ("steps", "linear", "scalar", "last", "last_scalar", "states")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


class Net(nn.Module):
    """Tokens or features, a stack, a head; of (T, B, F), or (B, T, F) if batch_first."""

    def __init__(self, kind, layers, both, head="linear", tokens=False, states=False, batch_first=False, **more):
        super().__init__()
        self.kind, self.head, self.states, self.batch_first = kind, head, states, batch_first
        self.entries, self.both = layers * (2 if both else 1), both
        self.embedding = nn.Embedding(VOCABULARY, INPUTS) if tokens else None
        self.stack = KINDS[kind](INPUTS, HIDDEN, layers, bidirectional=both, batch_first=batch_first, **more)
        features = HIDDEN * (2 if both else 1)
        self.linear = nn.Linear(features, 1 if "scalar" in head else OUTPUTS) if head != "steps" else None

    def forward(self, x, *first):
        if self.embedding is not None:
            x = self.embedding(x)
        if self.kind == "lstm":
            y, after = self.stack(x, first) if first else self.stack(x)
        else:
            y, after = self.stack(x, *first)
            after = (after,)
        if "last" in self.head:
            y = y[:, -1] if self.batch_first else y[-1]
        if self.head == "states":
            y = torch.cat([after[0][-2], after[0][-1]], 1) if self.both else after[0][-1]
        if self.linear is not None:
            y = self.linear(y)
        if "scalar" in self.head:
            y = y.squeeze(-1)
        return (y, *after) if self.states else y


def given(net, tokens):
    shape = (BATCH, STEPS) if net.batch_first else (STEPS, BATCH)
    x = torch.randint(VOCABULARY, shape) if tokens else torch.randn(*shape, INPUTS)
    first = [torch.randn(net.entries, BATCH, HIDDEN) for _ in range(2 if net.kind == "lstm" else 1)]
    return (x, *first) if net.states else (x,)


def export(folder, net, inputs, way, name, **case):
    net.eval()
    names = ["x", "h0", "c0"][: len(inputs)]
    outputs = (["y", "hn", "cn"][: len(inputs)]) if len(inputs) > 1 else ["y"]
    path = folder / f"{way}_{name}.onnx"
    batch_first = case.get("batch_first", False)
    open_axes = {0: "batch", 1: "time"} if batch_first else {0: "time", 1: "batch"}
    if inputs[0].dim() < 2:
        open_axes = {0: "time"}
    if way == "legacy":
        axes = {"x": open_axes, "y": open_axes if case.get("steps", True) else {}}
        axes.update({state: {1: "batch"} for state in names[1:] + outputs[1:]})
        torch.onnx.export(net, inputs, str(path), input_names=names, output_names=outputs, dynamo=False,
                          dynamic_axes=axes if case.get("dynamic", True) else None,
                          do_constant_folding=case.get("folding", True))
    else:
        shapes = None
        if way == "dynamic":
            dims = {name: torch.export.Dim.DYNAMIC for name in open_axes.values()}
            shapes = ({axis: dims[name] for axis, name in open_axes.items()},)
            if len(inputs) > 1:
                shapes = (shapes[0], tuple({1: dims["batch"]} for _ in inputs[1:]))
        torch.onnx.export(net, inputs, str(path), input_names=names, output_names=outputs, external_data=False,
                          dynamic_shapes=shapes, verbose=False)
    return Case(path, {n: v.numpy() for n, v in zip(names, inputs)}, batch_first=batch_first)


def plans():
    """Kinds, layers, directions and states, each with a head and an input in turn."""
    turn = itertools.cycle(itertools.product((False, True), (False, True), HEADS))
    turns = list(itertools.islice(turn, 24))
    for k, (kind, layers, both, states) in enumerate(
            itertools.product(KINDS, (1, 2), (False, True), (False, True))):
        tokens, batch_first, head = turns[(k * 7) % 24]
        yield dict(kind=kind, layers=layers, both=both, states=states, tokens=tokens, batch_first=batch_first, head=head)


def export_net(folder, way, name, plan):
    torch.manual_seed(3)
    net = Net(**plan)
    return export(folder, net, given(net, plan["tokens"]), way, name, batch_first=plan["batch_first"])


def export_special(folder, way, name, build):
    torch.manual_seed(3)
    return build(folder, way, name)


def make(folder, ways=("default", "dynamic", "legacy")):
    for way in ways:
        for plan in plans():
            name = "_".join([plan["kind"], str(plan["layers"]), "both" if plan["both"] else "one", plan["head"],
                             "tokens" if plan["tokens"] else "floats", "batch" if plan["batch_first"] else "time"]
                            + (["states"] if plan["states"] else []))
            yield f"{way}_{name}", functools.partial(export_net, folder, way, name, plan)
        for name, build in SPECIAL.items():
            yield f"{way}_{name}", functools.partial(export_special, folder, way, name, build)


class Scalars(nn.Module):
    """Inputs and outputs that have no axis of features: (T, B), or (T) of one sequence."""

    def __init__(self, axes, head):
        super().__init__()
        self.stack, self.linear, self.axes, self.head = nn.LSTM(1, HIDDEN), nn.Linear(HIDDEN, 1), axes, head

    def forward(self, x):
        x = x.unsqueeze(-1) if self.axes == 2 else x.reshape(-1, 1, 1)
        y = self.stack(x)[0]
        if self.head == "squeeze":
            return self.linear(y).squeeze(-1)
        if self.head == "tanh":
            return torch.tanh(self.linear(y).squeeze(-1))
        if self.head == "index":
            return self.linear(torch.relu(y))[..., 0]
        if self.head == "flatten":
            return torch.flatten(self.linear(y[-1]))
        if self.head == "view":
            return self.linear(y).view(-1)
        return torch.sigmoid(self.linear(y)).flatten(1)


def scalars(axes, head):
    def build(folder, way, name):
        x = torch.randn(STEPS, BATCH) if axes == 2 else torch.randn(STEPS)
        return export(folder, Scalars(axes, head), (x,), way, name, steps=head not in ("flatten", "view"))
    return build


class Loop(nn.Module):
    """A cell, step by step."""

    def __init__(self):
        super().__init__()
        self.cell, self.linear = nn.LSTMCell(INPUTS, HIDDEN), nn.Linear(HIDDEN, OUTPUTS)

    def forward(self, x):
        h = c = torch.zeros(x.shape[1], HIDDEN)
        steps = []
        for one in x:
            h, c = self.cell(one, (h, c))
            steps.append(self.linear(h))
        return torch.stack(steps)


class Made(nn.Module):
    """A first state that forward makes: zeros, one state that is learned."""

    def __init__(self, learned):
        super().__init__()
        self.stack, self.linear, self.learned = nn.GRU(INPUTS, HIDDEN, 2), nn.Linear(HIDDEN, OUTPUTS), learned
        self.h = nn.Parameter(torch.randn(2, 1, HIDDEN))

    def forward(self, x):
        h = self.h.expand(-1, x.shape[1], -1).contiguous() if self.learned else torch.zeros(2, x.shape[1], HIDDEN)
        return self.linear(self.stack(x, h)[0])


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.stack, self.linear = nn.LSTM(INPUTS, HIDDEN), nn.Linear(HIDDEN, OUTPUTS)

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=True)
        return self.linear(nn.utils.rnn.pad_packed_sequence(self.stack(packed)[0])[0])


class Memory(nn.Module):
    def __init__(self):
        super().__init__()
        self.stack, self.linear = nn.LSTM(INPUTS, HIDDEN), nn.Linear(HIDDEN, OUTPUTS)

    def forward(self, x):
        return self.linear(self.stack(x)[1][1][-1])


def features():
    return (torch.randn(STEPS, BATCH, INPUTS),)


def simple(make_net, inputs=features, **more):
    return lambda folder, way, name: export(folder, make_net(), inputs(), way, name, **more)


class Conditioned(nn.Module):
    """States that go out of one stack and in to another, and one that another input fixes."""

    def __init__(self):
        super().__init__()
        self.one, self.other = nn.LSTM(INPUTS, HIDDEN), nn.LSTM(INPUTS, HIDDEN)

    def forward(self, x):
        return self.other(x, self.one(x)[1])[0]


def packed(folder, way, name):
    net, x, lengths = Packed().eval(), features()[0], torch.tensor([6, 5, 3, 2])
    path = folder / f"{way}_{name}.onnx"
    torch.onnx.export(net, (x, lengths), str(path), input_names=["x", "lengths"], output_names=["y"],
                      **(dict(dynamo=False) if way == "legacy" else dict(external_data=False, verbose=False)))
    return Case(path, {"x": x.numpy(), "lengths": lengths.numpy()}, batch_first=False)


SPECIAL = {f"scalars{axes}_{head}": scalars(axes, head)
           for axes in (1, 2) for head in ("squeeze", "tanh", "index", "flatten", "view", "sigmoid")}
SPECIAL |= {
    "lstm_2_one_scalar_states": lambda folder, way, name: export_net(folder, way, name, dict(
        kind="lstm", layers=2, both=False, head="scalar", states=True, batch_first=True, tokens=False)),
    "loop": simple(Loop, dynamic=False),
    "zeros_made": simple(lambda: Made(False)),
    "learned_state": simple(lambda: Made(True)),
    "projection": simple(lambda: Net("lstm", 1, False, "steps", proj_size=4)),
    "packed": packed,
    "memory": simple(Memory, steps=False),
    "conditioned": simple(Conditioned),
    "relu_rnn": simple(lambda: Net("rnn", 2, True, "linear", nonlinearity="relu")),
    "no_bias": simple(lambda: Net("gru", 2, False, "linear", bias=False)),
}
