# SPDX-License-Identifier: MIT
"""Compile time, size and memory of the smallest programs, those of compile/."""
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
COMPILED = [("Eigen/Core alone", "eigen", []), ("rondo/rondo.hpp alone", "headers", []),
            *((f"a stream, LSTM {size}", "stream", [f"-DHIDDEN={size}"]) for size in (8, 32, 128, 512, 1024)),
            ("the same on libtorch, LSTM 32", "libtorch", ["-DHIDDEN=32"])]


def used(command):
    """CPU seconds of a command, or None if it failed."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime if child.returncode == 0 else None


def compiled(options):
    """Compile time, size and memory of the smallest programs."""
    eigen = subprocess.run(["pkg-config", "--cflags-only-I", "eigen3"], capture_output=True, text=True).stdout.split()
    torch = subprocess.run([options.python, "-c", "import torch; print(torch.__path__[0])"], capture_output=True,
                           text=True)
    torch = pathlib.Path(torch.stdout.strip()) if torch.returncode == 0 and options.peers else None
    rows = []
    for compiler in (build.name.removeprefix("benchmarks-") for build in options.build):
        for title, name, defines in COMPILED:
            if name == "libtorch" and not torch:
                continue
            print(f"[{len(rows) + 1}/{len(options.build) * len(COMPILED)}] compile: {title}, {compiler}", file=sys.stderr,
                  flush=True)
            program = options.out / "compiled"
            command = [compiler, "-std=c++20", "-O3", "-march=native", "-DNDEBUG", *defines, f"-I{HERE.parent}/include",
                       *[flag.replace("-I", "-isystem") for flag in eigen], str(HERE / "compile" / f"{name}.cpp"),
                       "-o", str(program), "-s"]
            if name == "libtorch":
                command += [f"-isystem{torch}/include", f"-isystem{torch}/include/torch/csrc/api/include",
                            f"-L{torch}/lib", f"-Wl,-rpath,{torch}/lib", "-ltorch", "-ltorch_cpu", "-lc10"]
            times = 1 if name == "libtorch" else 2
            seconds = [one for one in (used(["taskset", "-c", str(options.core), *command]) for _ in range(times)) if one]
            if not seconds:
                continue
            said = subprocess.run([str(program)], capture_output=True, text=True).stdout
            memory = re.search(r"memory_kb=(\d+)", said)
            size = program.stat().st_size
            if name == "libtorch":
                size += sum((torch / "lib" / lib).stat().st_size for lib in ("libtorch_cpu.so", "libc10.so"))
            rows.append([title, compiler, f"{min(seconds):.1f}", f"{size / 1024:.0f}",
                         f"{int(memory.group(1)) / 1024:.1f}" if memory else ""])
            program.unlink()
    return rows
