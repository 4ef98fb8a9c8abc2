#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""training.py [--runs N]: a training step of the character model by PyTorch: eager, torch.compile, and as a CUDA graph.
A line of JSON each; wall-clock time, as in training.cu."""
import argparse
import json
import time

import torch

arguments = argparse.ArgumentParser()
arguments.add_argument("--runs", type=int, default=100)
arguments.add_argument("--no-compile", action="store_true")
arguments = arguments.parse_args()
SYMBOLS, HIDDEN = 26, 128


class CharModel(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(SYMBOLS, HIDDEN)
        self.lstm = torch.nn.LSTM(HIDDEN, HIDDEN, num_layers=2, dropout=0.2)
        self.fc = torch.nn.Linear(HIDDEN, SYMBOLS)

    def forward(self, x):
        return self.fc(self.lstm(self.embedding(x))[0])


def stepper(batch, steps, kind):
    torch.manual_seed(1)
    model = CharModel().cuda()
    run = torch.compile(model) if kind == "compile" else model
    optimizer = torch.optim.Adam(model.parameters(), capturable=kind == "graph")
    tokens = torch.randint(SYMBOLS, (steps + 1, batch), device="cuda")

    def step():
        optimizer.zero_grad(set_to_none=True)
        y = run(tokens[:-1])
        loss = torch.nn.functional.cross_entropy(y.reshape(-1, SYMBOLS), tokens[1:].reshape(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()

    if kind != "graph":
        return step
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
for kind in ["eager", "graph"] + ([] if arguments.no_compile else ["compile"]):
    for batch in (32, 1, 128):
        try:
            step = stepper(batch, 40, kind)
            times = []
            for k in range(7):
                torch.cuda.synchronize()
                begin = time.perf_counter()
                for _ in range(arguments.runs):
                    step()
                torch.cuda.synchronize()
                if k > 1:
                    times.append((time.perf_counter() - begin) / arguments.runs * 1e6)
        except Exception as error:  # not every version of PyTorch supports each way
            print(json.dumps({"library": "PyTorch", "step": kind, "error": str(error)[:200]}), flush=True)
            break
        print(json.dumps({"library": "PyTorch", "step": kind, "hidden": HIDDEN, "batch": batch, "steps": 40,
                          "min": round(min(times), 2), "median": round(sorted(times)[len(times) // 2], 2)}), flush=True)
