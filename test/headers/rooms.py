#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The include graph of INCLUDE/rondo: rooms.py INCLUDE/rondo

No folder includes from a folder above it. What reads and writes the formats of files reaches neither Eigen nor the
default backend: only the facades of io/ choose it. One header knows MPI, and none includes it.
"""
import pathlib, sys

from include_graph import includes, reached

rooms = """version core distributed simd cell backend graph op layer loss initial model io data stream optimizer metric
    train generate""".split()  # bottom to top
facades = ["rondo.hpp", "stream.hpp"]  # include anything
backend_facades = ["model.hpp", "model_int8.hpp", "candidates.hpp", "dispatch.hpp", "probe.hpp"]  # of io/: models with the default backend

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
    for included in includes(header):
        if str(included.relative_to(root)) in facades or rooms.index(room(included)) > rooms.index(room(header)):
            faults.append(f"{header.relative_to(root)}: {room(header)}/ is below {included.relative_to(root)}")
faults += [f"{name}/: in the order, but not there" for name in rooms if name not in found]


readers = [header for header in sorted((root / "io").rglob("*.hpp"))
           if str(header.relative_to(root / "io")) not in backend_facades]
for header in readers:
    for one in sorted(reached(header)):
        if "#include <Eigen/" in one.read_text() or str(one.relative_to(root)).startswith("backend/eigen/"):
            faults.append(f"{header.relative_to(root)} reads files, and includes the backend's {one.relative_to(root)}")
if not readers or not all((root / "io" / name).exists() for name in backend_facades):
    faults.append("io/: a header that this test names is not there")
mpi = root / "distributed" / "mpi.hpp"
for header in sorted(root.rglob("*.hpp")):
    if header != mpi and ("<mpi.h>" in header.read_text() or mpi in includes(header)):
        faults.append(f"{header.relative_to(root)}: MPI is in {mpi.relative_to(root)} only")
if "<mpi.h>" not in mpi.read_text():
    faults.append(f"{mpi.relative_to(root)}: expected MPI in it")
print(*faults, f"{len(faults)} faults", sep="\n")
sys.exit(bool(faults))
