#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds one host as its author would, and runs it: run.py HOST SOURCE COMPILER...

Rondo comes from an installation that has been moved since, or from its SOURCE.
"""
import os, pathlib, re, shutil, subprocess, sys, tempfile

here = pathlib.Path(__file__).resolve().parent
strict = ["-Werror", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow"]


def run(*command, env=None, **options):
    command = [str(word) for word in command]
    print("$", *command, flush=True)
    return subprocess.run(command, check=True, env=os.environ | (env or {}), **options)


def installed(folder):
    """An installation, moved from where it was made to."""
    run("meson", "setup", "--auto-features=disabled", "--prefix", folder / "first", folder / "made", source,
        stdout=subprocess.DEVNULL)
    run("meson", "install", "-C", folder / "made", "--quiet")
    prefix = (folder / "first").rename(folder / "moved")
    shutil.rmtree(folder / "made")
    files = lambda root: sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())
    if files(prefix / "include") != files(source / "include"):
        sys.exit("the headers installed are not those of include/")
    return prefix


def compile_host(folder, output, *arguments):
    eigen = subprocess.run(["pkg-config", "--cflags", "eigen3"], check=True, text=True, stdout=subprocess.PIPE)
    run(*compiler, "-std=c++20", "-O1", "-I", folder / "moved" / "include",
        *eigen.stdout.replace("-I", "-isystem").split(),  # whose warnings are its own
        *arguments, "-o", folder / output, "-pthread", "-ldl")


def meson(folder, host, env, *options):
    shutil.copytree(here / host, folder, dirs_exist_ok=True)
    shutil.copy(here / "pedal.cpp", folder)
    if host == "meson_wrap":  # as if Meson had fetched it
        (folder / "subprojects" / "rondo").symlink_to(source)
    run("meson", "setup", "--wrap-mode=nodownload", "-Doptimization=1", *options, folder / "build", folder, env=env)
    run("ninja", "-C", folder / "build")
    run(folder / "build" / "pedal", cwd=folder)


def meson_wrap(folder):
    meson(folder, "meson_wrap", None, "--force-fallback-for=rondo")


def meson_pkgconfig(folder):
    meson(folder, "meson_pkgconfig", {"PKG_CONFIG_PATH": str(installed(folder) / "share" / "pkgconfig")})


def cmake(folder, host, *options):
    shutil.copytree(here / host, folder, dirs_exist_ok=True)
    shutil.copy(here / "pedal.cpp", folder)
    run("cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build", "-DCMAKE_CXX_FLAGS=-O1", *options)
    run("cmake", "--build", folder / "build")
    run(folder / "build" / "pedal", cwd=folder)


def cmake_find(folder):
    prefix = installed(folder)
    cmake(folder, "cmake_find", f"-DCMAKE_PREFIX_PATH={prefix}")
    asks = folder / "CMakeLists.txt"
    for version, found in {"0.1.0": True, "0.1...<0.2": True, "0.1.999": False, "0.0": False, "0.2": False}.items():
        asks.write_text(f"cmake_minimum_required(VERSION 3.19)\nproject(asks LANGUAGES CXX)\n"
                        f"find_package(rondo {version} QUIET)\n"
                        f"if(NOT \"${{rondo_FOUND}}\" STREQUAL \"{int(found)}\")\n"
                        f"  message(FATAL_ERROR \"rondo {version}: found '${{rondo_FOUND}}'\")\nendif()\n")
        run("cmake", "-S", folder, "-B", folder / "build", stdout=subprocess.DEVNULL)


def cmake_fetch(folder):
    cmake(folder, "cmake_fetch", f"-DFETCHCONTENT_SOURCE_DIR_RONDO={source}", "-DFETCHCONTENT_FULLY_DISCONNECTED=ON")


def plain(folder):
    installed(folder)
    compile_host(folder, "pedal", *strict, here / "pedal.cpp")
    run(folder / "pedal", cwd=folder)


def no_exceptions(folder):
    installed(folder)
    compile_host(folder, "filter", *strict, "-fno-exceptions", "-fno-rtti", here / "no_exceptions.cpp")
    run(folder / "filter", cwd=folder)


def two_backends(folder):
    installed(folder)
    toolkit = pathlib.Path(os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH") or "/usr/local/cuda") / "include"
    thrust = [f"-isystem{path}" for path in (toolkit / "cccl", toolkit) if (path / "thrust/version.h").exists()][:1]
    compile_host(folder, "two_backends", *strict, "-DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP", *thrust,
                 here / "two_backends.cpp")
    run(folder / "two_backends")


def two_libraries(folder):
    installed(folder)
    x86 = os.uname().machine == "x86_64"
    baseline = ["-mno-avx512f", "-mno-avx2", "-mno-fma", "-mno-avx"] if x86 else []
    libraries = []
    for name, size, level in ("baseline", 8, baseline), ("native", 33, ["-march=native"]):
        libraries.append(folder / f"{name}.so")
        compile_host(folder, libraries[-1].name, *strict, f"-DHOST_SIZE={size}", *level, "-fPIC", "-shared",
                     here / "library.cpp")
    compile_host(folder, "two_libraries", *strict, here / "two_libraries.cpp")
    for order in libraries, reversed(libraries):  # either may be asked for the other's symbols
        said = run(folder / "two_libraries", *order, stdout=subprocess.PIPE, text=True).stdout
        print(said)
        if x86 and not re.search(r"SSE of 8\b", said):
            sys.exit("the library for the baseline is not")
    both = set.intersection(*(set(symbols(path)) for path in libraries))
    clashes = [s for s in both if re.search(r"rondo::.*(Pack<|Packed|EigenBackend|eigen::|Stream<)", s)]
    if clashes:
        sys.exit("both libraries have: " + "\n".join(clashes))


def symbols(library):
    out = subprocess.run(["nm", "-DC", "--defined-only", library], check=True, text=True, stdout=subprocess.PIPE)
    return re.findall(r"^\S+ (.*)$", out.stdout, re.M)


name, source, compiler = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
os.environ["CXX"] = " ".join(compiler)
with tempfile.TemporaryDirectory() as folder:
    try:
        globals()[name](pathlib.Path(folder))
    except subprocess.CalledProcessError as error:
        sys.exit(f"exit status {error.returncode}: {' '.join(error.cmd)}\n{error.stdout or ''}")
