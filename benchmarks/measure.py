#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the benchmarks, alternating with those of peers, and writes a table per suite, JSON and a chart.

benchmarks/measure.py --build DIR [--build DIR] --out DIR [--peers] [--python PYTHON] [--onednn DIR] [--rounds N]
                      [--time SECONDS] [--core N] [SUITE ...]

A build is a folder of programs by one compiler. In each round the fastest of the compilers' programs counts, for both
sides; a ratio is the peer's time divided by Rondo's in that round. A disturbed measurement (the program's CPU time is
below its wall time, or the machine reports stolen time) is repeated.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

from compiled import compiled
from report import compiled_table, draw, report, table

HERE = pathlib.Path(__file__).parent
UNITS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
REPORTED = ("version", "torch", "capability", "processor", "limit, GFLOP/s")  # keys of the context that programs print
STEPS = ("p50_ns", "p99.9_ns", "worst_ns")
SIZES = "8|16|20|24|32|40|50|64|80|100|128|200|256|300"
LAYERS = "20|32|50|64|100|128|200|256|300|512"

# name: (title, Rondo's program, its benchmarks, peers' programs)
SUITES = {
    "streaming": ("a step of a stream, 1 -> H -> 1, one core", "streaming", rf"^(LSTM|GRU)/1/({SIZES})/1$",
                  ["rtneural-eigen", "rtneural-xsimd", "rtneural-stl", "eigen"]),
    "cell": ("one step of a cell, batch 1, I = H, one core", "streaming", rf"^LSTM/({SIZES})/\1/float$",
             ["onednn", "onednn-3", "onnx_runtime.py", "libtorch"]),
    "inference": ("inference of 50 steps, I = H, one core", "recurrence",
                  rf"^(LSTM|GRU)/({LAYERS})/batch:(1|32)/inference$",
                  ["onednn", "onednn-3", "onnx_runtime.py", "libtorch", "eigen"]),
    "training": ("forward and backward of 50 steps, I = H, one core", "recurrence",
                 rf"^(LSTM|GRU|RNN)/({LAYERS})/batch:(1|32|128)/training$", ["onednn", "onednn-3", "libtorch", "eigen"]),
    "epochs": ("an epoch of the tutorial's models, one core", "epochs", r"^epoch/\w+/threads:1/real_time$",
               ["pytorch.py"]),
    "bfloat16": ("a step with weights in bfloat16 and in float, I = H", "streaming",
                 r"^LSTM/(128|256)/\1/(float|bfloat16)$", []),
    "int8": ("a step with weights in int8, one core, I = H", "streaming", r"^LSTM/(32|64|128|256)/\1/int8$",
             ["onnx_runtime_int8.py"]),
    "int8_ratio": ("a step with weights in float and in int8, I = H, one core", "streaming",
                   r"^(LSTM|GRU)/(32|64|128|256)/\2/(float|int8)$", []),
    "streams": ("each stream's share of a step of 8 or 32 streams, alone and together, I = H, one core", "streaming",
                r"^(LSTM|GRU)/(32|128|256)/\2/(float|bfloat16)/(8|32)_(alone|together)$", []),
    "deadlines": ("how long each of a million steps takes, 1 -> H -> 1, one core", "streaming",
                  rf"^(LSTM|GRU)/1/({SIZES})/1/each_step/", []),
    "threads": ("a training step of the character model, batch 32, all cores", "training",
                r"^training_step/batch:32/threads:(1|2)/real_time$", []),
}


class Program:
    """A program with the options of Google Benchmark. `waits`: it computes on threads whose time is not its own."""

    def __init__(self, label, command, environment=None, waits=False):
        self.label, self.command, self.waits, self.names, self.context = label, command, waits, None, {}
        self.environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"} | (environment or {})

    def list(self):
        if self.names is None:
            out = subprocess.run(self.command + ["--benchmark_list_tests"], capture_output=True, text=True,
                                 env=self.environment)
            self.names = out.stdout.split()
        return self.names

    def own_name(self, name):
        """The program's benchmark that is compared with Rondo's of this name; None if it has none."""
        return next((own for own in (name, f"{name}/real_time") if own in self.list()), None)

    def run(self, name, options, pinned=True):
        """Nanoseconds and counters of one benchmark, or None and the reason."""
        pin = ["taskset", "-c", str(options.core)] if pinned else []
        flags = [f"--benchmark_filter=^{self.own_name(name)}$", f"--benchmark_min_time={options.time}",
                 "--benchmark_format=json"]
        for attempt in range(4):
            stolen, start = steal(options.core), time.perf_counter()
            done = subprocess.run([*pin, *self.command, *flags], capture_output=True, text=True, env=self.environment)
            wall = time.perf_counter() - start
            if done.returncode != 0:
                return None, f"ended with {done.returncode}"
            result = json.loads(done.stdout)
            most = max(float(context.get("limit, GFLOP/s", 0)) for context in (self.context, result["context"]))
            self.context = result["context"] | ({"limit, GFLOP/s": str(most)} if most else {})
            one = result["benchmarks"][0]
            busy = one["cpu_time"] > 0.97 * one["real_time"] or not pinned or self.waits
            if busy and steal(options.core) - stolen < 0.01 * wall:
                break
        options.repeated += attempt
        return one["real_time"] * UNITS[one["time_unit"]], one


def steal(core):
    """Stolen time of this core in seconds, as /proc/stat counts it."""
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            return int(line.split()[8]) / os.sysconf("SC_CLK_TCK")
    return 0


def programs(options, name):
    """A program of a peer or of Rondo, for every compiler that built it."""
    if name.endswith(".py"):
        command = [options.python, str(HERE / "peers" / name)]
        if subprocess.run([*command, "--benchmark_list_tests"], capture_output=True).returncode != 0:
            return []
        return [Program(name, command)] + ([Program(f"{name} --compile", [*command, "--compile"])]
                                           if name == "pytorch.py" else [])
    found = []
    environment = onednn_environment(options.onednn) if name == "onednn-3" else {}
    for build in options.build:
        for path in (build / "benchmarks" / name, *(build / "benchmarks/peers" / (name + suffix)
                                                    for suffix in ("", "-plain"))):
            if path.exists():
                found.append(Program(f"{path.name} {build.name.removeprefix('benchmarks-')}", [str(path)], environment,
                                     waits=name == "onednn-3"))
    return found


def onednn_environment(folder):
    """What oneDNN's packages of PyPI, which compute by SYCL, need to find the CPU."""
    runtime = next(iter(sorted(folder.glob("lib/libintelocl.so.[0-9]*"))), None) if folder else None
    return {"ONEAPI_DEVICE_SELECTOR": "opencl:cpu", "OCL_ICD_FILENAMES": str(runtime), "TCM_ENABLE": "0",
            "LD_LIBRARY_PATH": str(folder / "lib")} if runtime else {}


def run_suite(options, key):
    title, ours, pattern, peers = SUITES[key]
    sides = {"rondo": programs(options, ours)}
    for peer in peers if options.peers else []:
        sides[peer] = programs(options, peer)
        if not sides[peer]:
            print(f"{peer}: not built or not installed: skipped", file=sys.stderr)
    names = [name for name in sides["rondo"][0].list() if re.search(pattern, name)]
    times = {name: {side: [] for side in sides} for name in names}
    counters, problems = {}, {}
    done, total = 0, options.rounds * len(names) * len(sides)
    for turn in range(options.rounds):
        for name in names:
            for side, them in sides.items():
                best, done = None, done + 1
                print(f"[{done}/{total}] {key}, round {turn + 1}: {side}, {name}", file=sys.stderr, flush=True)
                for program in them:
                    if not program.own_name(name) or (program.label, name) in problems:
                        continue
                    got, more = program.run(name, options, pinned=key != "threads")
                    if got is None:
                        problems[program.label, name] = more
                    elif best is None or got < best:
                        best = got
                        if side == "rondo":
                            reading = counters.get(name, more).get("reading_ns", 0)
                            counters[name] = more | {"reading_ns": min(reading, more.get("reading_ns", 0))}
                if best is not None:
                    times[name][side].append(best)
    for (label, name), why in problems.items():
        print(f"{label}: {name} {why}", file=sys.stderr)
    return {"title": title, "times_ns": times, "problems": [f"{label}: {name} {why}" for (label, name), why in
                                                           problems.items()],
            "counters": {name: {"operations": more["GFLOP/s"] * more["real_time"] * UNITS[more["time_unit"]],
                                "reading_ns": more["reading_ns"], "outside_steps": more["outside_steps"]}
                         for name, more in counters.items() if "GFLOP/s" in more},
            "steps": {name: {key: more[key] for key in STEPS} for name, more in counters.items() if STEPS[0] in more},
            "context": {program.label: {key: program.context[key] for key in REPORTED if key in program.context}
                        for them in sides.values() for program in them}}


def machine(options):
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())
    compilers = [subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
                 for compiler in (build.name.removeprefix("benchmarks-") for build in options.build)]
    return {"processor": model.group(1) if model else platform.machine(), "cores": os.cpu_count(),
            "system": system.group(1) if system else platform.system(), "compilers": compilers, "date": time.strftime("%Y-%m-%d")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, action="append", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--onednn", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--time", type=float, default=0.1)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("suites", nargs="*", choices=[[], *SUITES, "compile"], default=[])
    options = parser.parse_args()
    options.repeated = 0
    options.out.mkdir(parents=True, exist_ok=True)
    results, tables = {}, []
    for key in options.suites or [*SUITES, "compile"]:
        if key == "compile":
            results[key] = {"rows": compiled(options)}
            tables.append(compiled_table(results[key]["rows"]))
        else:
            results[key] = run_suite(options, key)
            tables.append(table(key, results[key]))
        print(tables[-1] + "\n", flush=True)
        about = machine(options) | {"rounds": options.rounds, "seconds_each": options.time, "repeated": options.repeated}
        (options.out / "cpu.json").write_text(json.dumps({"machine": about, "suites": results}, indent=1) + "\n")
        (options.out / "cpu.md").write_text(report(about, results, tables))
    draw(options.out, results)
    print(f"written: {options.out}/cpu.json, cpu.md and, where there are peers and gnuplot, cpu.svg")


if __name__ == "__main__":
    main()
