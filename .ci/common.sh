# SPDX-License-Identifier: MIT
# Shared by test/run, examples/run, benchmarks/run and .ci/run: what must be installed, and how a build is set up.
set -euo pipefail
caller=$PWD
script=$(cd "$(dirname "$0")" && basename "$PWD")/run
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source .ci/watch.sh
cxx=${CXX:-g++}
missing=()

# refuse SENTENCE: ends a script that was called wrongly.
refuse() {
    echo "$script: $1" >&2
    exit 2
}

# has_value "$@": whether an option, which is the first, has a value after it.
has_value() { (($# > 1)) && [[ $2 != -* ]] || refuse "$1: expected a value after it"; }

# explain: the script's first comment.
explain() { sed -n '1,2d; /^#/!q; s/^# \?//p' "$script"; }

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
        g++ | clang++) ;; # may be installed
        *) command -v "$cxx" >/dev/null || refuse "no compiler is named '$cxx'" ;;
    esac
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
# the folder, so that clones share them. And the text of every header, comments too: g++ does not list what its
# precompiled headers hold among the files that an object depends on, so ccache would not see that they changed.
use_ccache() {
    command -v ccache >/dev/null || return 0
    launcher='ccache '
    export CCACHE_DEPEND=1 CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_COMPILERCHECK
    CCACHE_COMPILERCHECK=string:$({
        "$cxx" --version
        grep -iEm 1 '^(flags|features)' /proc/cpuinfo || uname -a
        find include test -name '*.hpp' | LC_ALL=C sort | xargs cksum
    } 2>/dev/null | cksum)
}

# Installs what is missing where apt-get can; else says what to install.
install_missing() {
    ((${#missing[@]})) || return 0
    # apt-get writes its progress to descriptor 3, which packages' scripts do not use. sh opens it, since sudo closes it.
    apt=(env DEBIAN_FRONTEND=noninteractive sh -c 'exec apt-get "$@" 3>&1' apt-get -q -y -o Dpkg::Use-Pty=0)
    apt+=(-o APT::Status-Fd=3 -o DPkg::Lock::Timeout=-1) # another apt-get is waited for
    [[ $(id -u) == 0 ]] || apt=(sudo "${apt[@]}")
    local packages=("${missing[@]}")
    missing=()
    if can_install && { [[ $(id -u) == 0 ]] || sudo -n true 2>/dev/null || sudo -v; }; then
        echo "installing ${packages[*]}" >&2
        watched installing apt_install "${packages[@]}" && return
    fi
    echo "Please install these packages (named as in Debian), then run this again: ${packages[*]}" >&2
    exit 2
} </dev/null

apt_install() {
    local said
    # The lists have a lock of their own, for which apt-get does not wait. Old lists may do, too.
    until said=$("${apt[@]}" update 2>&1) || [[ $said != *lists/lock* ]]; do sleep 2; done
    "${apt[@]}" install --no-install-recommends "$@" || { printf '%s\n' "$said"; return 1; }
}

# lock NAME FD: waits until no other run has build/NAME.lock; held until FD is closed or the script ends. Python's lock is
# also there where the program flock is not; where neither is, two runs must not build the same at once.
lock() {
    mkdir -p build
    eval "exec $2>>'build/$1.lock'"
    local status=0 try='
import fcntl, sys
try:
    fcntl.flock(int(sys.argv[1]), fcntl.LOCK_EX | int(sys.argv[2]))
except BlockingIOError:
    sys.exit(99)'
    python3 -c "$try" "$2" 4 2>/dev/null || status=$? # 4: LOCK_NB, without waiting
    ((status != 99)) || watched "waiting for another run that uses build/$1" python3 -c "$try" "$2" 0
}

# configure NAME OPTION...: makes the build directory $build, or refreshes it when options, the headers' names or Meson's
# files changed.
# It stays this run's until unlock.
configure() {
    build=build/$1
    lock "$1" 8
    local launcher=''
    use_ccache
    local options="CXX=$launcher$cxx ${*:2}" status=0
    if [[ $options != "$(cat "$build/options" 2>/dev/null)" ]]; then
        # Links in half the time of GNU's other linker; warns of each of clang's symbols for sanitizers.
        if [[ $cxx == *g++ && $cxx != *clang* ]] && command -v ld.gold >/dev/null; then export CXX_LD=${CXX_LD:-gold}; fi
        lock configure 9 # packages that are fetched lie in a folder that all builds share
        rm -rf "$build"
        CXX=$launcher$cxx watched "configuring $build" meson setup "$build" "${@:2}" || status=$?
        exec 9>&-
        ((status == 0)) && echo "$options" >"$build/options"
    elif [[ -n $(find include/rondo -type d -newer "$build/build.ninja") ]]; then
        watched "configuring $build" meson setup --reconfigure "$build"
    elif [[ $(ninja -C "$build" -n build.ninja 2>&1) == *Regenerating* ]]; then # otherwise `meson test` would, in silence
        watched "configuring $build" ninja -C "$build" build.ninja
    fi
}

# For the program that was built: other runs may use $build.
unlock() { exec 8>&-; }

# build TARGET...: in $build; says so only where there is something to do.
build() {
    local steps
    steps=$(ninja -C "$build" -n "$@" 2>&1 | grep -c '^\[') || return 0
    watched "building ${*##*/}" ninja_from_0 "$@"
}
ninja_from_0() {
    echo "[0/$steps] "
    ninja -C "$build" "$@"
}

# describe FILE: its first comment line after the licence.
describe() { sed -n '/SPDX/d; s|^//*[/ ] *||p' "$1" | head -n 1; }
