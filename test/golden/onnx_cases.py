#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs ONNX's own node cases in Rondo: those of recurrent layers, convolutions, activations, norms, pooling, Flatten.
Each is read by io::read_onnx, compiled as the network that `rondo inspect` prints, and compared with the case's output:
at most 1e-5 apart, relative to the largest number, or to 1. Prints each output's result, then a table of operators.

    python -B test/golden/onnx_cases.py RONDO FOLDER [NAME ...]

RONDO is tools/rondo.cpp, built. The cases are written to FOLDER, with weights as initializers; those of PyTorch's old
exporter, which the package onnx has, in opset 13 (onnx.version_converter). NAME selects cases.
"""

import math
import pathlib
import re
import subprocess
import sys

import numpy
import onnx
import onnx.backend.test
import onnx.version_converter
from onnx import numpy_helper

# Operators of the layers that Rondo has.
NAMED = """LSTM GRU RNN Conv LeakyRelu Elu Gelu Swish HardSigmoid Softsign PRelu LogSoftmax Softmax Sigmoid Tanh Relu
Softplus ThresholdedRelu Clip LayerNormalization RMSNormalization BatchNormalization GlobalAveragePool GlobalMaxPool
AveragePool MaxPool ReduceMean ReduceMax Flatten""".split()
WINDOWS = ("Conv", "AveragePool", "MaxPool", "BatchNormalization", "GlobalAveragePool", "GlobalMaxPool")
PROGRAM = """#include <rondo/io/onnx.hpp>
#include <rondo/layer/variant.hpp>
#include <rondo/rondo.hpp>
#include <fstream>
#include <string>
using namespace rondo;
/// Reads an input (three extents, lengths, numbers) and writes the output, or why there is none.
template <class Net>
void run(const std::string& path, const std::string& output) {
    std::ofstream to{path + ".out", std::ios::binary};
    Error error;
    Model<Net, EigenBackend<SCALAR>> model;
    const auto weights = io::read_onnx(path + ".onnx", {.output = output}, error);
    if (!error) load(model, weights, error);
    if (error) return void(to << "!" << error.message);
    std::ifstream from{path + ".in", std::ios::binary};
    int extents[3];
    from.read(reinterpret_cast<char*>(extents), sizeof extents);
    std::vector<int> lengths(static_cast<std::size_t>(extents[2]));
    from.read(reinterpret_cast<char*>(lengths.data()), std::streamsize(4 * lengths.size()));
    std::vector<SCALAR> x(std::size_t(extents[0]) * std::size_t(extents[1]) * Net::input_size);
    from.read(reinterpret_cast<char*>(x.data()), std::streamsize(sizeof(SCALAR) * x.size()));
    try {
        Workspace<Net, EigenBackend<SCALAR>> work;
        const Extent extent{extents[0], extents[1], lengths.empty() ? nullptr : lengths.data()};
        const auto y = work.forward(model, SequenceView<const SCALAR, Net::input_size>{x.data(), nullptr, extent});
        const int shape[]{y.extent.steps, y.extent.batch, Net::output_size};
        to.write(reinterpret_cast<const char*>(shape), sizeof shape);
        to.write(reinterpret_cast<const char*>(y.value), std::streamsize(sizeof(SCALAR) * y.size()));
    } catch (const Failure& failure) { to << "!" << failure.what(); }
}
"""


class Case:
    """A node case: a model, whose inputs after the first are tensors of it, and its data."""

    def __init__(self, name, model, inputs, outputs):
        self.name, self.outputs, graph = name, outputs, model.graph
        del graph.value_info[:]
        ops = [node.op_type for node in graph.node]
        self.op = next((op for op in ops if op in NAMED), ops[0])
        self.node = next(node for node in graph.node if node.op_type == self.op)
        self.opset = next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))
        names = [value.name for value in graph.input]
        have = {value.name for value in graph.initializer}
        self.fed = [name for name in names if name not in have]
        self.given = {name: value for name, value in zip(self.fed, inputs)}
        self.x = inputs[0]
        self.lengths = None
        roles = list(self.node.input)
        for name in self.fed[1:]:
            if self.op in ("LSTM", "GRU", "RNN") and roles.index(name) == 4:
                self.lengths = self.given[name]
                continue
            graph.initializer.append(numpy_helper.from_array(self.given[name], name))
            for k, value in enumerate(graph.input):
                if value.name == name:
                    del graph.input[k]
                    break
        self.model = model

    def attribute(self, name, otherwise):
        found = [onnx.helper.get_attribute_value(one) for one in self.node.attribute if one.name == name]
        return found[0] if found else otherwise

    def axes(self, output):
        """What the axes of input and output are: t steps, b sequences, f features."""
        rank = self.x.ndim
        if self.op in ("LSTM", "GRU", "RNN"):
            which = list(self.node.output).index(output)
            if self.attribute("layout", 0):
                return "btf", "btff" if which == 0 else "bff"
            return "tbf", "tfbf" if which == 0 else "fbf"
        if self.op in WINDOWS and rank > 2:
            return ("bf" + "t" * (rank - 2),) * 2
        if self.op in WINDOWS:
            return ("bf",) * 2
        if self.op == "Flatten":  # as read_onnx takes the axes of an input of three axes or more
            axis = self.attribute("axis", 1)
            axis += rank if axis < 0 else 0
            if axis == 0:
                return "t" + "f" * (rank - 1), "bf"
            if axis == 1:
                return "bt" + "f" * (rank - 2), "bf"
            return "t" + "f" * (axis - 1) + "b" * (rank - axis), "fb"
        if self.op in ("LayerNormalization", "RMSNormalization"):
            axis = self.attribute("axis", -1) % rank
            return ("t" * axis + "f" * (rank - axis),) * 2
        if self.op in ("Softmax", "LogSoftmax"):
            early = self.opset < 13
            axis = self.attribute("axis", 1 if early else -1) % rank
            return ("t" * axis + "f" + ("f" if early else "t") * (rank - axis - 1),) * 2
        if self.op in ("ReduceMean", "ReduceMax"):
            axes = self.attribute("axes", None)
            if axes is None and len(self.given) > 1:
                axes = list(list(self.given.values())[1])
            axes = [axis % rank for axis in (axes or range(rank))]
            labels = ["t" if k in axes else "b" for k in range(rank)]
            if "b" in labels:
                labels[max(k for k in range(rank) if labels[k] == "b")] = "f"
            labels = "".join(labels)
            return labels, labels if self.attribute("keepdims", 1) else labels.replace("t", "")
        if self.op == "PRelu":
            given = {one.name: one for one in self.model.graph.initializer}
            slope = numpy_helper.to_array(given[self.node.input[1]])
            shape = (1,) * (rank - slope.ndim) + slope.shape
            if slope.size > 1:
                return ("".join("t" if extent == 1 else "f" for extent in shape),) * 2
        return ("t" * (rank - 1) + "f" if rank < 4 else "bf" + "t" * (rank - 2),) * 2


def grouped(array, labels):
    """(T, B, F), each the product of the axes with its label."""
    order = [k for label in "tbf" for k in range(len(labels)) if labels[k] == label]
    shape = [math.prod(array.shape[k] for k in range(len(labels)) if labels[k] == label) for label in "tbf"]
    return array.transpose(order).reshape(shape)


def collect(wanted):
    from onnx.backend.test.case.node import collect_testcases

    chosen = lambda name: any(one in name for one in wanted) if wanted else True
    for case in collect_testcases():
        ops = [node.op_type for node in case.model.graph.node]
        body = case.name.endswith(("_expanded", "_expanded_ver18")) or "_expanded" in case.name
        if chosen(case.name) and not body and any(op in NAMED for op in ops) and len(ops) == 1:
            yield Case(case.name, case.model, *case.data_sets[0])
    data = pathlib.Path(onnx.backend.test.__file__).parent / "data" / "pytorch-converted"
    for folder in sorted(data.iterdir()):
        model = onnx.load(folder / "model.onnx")
        ops = [node.op_type for node in model.graph.node]
        if not chosen(folder.name) or not any(op in NAMED for op in ops) or "GLU" in folder.name:
            continue
        tensors = []
        for kind in ("input", "output"):
            files = sorted((folder / "test_data_set_0").glob(kind + "_*.pb"))
            tensors.append([numpy_helper.to_array(onnx.TensorProto.FromString(file.read_bytes())) for file in files])
        for one in model.graph.initializer:  # of axis 1, before opset 7
            if ops[0] == "PRelu" and len(one.dims) == 1 and one.dims[0] > 1:
                shape = (one.dims[0],) + (1,) * (tensors[0][0].ndim - 2)
                one.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(one).reshape(shape), one.name))
                for value in model.graph.input:
                    if value.name == one.name:
                        value.CopyFrom(onnx.helper.make_tensor_value_info(one.name, onnx.TensorProto.FLOAT, shape))
        yield Case("pytorch/" + folder.name, onnx.version_converter.convert_version(model, 13), *tensors)


def compared(path, expected, case, output):
    """What the program wrote to path, compared with the case's output; and how far apart they are."""
    read = path.with_name(path.name + ".out").read_bytes()
    if read[:1] == b"!":
        return "fails: " + read[1:].decode(), 0.0
    y = numpy.frombuffer(read[12:], case.x.dtype).reshape(numpy.frombuffer(read[:12], numpy.int32))
    right = grouped(expected, case.axes(output)[1])
    if right.shape != y.shape:
        return f"fails: {y.shape} instead of {right.shape}", 0.0
    apart = float(numpy.abs(y - right).max()) / max(1.0, float(numpy.abs(right).max()))
    return (f"passes {apart:.1e}", apart) if apart <= 1e-5 else (f"fails: apart by {apart:.1e}", 0.0)


def main(rondo, place, *wanted):
    place = pathlib.Path(place)
    place.mkdir(parents=True, exist_ok=True)
    rows, runs = [], []
    for case in collect(wanted):
        file = place / (case.name.replace("/", "_") + ".onnx")
        onnx.save(case.model, file)
        outputs = [value.name for value in case.model.graph.output]
        for output, expected in zip(outputs, case.outputs):
            told = subprocess.run([rondo, "inspect", file, "--output", output], capture_output=True, text=True)
            row = [case, output, expected, None]
            rows.append(row)
            found = re.search(r"^using Net = (.*?);\n", told.stdout, re.S | re.M)
            if told.returncode != 0 or not found:
                row[3] = "refused: " + (told.stderr or told.stdout).strip().split(".onnx: ")[-1]
                continue
            if case.x.size == 0:
                row[3] = "refused: its data are empty"
                continue
            if case.x.dtype not in (numpy.float32, numpy.float64):
                row[3] = f"refused: its data are {case.x.dtype}"
                continue
            scalar = "double" if case.x.dtype == numpy.float64 else "float"
            data = grouped(case.x, case.axes(output)[0])
            lengths = [] if case.lengths is None else list(case.lengths)
            path = place / (file.stem + "." + output)
            path.with_name(path.name + ".onnx").write_bytes(file.read_bytes())
            path.with_name(path.name + ".in").write_bytes(
                numpy.array([*data.shape[:2], len(lengths), *lengths], numpy.int32).tobytes()
                + numpy.ascontiguousarray(data).tobytes()
            )
            row[3] = path
            runs.append((scalar, found[1].replace("\n", " "), str(path), output))
    for scalar in ("float", "double"):
        mine = sorted(one for one in runs if one[0] == scalar)  # the same networks in one program
        for part in range(0, len(mine), 48):
            lines = [f'    run<{net}>("{path}", "{output}");' for _, net, path, output in mine[part : part + 48]]
            source = place / f"cases_{scalar}_{part}.cpp"
            text = PROGRAM.replace("SCALAR", scalar) + "int main() {\n" + "\n".join(lines) + "\n}\n"
            program = source.with_suffix("")
            if not (program.exists() and source.exists() and source.read_text() == text):
                source.write_text(text)
                root = pathlib.Path(__file__).parents[2]
                compiler = ["ccache", "g++", "-std=c++20", "-O0", f"-I{root}/include", "-I/usr/include/eigen3"]
                subprocess.run([*compiler, source, "-o", program], check=True)
            subprocess.run([program], check=True)
    table, worst, failed = {}, 0.0, 0  # of an operator: outputs that pass, outputs that fail, reasons for refusal
    for case, output, expected, path in rows:
        counts = table.setdefault(case.op, [0, 0, {}])
        if isinstance(path, str):
            result = path
            reason = re.sub(rf'^refused: (node "[^"]*" \({case.op}\): |output "[^"]*": )?', "", result)
            counts[2][reason] = counts[2].get(reason, 0) + 1
        else:
            result, apart = compared(path, expected, case, output)
            worst = max(worst, apart)
            counts[0 if result.startswith("passes") else 1] += 1
        print(f"| {case.name.removeprefix('test_')} | {output} | {result} |")
    print("\n| operator | outputs | pass | fail | refused, and why |\n|---|---|---|---|---|")
    for op in sorted(table):
        good, bad, reasons = table[op]
        failed += bad
        said = "; ".join(f"{count}: {reason}" for reason, count in reasons.items())
        print(f"| {op} | {good + bad + sum(reasons.values())} | {good} | {bad} | {said} |")
    passed = sum(one[0] for one in table.values())
    print(f"\nonnx {onnx.__version__}: {passed} of {len(rows)} outputs pass, at most {worst:.1e} apart; {failed} fail; "
          f"{len(rows) - passed - failed} are refused")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) > 2 else __doc__)
