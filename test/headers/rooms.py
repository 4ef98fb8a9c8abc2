#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No folder of INCLUDE/rondo includes from a folder above it: rooms.py INCLUDE/rondo"""
import pathlib, re, sys

rooms = """version core simd cell backend graph op layer loss initial model io data stream optimizer train
    generate""".split()  # bottom to top
facades = ["rondo.hpp", "stream.hpp"]  # include anything

root = pathlib.Path(sys.argv[1]).resolve()
room = lambda path: path.relative_to(root).parts[0].removesuffix(".hpp")
faults = []
found = set()
for header in sorted(root.rglob("*.hpp")):
    if str(header.relative_to(root)) in facades:
        continue
    if room(header) not in rooms:
        faults.append(f"{header.relative_to(root)}: its folder has no place in the order of test/headers/rooms.py")
        continue
    found.add(room(header))
    for name in re.findall(r'^#include "(.+)"', header.read_text(), re.M):
        included = (header.parent / name).resolve()
        if str(included.relative_to(root)) in facades or rooms.index(room(included)) > rooms.index(room(header)):
            faults.append(f"{header.relative_to(root)}: {room(header)}/ is below {included.relative_to(root)}")
faults += [f"{name}/: in the order, but not there" for name in rooms if name not in found]
print(*faults, f"{len(faults)} faults", sep="\n")
sys.exit(bool(faults))
