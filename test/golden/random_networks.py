#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random networks of Rondo's layers against PyTorch: outputs, and gradients of inputs and weights, in double and float;
and streams against whole sequences, where the network is causal. Prints a table, with what rounding alone does to PyTorch's
own gradients: a network that is OUTSIDE the bounds where that is as large is badly conditioned.

    python -B test/golden/random_networks.py FOLDER [SEED] [COUNT]     40 networks of seed 1

A network is a Sequential of blocks, each a function of random_blocks.py that draws sizes and options and returns the C++
type and the PyTorch module. Programs are written to FOLDER and compiled with g++ -O0, a few networks in each.
"""

import copy
import pathlib
import subprocess
import sys

import numpy
import safetensors.torch
import torch
from torch import nn

from random_blocks import network
from random_modules import Recurrent

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
