# SPDX-License-Identifier: MIT
"""What ONNX Runtime's optimizer and onnxsim make of exports."""

import pathlib
import shutil

import onnx
import onnxruntime
import onnxsim


def optimize(source, path, level):
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path)
    options.graph_optimization_level = level
    options.log_severity_level = 4
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def simplify(source, path):
    model, same = onnxsim.simplify(str(source))
    if not same:
        raise RuntimeError("onnxsim made another model of it")
    onnx.save(model, str(path))


WAYS = {
    "basic": lambda source, path: optimize(source, path, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC),
    "extended": lambda source, path: optimize(source, path, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED),
    "onnxsim": simplify,
}


def make(cases):
    """Of each name, path and output the same of its variants."""
    for way, build in WAYS.items():
        for name, source, output in cases:
            path = pathlib.Path(source).with_name(f"{way}_{name}.onnx")
            try:
                build(source, path)
            except Exception as error:  # of the optimizer: there is no file
                print(f"{way}_{name}: no model: {str(error).splitlines()[0][:120]}")
                continue
            shutil.copyfile(f"{source}.data", f"{path}.data")
            yield f"{way}_{name}", str(path), output
