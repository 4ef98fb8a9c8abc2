# SPDX-License-Identifier: MIT
"""The options and the output of Google Benchmark, for peers written in Python."""
import argparse
import json
import re
import time


def measure(run, least):
    """Wall and CPU seconds of run(), the mean of as many calls as take `least` seconds."""
    run()  # warm-up
    calls, batch, start, cpu = 0, 1, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < least:
        for _ in range(batch):
            run()
        calls += batch
        batch = min(2 * batch, 64)  # reading the clock costs as much as a short call
    return (time.perf_counter() - start) / calls, (time.process_time() - cpu) / calls


def main(description, benchmarks, context, add_options=lambda parser: None):
    """`benchmarks`: of each name, a function of the options that returns the function to measure."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--benchmark_filter", default="")
    parser.add_argument("--benchmark_min_time", type=float, default=0.5)
    parser.add_argument("--benchmark_format", default="json", choices=["json"])
    parser.add_argument("--benchmark_list_tests", action="store_true")
    add_options(parser)
    options = parser.parse_args()
    chosen = [name for name in benchmarks if re.search(options.benchmark_filter, name)]
    if options.benchmark_list_tests:
        print("\n".join(chosen))
        return
    results = []
    for name in chosen:
        real, cpu = measure(benchmarks[name](options), options.benchmark_min_time)
        results.append({"name": name, "real_time": real * 1e6, "cpu_time": cpu * 1e6, "time_unit": "us"})
    print(json.dumps({"context": context, "benchmarks": results}))
