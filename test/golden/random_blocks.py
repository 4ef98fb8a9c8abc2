# SPDX-License-Identifier: MIT
"""Random blocks of a network, and networks of them: each as a type of Rondo's and as a PyTorch module."""

import random

import torch
from torch import nn

from layers import Flatten, Hardsigmoid, LastFeatures, OverSteps, OverTime
from random_modules import Batch, Frames, Last, Recurrent, Residual
from variants import Variant


class Draw:
    """The state of a network that is being drawn: features, steps (fixed for a Flatten), whether it is causal."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.size = self.random.choice([1, 3, 4, 5, 8, 17])
        self.input, self.steps, self.stride, self.causal, self.pooled = self.size, 12, 1, True, False

    def pick(self, *values):
        return self.random.choice(values)

    def ratio(self, *values):
        return self.pick(*values)


def linear(d):
    out = d.pick(1, 2, 5, 8, 20)
    bias = d.pick(True, True, False)
    type_ = f"Linear{'' if bias else 'WithoutBias'}<{d.size}, {out}>"
    module = nn.Linear(d.size, out, bias=bias)
    d.size = out
    return type_, module


def activation(d):
    s = d.size
    return d.pick(
        (f"ReLU<{s}>", nn.ReLU()),
        (f"Tanh<{s}>", nn.Tanh()),
        (f"Sigmoid<{s}>", nn.Sigmoid()),
        (f"LeakyReLU<{s}, Ratio{{1, 8}}>", nn.LeakyReLU(0.125)),
        (f"ELU<{s}, Ratio{{1, 2}}>", nn.ELU(0.5)),
        (f"GELU<{s}>", nn.GELU()),
        (f"TanhGELU<{s}>", nn.GELU("tanh")),
        (f"SiLU<{s}>", nn.SiLU()),
        (f"Hardsigmoid<{s}>", Hardsigmoid()),
        (f"Hardtanh<{s}>", nn.Hardtanh()),
        (f"Softsign<{s}>", nn.Softsign()),
        (f"Softmax<{s}>", nn.Softmax(-1)),
        (f"LogSoftmax<{s}>", nn.LogSoftmax(-1)),
    )


def prelu(d):
    if d.size > 1 and d.pick(True, False):
        return f"PReLU<{d.size}, {d.size}>", LastFeatures(nn.PReLU(d.size))
    return f"PReLU<{d.size}>", nn.PReLU()


def norm(d):
    s = d.size
    if s == 1:
        return linear(d)
    return d.pick(
        (f"LayerNorm<{s}>", nn.LayerNorm(s)),
        (f"LayerNorm<{s}, Norm{{.bias = false}}>", nn.LayerNorm(s, bias=False)),
        (f"LayerNorm<{s}, Norm{{.eps = {{1, 100}}, .affine = false}}>", nn.LayerNorm(s, 1e-2, elementwise_affine=False)),
        (f"RMSNorm<{s}>", nn.RMSNorm(s)),
        (f"RMSNorm<{s}, Norm{{.eps = {{1, 1000}}}}>", nn.RMSNorm(s, 1e-3)),
    )


def batch_norm(d):
    s, (eps, epsilon), affine = d.size, d.pick(("{1, 100000}", 1e-5), ("{1, 100}", 1e-2)), d.pick(True, True, False)
    tracked = d.pick(True, True, True, False)
    fixed = tracked and d.pick(True, False, False)
    words = {"affine": affine, "track_running_stats": tracked}
    options = [f".eps = {eps}", *(f".{name} = false" for name, value in words.items() if not value)]
    options += [".fixed = true"] * fixed
    d.causal = d.causal and tracked
    return f"BatchNorm1d<{s}, BatchNormOptions{{{', '.join(options)}}}>", Batch(s, fixed, eps=epsilon, **words)


def convolution(d):
    groups = d.pick(1, 1, d.size, 2 if d.size % 2 == 0 else 1)
    out = groups * d.pick(1, 2, 3)
    kernel, dilation = d.pick(1, 2, 3, 5), d.pick(1, 1, 2)
    stride = d.pick(1, 1, 2, 3) if d.stride == 1 and d.steps % 6 == 0 else 1
    bias = d.pick(True, False)
    reach = dilation * (kernel - 1)
    how = d.pick("causal", "causal", "causal", "same", "valid", "reflect")
    if stride > 1 and how == "same" or d.steps <= reach + 2:
        how = "causal"
    left, right, mode = {"causal": (reach, 0, "constant"), "same": (reach // 2, reach - reach // 2, "constant"),
                         "valid": (0, 0, "constant"), "reflect": (min(2, d.steps - 1), 1, "reflect")}[how]
    if d.steps + left + right <= reach:
        left, right, mode, how = reach, 0, "constant", "causal"
    padding = {"causal": "causal_padding", "same": "same_padding", "valid": "valid_padding"}.get(how, f"{{{left}, {right}, true}}")
    options = f"ConvOptions{{.stride = {stride}, .dilation = {dilation}, .groups = {groups}, .padding = {padding}, .bias = {str(bias).lower()}}}"
    type_ = f"Conv1d<{d.size}, {out}, {kernel}, {options}>"
    module = OverSteps(d.size, out, kernel, left, right, mode, stride=stride, dilation=dilation, groups=groups, bias=bias)
    if module.bias is None:
        del module.bias
    d.steps = (d.steps + left + right - reach - 1) // stride + 1
    d.causal = d.causal and left == reach and right == 0 and mode == "constant"
    d.stride *= stride
    d.size = out
    return type_, module


def stack_of(layers, both, bias=True):
    options = [f".layers = {layers}"] * (layers > 1) + [".bidirectional = true"] * both + [".bias = false"] * (not bias)
    return f", Stack{{{', '.join(options)}}}" if options else ""


def recurrent(d):
    hidden, layers, both, bias = d.pick(2, 5, 8, 20), d.pick(1, 1, 2), d.pick(False, False, True), d.pick(True, False)
    name, make = d.pick(("LSTM", nn.LSTM), ("GRU", nn.GRU), ("RNN", nn.RNN),
                        ("ReluRNN", lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k)))
    module = make(d.size, hidden, num_layers=layers, bidirectional=both, bias=bias)
    type_ = f"{name}<{d.size}, {hidden}{stack_of(layers, both, bias)}>"
    d.size, d.causal = hidden * (2 if both else 1), d.causal and not both
    return type_, Recurrent(module)


FUNCTIONS = [  # of gates or candidates: the C++ value, and Variant's
    ("{cell::Function::sigmoid}", ("sigmoid", 0, 0)), ("{cell::Function::tanh}", ("tanh", 0, 0)),
    ("{cell::Function::relu}", ("relu", 0, 0)), ("{cell::Function::leaky_relu, {1, 8}}", ("leaky_relu", 0.125, 0)),
    ("{cell::Function::elu, {1, 2}}", ("elu", 0.5, 0)),
    ("{cell::Function::hardsigmoid, {1, 4}, {1, 2}}", ("hard_sigmoid", 0.25, 0.5)),
    ("{cell::Function::affine, {1, 2}, {1, 4}}", ("affine", 0.5, 0.25)),
    ("{cell::Function::scaled_tanh, {3, 2}, {3, 4}}", ("scaled_tanh", 1.5, 0.75)),
    ("{cell::Function::softsign}", ("softsign", 0, 0)),
    ("{cell::Function::thresholded_relu, {1, 8}}", ("thresholded_relu", 0.125, 0)),
]


def variant(d):
    hidden, layers, both = d.pick(2, 5, 8, 20), d.pick(1, 1, 2), d.pick(False, False, True)
    kind, name = d.pick(("lstm", "LSTM"), ("gru", "GRU"), ("gru_reset_before", "GRUResetBefore"), ("rnn", "RNN"))
    gate = d.pick(FUNCTIONS[0], FUNCTIONS[5], FUNCTIONS[8])
    candidate, output = d.pick(*FUNCTIONS[1:9]), d.pick(*FUNCTIONS[1:9])
    options, given = [f".candidate = {candidate[0]}"], {"candidate": candidate[1]}
    if kind != "rnn":
        options.insert(0, f".gate = {gate[0]}")
        given["gate"] = gate[1]
    lstm = kind == "lstm"
    if lstm:
        options.append(f".output = {output[0]}")
        given["output"] = output[1]
    if d.pick(True, False):
        options.append(".clip = {1, 2}")
        given["clip"] = 0.5
    if lstm and d.pick(True, False):
        options.append(".coupled = true")
        given["coupled"] = True
    if lstm and d.pick(True, False):
        options.append(".peepholes = true")
        given["peepholes"] = True
    module = Variant(kind, d.size, hidden, layers, both, **given)
    type_ = f"{name}Variant<{d.size}, {hidden}, cell::Variant{{{', '.join(options)}}}{stack_of(layers, both)}>"
    d.size, d.causal = hidden * (2 if both else 1), d.causal and not both
    return type_, Recurrent(module)


def projected(d):
    hidden, projection = d.pick((2, 1), (5, 2), (8, 5), (20, 3))
    layers, both, bias = d.pick(1, 1, 2), d.pick(False, False, True), d.pick(True, False)
    module = nn.LSTM(d.size, hidden, num_layers=layers, bidirectional=both, bias=bias, proj_size=projection)
    options = [f".layers = {layers}"] * (layers > 1) + [".bidirectional = true"] * both + [".bias = false"] * (not bias)
    type_ = f"LSTM<{d.size}, {hidden}, Stack{{{', '.join([*options, f'.projection = {projection}'])}}}>"
    d.size, d.causal = projection * (2 if both else 1), d.causal and not both
    return type_, Recurrent(module)


def peephole(d):
    hidden, layers = d.pick(2, 5, 20), d.pick(1, 2)
    module = Variant("lstm", d.size, hidden, layers, peepholes=True)
    type_ = f"PeepholeLSTM<{d.size}, {hidden}{stack_of(layers, False)}>"
    d.size = hidden
    return type_, Recurrent(module)


def residual(d):
    size = d.size
    middle = d.pick(2, 5, 8)
    f, act = activation(type("Size", (), {"size": middle, "pick": d.pick})())
    kernel = d.pick(1, 2, 3)
    body = nn.Sequential(OverSteps(size, middle, kernel, kernel - 1, 0), act, nn.Linear(middle, size))
    return (f"Residual<Sequential<Conv1d<{size}, {middle}, {kernel}, ConvOptions{{.padding = causal_padding}}>, {f}, "
            f"Linear<{middle}, {size}>>>", Residual(body))


def frames(d):
    """TimeDistributed of a convolution of both sides and pooling."""
    steps = next(k for k in (4, 2, 5, 3, 1, d.size) if d.size % k == 0)
    if steps < 2:
        return linear(d)
    channels, out, maximum = d.size // steps, d.pick(2, 5), d.pick(True, False)
    body = nn.Sequential(OverSteps(channels, out, 3, 1, 1), nn.ReLU(), OverTime(maximum))
    type_ = (f"TimeDistributed<{steps}, Conv1d<{channels}, {out}, 3, ConvOptions{{.padding = same_padding}}>, ReLU<{out}>, "
             f"{'Max' if maximum else 'Mean'}Pooling<{out}>>")
    d.size = out
    return type_, Frames(body, steps)


def ending(d):
    """Pooling over the steps, a Flatten or the last step, and a Linear."""
    d.pooled = True
    kind = d.pick("mean", "max", "last", "flatten", "flatten_features")
    if kind in ("flatten", "flatten_features"):
        first = kind == "flatten_features"
        type_ = f"Flatten<{d.size}, {d.steps}{', FlattenOrder::features_first' if first else ''}>"
        module = Flatten(first)
        d.size, d.steps, d.causal = d.size * d.steps, 1, False
        return type_, module
    d.steps, d.causal = 1, False
    return {"mean": (f"MeanPooling<{d.size}>", OverTime(False)), "max": (f"MaxPooling<{d.size}>", OverTime(True)),
            "last": (f"LastStep<{d.size}>", Last())}[kind]


# Layers that a block of a network may be; a layer that others add to the library is added here.
GENERATORS = [linear, activation, activation, prelu, norm, norm, batch_norm, batch_norm, convolution, convolution,
              convolution, recurrent, variant, variant, projected, projected, peephole, residual, frames]


def network(seed):
    """A type, a module, an input, and whether it can be streamed. In training mode those with a BatchNorm1d cannot."""
    d = Draw(seed)
    torch.manual_seed(seed)
    types, modules, tokens = [], [], d.pick(0, 0, 0, 0, 7)
    if tokens:
        d.input, size = 1, d.pick(3, 5, 8)
        types.append(f"Embedding<{tokens}, {size}>")
        modules.append(nn.Embedding(tokens, size))
        d.size = size
    for k in range(d.pick(2, 3, 4, 5)):
        type_, module = d.pick(*GENERATORS)(d)
        if type_.startswith("Conv1d") and tokens and "stride = 1" not in type_:
            d.causal = False
        types.append(type_)
        modules.append(module)
    if d.pick(True, False, False):
        for make in (ending, linear):
            type_, module = make(d)
            types.append(type_)
            modules.append(module)
    normalized = any(isinstance(module, Batch) for module in modules)
    training = normalized and d.pick(True, False)
    module = nn.Sequential(*modules).double().train(training)
    with torch.no_grad():
        for parameter in module.parameters():  # norms and PReLU, too
            parameter.add_(0.1 * torch.randn_like(parameter))
    steps, batch = 12, 3
    x = torch.randint(tokens, (steps, batch)) if tokens else torch.randn(steps, batch, d.input, dtype=torch.float64)
    return f"Sequential<{', '.join(types)}>", module, x, d.causal and not training
