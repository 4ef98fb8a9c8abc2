#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the scripts that build and run say, and that two of them may run at once: scripts.py SOURCE.

Copies of them run with programs in the place of Meson, Ninja and the compiler that only play their parts."""
import os, pathlib, pty, re, shutil, subprocess, sys, tempfile

source = pathlib.Path(sys.argv[1]).resolve()
PROGRAMS = {
    # A second one at the same time, or in a folder that is in use, is an error, as Meson's is.
    "meson": """if [[ $1 == --version ]]; then exit; fi
        [[ $1 == setup ]] || { for t in core/text data/table; do echo "rondo:unit / $t"; done; exit; }
        mkdir "$2.meson" || { echo "Some other Meson process"; exit 1; }
        sleep 0.3; mkdir -p "$2"; touch "$2/build.ninja"; rmdir "$2.meson" """,
    "ninja": """if [[ $1 == --version ]]; then exit; fi
        if [[ $3 == -n ]]; then [[ -e $2/$4 ]] || echo "[2/2] Linking"; exit; fi
        mkdir "$2.ninja" || { echo "Some other Ninja process"; exit 1; }
        echo "[1/2] Compiling $3 $(printf '%0200d' 0)"; echo "warning: of the compiler"; sleep ${NINJA_SECONDS:-0.3}
        rmdir "$2.ninja"; [[ -z ${NINJA_FAILS:-} ]] || { echo "FAILED: of the compiler"; exit 1; }
        mkdir -p "$(dirname "$2/$3")"; echo 'echo "ran with $*"' >"$2/$3"; chmod +x "$2/$3" """,
    "g++": "", "pkg-config": "", "gnuplot": "", "ccache": "", "cmake": "",
}
# What is refused before anything is built, and a part of the one line that says why.
REFUSED = [
    ("examples/run nope", "no example is named 'nope'; examples/run lists them"),
    ("examples/run --nope", "no example is named '--nope'"),
    ("examples/run common", "no example is named 'common'"),
    ("examples/run text --nope", "text has no option --nope; examples/run text --help lists them"),
    ("examples/run text --epochs=3 --sead=4", "text has no option --sead"),
    ("examples/run host_service --beam 3", "host_service has no option --beam"),
    ("examples/run host_service --data README.md", "host_service has no option --data"),
    ("examples/run text --data", "--data: expected a value after it"),
    ("examples/run text --data --epochs 3", "--data: expected a value after it"),
    ("examples/run text --epochs=", "--epochs: expected a value after it"),
    ("examples/run text --data nothere --epochs 3", "--data: there is no file 'nothere'"),
    ("examples/run sentiment --negative=nothere", "--negative: there is no file 'nothere'"),
    ("examples/run text --backend", "--backend: expected eigen or thrust, got ''"),
    ("examples/run host_audio --backend thrust", "host_audio streams"),
    ("examples/run vad --backend thrust", "vad streams"),
    ("examples/run speech --backend thrust", "speech streams"),
    ("examples/run vad --audio nothere", "--audio: there is no file 'nothere'"),
    ("test/run --nope", "no option is named '--nope'; --help lists them"),
    ("test/run -j4", "no option is named '-j4'"),
    ("test/run --compiler", "--compiler: expected a value after it"),
    ("test/run --compiler --sanitize", "--compiler: expected a value after it"),
    ("test/run --compiler nope", "no compiler is named 'nope'"),
    ("test/run --sanitize --coverage", "--sanitize and --coverage are two runs"),
    ("test/run --kernels core", "--kernels takes no pattern"),
    ("benchmarks/run nope", "no suite is named 'nope'; --help lists them"),
    ("benchmarks/run streaming nope", "no suite is named 'nope'"),
    ("benchmarks/run nope --benchmark_filter=x", "no program is named 'nope'"),
    ("benchmarks/run --nope", "no option is named '--nope'"),
    ("benchmarks/run --gpu --nope", "--gpu has no option '--nope'"),
    ("benchmarks/run --gpu --runs", "--runs: expected a value after it"),
    ("benchmarks/run --python nope", "--python: no program is named 'nope'"),
    ("benchmarks/run --rtneural nope", "--rtneural: no folder is named 'nope'"),
    ("benchmarks/run --core 100000", "--core: there is no core '100000'"),
] + [(f"benchmarks/run {option}", option + ": expected a value after it")
     for option in ("--rounds", "--time", "--core", "--out", "--python", "--rtneural")] \
  + [(f"benchmarks/run {option} {value}", option + ": expected")
     for option in ("--rounds", "--time") for value in ("0", "x", "-1")]
HELP = {"examples/run": ["text ", "host_audio "], "test/run": ["--sanitize", "--list"],
        "benchmarks/run": ["--peers", "  streaming ", "  deadlines ", "  compile "]}
failed = 0


def expect(law, told, answer):
    global failed
    if not law:
        print(f"{told}: {answer}")
        failed += 1


def on_terminal(command, columns):
    """What is drawn on a terminal of so many columns."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(clone)
        os.execvpe("bash", ["bash", "-c", f"stty cols {columns} rows 20; exec {command}"], environment | {"TERM": "xterm"})
    drawn = b""
    while True:
        try:
            drawn += os.read(terminal, 4096) or b""
        except OSError:  # it has ended
            break
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), drawn.decode()


with tempfile.TemporaryDirectory() as folder:
    clone, tools = pathlib.Path(folder) / "clone", pathlib.Path(folder) / "tools"
    (clone / "include/rondo").mkdir(parents=True)
    for part in (".ci", "examples", "benchmarks"):
        shutil.copytree(source / part, clone / part)
    (clone / "test").mkdir()
    shutil.copy(source / "test/run", clone / "test/run")
    tools.mkdir()
    for name, body in PROGRAMS.items():
        (tools / name).write_text(f"#!/bin/bash\n{body}\n")
        (tools / name).chmod(0o755)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "TMPDIR": folder}

    def start(command, **more):
        return subprocess.Popen(command.split(), cwd=clone, text=True, env=environment | more, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(command, **more):
        process = start(command, **more)
        said, complaint = process.communicate()
        return process.returncode, said, complaint

    for told, part in REFUSED:
        status, said, complaint = run(told)
        expect(status == 2 and part in complaint and complaint.count("\n") == 1 and not said, told,
               f"expected ... {part} ... and 2, got {status} and:\n{said}{complaint}")
    for name, parts in HELP.items():
        for option in ("--help", "-h"):
            status, said, complaint = run(f"{name} {option}")
            for part in parts:
                expect(status == 0 and part in said and not complaint, f"{name} {option}", f"expected {part}, got:\n{said}")
    expect(not (clone / "build").exists(), "refusals", "something was built")

    # Two at once in a fresh clone: both build and run what they were asked for.
    at_once = [start(f"examples/run {name} --epochs 3") for name in ("text", "text", "words")]
    for process, name in zip(at_once, ("text", "text", "words")):
        said, complaint = process.communicate()
        expect(process.returncode == 0 and said == "ran with --epochs 3\n", f"{name} at once", said + complaint)
        expect("warning: of the compiler" not in complaint, name, "a warning of a build that went well was shown")
    expect("building" not in run("examples/run text")[2], "examples/run text", "was built twice")

    # While a program runs, its folder is free.
    (clone / "build/examples-g++/examples/series").write_text("#!/bin/bash\nread line; echo read\n")
    (clone / "build/examples-g++/examples/series").chmod(0o755)
    runs = subprocess.Popen(["examples/run", "series"], cwd=clone, env=environment, stdin=subprocess.PIPE, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    expect(run("examples/run cells")[0] == 0, "a program that runs", "keeps others from building")
    expect(runs.communicate("\n")[0] == "read\n", "a program that runs", "was disturbed")

    status, said, complaint = run("examples/run attention", NINJA_FAILS="1")
    expect(status != 0 and "FAILED: of the compiler" in complaint, "a build that fails", said + complaint)

    # Not silent: a slow step is told about, by lines, and on a terminal by one that fits.
    status, said, complaint = run("examples/run sentiment", NINJA_SECONDS="9")
    lines = complaint.splitlines()
    expect(len(lines) > 1 and "building sentiment" in lines[-1] and "1 of 2" in lines[-1], "a slow build", complaint)
    status, drawn = on_terminal("examples/run seq2seq", 40)
    shown = [line for line in re.split(r"[\r\n]|\x1b\[K", drawn) if line]
    expect(status == 0 and any("building seq2seq" in line for line in shown) and max(map(len, shown)) < 40,
           "on a terminal", repr(drawn))

    status, said, complaint = run("test/run nope")
    expect(status == 1 and "no test matches 'nope'" in said and said.endswith("\n0 passed, 0 failed\n"), "test/run nope",
           said + complaint)
    status, said, complaint = run("test/run --list")
    expect(status == 0 and said == "core/text\ndata/table\n", "test/run --list", said + complaint)

print(f"{failed} answers are not as expected")
sys.exit(failed > 0)
