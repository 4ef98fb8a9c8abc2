#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles every ```cpp block of README.md and docs/*.md, and runs those that say so.

    docs.py SOURCE WORK COMPILER...       WORK: a folder for what it writes

A block's own HTML comment, on the line before it, says how it is meant:

    <!-- cpp -->            declarations, each block by itself (the same as no comment)
    <!-- cpp body -->       statements, in a function of their own
    <!-- cpp continued -->  follows the block before it, in the same place
    <!-- cpp run -->        a program, compiled and run in a folder of its own
    ... : CODE -->          what the block takes for granted; on one line
"""
import concurrent.futures, os, pathlib, re, subprocess, sys

source, work, compiler = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
fence = re.compile(r"(?:^<!-- cpp ?(?P<kind>\w*):? ?(?P<granted>.*?) ?-->\n)?^```cpp\n(?P<code>.*?)^```$", re.M | re.S)
include = re.compile(r"^#include .*\n", re.M)


def parts(page):
    """What a page's blocks make: declarations by themselves, which share a file, and whole programs."""
    text = page.read_text()
    shared, programs = [], []
    for block in fence.finditer(text):
        line = text.count("\n", 0, block.start("code")) + 1
        mark = f'#line {line} "{page}"\n'
        kind, granted, code = block["kind"] or "alone", block["granted"] or "", block["code"]
        if kind == "run":
            programs.append(granted + "\n" + mark + code)
        elif kind == "continued":
            where = shared[-1]
            where["code"] += granted + "\n" + mark + code
        elif kind in ("alone", "body"):
            shared.append({"body": kind == "body", "code": granted + "\n" + mark + code})
        else:
            sys.exit(f"{page}:{line - 1}: a block of no kind: {kind}")
    return shared, programs


def file_of(shared):
    """One file of all blocks, after the precompiled header; their includes first."""
    head, body = [], []
    for k, block in enumerate(shared):
        head += include.findall(block["code"])
        code = include.sub("\n", block["code"])
        inner = f"inline void block() {{\n{code}\n}}" if block["body"] else code
        body.append(f"namespace block_{k} {{ using namespace rondo;\n{inner}\n}}\n")
    return "".join(head + body)


def compile_page(page):
    shared, programs = parts(page)
    jobs = [(file_of(shared), False)] * bool(shared) + [(program, True) for program in programs]
    for k, (text, run) in enumerate(jobs):
        folder = work / f"{page.stem}_{k}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "page.cpp").write_text(text)
        yield page, folder, run


def check(job):
    page, folder, run = job
    # A program includes what it needs itself.
    command = [*compile, folder / "page.cpp"]
    command += ["-o", folder / "page", "-pthread"] if run else ["-fsyntax-only", "-include", precompiled]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.stdout
    if run and done.returncode == 0:
        done = subprocess.run([folder / "page"], cwd=folder, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        said += done.stdout
    return done.returncode == 0, f"{page.relative_to(source)}{' (program)' if run else ''}:\n{said}"


eigen = subprocess.run(["pkg-config", "--cflags", "eigen3"], check=True, text=True, stdout=subprocess.PIPE).stdout
compile = [*compiler, "-std=c++20", "-O0", "-Wall", "-Wextra", "-Werror", "-Wno-unused", "-I", source / "include",
           *eigen.replace("-I", "-isystem").split()]
precompiled = work / "precompiled.hpp"
work.mkdir(parents=True, exist_ok=True)
precompiled.write_text("#include <rondo/rondo.hpp>\n")
subprocess.run([*compile, "-x", "c++-header", precompiled, "-o", f"{precompiled}.gch"], check=True)
jobs = [job for page in [source / "README.md", *sorted(source.glob("docs/*.md"))] for job in compile_page(page)]
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    results = list(pool.map(check, jobs))
for good, said in results:
    print("good" if good else "BAD", said)
sys.exit(0 if jobs and all(good for good, said in results) else 1)
