#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Replays a source's own compile command; passes only if it fails with the text of every `// expect:` line."""
import json, os, pathlib, re, shlex, subprocess, sys

build, source = map(pathlib.Path, sys.argv[1:])
mark = "// expect:"
wanted = [line.removeprefix(mark).strip() for line in source.read_text().splitlines() if line.startswith(mark)]
if not wanted:
    sys.exit(f"{source}: has no '{mark}' line")
commands = json.loads((build / "compile_commands.json").read_text())
entry = next(e for e in commands if (build / e["file"]).resolve() == source.resolve())
command = [*shlex.split(entry["command"]), "-fsyntax-only", "-fdiagnostics-color=never"]
run = subprocess.run(command, cwd=entry["directory"], stderr=subprocess.PIPE, text=True, env=os.environ | {"LC_ALL": "C"})
if run.returncode == 0:
    sys.exit(f"{source}: compiled, but must be rejected")
said = re.sub(r"\bv\d+_\d+::", "", run.stderr)  # of the inline namespace only some compilers speak
lost = [text for text in wanted if text not in said]
if lost:
    sys.exit(f"{source}: rejected, but without {lost}:\n{run.stderr}")
