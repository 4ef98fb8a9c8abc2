# SPDX-License-Identifier: MIT
# Shared by test/run, examples/run, benchmarks/run and .ci/run: what must be installed, and how a build is set up.
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cxx=${CXX:-g++}
missing=()

# need PACKAGE COMMAND...: where COMMAND fails, Debian's PACKAGE is missing.
need() { "${@:2}" &>/dev/null || missing+=("$1"); }

has_header() { printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$1" | "$cxx" -E -x c++ -; }

# The CUDA toolkit's copy of Thrust, or the system's.
has_thrust() {
    local include=${CUDA_HOME:-${CUDA_PATH:-/usr/local/cuda}}/include
    [[ -e $include/cccl/thrust/version.h || -e $include/thrust/version.h ]] || has_header thrust/version.h
}

can_install() { command -v apt-get && [[ $(id -u) == 0 || -n $(command -v sudo) ]]; } &>/dev/null

# What every build needs.
need_build() {
    case $(basename "$cxx") in
        clang*) need clang "$cxx" --version ;;
        *) need g++ "$cxx" --version ;;
    esac
    need meson meson --version
    need ninja-build ninja --version
    need pkg-config pkg-config --version
    need libeigen3-dev pkg-config --exists eigen3
    if can_install; then need ccache ccache --version; fi
}

# What ccache's results depend on, where it is installed: the compiler and the processor that -march=native means, but not
# the folder, so that clones share them.
use_ccache() {
    command -v ccache >/dev/null || return 0
    launcher='ccache '
    export CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_COMPILERCHECK
    CCACHE_COMPILERCHECK=string:$({ "$cxx" --version; grep -m 1 '^flags' /proc/cpuinfo; } | cksum)
}

# Installs what is missing where apt-get can; else says what to install.
install_missing() {
    ((${#missing[@]})) || return 0
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0) packages=("${missing[@]}")
    [[ $(id -u) == 0 ]] || apt=(sudo "${apt[@]}")
    missing=()
    if can_install; then
        echo "installing ${packages[*]}"
        "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${packages[@]}" >/dev/null && return
    fi
    echo "Please install these packages (named as in Debian), then run this again: ${packages[*]}" >&2
    exit 2
} </dev/null

# Runs a command; its output is shown only if it fails.
quietly() {
    local output
    output=$("$@" 2>&1) || { printf '%s\n' "$output" >&2; return 1; }
}

# configure NAME OPTION...: makes the build directory $build, or refreshes it when options or the headers' names changed.
configure() {
    build=build/$1
    local launcher=''
    use_ccache
    local options="CXX=$launcher$cxx ${*:2}"
    if [[ $options != "$(cat "$build/options" 2>/dev/null)" ]]; then
        rm -rf "$build"
        CXX=$launcher$cxx quietly meson setup "$build" "${@:2}" && echo "$options" >"$build/options"
    elif [[ -n $(find include/rondo -type d -newer "$build/build.ninja") ]]; then
        quietly meson setup --reconfigure "$build"
    fi
}

# build TARGET...: in $build; says so only where there is something to do.
build() {
    [[ $(ninja -C "$build" -n "$@" 2>&1) == *'no work to do'* ]] || echo "building ${*##*/}" >&2
    quietly ninja -C "$build" "$@"
}

# describe FILE: its first comment line after the licence.
describe() { sed -n '/SPDX/d; s|^//*[/ ] *||p' "$1" | head -n 1; }
