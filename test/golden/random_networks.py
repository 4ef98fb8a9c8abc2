#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random networks of Rondo's layers against PyTorch: outputs, and gradients of inputs and weights, in double and float;
and streams against whole sequences, where the network is causal. Prints a table, with what rounding alone does to PyTorch's
own gradients: a network that is OUTSIDE the bounds where that is as large is badly conditioned.

    python -B test/golden/random_networks.py FOLDER [SEED] [COUNT]     40 networks of seed 1

A network is a Sequential of blocks, each a function of GENERATORS that draws sizes and options and returns the C++ type and
the PyTorch module. Programs are written to FOLDER and compiled with g++ -O0, a few networks in each.
"""

import copy
import pathlib
import random
import subprocess
import sys

import numpy
import safetensors.torch
import torch
from torch import nn
from torch.nn import functional

from layers import Flatten, Hardsigmoid, LastFeatures, OverSteps, OverTime
from variants import Variant

BOUNDS = {"double": 1e-12, "float": 1e-5}
PROGRAM = """#include <rondo/io/safetensors.hpp>
#include <rondo/layer/variant.hpp>
#include <rondo/rondo.hpp>
#include <rondo/stream.hpp>
#include <fstream>
#include <string>
#include <type_traits>
#include <vector>
using namespace rondo;
template <class Net, class S, bool streams>
void run(const std::string& path, bool training) {
    using B = EigenBackend<S>;
    constexpr bool tokens = requires { requires (Net::vocabulary > 0); };
    using X = std::conditional_t<tokens, int, S>;
    constexpr int in = tokens ? 1 : Net::input_size;
    Model<Net, B> model, gradient;
    if constexpr (Net::tensors.size() > 0) load(model, path + ".safetensors", {.convert = true});
    std::ifstream from{path + ".in", std::ios::binary};
    const auto read = [&](std::size_t count) {
        std::vector<double> all(count);
        from.read(reinterpret_cast<char*>(all.data()), std::streamsize(sizeof(double) * count));
        return all;
    };
    const auto head = read(3);
    const Extent extent{int(head[0]), int(head[1])};
    const auto numbers = read(extent.columns() * std::size_t(in)), upstream = read(std::size_t(head[2]));
    std::vector<X> x(numbers.begin(), numbers.end());
    std::vector<S> dx(x.size());
    Workspace<Net, B> work;
    const SequenceView<const X, in> view{x.data(), nullptr, extent};
    const auto y = work.record(model, nullptr, Randomness{.dropout = training}, [&](auto& run) {
        if constexpr (tokens) return Net::forward(run, view);
        else return Net::forward(run, SequenceView<S, in>{x.data(), dx.data(), extent});
    });
    for (std::size_t k = 0; k < upstream.size(); ++k) y.gradient[k] = S(upstream[k]);
    std::vector<double> out(y.value, y.value + y.size());
    work.backward(&gradient);
    if (!tokens) out.insert(out.end(), dx.begin(), dx.end());
    const auto all = gradient.values();
    for (const auto& t : Net::tensors)
        if (t.role != ParameterSpec::Role::average && t.role != ParameterSpec::Role::count)
            out.insert(out.end(), all.begin() + long(t.offset), all.begin() + long(t.offset + t.size()));
    if constexpr (streams) {
        const Packed<Net, B> packed{model};
        for (int b = 0; b < extent.batch; ++b) {
            Stream stream{packed};
            constexpr int stride = decltype(stream)::stride;
            std::vector<X> steps(std::size_t(stride) * in);
            for (int t = 0; t < extent.steps; t += stride) {
                for (int s = 0; s < stride; ++s)
                    for (int k = 0; k < in; ++k)
                        steps[std::size_t(s * in + k)] = x[std::size_t(((t + s) * extent.batch + b) * in + k)];
                if constexpr (tokens) for (const S number : stream.step(steps[0])) out.push_back(number);
                else for (const S number : stream.step(std::span<const S, std::size_t(stride) * in>{steps})) out.push_back(number);
            }
        }
    }
    std::ofstream{path + (sizeof(S) == 8 ? ".double" : ".float"), std::ios::binary}.write(
        reinterpret_cast<const char*>(out.data()), std::streamsize(sizeof(double) * out.size()));
}
"""


class Recurrent(nn.Module):
    """The outputs of a recurrent layer, whose parameters keep their names."""

    def __init__(self, module):
        super().__init__()
        for name, parameter in module.named_parameters():
            self.register_parameter(name, parameter)
        self.module = [module]

    def _apply(self, fn, recurse=True):
        super()._apply(fn, recurse)
        for name, parameter in self.named_parameters():
            self.module[0]._parameters[name] = parameter
        if isinstance(self.module[0], nn.RNNBase):
            self.module[0]._flat_weights = [getattr(self.module[0], n) for n in self.module[0]._flat_weights_names]
        return self

    def forward(self, x):
        return self.module[0](x)[0]


class Last(nn.Module):
    def forward(self, x):
        return x[-1:]


class Residual(nn.Module):
    def __init__(self, body):
        super().__init__()
        for name, child in body.named_children():
            self.add_module(name, child)
        self.body = [body]

    def forward(self, x):
        return x + self.body[0](x)


class Frames(nn.Module):
    """TimeDistributed: each step, of `steps` features of one channel, as a sequence of its own."""

    def __init__(self, body, steps):
        super().__init__()
        for name, child in body.named_children():
            self.add_module(name, child)
        self.body, self.steps = [body], steps

    def forward(self, x):
        t, b, f = x.shape
        y = x.reshape(t * b, self.steps, f // self.steps).transpose(0, 1)
        return self.body[0](y).reshape(t, b, -1)


class Batch(nn.BatchNorm1d):
    """BatchNorm1d of (T, B, F); fixed: always by the running statistics."""

    def __init__(self, size, fixed, **options):
        super().__init__(size, **options)
        self.fixed = fixed
        if self.track_running_stats:
            self.running_mean.normal_()
            self.running_var.uniform_(0.5, 2)

    def forward(self, x):
        of_batch = not self.track_running_stats or (self.training and not self.fixed)
        mean, var = (None, None) if of_batch else (self.running_mean, self.running_var)
        y = functional.batch_norm(x.flatten(0, 1), mean, var, self.weight, self.bias, of_batch, 0.0, self.eps)
        return y.view_as(x)


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


def outputs(module, x, dy):
    """y, dx and the gradients of the parameters in the order of their names in the file."""
    leaf = x.detach().clone().requires_grad_(x.is_floating_point())
    y = module(leaf)
    y.backward(dy)
    return y.detach(), leaf.grad, {name: parameter.grad for name, parameter in module.named_parameters()}


def apart(got, expected):
    """The largest difference, relative to the largest number, or to 1e-3 for numbers that are all small."""
    if expected.size == 0:
        return 0.0
    return float(numpy.abs(got - expected).max() / max(1e-3, numpy.abs(expected).max()))


def of_scalar(module, scalar):
    """A copy in double whose norms have the epsilon that PyTorch takes by itself in this scalar."""
    made = copy.deepcopy(module)
    for norm in made.modules():
        if isinstance(norm, nn.RMSNorm) and norm.eps is None:
            norm.eps = torch.finfo(getattr(torch, scalar)).eps
    return made


def gradients(module, x, dy):
    _, dx, grads = outputs(module, x, dy)
    return [grad.double().numpy().ravel() for grad in ([] if dx is None else [dx]) + list(grads.values())]


def roundings(module, x, dy, draws=20):
    """How far PyTorch's own gradients are apart: in double when last bits of the numbers change; and in float."""
    draw = torch.Generator().manual_seed(1)

    def change(value):
        up = torch.rand(value.shape, generator=draw) < 0.5
        return torch.where(up, torch.nextafter(value, value + 1), value)

    exact, last_bits = gradients(of_scalar(module, "double"), x, dy), 0.0
    for _ in range(draws):
        changed = of_scalar(module, "double")
        with torch.no_grad():
            for parameter in changed.parameters():
                parameter.copy_(change(parameter))
        got = gradients(changed, change(x) if x.is_floating_point() else x, dy)
        last_bits = max(last_bits, max(map(apart, got, exact), default=0.0))
    got = gradients(copy.deepcopy(module).float(), x.float() if x.is_floating_point() else x, dy.float())
    return last_bits, max(map(apart, got, gradients(of_scalar(module, "float"), x, dy)), default=0.0)


def main(place, seed=1, count=40):
    place = pathlib.Path(place)
    place.mkdir(parents=True, exist_ok=True)
    root = pathlib.Path(__file__).parents[2]
    nets = []
    for k in range(int(count)):
        type_, module, x, causal = network(1000 * int(seed) + k)
        y = module(x)
        dy = torch.randn(y.shape, dtype=torch.float64)
        parameters = {name: value.detach().clone() for name, value in module.state_dict().items()}
        path = place / f"net{k}"
        before = [f"{k}.{name}" for k, child in enumerate(module) if isinstance(child, Recurrent)
                  and getattr(child.module[0], "kind", "") == "gru_reset_before"
                  for name, _ in child.named_parameters() if "weight_hh" in name]
        metadata = {"reset_before": " ".join(before)} if before else None
        safetensors.torch.save_file(parameters, f"{path}.safetensors", metadata)
        head = numpy.array([x.shape[0], x.shape[1], dy.numel()], float)
        path.with_suffix(".in").write_bytes(head.tobytes() + x.double().numpy().tobytes() + dy.numpy().tobytes())
        nets.append((type_, module, x, dy, causal, path))
    programs = []
    for scalar in ("double", "float"):
        for part in range(0, len(nets), 10):
            lines = [f'    run<{type_}, {scalar}, {str(causal and scalar == "double").lower()}>'
                     f'("{path}", {str(module.training).lower()});'
                     for type_, module, _, _, causal, path in nets[part : part + 10]]
            text = PROGRAM + "int main() {\n" + "\n".join(lines) + "\n}\n"
            source = place / f"{scalar}_{part}.cpp"
            program = source.with_suffix("")
            if not (program.exists() and source.exists() and source.read_text() == text):
                source.write_text(text)
                compiler = ["ccache", "g++", "-std=c++20", "-O0", f"-I{root}/include", "-I/usr/include/eigen3"]
                subprocess.run([*compiler, source, "-o", program], check=True)
            subprocess.run([program], check=True)
    failed = 0
    print("| network | double: outputs | gradients | float: outputs | gradients | streamed |"
          " PyTorch: last bits | float |")
    print("|---|---|---|---|---|---|---|---|")
    for type_, module, x, dy, causal, path in nets:
        row, fine, streamed = [], True, "-"
        for scalar in ("double", "float"):
            exact = of_scalar(module, scalar)
            y, dx, grads = outputs(exact, x, dy)
            got = numpy.frombuffer(path.with_suffix("." + scalar).read_bytes())
            names = [name for name in grads]
            size = y.numel()
            value, got = got[:size], got[size:]
            differences = []
            if dx is not None:
                differences.append(apart(got[: dx.numel()], dx.numpy().ravel()))
                got = got[dx.numel() :]
            for name in names:
                grad = grads[name].numpy().ravel()
                differences.append(apart(got[: grad.size], grad))
                got = got[grad.size :]
            row += [apart(value, y.numpy().ravel()), max(differences, default=0.0)]
            fine = fine and max(row[-2:]) <= BOUNDS[scalar]
            if causal and scalar == "double":
                steps = got.reshape(y.shape[1], y.shape[0], y.shape[2]).transpose(1, 0, 2)
                streamed = apart(steps.ravel(), value)
                fine = fine and streamed <= BOUNDS[scalar]
        failed += not fine
        numbers = [*row, streamed, *roundings(module, x, dy)]
        said = [number if number == "-" else f"{number:.1e}" for number in numbers]
        training = ", in training" if module.training else ""
        print(f"| `{type_}`{training} | " + " | ".join(said) + (" |" if fine else " | OUTSIDE |"))
    print(f"\n{len(nets) - failed} of {len(nets)} networks within the bounds; seed {seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) > 1 else __doc__)
