# SPDX-License-Identifier: MIT
"""Compile time, size and memory of the smallest programs, those of compile/."""
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
README = "README.md"
# Title, source, flags, and the budget: CPU time as a multiple of Eigen/Core's in the same run.
COMPILED = [("Eigen/Core alone", "benchmarks/compile/eigen.cpp", [], None),
            ("rondo/rondo.hpp alone", "benchmarks/compile/headers.cpp", [], 1.9),
            ("README's streaming program", README, [], 2.3),
            *((f"a stream, LSTM {size}", "benchmarks/compile/stream.cpp", [f"-DHIDDEN={size}"], None)
              for size in (8, 32, 128, 512, 1024)),
            ("a network, trained, saved and streamed", "benchmarks/compile/networks.cpp", ["-DNETWORKS=1"], None),
            ("one more network in that program", "benchmarks/compile/networks.cpp", ["-DNETWORKS=2"], 1.5),
            ("examples/text.cpp, ten networks", "examples/text.cpp", ["-c"], 15),
            ("the examples' command line, once for all", "examples/common/command_line.cpp", ["-c"], None),
            ("the examples' training run, once for all", "examples/common/training.cpp", ["-c"], None),
            ("the same stream on libtorch, LSTM 32", "benchmarks/compile/libtorch.cpp", ["-DHIDDEN=32"], None)]


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
        least = {}
        for title, source, flags, budget in COMPILED:
            libtorch = source.endswith("libtorch.cpp")
            if libtorch and not torch:
                continue
            print(f"[{len(rows) + 1}/{len(options.build) * len(COMPILED)}] compile: {title}, {compiler}", file=sys.stderr,
                  flush=True)
            program, file = options.out / "compiled", HERE.parent / source
            if source == README:
                block = re.search(r"<!-- cpp run -->\n```cpp\n(.*?)```", file.read_text(), re.S)
                file = options.out / "readme.cpp"
                file.write_text(block[1])
            command = [compiler, "-std=c++20", "-O3", "-march=native", "-DNDEBUG", *flags, f"-I{HERE.parent}/include",
                       *[flag.replace("-I", "-isystem") for flag in eigen], str(file), "-o", str(program), "-s"]
            if libtorch:
                command += [f"-isystem{torch}/include", f"-isystem{torch}/include/torch/csrc/api/include",
                            f"-L{torch}/lib", f"-Wl,-rpath,{torch}/lib", "-ltorch", "-ltorch_cpu", "-lc10"]
            times = 1 if libtorch else 2
            seconds = [one for one in (used(["taskset", "-c", str(options.core), *command]) for _ in range(times)) if one]
            if source == README:
                file.unlink()
            if not seconds:
                continue
            whole = least[source, *flags] = min(seconds)
            one_more = flags == ["-DNETWORKS=2"]
            cost = whole - least.get((source, "-DNETWORKS=1"), 0) if one_more else whole
            multiple = cost / least.get((COMPILED[0][1],), cost)
            memory = None
            if "-c" not in flags:
                said = subprocess.run([str(program)], capture_output=True, text=True).stdout
                memory = re.search(r"memory_kb=(\d+)", said)
            size = program.stat().st_size
            if libtorch:
                size += sum((torch / "lib" / lib).stat().st_size for lib in ("libtorch_cpu.so", "libc10.so"))
            rows.append([title, compiler, f"{cost:.1f}", f"{multiple:.2f}",
                         "" if budget is None else f"{budget} (over)" if multiple > budget else f"{budget}",
                         "" if one_more else f"{size / 1024:.0f}", f"{int(memory.group(1)) / 1024:.1f}" if memory else ""])
            program.unlink()
    return rows
