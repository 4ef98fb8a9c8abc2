#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ONNX Runtime's quantized LSTM (quantize_dynamic, int8), one thread: one step, and 50 steps.

benchmarks/peers/onnx_runtime_int8.py [--benchmark_filter=REGEX] ...: as Google Benchmark
"""
import functools
import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic

import google_benchmark
from onnx_runtime import model


def inference(cell, size, steps, _):
    with tempfile.TemporaryDirectory() as folder:
        whole, small = (str(pathlib.Path(folder) / name) for name in ("float.onnx", "int8.onnx"))
        onnx.save(model(cell, size), whole)
        quantize_dynamic(whole, small, weight_type=QuantType.QInt8, op_types_to_quantize=[cell])
        quantized = onnx.load(small)
    assert any(node.op_type == f"DynamicQuantize{cell}" for node in quantized.graph.node), "not quantized"
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(quantized.SerializeToString(), settings, ["CPUExecutionProvider"])
    x = np.random.default_rng(2).standard_normal((steps, 1, size)).astype(np.float32)
    y = np.empty((steps, 1, 1, size), np.float32)
    binding = session.io_binding()
    binding.bind_cpu_input("x", x)
    binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)

    def run():
        session.run_with_iobinding(binding)
        return x, y  # which the binding points into

    return run


def benchmarks():
    for size in (32, 64, 128, 256):
        yield f"LSTM/{size}/{size}/int8", functools.partial(inference, "LSTM", size, 1)
        yield f"LSTM/{size}/{size}/int8/50_steps", functools.partial(inference, "LSTM", size, 50)


if __name__ == "__main__":
    google_benchmark.main(__doc__.splitlines()[0], dict(benchmarks()), {"version": onnxruntime.__version__})
