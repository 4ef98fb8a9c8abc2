#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a run shows and what it leaves, ended, stopped or refused: runs.py PROGRAM_ATTENTION PROGRAM_CELLS."""
import fcntl, os, pathlib, pty, re, signal, struct, subprocess, sys, tempfile, termios

attention, cells = (pathlib.Path(program).resolve() for program in sys.argv[1:])
FOREVER = ["--epochs", "1000000"]
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a parent such as nohup may have ignored it
failed = checks = 0


def expect(told, wanted, got):
    global failed, checks
    checks += 1
    if wanted != got:
        print(f"{told}: expected {wanted!r}, got {got!r}")
        failed += 1


def run(*command, **more):
    return subprocess.run(list(map(str, command)), text=True, stdin=subprocess.DEVNULL, capture_output=True, **more)


def stop(how, *command, **more):
    """A run that is sent signals once it has trained an epoch: its exit code and what it said."""
    with subprocess.Popen(list(map(str, command)), text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **more) as process:
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("epoch "):
                for number in how:
                    process.send_signal(number)
                said += process.stdout.read()
        return process.wait(), said


def gru(out, *more):
    return [cells, "--only", "gru", "--out", out, *more]


def on_terminal(columns, kind, *command):
    """What a run writes to a terminal of so many columns, but for what erases the rest of a line."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                               env=os.environ | {"TERM": kind})
    os.close(slave)
    said = b""
    try:
        while part := os.read(master, 65536):
            said += part
    except OSError:  # the other end is closed
        pass
    os.close(master)
    expect(f"{columns} columns: exit code", 0, process.wait())
    return said.decode().replace("\r\n", "\n").replace("\x1b[K", "" if kind == "xterm" else "erased")


def progress():
    for columns, kind in ((200, "xterm"), (80, "xterm"), (80, "dumb"), (40, "xterm"), (14, "dumb")):
        said = on_terminal(columns, kind, *gru(f"out-{columns}-{kind}", "--epochs", 8))
        shown = [line for line in said.split("\n") if "\repoch " in line or "\r[" in line]
        expect(f"{columns} columns: lines that are written over", 1, len(shown))
        parts = shown[0].split("\r") if shown else []
        expect(f"{columns} columns: no part reaches the last one", True, all(len(part) < columns for part in parts))
        last = parts[-1].strip() if parts else ""
        expect(f"{columns} columns: the last is whole: {last}", True, "epoch 8/8" in last and "erased" not in last)
        expect(f"{columns} columns: a bar", columns >= 80, "[#" in last)
        expect(f"{columns} columns: what is left", columns >= 40, "0:00 left" in last)
        expect(f"{columns} columns: letters a second", columns >= 80, "letters/s" in last)
    said = run(*gru("out-pipe", "--epochs", 20)).stdout
    expect("no terminal: control characters", [], re.findall(r"[^\n -~]", said))
    expect("no terminal: epochs", 11, len(re.findall("^epoch ", said, re.M)))


def kept():
    out = pathlib.Path("kept")
    run(*gru(out, "--epochs", 2))
    ended = {file: file.read_bytes() for file in (out / "cells-gru.safetensors", out / "cells-gru.checkpoint")}

    def expect_kept(told):
        expect(f"{told}: the ended run", list(ended.values()), [file.read_bytes() for file in ended])

    for name, code in (("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)):
        status, said = stop([signal.Signals[name]], *gru(out, *FOREVER))
        expect(name, (code, True), (status, f"kept: {out}/cells-gru.safetensors, of a run that went to its end" in said))
        expect_kept(name)
    # A signal that is ignored stays so: nohup.
    status, _ = stop([signal.SIGHUP, signal.SIGTERM], *gru(out, *FOREVER),
                     preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    expect("SIGHUP ignored", 143, status)
    # A second signal ends it at once; both arrive when it goes on.
    status, _ = stop([signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT], *gru(out, *FOREVER))
    expect("two signals", True, status in (-signal.SIGINT, -signal.SIGTERM))
    # A reader that goes away stops a run, too.
    with subprocess.Popen(gru(out, *FOREVER), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            if line.startswith(b"epoch "):
                break
        process.stdout.close()
    expect("a closed pipe", True, process.wait() in (141, -signal.SIGPIPE))
    expect_kept("a closed pipe")

    # A stopped run is gone on with to its end; it is further than what stopped before.
    first = sorted(out.glob("cells-gru-*.checkpoint"))[0]
    for told in (["--resume", first, *FOREVER], ["--load", out / "cells-gru.safetensors", *FOREVER]):
        stop([signal.SIGINT], *gru(out, *told))
        expect_kept(" ".join(map(str, told)))
    stop([signal.SIGINT], *gru("begun", *FOREVER))
    begun = pathlib.Path("begun/cells-gru.checkpoint").read_bytes()
    run(*gru("begun", "--epochs", 0))
    expect("a stopped run of more epochs", begun, pathlib.Path("begun/cells-gru-2.checkpoint").read_bytes())
    said = run(*gru(out, "--epochs", 1)).stdout
    moved = re.search(r"^kept: (\S+), of more epochs, which was ", said, re.M)
    expect("fewer epochs", list(ended.values())[0], moved and pathlib.Path(moved[1]).read_bytes())
    expect("fewer epochs: checkpoint", list(ended.values())[1],
           moved and pathlib.Path(moved[1]).with_suffix(".checkpoint").read_bytes())
    run(*gru(out, "--resume", out / "cells-gru.checkpoint", "--epochs", 2))
    expect_kept("one epoch and one more")
    refused = run(*gru(out, "--resume", out / "cells-gru.checkpoint", "--epochs", 2))
    expect("resumed where nothing is left", (2, True), (refused.returncode, "its run has done 2 epochs" in refused.stderr))


def vocabularies():
    """A model and its words stay together."""
    pathlib.Path("mail.tsv").write_text("".join(f"spam\tbuy now {k}\nham\tsee you {k}\n" for k in range(30)))
    run(attention, "--epochs", 1)
    ended = pathlib.Path("out/attention.vocabulary").read_text()
    status, said = stop([signal.SIGINT], attention, *FOREVER, "--data", "mail.tsv")
    expect("words of other data: kept", (130, ended), (status, pathlib.Path("out/attention.vocabulary").read_text()))
    expect("words of other data", True, "buy" in pathlib.Path("out/attention-2.vocabulary").read_text())
    expect("a model and its words", 0, run(attention, "--load", "out/attention.safetensors").returncode)
    # A run goes on with its own words, whatever the data are now.
    pathlib.Path("more.tsv").write_text("a\tone\nb\ttwo\n" * 90)
    words = pathlib.Path("out/attention-2.vocabulary").read_text()
    stop([signal.SIGINT], attention, *FOREVER, "--data", "more.tsv", "--resume", "out/attention-2.checkpoint")
    expect("words of the run", words, pathlib.Path("out/attention-2.vocabulary").read_text())
    stop([signal.SIGINT], attention, *FOREVER, "--save", "other/model", "--out", "out/more")
    expect("words beside both", pathlib.Path("other/model.vocabulary").read_text(),
           pathlib.Path("out/more/attention.vocabulary").read_text())
    for told, other in (("--load", "out/attention.checkpoint"), ("--resume", "out/attention.safetensors")):
        expect(f"{told} {other}", 2, run(attention, told, other, "--epochs", 9).returncode)


def refused():
    """What cannot be written is refused before the training."""
    pathlib.Path("file").write_text("not a model")
    pathlib.Path("folder/cells-gru.checkpoint").mkdir(parents=True)
    pathlib.Path("in/cells-gru-gates.svg").mkdir(parents=True)
    for told in (["--save", "/proc/x"], ["--out", "/sys"], ["--save", "file"], ["--save", "file/x"], ["--out", "file"],
                 ["--save", "folder"], ["--out", "folder"], ["--out", "in"], ["--save", "/dev/null"],
                 ["--save", "out/cells-gru.checkpoint"]):
        one = run(cells, "--only", "gru", "--epochs", 1, *told)
        expect(told, (2, True, False), (one.returncode, one.stderr.startswith("cells: cannot write "), "epoch" in one.stdout))
    two = run(cells, "--epochs", 1, "--out", "folder")  # what the second network writes, before the first one trains
    expect("the second network", (2, False), (two.returncode, "epoch" in two.stdout))


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.environ["PATH"] = folder  # without gnuplot, which would take most of the time
    for part in (progress, kept, vocabularies, refused):
        part()
print(f"{checks - failed} of {checks} are as expected")
sys.exit(failed > 0)
