#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Models that Rondo writes as ONNX are valid, and compute the same in ONNX Runtime.

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


def check(program):
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([program, place], check=True)
        files = sorted(pathlib.Path(place).glob("*.onnx"))
        assert len(files) == 20, files
        for file in files:
            onnx.checker.check_model(onnx.load(file), full_check=True)
            data = tensors(file.with_suffix(".data"))
            x = data["x"] if data["x"].dtype == numpy.float32 else data["x"].astype(numpy.int64)
            session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
            y = session.run(["output"], {"input": x})[0]
            assert y.shape == data["y"].shape, (file, y.shape, data["y"].shape)
            apart = numpy.abs(y - data["y"]).max()
            print(f"ONNX Runtime runs {file.name}: apart by {apart:.1e} at most")
            assert apart < 1e-5, apart


if __name__ == "__main__":
    sys.exit(check(sys.argv[1]) if len(sys.argv) == 2 else __doc__)
