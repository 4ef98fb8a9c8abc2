#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ONNX Runtime's LSTM, GRU (reset after the product) and RNN, one thread: one step, and inference of 50 steps.

benchmarks/peers/onnx_runtime.py [--benchmark_filter=REGEX] [--benchmark_min_time=SECONDS] ...: as Google Benchmark
"""
import functools

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

import google_benchmark

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def model(cell, size):
    """One layer with random weights, as ONNX's operator."""
    random = np.random.default_rng(1)
    bound, gates = size**-0.5, GATES[cell] * size
    weights = {"W": (1, gates, size), "R": (1, gates, size), "B": (1, 2 * gates)}
    constants = [onnx.numpy_helper.from_array(random.uniform(-bound, bound, shape).astype(np.float32), name)
                 for name, shape in weights.items()]
    options = {"linear_before_reset": 1} if cell == "GRU" else {}
    node = helper.make_node(cell, ["x", *weights], ["y"], hidden_size=size, **options)
    value = functools.partial(helper.make_tensor_value_info, elem_type=TensorProto.FLOAT)
    graph = helper.make_graph([node], cell, [value("x", shape=["T", "B", size])],
                              [value("y", shape=["T", 1, "B", size])], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)


def inference(cell, size, steps, batch, _):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model(cell, size).SerializeToString(), settings, ["CPUExecutionProvider"])
    x = np.random.default_rng(2).standard_normal((steps, batch, size)).astype(np.float32)
    y = np.empty((steps, 1, batch, size), np.float32)
    binding = session.io_binding()
    binding.bind_cpu_input("x", x)
    binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)

    def run():
        session.run_with_iobinding(binding)
        return x, y  # which the binding points into

    return run


def benchmarks():
    for cell in GATES:
        for size in (8, 16, 20, 24, 32, 40, 50, 64, 80, 100, 128, 200, 256, 300):
            yield f"{cell}/{size}/{size}/float", functools.partial(inference, cell, size, 1, 1)
        for size in (20, 32, 50, 64, 100, 128, 200, 256, 300, 512):
            for batch in (1, 32, 128):
                yield f"{cell}/{size}/batch:{batch}/inference", functools.partial(inference, cell, size, 50, batch)


if __name__ == "__main__":
    google_benchmark.main(__doc__.splitlines()[0], dict(benchmarks()), {"version": onnxruntime.__version__})
