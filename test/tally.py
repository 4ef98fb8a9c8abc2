#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints how many tests passed and failed: every case of a GoogleTest program counts, any other test counts one."""
import json, pathlib, sys
import xml.etree.ElementTree as xml

build = pathlib.Path(sys.argv[1])
log = build / "meson-logs" / "testlog.json"
if not log.exists(): # not even built
    sys.exit(print(0, 1))
passed = failed = 0
for test in map(json.loads, log.read_text().splitlines()):
    report = build / (test["name"].split(" / ")[-1] + ".xml") # written by GoogleTest
    cases = xml.parse(report).findall(".//testcase") if report.exists() else []
    broken = sum(case.find("failure") is not None for case in cases)
    passed += sum(case.get("result") == "completed" for case in cases) - broken
    if test["result"] == "OK" and not broken:
        passed += not report.exists()
    else:
        failed += max(broken, 1) # a crash or a leak at the end leaves no failed case behind
print(passed, failed)
