#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The files and tests of a build directory that took longest: costs.py BUILD SINCE, a time in seconds since 1970.

Seconds of one job, beside which others run; what was built before SINCE or came from a cache is not among them.
"""
import json, pathlib, sys

build, since = pathlib.Path(sys.argv[1]), float(sys.argv[2])
built, tests = {}, {}
log = build / ".ninja_log"
for line in log.read_text().splitlines()[1:] if log.exists() else []:
    begin, end, written, output, _ = line.split("\t")
    if int(written) >= since * 1e9:
        built[output] = (int(end) - int(begin)) / 1000
log = build / "meson-logs" / "testlog.json"
for test in map(json.loads, log.read_text().splitlines()) if log.exists() else []:
    if test["starttime"] >= since:
        tests[test["name"].split(" / ")[-1]] = test["duration"]
for what, seconds, shown in ("built", built, 12), ("tests", tests, 8):
    print(f"{build.name}: {len(seconds)} {what}, {sum(seconds.values()):.0f} seconds")
    for name in sorted(seconds, key=seconds.get, reverse=True)[:shown]:
        print(f"{seconds[name]:8.1f}  {name}")
