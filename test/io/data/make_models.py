#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes small models in the formats of other programs beside this script, each with PyTorch's output for an input.

NAME.json, NAME.nam or NAME.onnx is the model, NAME.probe.json an input and its output, in double. PyTorch's current
exporter needs the package onnxscript.
"""
import json
import pathlib

import onnx
import torch
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
torch.set_default_dtype(torch.float64)
torch.manual_seed(3)


def rounded(module):
    with torch.no_grad():
        for p in module.parameters():
            p.copy_((torch.rand_like(p) * 2 - 1).mul(100).round().div(100))
    return module


def write(name, model, inputs, run):
    x = torch.linspace(-1, 1, 12 * inputs).mul(100).round().div(100).reshape(12, 1, inputs)
    (HERE / name).write_text(json.dumps(model) + "\n")
    with torch.no_grad():
        probe = {"input": x.flatten().tolist(), "output": run(x).flatten().tolist()}
    (HERE / (name.split(".")[0] + ".probe.json")).write_text(json.dumps(probe) + "\n")


def keras(weight, gates=None):
    """Transposes PyTorch's (out, in) to (in, out), and reorders a GRU's gates r, z, n to Keras' z, r, h."""
    blocks = weight.chunk(3) if gates == "gru" else [weight]
    if gates == "gru":
        blocks = [blocks[1], blocks[0], blocks[2]]
    weight = torch.cat(blocks)
    return (weight.T if weight.dim() == 2 else weight).tolist()


def rtneural():
    parts = [nn.Linear(2, 3), nn.GRU(3, 5), nn.LSTM(5, 3), nn.Linear(3, 1)]
    dense, gru, lstm, out = [rounded(part) for part in parts]
    shape = lambda size: [None, None, size]
    layers = [
        {"type": "time-distributed-dense", "activation": "tanh", "shape": shape(3),
         "weights": [keras(dense.weight), keras(dense.bias)]},
        {"type": "gru", "activation": "tanh", "shape": shape(5),
         "weights": [keras(gru.weight_ih_l0, "gru"), keras(gru.weight_hh_l0, "gru"),
                     [keras(gru.bias_ih_l0, "gru"), keras(gru.bias_hh_l0, "gru")]]},
        {"type": "lstm", "activation": "", "shape": shape(3),
         "weights": [keras(lstm.weight_ih_l0), keras(lstm.weight_hh_l0), keras(lstm.bias_ih_l0 + lstm.bias_hh_l0)]},
        {"type": "dense", "activation": "sigmoid", "shape": shape(1), "weights": [keras(out.weight), keras(out.bias)]},
    ]
    write("rtneural.json", {"in_shape": shape(2), "in_skip": 1, "layers": layers, "samplerate": 48000}, 2,
          lambda x: torch.sigmoid(out(lstm(gru(torch.tanh(dense(x)))[0])[0])) + x[..., :1])


def nam():
    lstm, head = rounded(nn.LSTM(1, 3, num_layers=2)), rounded(nn.Linear(3, 1))
    first = rounded(nn.ParameterList([torch.zeros(2, 1, 3), torch.zeros(2, 1, 3)]))
    flat = []
    for k in range(2):
        ih, hh, b, c = (getattr(lstm, f"{part}_l{k}") for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        flat += [torch.cat([ih, hh], 1).flatten(), b + c, first[0][k].flatten(), first[1][k].flatten()]
    flat += [head.weight.flatten(), head.bias]
    write("nam.nam", {"version": "0.5.4", "metadata": {"name": "small", "loudness": None, "date": {"year": 2026}},
                      "architecture": "LSTM", "config": {"input_size": 1, "hidden_size": 3, "num_layers": 2},
                      "weights": torch.cat(flat).tolist(), "sample_rate": 48000}, 1,
          lambda x: head(lstm(x, (first[0], first[1]))[0]))


class SimpleRNN(nn.Module):
    def __init__(self, unit, inputs, hidden, layers, bias):
        super().__init__()
        self.rec = getattr(nn, unit)(inputs, hidden, layers)
        self.lin = nn.Linear(hidden, 1, bias=bias)


def guitarml(name, unit, inputs, skip, bias):
    model = rounded(SimpleRNN(unit, inputs, 3, 2, bias))
    data = {"model": "SimpleRNN", "input_size": inputs, "skip": skip, "output_size": 1, "unit_type": unit,
            "num_layers": 2, "hidden_size": 3, "bias_fl": bias}
    state = {key: value.tolist() for key, value in model.state_dict().items()}
    write(name, {"model_data": data, "state_dict": state}, inputs,
          lambda x: model.lin(model.rec(x)[0]) + (x[..., :1] if skip else 0))


def state_dict():
    parts = nn.ModuleDict({"gru": nn.GRU(1, 3, num_layers=2), "dense": nn.Linear(3, 2)})
    rounded(parts)
    write("state_dict.json", {key: value.tolist() for key, value in parts.state_dict().items()}, 1,
          lambda x: parts["dense"](parts["gru"](x)[0]))


class Steps(nn.Module):
    def __init__(self, rec, out):
        super().__init__()
        self.rec, self.out = rec, out

    def forward(self, x):
        return self.out(self.rec(x)[0])


def exported(name, model, inputs, **options):
    """Exports by PyTorch, without metadata of the source; larger tensors may be in NAME.onnx.data."""
    rounded(model)
    x = torch.linspace(-1, 1, 12 * inputs).mul(100).round().div(100).reshape(12, 1, inputs)
    torch.onnx.export(model.eval(), (x,), HERE / name, **options)
    file = onnx.load(HERE / name, load_external_data=False)
    del file.graph.value_info[:], file.graph.metadata_props[:]
    for part in [*file.graph.node, *file.graph.input, *file.graph.output]:
        del part.metadata_props[:]
        part.ClearField("doc_string")
    onnx.save(file, HERE / name)
    probe = {"input": x.flatten().tolist(), "output": model(x).flatten().tolist()}
    (HERE / (name.split(".")[0] + ".probe.json")).write_text(json.dumps(probe) + "\n")


rtneural()
nam()
guitarml("guitarml_lstm.json", "LSTM", 2, 1, True)
guitarml("guitarml_gru.json", "GRU", 1, 0, False)
state_dict()
exported("onnx_external.onnx", Steps(nn.LSTM(2, 6), nn.Linear(6, 2)), 2)
exported("onnx_unfolded.onnx", Steps(nn.GRU(2, 3, bidirectional=True), nn.Linear(6, 2)), 2, dynamo=False,
         do_constant_folding=False)
