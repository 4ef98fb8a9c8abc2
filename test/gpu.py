#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gpu.py FOLDER: runs the programs test_* of a folder on a GPU, four at a time, then the recurrent kernels once more
under compute-sanitizer. It needs neither a compiler nor the build; where the programs were moved, RONDO_TEST_DATA is
the folder that has golden/."""
import concurrent.futures, json, os, pathlib, re, shutil, subprocess, sys, tempfile

SECONDS = 900  # for a program
folder = pathlib.Path(sys.argv[1]).resolve()
programs = sorted(p for p in folder.glob("test_*") if p.suffix == "" and os.access(p, os.X_OK))
if not programs:
    sys.exit(f"{folder}: no programs")
os.environ.setdefault("RC_PARAMS", "seed=1")
toolkit = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH") or "/usr/local/cuda"
os.environ["PATH"] += f":{toolkit}/bin"
if (pathlib.Path(__file__).resolve().parent / "golden").exists():
    os.environ.setdefault("RONDO_TEST_DATA", str(pathlib.Path(__file__).resolve().parent))


def run(command):
    """Its exit status and what it said."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=SECONDS)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        said = late.stdout or b""
        return -1, (said if isinstance(said, str) else said.decode(errors="replace")) + f"\nover {SECONDS} s"


def cases(program):
    """How many cases passed and failed, and what was said if any failed."""
    with tempfile.TemporaryDirectory() as place:
        report = pathlib.Path(place) / "report.json"
        status, said = run([program, f"--gtest_output=json:{report}"])
        suites = json.loads(report.read_text())["testsuites"] if report.exists() else []
    ran = [case for suite in suites for case in suite["testsuite"] if case["result"] == "COMPLETED"]
    results = ["failures" not in case for case in ran]
    passed, failed = results.count(True), results.count(False)
    if status and not failed:
        failed = 1  # a crash leaves no failed case behind
    return program.name, passed, failed, re.sub(r"\[ RUN .*\n\[ +OK .*\n", "", said)


def sanitized(tool, program):
    status, said = run(["compute-sanitizer", "--tool", tool, "--error-exitcode", "1", program])
    return f"{tool} of {program.name}", int(status == 0), int(status != 0), said


status, said = run([folder / "device"])
print(said.strip())
if status:
    print(f"{len(programs)} programs built; no GPU: not run")
    sys.exit(0)
kernels = [p for p in programs if p.name == "test_backend_thrust_recurrence"]
passed = failed = 0
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    work = [pool.submit(cases, p) for p in programs]
    if shutil.which("compute-sanitizer"):
        work += [pool.submit(sanitized, tool, p) for p in kernels for tool in ("memcheck", "racecheck")]
    else:
        print("no compute-sanitizer: memcheck and racecheck are skipped")
    for done in work:
        name, good, bad, said = done.result()
        passed, failed = passed + good, failed + bad
        print(f"{name}: {good} passed" + (f", {bad} failed\n{said}" if bad else ""), flush=True)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0 or passed == 0)
