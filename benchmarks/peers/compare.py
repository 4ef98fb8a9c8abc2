#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the results of two programs over several seeds, from files with the last line of each run.

benchmarks/peers/compare.py METRIC OURS THEIRS

If the metric's names differ, METRIC is OUR_NAME:THEIR_NAME.
"""
import math
import re
import statistics
import sys


def values(path, metric):
    with open(path, encoding="utf-8") as file:
        return [float(re.search(rf"\b{metric}=(\S+)", line).group(1)) for line in file if line.strip()]


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    metric, *files = sys.argv[1:]
    names = (metric.split(":") * 2)[:2]
    ours, theirs = (values(path, name) for path, name in zip(files, names))
    for name, all_of in (("ours", ours), ("theirs", theirs)):
        print(f"{name:6}  mean {statistics.mean(all_of):.5g}  sd {statistics.stdev(all_of):.2g}  of {len(all_of)}: "
              + " ".join(f"{value:g}" for value in all_of))
    difference = statistics.mean(ours) - statistics.mean(theirs)
    error = math.sqrt(sum(statistics.variance(all_of) / len(all_of) for all_of in (ours, theirs)))
    print(f"difference {difference:.3g}, {abs(difference) / error:.2f} standard errors of {error:.2g}")


if __name__ == "__main__":
    main()
