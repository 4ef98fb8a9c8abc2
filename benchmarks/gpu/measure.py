#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""measure.py FOLDER [--python PYTHON] [--runs N] [--seconds S] [--out DIR] [--only NAME ...]: runs the programs of a
folder on a GPU, and PyTorch's layers and training step if PYTHON has PyTorch; writes gpu.json and gpu.md. It needs
neither a compiler nor the build."""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
arguments = argparse.ArgumentParser()
arguments.add_argument("folder", type=pathlib.Path)
arguments.add_argument("--python", default="python3")
arguments.add_argument("--runs", default="100")
arguments.add_argument("--seconds", default="0.3")
arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path("benchmark-results"))
arguments.add_argument("--only", nargs="+", default=["barriers", "recurrence", "training"])
arguments = arguments.parse_args()


def run(*command):
    print(*(pathlib.Path(part).name for part in command), flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        print(done.stderr.strip()[-500:], file=sys.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")], done.stdout


query = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"],
                       stdout=subprocess.PIPE, text=True) if shutil.which("nvidia-smi") else None
if query is None or query.returncode:
    sys.exit("no GPU: nothing was measured")
results = {"device": query.stdout.strip(), "runs": arguments.runs, "seconds": arguments.seconds, "measured": []}
has_torch = subprocess.run([arguments.python, "-c", "import torch; torch.zeros(1).cuda()"],
                           stderr=subprocess.DEVNULL).returncode == 0
if not has_torch:
    print(f"PyTorch: not installed with CUDA for {arguments.python}: skipped (--python PYTHON)")
peers = {"--cell": set(), "--hidden": set()}
for program in sorted(arguments.folder.iterdir()):
    kind, *which = program.name.split("_")
    if kind not in arguments.only or program.suffix:
        continue
    limits = {"barriers": [], "training": [arguments.runs], "recurrence": [arguments.runs, arguments.seconds]}
    lines, text = run(str(program.resolve()), *limits[kind])
    results["measured"] += lines
    if kind == "barriers":
        results["barriers"] = text.splitlines()
    if kind == "recurrence":
        for option, value in zip(peers, which):
            peers[option].add(value)
if has_torch and peers["--cell"]:
    lines, _ = run(arguments.python, str(here / "cudnn.py"), "--runs", arguments.runs, "--seconds", arguments.seconds,
                   "--graph", *(part for option, values in peers.items() for part in (option, *sorted(values))))
    results["versions"] = lines[0] if lines else {}
    results["measured"] += lines[1:]
if has_torch and "training" in arguments.only:
    lines, _ = run(arguments.python, str(here / "training.py"), "--runs", arguments.runs)
    results["measured"] += lines
arguments.out.mkdir(parents=True, exist_ok=True)
(arguments.out / "gpu.json").write_text(json.dumps(results, indent=1) + "\n")
subprocess.run([sys.executable, str(here / "report.py"), str(arguments.out / "gpu.json")], check=True)
