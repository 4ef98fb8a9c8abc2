#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Replays a source's own compile command; passes only if it fails with the text of every `// expect:` line, and in at
most as many lines as a line `// lines: 20 by g++, 40 by clang++` has.

    must_fail.py BUILD SOURCE PRECOMPILED             PRECOMPILED: a header whose .gch lies beside it
    must_fail.py BUILD SOURCE PRECOMPILED DEPFILE     makes that .gch, by the flags of SOURCE
"""
import json, os, pathlib, re, shlex, subprocess, sys

build, source, precompiled = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
commands = json.loads((build / "compile_commands.json").read_text())
entry = next(e for e in commands if (build / e["file"]).resolve() == source)
command = shlex.split(entry["command"])
command = command[:command.index("-MD")]  # flags alone
if len(sys.argv) > 4:
    command += ["-x", "c++-header", precompiled, "-o", f"{precompiled}.gch", "-MD", "-MQ", f"{precompiled}.gch", "-MF",
                pathlib.Path(sys.argv[4]).resolve()]
    sys.exit(subprocess.run(command, cwd=entry["directory"]).returncode)
mark = "// expect:"
wanted = [line.removeprefix(mark).strip() for line in source.read_text().splitlines() if line.startswith(mark)]
if not wanted:
    sys.exit(f"{source}: has no '{mark}' line")
command += ["-include", precompiled, "-fsyntax-only", "-fdiagnostics-color=never", source]
run = subprocess.run(command, cwd=entry["directory"], stderr=subprocess.PIPE, text=True, env=os.environ | {"LC_ALL": "C"})
if run.returncode == 0:
    sys.exit(f"{source}: compiled, but must be rejected")
said = re.sub(r"\bv\d+_\d+::", "", run.stderr)  # of the inline namespace only some compilers speak
limit = re.search(r"^// lines: (\d+) by g\+\+, (\d+) by clang\+\+$", source.read_text(), re.M)
count, most = len(said.splitlines()), int(limit[2 if "clang" in entry["command"] else 1]) if limit else None
if limit and count > most:
    sys.exit(f"{source}: rejected in {count} lines, more than {most}:\n{run.stderr}")
lost = [text for text in wanted if text not in said]
if lost:
    sys.exit(f"{source}: rejected, but without {lost}:\n{run.stderr}")
