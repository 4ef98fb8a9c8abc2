#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds one host as its author would, and runs it: run.py HOST SOURCE COMPILER...

Rondo comes from an installation that has been moved since, or from its SOURCE.
"""
import os, pathlib, re, shutil, subprocess, sys, tempfile, zipfile

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
    run("meson", "setup", "--wrap-mode=nodownload", "-Doptimization=0", *options, folder / "build", folder, env=env)
    run("ninja", "-C", folder / "build")
    run(folder / "build" / "pedal", cwd=folder)


def meson_wrap(folder):
    meson(folder, "meson_wrap", None, "--force-fallback-for=rondo")


def meson_pkgconfig(folder):
    meson(folder, "meson_pkgconfig", {"PKG_CONFIG_PATH": str(installed(folder) / "share" / "pkgconfig")})


def cmake(folder, host, *options):
    shutil.copytree(here / host, folder, dirs_exist_ok=True)
    shutil.copy(here / "pedal.cpp", folder)
    run("cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build", "-DCMAKE_CXX_FLAGS=-O0", *options)
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


def cmake_presets(folder):
    """Rondo by itself, by a preset; one of its examples stands for all."""
    run("cmake", "--list-presets=all", "-S", source)
    run("cmake", "--preset", "debug", "-S", source, "-B", folder / "build")
    run("cmake", "--build", folder / "build", "--target", "many_states")
    run("ctest", "--test-dir", folder / "build", "--no-tests=error", "-R", "many_states")


def plain(folder):
    installed(folder)
    compile_host(folder, "pedal", *strict, here / "pedal.cpp")
    run(folder / "pedal", cwd=folder)


def libcxx(folder):
    """With libc++ 16, as Debian installs it; clang 14's own has no algorithms of std::ranges."""
    root = pathlib.Path("/usr/lib/llvm-16")
    installed(folder)
    compile_host(folder, "platform", *strict, "-O0", "-nostdinc++", "-isystem", root / "include/c++/v1", "-nostdlib++",
                 here / "platform.cpp", "-L", root / "lib", "-lc++", "-lc++abi")
    run(folder / "platform", cwd=folder)


def sizes_of_32_bits(folder):
    installed(folder)
    compile_host(folder, "platform", *strict, "-O0", "-m32", here / "platform.cpp")
    said = run(folder / "platform", cwd=folder, stdout=subprocess.PIPE, text=True).stdout
    print(said)
    if "32 bits" not in said:
        sys.exit("it was not built for 32 bits")


EIGENCY = "5.0.1.1"  # a package of PyPI that has the headers of Eigen 5.0.1


def eigen5_headers():
    """Where they lie; they are fetched once per build directory."""
    headers = pathlib.Path.cwd() / f"eigency-{EIGENCY}"
    if not headers.exists():
        with tempfile.TemporaryDirectory(dir=headers.parent) as place:
            fetched = subprocess.run([sys.executable, "-m", "pip", "--quiet", "--retries", "0", "--timeout", "20", "download",
                                      "--no-deps", "--only-binary=:all:", "--dest", place, f"eigency=={EIGENCY}"],
                                     capture_output=True)
            wheels = list(pathlib.Path(place).glob("*.whl"))
            if fetched.returncode != 0 or not wheels:
                print(f"pip cannot fetch eigency {EIGENCY}: the host with Eigen 5 is skipped")
                sys.exit(0)
            with zipfile.ZipFile(wheels[0]) as wheel:
                wheel.extractall(place, [name for name in wheel.namelist() if name.startswith("eigency/eigen/Eigen/")])
            (pathlib.Path(place) / "eigency/eigen").rename(headers)
    return headers


def eigen_package(folder, version, headers):
    """What Eigen installs beside its headers, for CMake and for pkg-config."""
    package = folder / f"eigen-{version}" / "share"
    (package / "pkgconfig").mkdir(parents=True)
    (package / "pkgconfig" / "eigen3.pc").write_text(f"Name: Eigen3\nDescription: headers\nVersion: {version}\n"
                                                     f"Cflags: -I{headers}\n")
    made = package / "eigen3" / "cmake"
    made.mkdir(parents=True)
    (made / "Eigen3Config.cmake").write_text(
        "add_library(Eigen3::Eigen INTERFACE IMPORTED)\n"
        f"set_target_properties(Eigen3::Eigen PROPERTIES INTERFACE_INCLUDE_DIRECTORIES {headers})\n")
    (made / "make.cmake").write_text(
        "include(CMakePackageConfigHelpers)\n"
        f"write_basic_package_version_file({made}/Eigen3ConfigVersion.cmake VERSION {version} "
        "COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)\n")
    run("cmake", "-P", made / "make.cmake")
    return package.parent


def eigen5(folder):
    """No other Eigen than 5 is there. The next major version is refused, by each way in."""
    headers = eigen5_headers()
    others = [found.parent for root in ("/usr", "/usr/local") for place in ("share", "lib", "share/cmake", "lib/cmake")
              for found in pathlib.Path(root, place).glob("eigen3*/**/Eigen3Config.cmake")]
    alone = ["-DCMAKE_IGNORE_PATH=" + ";".join(map(str, others))]
    for version, taken in ("6.0.0", False), ("5.0.1", True):
        eigen = eigen_package(folder, version, headers)
        os.environ["PKG_CONFIG_PATH"] = str(eigen / "share" / "pkgconfig")
        if taken:
            prefix = installed(folder)
            os.environ["PKG_CONFIG_PATH"] += os.pathsep + str(prefix / "share" / "pkgconfig")
            flags = run("pkg-config", "--cflags", "rondo", stdout=subprocess.PIPE, text=True).stdout
            if str(headers) not in flags:
                sys.exit(f"rondo.pc leads to another Eigen: {flags}")
        fetched = subprocess.run(["cmake", "-G", "Ninja", "-S", source, "-B", folder / version, *alone,
                                  f"-DCMAKE_PREFIX_PATH={eigen}"],
                                 text=True, capture_output=True)
        if (fetched.returncode == 0) != taken or ("expected Eigen 3.4" in fetched.stderr) == taken:
            sys.exit(f"Eigen {version}: {fetched.stderr}")
        if not taken:
            continue
        shutil.copy(here / "platform.cpp", folder / "pedal.cpp")
        shutil.copytree(here / "cmake_find", folder, dirs_exist_ok=True)
        run("cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix};{eigen}", *alone)
        run("cmake", "--build", folder / "build")
        said = run(folder / "build" / "pedal", cwd=folder, stdout=subprocess.PIPE, text=True).stdout
        print(said)
        if "Eigen 5.0" not in said:
            sys.exit("it was built with another Eigen")


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
