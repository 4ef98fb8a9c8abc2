#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails if a header or a test is on disk, but not among the files the build was told of."""
import pathlib, sys

root = pathlib.Path(sys.argv[1])
files = [*root.glob("include/rondo/**/*.hpp"), *root.glob("test/**/*.cpp")]
lost = {str(file.relative_to(root)) for file in files} - set(sys.argv[2:])
if lost:
    sys.exit("not in the build: " + ", ".join(sorted(lost)))
