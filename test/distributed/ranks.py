#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ranks of mpirun train as one process: ranks.py MPIRUN PROGRAM [--kills N] [--namespaces] [--seed N]

The program is ranks.cpp. --kills N: so many runs of which a rank is killed at a random moment, instead of 10.
--namespaces: on two hosts made of network namespaces, which needs root, instead of all others."""
import argparse, os, pathlib, random, re, signal, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("mpirun")
parser.add_argument("program")
parser.add_argument("--kills", type=int, default=10)
parser.add_argument("--namespaces", action="store_true")
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()
# OpenMPI's: also for root, and for more ranks than there are cores.
environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                            "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none"}
failed = 0


def expect(law, what, answer=""):
    global failed
    if not law:
        print(f"{what}: {answer}", flush=True)
        failed += 1


def start(ranks, *arguments):
    return subprocess.Popen([options.mpirun, "-n", str(ranks), options.program, *arguments], text=True,
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)


def ended(process, seconds=120):
    """Status, output and complaint of a run, which must end."""
    try:
        said, complaint = process.communicate(timeout=seconds)
        return process.returncode, said, complaint
    except subprocess.TimeoutExpired:
        process.kill()
        said, complaint = process.communicate()
        return None, said, complaint


def hash_of(answer):
    found = re.search(r"^hash (\w+)$", answer[1], re.M)
    return found[1] if answer[0] == 0 and found else answer


def same_bits():
    expected = hash_of(ended(start(1, "threads=1")))
    expect(isinstance(expected, str), "one process", expected)
    for ranks in 1, 2, 4, 8:
        for threads in 1, 2:
            if (ranks, threads) != (1, 1):
                found = hash_of(ended(start(ranks, f"threads={threads}")))
                expect(found == expected, f"{ranks} ranks of {threads} threads", f"expected {expected}, got {found}")


def failures():
    status, said, complaint = ended(start(3, "throw=1"))
    expect(status not in (0, None) and complaint.count("ends: rondo: rank 1: no more data") >= 1 and
           not re.search(r"ends: (?!rondo: rank 1: no more data\n)", complaint), "one fails", (status, complaint))
    status, said, complaint = ended(start(3, "nan=2"))
    expect(status not in (0, None) and re.search(r"ends: rondo: rank 2: rondo::Trainer: step 2: the loss is nan; "
                                                 r"parameter 3\.bias is not finite", complaint),
           "a number that is not finite", (status, complaint))


def resumptions(folder):
    """Of runs of 4 ranks that one rank has stopped."""
    expected = hash_of(ended(start(1, f"checkpoint={folder}/whole", "epochs=4")))
    for ranks in 1, 2, 8:
        stopped = folder / "stopped"
        status, said, complaint = ended(start(4, f"checkpoint={stopped}", "epochs=4", "stop=2"))
        expect(status == 0 and "epochs 1 batch 5" in said, "a run that is stopped", (status, said, complaint))
        found = hash_of(ended(start(ranks, f"resume={stopped}", "epochs=4")))
        expect(found == expected, f"of 4 ranks by {ranks}", f"expected {expected}, got {found}")


def kills(folder, count):
    """A rank is killed while the run trains or saves; a later run goes on from the last checkpoint."""
    epochs = "epochs=40"
    expected = hash_of(ended(start(1, f"checkpoint={folder}/whole", epochs)))
    expect(isinstance(expected, str), "the unbroken run", expected)
    draw = random.Random(options.seed)
    longest = untouched = while_saving = 0
    for k in range(count):
        ranks = draw.choice([2, 3, 4])
        files, pids = folder / f"{k}.files", folder / f"{k}.pids"
        checkpoint = files / "run.checkpoint"
        files.mkdir()
        pids.mkdir()
        run = start(ranks, f"checkpoint={checkpoint}", f"pids={pids}", epochs, "slow=1", "deadline=5")
        while run.poll() is None and not all((pids / str(r)).exists() for r in range(ranks)):
            time.sleep(0.001)
        victim = draw.randrange(ranks)
        time.sleep(draw.uniform(0, 0.6))
        if draw.random() < 0.5:  # in the moment in which rank 0 writes
            until = time.monotonic() + 1
            while time.monotonic() < until and run.poll() is None:
                if any(name.endswith(".tmp") for name in os.listdir(files)):
                    while_saving += 1
                    break
        try:
            os.kill(int((pids / str(victim)).read_text()), signal.SIGKILL)
        except ProcessLookupError:
            untouched += 1
        begin = time.monotonic()
        status, said, complaint = ended(run, 30)
        longest = max(longest, time.monotonic() - begin)
        expect(status is not None, f"kill {k}: rank {victim} of {ranks}", "the others did not end within 30 s")
        for r in range(ranks):
            pid = int((pids / str(r)).read_text())
            gone = time.monotonic() + 8
            while os.path.exists(f"/proc/{pid}") and time.monotonic() < gone:
                time.sleep(0.01)
            expect(not os.path.exists(f"/proc/{pid}"), f"kill {k}", f"rank {r} is still there")
        resume = [f"resume={checkpoint}"] if checkpoint.exists() else []
        found = hash_of(ended(start(draw.choice([1, 2]), f"checkpoint={checkpoint}", epochs, *resume)))
        if found != expected and status == 0 and "hash" in said:
            found = hash_of((status, said, complaint))  # it had come to its end
        expect(found == expected, f"kill {k}: resumed", f"expected {expected}, got {found}")
        if (k + 1) % 20 == 0:
            print(f"{k + 1} kills", flush=True)
    print(f"{count} kills, {while_saving} while a checkpoint was written, {untouched} after the run's end; "
          f"the others ended within {longest:.1f} s")


def ip(*arguments):
    return subprocess.run(["ip", *arguments], capture_output=True, text=True)


def namespaces(folder):
    """Two hosts: network namespaces with a cable between them, and a remote shell that enters them."""
    names = [f"rondo{os.getpid()}{letter}" for letter in "ab"]
    if os.getuid() != 0 or ip("netns", "add", names[0]).returncode != 0:
        print("network namespaces: not permitted: skipped")
        return
    try:
        ip("netns", "add", names[1])
        ip("link", "add", "cable", "netns", names[0], "type", "veth", "peer", "name", "cable", "netns", names[1])
        for k, name in enumerate(names):
            ip("-n", name, "address", "add", f"10.213.0.{k + 1}/24", "dev", "cable")
            ip("-n", name, "link", "set", "cable", "up")
            ip("-n", name, "link", "set", "lo", "up")
        agent = folder / "agent"
        agent.write_text(f"""#!/bin/sh
shift
exec ip netns exec {names[1]} unshare -u sh -c 'hostname other-host; exec sh -c "$0"' "$*"
""")
        agent.chmod(0o755)
        network = ["--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "10.213.0.0/24",
                   "--mca", "oob_tcp_if_include", "10.213.0.0/24", "--mca", "plm_rsh_agent", str(agent),
                   "--leave-session-attached", "--host", "10.213.0.1:2,10.213.0.2:2", "--map-by", "node"]

        def start_there(ranks, *arguments):
            return subprocess.Popen(["ip", "netns", "exec", names[0], options.mpirun, *network, "-n", str(ranks),
                                     options.program, *arguments], env=environment, text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)

        expected = hash_of(ended(start(1, "threads=1")))
        for ranks in 2, 4:
            found = hash_of(ended(start_there(ranks, "threads=1"), 60))
            expect(found == expected, f"{ranks} ranks on two hosts", f"expected {expected}, got {found}")

        pids = folder / "pids"
        pids.mkdir()
        run = start_there(2, f"pids={pids}", "epochs=100000", "slow=1", "deadline=5")
        while run.poll() is None and not all((pids / str(r)).exists() for r in range(2)):
            time.sleep(0.01)
        time.sleep(1)
        ip("-n", names[0], "link", "set", "cable", "down")
        begin = time.monotonic()
        gone = lambda r: not os.path.exists(f"/proc/{(pids / str(r)).read_text().strip()}")
        while time.monotonic() < begin + 30 and not all(gone(r) for r in range(2)):
            time.sleep(0.05)
        seconds = time.monotonic() - begin
        for r in range(2):
            said = (pids / f"{r}.said").read_text() if (pids / f"{r}.said").exists() else ""
            print(f"the link is cut: rank {r} says: {said}")
            expect(gone(r) and f"rank {r}: expected an answer of rank {1 - r} within 5 seconds" in said,
                   f"rank {r} after the link was cut", said)
        print(f"both had ended {seconds:.1f} s after the cut")
    finally:
        for name in names:  # mpirun and its daemon wait for each other
            for pid in ip("netns", "pids", name).stdout.split():
                os.kill(int(pid), signal.SIGKILL)
            ip("netns", "delete", name)


probe = subprocess.run([options.mpirun, "-n", "2", "true"], env=environment, capture_output=True, text=True,
                       stdin=subprocess.DEVNULL)
if probe.returncode != 0:
    print(f"mpirun starts no processes here: skipped\n{probe.stderr}")
    sys.exit(77)
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    if options.namespaces:
        namespaces(folder)
    else:
        same_bits()
        failures()
        resumptions(folder)
        kills(folder, options.kills)
print(f"{failed} answers are not as expected")
sys.exit(failed > 0)
