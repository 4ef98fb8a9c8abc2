#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""include_graph.py INCLUDE/rondo PRECOMPILED: the headers that include, directly or not, all that PRECOMPILED includes.

Their own lines come after these includes anyway, so precompiling them hides no include that is missing. A precompiled
header of the project is not among its own.
"""
import functools, pathlib, re, sys


@functools.cache
def text(header):
    return header.read_text()


@functools.cache
def includes(header):
    """The project's headers that it names."""
    return [(header.parent / name).resolve() for name in re.findall(r'^#include "(.+)"', text(header), re.M)]


def reached(header):
    """All of the project's headers that it includes, directly or not, and itself."""
    seen, new = set(), {header}
    while new:
        seen |= new
        new = {included for one in new for included in includes(one)} - seen
    return seen


def in_angle_brackets(headers):
    """The headers that these name in angle brackets: of other projects; a precompiled one names the project's, too."""
    return {name for header in headers for name in re.findall(r"^#include <(.+)>", text(header), re.M)}


if __name__ == "__main__":
    root, precompiled = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    wanted = in_angle_brackets([precompiled])
    for header in sorted(root.rglob("*.hpp")):
        below = reached(header)
        if wanted <= in_angle_brackets(below) | {str(one.relative_to(root.parent)) for one in below - {header}}:
            print(header.relative_to(root.parent))
