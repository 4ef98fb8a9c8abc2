#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""include_graph.py INCLUDE/rondo PRECOMPILED: the headers that include, directly or not, all that PRECOMPILED includes.

Their own lines come after these includes anyway, so precompiling them hides no include that is missing.
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


def of_others(headers):
    """The headers of other projects that these name."""
    return {name for header in headers for name in re.findall(r"^#include <(.+)>", text(header), re.M)}


if __name__ == "__main__":
    root, precompiled = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    print(*(header.relative_to(root.parent) for header in sorted(root.rglob("*.hpp"))
            if of_others([precompiled]) <= of_others(reached(header))), sep="\n")
