#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails where a file tells another version than include/rondo/version.hpp: version.py SOURCE VERSION_OF_MESON."""
import pathlib, re, sys

root, of_meson = pathlib.Path(sys.argv[1]), sys.argv[2]
header = (root / "include/rondo/version.hpp").read_text()
number = dict(re.findall(r"^#define RONDO_VERSION_(\w+) (\d+)$", header, re.M))
series = f"{number['MAJOR']}.{number['MINOR']}"
version = f"{series}.{number['PATCH']}"
wrong = [] if of_meson == version else [f"meson.build tells {of_meson}"]


def must(pattern, expected, *globs):
    """What `pattern` finds, at least once, is to be `expected`."""
    found = [(path.relative_to(root), text) for glob in globs for path in root.glob(glob)
             for text in re.findall(pattern, path.read_text(), re.M)]
    wrong.extend(f"{path} tells {text}" for path, text in found if text != expected)
    if not found:
        wrong.append(f"nothing like {pattern} in {', '.join(globs)}")


must(r"^namespace rondo\b(?:::inline )?(\w*)", "RONDO_VERSION_NAMESPACE", "include/**/*.hpp")
must(r"project\(rondo VERSION ([\d.]+)", version, "CMakeLists.txt")
hosts = "docs/embedding.md", "test/host/**/*.txt", "test/host/**/*.wrap", "test/host/**/*.build"
must(r"(?:GIT_TAG|revision =) v([\d.]+\d)", version, *hosts)
must(r"(?:find_package\(rondo |dependency\('rondo', version: '>=)([\d.]+)", series, *hosts)
if wrong:
    sys.exit(f"version.hpp tells {version}, but: " + "; ".join(wrong))
