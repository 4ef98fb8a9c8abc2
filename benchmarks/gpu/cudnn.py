#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cudnn.py [--runs N] [--seconds S] [--cell LSTM ...] [--hidden H ...] [--type fp32 tf32 bf16] [--graph]: PyTorch's
recurrent layers (cuDNN), measured as recurrence.cu measures Rondo's: a line of JSON for each batch, number of steps and
pass. If the host is slower than the device, its time is measured; --graph also measures replays of a CUDA graph, which
do not include it."""
import argparse
import json
import time

import torch

arguments = argparse.ArgumentParser()
arguments.add_argument("--runs", type=int, default=100)
arguments.add_argument("--seconds", type=float, default=0.3)
arguments.add_argument("--cell", nargs="+", default=["LSTM", "GRU", "RNN"])
arguments.add_argument("--hidden", nargs="+", type=int, default=[32, 64, 128, 192, 256, 512, 1024])
arguments.add_argument("--type", nargs="+", default=["fp32", "tf32"])
arguments.add_argument("--graph", action="store_true")
arguments.add_argument("--steps", nargs="+", type=int, default=[40, 512])
arguments = arguments.parse_args()


def timed(f):
    for _ in range(2):
        f()
    torch.cuda.synchronize()
    begin = time.perf_counter()
    f()
    torch.cuda.synchronize()
    runs = max(11, min(arguments.runs, int(arguments.seconds / (time.perf_counter() - begin))))
    events = [torch.cuda.Event(enable_timing=True) for _ in range(runs + 1)]
    events[0].record()
    for event in events[1:]:
        f()
        event.record()
    torch.cuda.synchronize()
    times = sorted(1000 * a.elapsed_time(b) for a, b in zip(events, events[1:]))
    return {"min": round(times[0], 2), "median": round(times[len(times) // 2], 2)}


def lengths_of(steps, batch):
    return [steps - steps * 7 // 8 * b // max(batch - 1, 1) for b in range(batch)]


def measure(cell, hidden, batch, steps, ragged, kind):
    dtype = torch.bfloat16 if kind == "bf16" else torch.float32
    layer = getattr(torch.nn, cell)(hidden, hidden).cuda().to(dtype)
    x = (torch.rand(steps, batch, hidden, device="cuda") - 0.5).to(dtype).requires_grad_()
    dy = torch.rand(steps, batch, hidden, device="cuda").to(dtype)
    pack = lambda x: x
    if ragged:
        lengths = torch.tensor(lengths_of(steps, batch))
        packed = torch.nn.utils.rnn.pack_padded_sequence(x.detach(), lengths)
        x = packed.data.clone().requires_grad_()
        dy = torch.rand_like(x)
        pack = lambda x: torch.nn.utils.rnn.PackedSequence(x, packed.batch_sizes)
    values = lambda y: y.data if ragged else y

    def forward():
        with torch.no_grad():
            layer(pack(x))

    def both():
        values(layer(pack(x))[0]).backward(dy)

    def report(name, graph, f):
        print(json.dumps({"library": "PyTorch", "cell": cell, "hidden": hidden, "batch": batch, "steps": steps,
                          "lengths": ragged, "pass": name, "type": kind, "graph": graph} | timed(f)), flush=True)

    for name, f in (("forward", forward), ("both", both)):
        report(name, False, f)
        if arguments.graph and not ragged and kind == "fp32" and steps > 100:
            for p in [*layer.parameters(), x]:
                p.grad = None
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                f()
            report(name, True, graph.replay)


print(json.dumps({"torch": torch.__version__, "cudnn": torch.backends.cudnn.version(),
                  "device": torch.cuda.get_device_name()}), flush=True)
for kind in arguments.type:
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = kind == "tf32"
    for hidden in arguments.hidden:
        for cell in arguments.cell:
            for steps in arguments.steps:
                for batch in (1, 32, 128):
                    for ragged in (False, True) if batch > 1 and kind == "fp32" else (False,):
                        measure(cell, hidden, batch, steps, ragged, kind)
