#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two ranks against one and against two threads, and a cost model of more: ranks.py MPIRUN PROGRAM [ROUNDS].

The program is ranks.cpp. What is compared runs in turns, so that others on the machine disturb all of it; ratios are
medians over the rounds."""
import math, os, statistics, subprocess, sys

mpirun, program, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 5
environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                            "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none"}


def lines(ranks, *arguments, **more):
    run = subprocess.run([mpirun, "-n", str(ranks), program, *map(str, arguments)], env=environment | more, text=True,
                         check=True, capture_output=True)
    return [list(map(float, line.split()[1:])) for line in run.stdout.splitlines()]


def step(ranks, threads):
    return lines(ranks, "steps", threads, 15)[0]


found = [(step(1, 1), step(2, 1), step(1, 2)) for _ in range(rounds)]
median = lambda values: statistics.median(list(values))
one = min(a[1] for a, b, c in found)
print(f"LSTM 256, batch 64, 50 steps: {one * 1e3:.1f} ms on one rank; {rounds} rounds")
print(f"two ranks against one: {median(a[0] / b[0] for a, b, c in found):.2f} times "
      f"(least times: {one / min(b[1] for a, b, c in found):.2f})")
print(f"two ranks against two threads: {median(c[0] / b[0] for a, b, c in found):.2f} times "
      f"(least times: {min(c[1] for a, b, c in found) / min(b[1] for a, b, c in found):.2f})")
print(f"share of communication, with waiting: {100 * median(b[2] for a, b, c in found):.1f} %")

parameters, columns = 4 * 256 * (32 + 256 + 2) + 257, 50 * 64
seconds = one / parameters / columns  # of a parameter and a column
for name, more in ("shared memory", {}), ("TCP", {"OMPI_MCA_btl": "tcp,self"}):
    times = {}
    for _ in range(rounds):
        for size, _, least in lines(2, "sums", 30, **more):
            times[size] = min(times.get(size, math.inf), least)
    # Of two ranks: t = 2 latency + size / bandwidth, with weights 1 / t^2, so that short messages count as much.
    sums = [0] * 5
    for size, t in times.items():
        w = 1 / t**2
        for k, value in enumerate((w, w * size, w * size * size, w * t, w * t * size)):
            sums[k] += value
    slope = (sums[0] * sums[4] - sums[1] * sums[3]) / (sums[0] * sums[2] - sums[1] ** 2)
    latency, bandwidth = (sums[3] - slope * sums[1]) / sums[0] / 2, 1 / slope
    print(f"{name}: latency {latency * 1e6:.1f} us, bandwidth {bandwidth / 1e9:.2f} GB/s; sums of two ranks, measured "
          "and by the model: " + ", ".join(f"{size / 1e3:.1f} kB {t * 1e6:.0f} / {(2 * latency + size * slope) * 1e6:.0f} us"
                                          for size, t in times.items()))
    for sequences in 8, 1:
        print(f"predicted speed-up, 256 shards of {sequences} x 50 steps; ranks " + " ".join(f"{2**k:6d}" for k in range(1, 9)))
        for size in 0.3e6, 3e6, 30e6:
            alone = seconds * size * 256 * sequences * 50
            with_ranks = lambda n: alone / n + 4 * math.log2(n) * latency + 2 * (n - 1) / n * 4 * size / bandwidth
            print(f"{size / 1e6:4.1f} M parameters ({alone:7.2f} s a step alone)".ljust(51) +
                  " ".join(f"{alone / with_ranks(2**k):6.1f}" for k in range(1, 9)))
