#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kernels.py SOURCE OBJECT DEPFILE ARCH:TARGET NVCC [FLAG ...]: compiles kernels; a warning or a spilled register fails."""
import re
import subprocess
import sys

source, output, depfile, target, *command = sys.argv[1:]
arch, name = target.split(":")
command += ["-std=c++20", "-O3", f"-arch=sm_{arch}", f"-DTARGET=rondo::gpu::{name}", "-Werror", "all-warnings",
            "-Xptxas", "-v", "-MD", "-MF", depfile, "-MT", output, "-c", source, "-o", output]
run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
if run.returncode != 0:
    sys.exit(run.stdout)
spilled, kernels = [], 0
for kernel, spills in re.findall(r"entry function '(\S+)'.*?\n(?:.*\n)*?\s+(\d+ bytes stack frame, .*)", run.stdout):
    kernels += "rondo" in kernel and "pass" in kernel
    if "pass" in kernel and not re.search(r"\b0 bytes spill stores, 0 bytes spill loads", spills):
        spilled.append(f"{kernel}: {spills}")
if spilled or not kernels:
    sys.exit("\n".join(spilled) or f"{source}: no kernel was compiled")
print(f"{kernels} kernels for sm_{arch}: no register spilled")
