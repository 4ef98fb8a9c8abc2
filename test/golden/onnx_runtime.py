#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Models that Rondo writes as ONNX are valid, and compute the same in ONNX Runtime: also where sequence_lens is made an
input of theirs, which is Extent::lengths. Rondo reads them again as they then are.

    python -B test/golden/onnx_runtime.py PROGRAM     PROGRAM is onnx_runtime.cpp, built
"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import numpy
    import onnx
    import onnxruntime
except ImportError as error:
    print(f"onnx_runtime: the package {error.name} is missing: running models in ONNX Runtime is skipped")
    sys.exit(0)


def tensors(path):
    """Those of a safetensors file."""
    file = path.read_bytes()
    end = 8 + struct.unpack("<Q", file[:8])[0]
    types = {"F32": numpy.float32, "I32": numpy.int32}
    return {
        name: numpy.frombuffer(file[end:], types[told["dtype"]])[
            told["data_offsets"][0] // 4 : told["data_offsets"][1] // 4
        ].reshape(told["shape"])
        for name, told in json.loads(file[8:end]).items()
    }


def take_lengths(file):
    """Gives each recurrent node of a model an input of lengths."""
    model = onnx.load(file)
    graph = model.graph
    graph.input.append(onnx.helper.make_tensor_value_info("lengths", onnx.TensorProto.INT32, ["sequences"]))
    for node in graph.node:
        if node.op_type in ("RNN", "LSTM", "GRU"):
            node.input.append("lengths")
    onnx.save(model, file)


def check(program):
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([program, "write", place], check=True)
        files = sorted(pathlib.Path(place).glob("*.onnx"))
        assert len(files) == 52, files
        for file in files:
            data = tensors(file.with_suffix(".data"))
            given = {"input": data["x"] if data["x"].dtype == numpy.float32 else data["x"].astype(numpy.int64)}
            if "lengths" in data:
                take_lengths(file)
                given["lengths"] = data["lengths"]
            onnx.checker.check_model(onnx.load(file), full_check=True)
            session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
            y = session.run(["output"], given)[0]
            assert y.shape == data["y"].shape, (file, y.shape, data["y"].shape)
            apart = numpy.abs(y - data["y"]).max()
            print(f"ONNX Runtime runs {file.name}: apart by {apart:.1e} at most")
            assert apart < 1e-5, apart
        subprocess.run([program, "read", place], check=True)


if __name__ == "__main__":
    sys.exit(check(sys.argv[1]) if len(sys.argv) == 2 else __doc__)
