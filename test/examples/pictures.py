#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A picture is whole or the older one stays, and the exit code says so: pictures.py PROGRAM_CELLS.

A program in gnuplot's place fails in the ways that gnuplot does."""
import os, pathlib, re, subprocess, sys, tempfile

program = pathlib.Path(sys.argv[1]).resolve()
PNG, SVG = "printf '\\211PNG...IEND\\256B\\140\\202'", "echo '<svg></svg>'"
# What gnuplot does with a script's outputs: what it writes, its exit code, and whether the pictures are whole.
CASES = {"both": (PNG, SVG, 0, True), "nothing, as on a full disk": (":", ":", 0, False), "cut": (PNG + " | head -c 9", SVG, 0, False),
         "only one": (PNG, ":", 0, False), "an error": (PNG, SVG, 1, False)}
failed = 0
with tempfile.TemporaryDirectory() as folder:
    gnuplot, out = pathlib.Path(folder) / "gnuplot", pathlib.Path(folder) / "out"
    for told, (png, svg, status, whole) in CASES.items():
        gnuplot.write_text("#!/bin/bash\n[[ $1 == -e ]] || exit 3\n"
                           f"name=${{3%.gp}}; {png} >$name.png.part; {svg} >$name.svg.part; exit {status}\n")
        gnuplot.chmod(0o755)
        out.mkdir(exist_ok=True)
        for ending in ("png", "svg"):
            (out / f"cells-lstm-gates.{ending}").write_text("older")
        run = subprocess.run([program, "--epochs", "0", "--only", "lstm", "--out", out], text=True, stdin=subprocess.DEVNULL,
                             capture_output=True, env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"})
        png, svg = (out / f"cells-lstm-gates.{ending}" for ending in ("png", "svg"))
        said = re.search("no picture: .*cells-lstm-gates.gp", run.stderr) is not None
        if (run.returncode, said, b"IEND" in png.read_bytes(), svg.read_text() != "older") != \
                ((0, False, True, True) if whole else (2, True, told == "only one", False)) or list(out.glob("*.part")):
            print(f"{told}: {run.returncode}, {list(out.glob('*'))}:\n{run.stdout}{run.stderr}")
            failed += 1
print(f"{len(CASES) - failed} of {len(CASES)} pictures are as expected")
sys.exit(failed > 0)
