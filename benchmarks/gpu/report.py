#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""report.py gpu.json: writes gpu.md beside it: Rondo's times, PyTorch's, and their ratio."""
import collections
import json
import pathlib
import sys

path = pathlib.Path(sys.argv[1])
results = json.loads(path.read_text())
times = collections.defaultdict(dict)
steps = collections.defaultdict(dict)
for m in results["measured"]:
    if "cell" in m:
        key = (m["cell"], m["hidden"], m["steps"], m["batch"], m["lengths"], m["pass"])
        times[key][m["library"], m["type"], m.get("graph", False)] = m["median"]
    elif "median" in m:
        steps[m["batch"]][m["step"]] = m["median"]


def number(value):
    return "" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def ratio(them, us):
    return "" if them is None or not us else f"{them / us:.2f}"


lines = ["# On a GPU", "", f"{results['device']}; PyTorch and cuDNN: {results.get('versions', {})}. Medians of "
         f"{results['runs']} runs, or as many as fit into {results['seconds']} s, in microseconds, by CUDA events: where "
         "the host is slower than the device, it counts. `graph`: replays of a CUDA graph. A ratio above 1: ours is "
         "faster.", ""]
if times:
    lines += ["| cell | H | T | batch | lengths | pass | ours | cuDNN | ratio | cuDNN graph | ratio | cuDNN TF32 |",
              "|---|--:|--:|--:|---|---|--:|--:|--:|--:|--:|--:|"]
    for key in sorted(times):
        cell, hidden, long, batch, lengths, name = key
        t = times[key]
        ours, them = t.get(("Rondo", "fp32", False)), t.get(("PyTorch", "fp32", False))
        graph, tf32 = t.get(("PyTorch", "fp32", True)), t.get(("PyTorch", "tf32", False))
        lines.append(f"| {cell} | {hidden} | {long} | {batch} | {'ragged' if lengths else 'equal'} | {name} | "
                     f"{number(ours)} | {number(them)} | {ratio(them, ours)} | {number(graph)} | {ratio(graph, ours)} | "
                     f"{number(tf32)} |")
    lines.append("")
if steps:
    kinds = sorted({kind for row in steps.values() for kind in row})
    lines += ["A training step of the character model (26 symbols, 2 x 128 units, dropout, T 40), wall clock:", "",
              "| batch | " + " | ".join(kinds) + " |", "|--:|" + "--:|" * len(kinds)]
    for batch in sorted(steps):
        lines.append(f"| {batch} | " + " | ".join(number(steps[batch].get(kind)) for kind in kinds) + " |")
    lines.append("")
if "barriers" in results:
    lines += ["The time that threads take to exchange values and synchronize, per iteration:", "", "```",
              *results["barriers"], "```", ""]
path.with_suffix(".md").write_text("\n".join(lines))
print(path.with_suffix(".md"))
