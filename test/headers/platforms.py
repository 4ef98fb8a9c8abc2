#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the headers say where the compiler or the processor is not as they need it: platforms.py FOLDER COMPILER..."""
import pathlib, subprocess, sys

folder, compiler = pathlib.Path(sys.argv[1]), sys.argv[2:]
eigen = subprocess.run(["pkg-config", "--cflags", "eigen3"], check=True, text=True, stdout=subprocess.PIPE).stdout
clang = "clang" in subprocess.run([*compiler, "--version"], check=True, text=True, stdout=subprocess.PIPE).stdout
failed = 0


def compiled(headers, *options):
    """As in a program whose own warnings are errors; to g++ Rondo is a system's header, of which clang tells nothing."""
    return subprocess.run([*compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Werror", "-I" if clang else "-isystem", folder,
                           *eigen.replace("-I", "-isystem").split(), *options, "-x", "c++", "-"],
                          input="".join(f"#include <{header}>\n" for header in headers), text=True, capture_output=True)


def expect(law, what, answer):
    global failed
    if not law:
        print(f"{what}: {answer.returncode}\n{answer.stderr}")
        failed += 1


# A compiler that takes every number to be finite.
for options, told in {"-ffast-math": True, "-ffinite-math-only": True, "-Ofast": True, "-O2": False,
                      "-ffast-math -fno-finite-math-only": False, "-ffast-math -DRONDO_ALLOW_FAST_MATH": False}.items():
    answer = compiled(["rondo/core/error.hpp", "rondo/version.hpp"], *options.split())
    expect(answer.returncode == 0 and answer.stderr.count("rondo: -ffast-math hides NaN") >= told and
           ("RONDO_ALLOW_FAST_MATH" in answer.stderr) == told, options, answer)
for header in () if clang else ("rondo/stream.hpp", "rondo/rondo.hpp"):
    reaches = subprocess.run([*compiler, "-std=c++20", "-M", "-isystem", folder, *eigen.replace("-I", "-isystem").split(),
                              "-x", "c++", "-"], input=f"#include <{header}>\n", text=True, capture_output=True)
    expect("core/fast_math.hpp" in reaches.stdout, f"{header} says nothing of -ffast-math", reaches)

# A processor whose numbers have the other order of bytes.
big = ["-Wno-builtin-macro-redefined", "-U__BYTE_ORDER__", "-D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__", "-Wfatal-errors"]
for header in () if clang else ("dtype", "safetensors", "safetensors_write", "model", "onnx/protobuf", "onnx/protobuf_write", "onnx",
                                "onnx_write"):
    answer = compiled([f"rondo/io/{header}.hpp"], *big)
    expect(answer.returncode != 0 and "which are little-endian, as this machine is not" in answer.stderr, header, answer)

print(f"{failed} answers are not as expected")
sys.exit(failed > 0)
