#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Exports small networks by PyTorch, tf2onnx and Keras, runs them in ONNX Runtime, and reads and runs them with Rondo.

    python -B test/exports/exports.py FOLDER [torch] [keras] [variants]    all of them, if none is named
    python -B test/exports/exports.py --keep test/io/data                  the few that the tests have

Prints what is not read, and why, and a table by exporter. Needs torch, onnxscript, keras, tensorflow, tf2onnx, onnxsim,
onnxruntime, safetensors, and a C++ compiler, CXX or c++, with Eigen.
"""

import collections
import os
import pathlib
import subprocess
import sys

import numpy
import onnx
import onnxruntime
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOLERANCE = 1e-5
KEPT = {  # of the test io/onnx_exports
    "onnx_pytorch": "default_lstm_2_one_scalar_states",
    "onnx_pytorch_legacy": "legacy_gru_1_both_last_scalar_tokens_batch",
    "onnx_keras": "keras_lstm_1_both_linear_tokens",
    "onnx_keras_loop": "keras_gru_1_both_last_floats",
    "onnx_tf2onnx_loop": "tf2onnx_rnn_1_one_linear_tokens",
}


def made(builds):
    for name, build in builds:
        try:
            yield name, build()
        except Exception as error:  # of an exporter: whichever it is, there is no file
            print(f"{name}: no export: {str(error).splitlines()[0][:120]}")


def write_data(case, path):
    """What Rondo is compared with, (T, B, F): inputs, and what ONNX Runtime gives."""
    session = onnxruntime.InferenceSession(str(case.path), providers=["CPUExecutionProvider"])
    first = session.get_inputs()[0].name
    given = case.inputs if case.output else {first: case.inputs["x"]}
    try:
        y = session.run([case.output] if case.output else None, given)[0]
    except Exception:  # it refuses the export: so must Rondo
        y = numpy.zeros(1, "float32")
    x = case.inputs["x"]
    if case.batch_first:
        y = y.swapaxes(0, 1) if y.ndim >= 2 and y.shape[:2] == x.shape[:2] else y
        x = x.swapaxes(0, 1)
    tokens = x.dtype.kind == "i"
    if not tokens:
        x = x.reshape(*x.shape, *(1,) * (3 - x.ndim))
    data = {"tokens": x.astype("int32")} if tokens else {"x": x}
    data |= {name: case.inputs[name].astype("int32" if name == "lengths" else "float32")
             for name in ("h0", "c0", "lengths") if name in case.inputs}
    save_file({name: numpy.ascontiguousarray(array) for name, array in (data | {"y": y}).items()}, str(path))


def make(folder, part):
    """Makes the exports of one part, in a process of its own: PyTorch and TensorFlow do not share one."""
    if part == "torch":
        import make_torch as maker
    else:
        import make_keras as maker
    cases = dict(made(maker.make(folder)))
    for case in cases.values():
        write_data(case, pathlib.Path(f"{case.path}.data"))
    (folder / f"{part}.txt").write_text("".join(f"{n}\t{case.path}\t{case.output}\n" for n, case in cases.items()))


def keep(folder, part):
    if part == "torch":
        import make_torch as maker
    else:
        import make_keras as maker
    builds = dict(maker.make(folder))
    for name, of in KEPT.items():
        if of in builds:
            case = builds[of]()
            write_data(case, folder / f"{name}.safetensors")
            model = onnx.load(case.path)
            for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input,
                         *model.graph.output, *model.graph.initializer):
                part.doc_string = ""
                if hasattr(part, "metadata_props"):
                    del part.metadata_props[:]  # places in the exporter's code
            onnx.save(model, str(folder / f"{name}.onnx"))
            case.path.unlink()


def check(folder, cases):
    """Of name, path and output."""
    program = folder / "check"
    eigen = subprocess.run(["pkg-config", "--cflags", "eigen3"], check=True, capture_output=True, text=True).stdout
    subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", "-O1", f"-I{ROOT / 'include'}", *eigen.split(),
                    str(HERE / "check.cpp"), "-o", str(program)], check=True)
    (folder / "cases.txt").write_text("".join(f"{path}\t{output}\n" for _, path, output in cases))
    answers = subprocess.run([str(program), str(folder / "cases.txt")], check=True, capture_output=True, text=True)
    table = collections.defaultdict(lambda: [0, 0, 0])
    for (name, _, _), line in zip(cases, answers.stdout.splitlines()):
        _, apart, told = line.split("\t", 2)
        kind = 1 if apart == "-" else 0 if float(apart) <= TOLERANCE else 2
        table[name.split("_")[0]][kind] += 1
        if kind > 0:
            print(f"{name}: {told if kind == 1 else 'apart by ' + apart + ': ' + told}")
    print("\nexporter     read  refused  wrong")
    for exporter, counts in table.items():
        print(f"{exporter:12}{counts[0]:5}{counts[1]:9}{counts[2]:7}")
    return sum(counts[2] for counts in table.values())


def run(told, folder, parts):
    for part in parts:
        subprocess.run([sys.executable, "-B", __file__, told, str(folder), part], check=True)


def main(folder, parts):
    folder.mkdir(exist_ok=True)
    made_here = [part for part in parts if part != "variants"]
    run("--make", folder, made_here)
    cases = [line.split("\t") for part in made_here for line in (folder / f"{part}.txt").read_text().splitlines()]
    if "variants" in parts:
        import make_variants
        cases += make_variants.make(cases)
    return 1 if check(folder, cases) else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    told, *rest = sys.argv[1:]
    if told == "--make":
        make(pathlib.Path(rest[0]), rest[1])
    elif told == "--keep" and len(rest) == 2:
        keep(pathlib.Path(rest[0]), rest[1])
    elif told == "--keep":
        run(told, rest[0], ["torch", "keras"])
    else:
        sys.exit(main(pathlib.Path(told), rest or ["torch", "keras", "variants"]))
