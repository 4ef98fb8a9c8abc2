#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Layers with weights in int8, computed by NumPy: products are sums of integers, the rest is in double.

    python -B test/golden/int8.py [folder]

A row of a matrix with 4 rows and 5 columns or more has the scale s = max |w| / 127, rounded up to 17 bits, and the
integers round(w / s). A vector has the range m, its largest magnitude, or 1 if it is bounded, and the integers
round(127 x / m). Smaller matrices, biases and cells are not rounded. A result may depend on the last bits of a tanh
where a state is about to be rounded the other way; seeds are tried until no state is near a tie.
"""

import json
import pathlib
import sys

import numpy as np
import safetensors.numpy

STEPS, MARGIN = 10, 4e-4


class NearTie(Exception):
    pass


def stored(rows, columns):
    return rows >= 4 and columns > 4


def quantized_rows(w):
    scales, integers = [], []
    for row in np.asarray(w, np.float32):
        largest = np.max(np.abs(row))
        bits = np.float32(largest / np.float32(127)).view(np.uint32)
        scale = np.uint32((int(bits) + 0x7F) & ~0x7F).view(np.float32)
        scales.append(float(scale))
        integers.append(np.rint(row.astype(np.float64) / float(scale)).astype(np.int64))
    assert max(np.max(np.abs(row)) for row in integers) == 127
    return np.array(scales), np.array(integers)


class Vector:
    """A vector, quantized; `inputs`: numbers that are exact, of which ties do no harm."""

    def __init__(self, x, bound=None, inputs=False):
        x = np.asarray(x, np.float32)
        largest = np.float32(np.max(np.abs(x)) if bound is None else bound)
        if largest < 1e-27:
            self.scale, self.integers = 0.0, np.zeros(len(x), np.int64)
            return
        scaled = x * np.float32(np.float32(127) / largest)
        self.scale = float(largest) / 127
        self.integers = np.clip(np.rint(scaled), -127, 127).astype(np.int64)
        if not inputs and np.any(np.abs(np.abs(scaled - np.floor(scaled)) - 0.5) < MARGIN):
            raise NearTie


class Matrix:
    def __init__(self, w, rows=None):
        self.w = np.asarray(w, np.float32)
        self.stored = stored(rows or len(w), w.shape[1])
        if self.stored:
            self.scales, self.integers = quantized_rows(w)

    def times(self, x, bound=None, inputs=False):
        if not self.stored:
            return self.w.astype(np.float64) @ np.asarray(x, np.float64)
        v = Vector(x, bound, inputs)
        return (self.integers @ v.integers) * self.scales * v.scale


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Recurrent:
    gates = {"lstm": 4, "peephole": 4, "projected": 4, "gru": 3, "gru_reset_before": 3, "rnn": 1, "relu": 1}

    def __init__(self, kind, inputs, hidden, draw, projection=0):
        self.kind, self.inputs, self.hidden, self.units = kind, inputs, hidden, projection or hidden
        rows = self.gates[kind] * hidden
        shapes = {"weight_ih_l0": (rows, inputs), "weight_hh_l0": (rows, self.units), "bias_ih_l0": (rows,),
                  "bias_hh_l0": (rows,)}
        if kind == "peephole":
            shapes["weight_own_l0"] = (3 * hidden,)
        if projection:
            shapes["weight_hr_l0"] = (projection, hidden)
        bound = 0.5 if kind == "relu" else 1
        self.parameters = {name: draw.uniform(-bound, bound, shape).astype(np.float32)
                           / np.float32(1 if len(shape) == 1 else shape[1] ** 0.5) for name, shape in shapes.items()}

    def run(self, xs):
        p, kind, n = self.parameters, self.kind, self.hidden
        W, U = Matrix(p["weight_ih_l0"]), Matrix(p["weight_hh_l0"])
        b, c = (p[name].astype(np.float64) for name in ("bias_ih_l0", "bias_hh_l0"))
        projection = Matrix(p["weight_hr_l0"]) if kind == "projected" else None
        bound = None if kind in ("relu", "projected") else 1
        h, memory, ys = np.zeros(self.units), np.zeros(n), []
        # The rows of one matrix are read in two products by a GRU that resets before.
        U_n = None
        if kind == "gru_reset_before":
            U_n = Matrix(p["weight_hh_l0"][2 * n:], rows=3 * n)
        for x in xs:
            a, u = W.times(x, inputs=True) + b, U.times(h, bound) + c
            if kind in ("rnn", "relu"):
                h = np.tanh(a + u) if kind == "rnn" else np.maximum(a + u, 0)
            elif kind == "gru":
                r, z = sigmoid(a[:n] + u[:n]), sigmoid(a[n:2 * n] + u[n:2 * n])
                candidate = np.tanh(a[2 * n:] + r * u[2 * n:])
                h = candidate + z * (h - candidate)
            elif kind == "gru_reset_before":
                r, z = sigmoid(a[:n] + u[:n]), sigmoid(a[n:2 * n] + u[n:2 * n])
                candidate = np.tanh(a[2 * n:] + U_n.times(r * h, 1) + c[2 * n:])
                h = candidate + z * (h - candidate)
            else:
                i, f, g, o = (a + u).reshape(4, n)
                own = p["weight_own_l0"].astype(np.float64).reshape(3, n) if kind == "peephole" else np.zeros((3, n))
                i, f = sigmoid(i + own[0] * memory), sigmoid(f + own[1] * memory)
                memory = f * memory + i * np.tanh(g)
                h = sigmoid(o + own[2] * memory) * np.tanh(memory)
                if projection:
                    h = projection.times(h, 1)
            ys.append(h)
        return ys


class Linear:
    def __init__(self, inputs, outputs, draw):
        self.parameters = {"weight": draw.uniform(-1, 1, (outputs, inputs)).astype(np.float32),
                           "bias": draw.uniform(-1, 1, outputs).astype(np.float32)}

    def run(self, xs):
        W = Matrix(self.parameters["weight"])
        return [W.times(x, inputs=True) + self.parameters["bias"] for x in xs]


class Convolution:
    """Causal, with a dilation of 2."""

    def __init__(self, inputs, outputs, kernel, draw):
        self.parameters = {"weight": draw.uniform(-1, 1, (outputs, inputs, kernel)).astype(np.float32),
                           "bias": draw.uniform(-1, 1, outputs).astype(np.float32)}

    def run(self, xs):
        w = self.parameters["weight"]
        outputs, inputs, kernel = w.shape
        W = Matrix(w.reshape(outputs, inputs * kernel))
        past = np.concatenate([np.zeros((2 * (kernel - 1), inputs), np.float32), np.array(xs, np.float32)])
        windows = [past[t:t + 2 * kernel - 1:2] for t in range(len(xs))]
        return [W.times(v.T.reshape(-1), inputs=True) + self.parameters["bias"] for v in windows]


class Embedding:
    def __init__(self, rows, size, draw):
        self.parameters = {"weight": draw.normal(0, 1, (rows, size)).astype(np.float32)}

    def run(self, xs):
        w = self.parameters["weight"]
        if stored(*w.shape):
            scales, integers = quantized_rows(w)
            w = integers * scales[:, None]
        return [w[int(x)] for x in xs]


tensors, metadata = {}, {"numpy": np.__version__}


def add(name, make, inputs):
    for seed in range(1, 1000):
        draw = np.random.default_rng(seed)
        layer = make(draw)
        xs = draw.normal(0, 1, (STEPS, inputs)).astype(np.float32) if inputs else draw.integers(0, 28, STEPS)
        try:
            ys = layer.run(xs)
        except NearTie:
            continue
        metadata[f"seed/{name}"] = str(seed)
        for key, value in layer.parameters.items():
            tensors[f"{name}/parameters/{key}"] = value.astype(np.float64)
        tensors[f"{name}/x"] = xs.astype(np.float64 if inputs else np.int32)
        tensors[f"{name}/y"] = np.array(ys, np.float64)
        return
    raise SystemExit(f"{name}: each seed is near a tie")


for kind in ("lstm", "gru", "gru_reset_before", "rnn", "relu", "peephole"):
    for inputs, hidden in ((3, 1), (1, 3), (3, 5), (5, 20), (20, 33)):
        add(f"{kind}/{inputs}_{hidden}", lambda draw: Recurrent(kind, inputs, hidden, draw), inputs)
add("projected/5_20", lambda draw: Recurrent("projected", 5, 20, draw, projection=9), 5)
add("projected/20_33", lambda draw: Recurrent("projected", 20, 33, draw, projection=3), 20)
for inputs, outputs in ((1, 3), (3, 5), (5, 20), (20, 33), (33, 1)):
    add(f"linear/{inputs}_{outputs}", lambda draw: Linear(inputs, outputs, draw), inputs)
add("convolution/5_20", lambda draw: Convolution(5, 20, 3, draw), 5)
for size in (3, 20):
    add(f"embedding/28_{size}", lambda draw: Embedding(28, size, draw), 0)

folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
data = safetensors.numpy.save(tensors, metadata)
end = 8 + int.from_bytes(data[:8], "little")
header = json.loads(data[8:end])
header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
(folder / "int8.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data[end:])
