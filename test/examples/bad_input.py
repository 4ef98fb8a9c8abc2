#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An example refuses bad input with one sentence that names it, and exit code 2: bad_input.py NAME PROGRAM."""
import os, pathlib, re, subprocess, sys, tempfile

name, program = sys.argv[1:]

FILES = {
    "empty": b"",
    "one_line.csv": b"day,level\n",
    "one_line.txt": b"once",
    "not_utf8.txt": b"good \xff text\n" * 40,
    "not_utf8.csv": b"day,level\n1,\xff\n",
    "series.csv": b"day,level,depth\n" + b"".join(b"%d,%d,1\n" % (k, k % 7) for k in range(40)),
    "semicolons.csv": b"day;level;depth\n" + b"".join(b"%d;%d,5;x\n" % (k, k % 7) for k in range(40)),
    "nan.csv": b"day,level\n" + b"1,2\n" * 30 + b"2,nan\n" + b"3,4\n" * 30,
    "one_label.tsv": b"good\tfine film\n" * 12,
    "columns.tsv": b"good\tfine\tfilm\n" * 12,
    "blank.txt": b"\n \n...\n",
    "control.txt": b"\x1b[31mred\x1b[0m caf\xc3\xa9 \xc2\x9b2J \xe2\x80\xae\n" * 40,
    "control_pairs.txt": b"".join(b"ab%d\t\x1bba%d\n" % (k, k) for k in range(12)),
    "no_target.txt": b"abc A B\nxyz\n",
    "model.safetensors": b"not a model",
    "model.nam": b"{}",
    "short.wav": b"RIFF\x04\0\0\0WAVE",
    "cut.wav": b"RIFF\x04\0\0\0WAVEfmt \xff\xff\xff\xff",
    "law.wav": b"RIFF\x04\0\0\0WAVEfmt \x10\0\0\0\7\0\1\0\x44\xac\0\0\x44\xac\0\0\1\0\x08\0data\2\0\0\0ab",
    "rifx.wav": b"RIFX\0\0\0\x04WAVE",
    "no_channels.wav": b"RIFF\x04\0\0\0WAVEfmt \x10\0\0\0\1\0\0\0\x44\xac\0\0\x44\xac\0\0\1\0\x08\0data\2\0\0\0ab",
    "nan.wav": b"RIFF\x04\0\0\0WAVEfmt \x10\0\0\0\3\0\1\0\x44\xac\0\0\x10\xb1\2\0\4\0\x20\0data\4\0\0\0\0\0\xc0\x7f",
}
# Of each program: what it is told, and a part of what it must answer.
TEXT = [
    ("--data missing", "cannot read missing: No such file or directory"),
    ("--data empty", "empty: expected a text, got an empty file"),
    ("--data not_utf8.txt", "not_utf8.txt: expected UTF-8, but byte 5"),
    ("--load model.safetensors", "model."),
    ("--epochs -1", "--epochs"),
    ("--backend abacus", "--backend"),
]
SERIES = [
    ("--data missing {one}", "cannot read missing: No such file or directory"),
    ("--data empty {one}", "empty: expected a text, got an empty file"),
    ("--data one_line.csv {one}", "one_line.csv: expected a header and one row or more, got the header only"),
    ("--data not_utf8.csv {one}", "not_utf8.csv: expected UTF-8, but byte 12"),
    ("--data series.csv {none}", "series.csv: no column 'height'; there are 'day', 'level', 'depth'"),
    ("--data semicolons.csv {none}", "semicolons.csv: no column 'height'; there are 'day', 'level', 'depth'"),
    ("--data nan.csv {one}", "nan.csv: line 32, column 'level': expected a finite number, got 'nan'"),
]
ONE = {"cells": "--only lstm ", "architectures": "--only uni "}.get(name, "")  # of networks
EVERY = [
    ("--seed -1", "--seed: expected a whole number from 0 to 18446744073709551615, got '-1'"),
    ("--seed 18446744073709551616", "--seed: expected a whole number"),
    ("--epochs nan", "--epochs: expected a whole number from 0 to 1000000, got 'nan'"),
    ("--epochs 1e3", "--epochs: expected a whole number"),
    ("--threads 0", "--threads: expected a whole number from 1 to 256, got '0'"),
    ("--out=", "--out: "),
    ("--nothing-like-this", "--nothing-like-this"),
    ("--out /sys --epochs 1", "cannot write /sys/" + name),
    ("--out columns.tsv --epochs 1", "cannot write columns.tsv/" + name),
    (ONE + "--save /proc/x --epochs 1", "cannot write /proc/x: No such file or directory"),
    (ONE + "--save one_line.csv --epochs 1", "cannot write one_line.csv: a file that is no model is there"),
    (ONE + "--load a --resume b", "--load and --resume: expected one of them"),
    (ONE + "--load model.safetensors --save b", "--save: a model that is loaded is not changed: add --epochs"),
    (ONE + "--load a", "cannot read a: No such file or directory"),
    (ONE + "--resume model.safetensors", "model.safetensors: "),
    (ONE + "--resume a", "cannot read a: No such file or directory"),
]
TEMPERATURES = [(f"--temperature {value}", f"--temperature: expected a finite number from 0, got '{value}'")
                for value in ("-1", "nan", "inf", "warm")] + [
    ("--top-k -1", "--top-k: expected a whole number from 0"), ("--length -1", "--length: expected a whole number from 0"),
    ("--length 99999999999999999999", "--length: expected a whole number"),
]
WINDOWS = [("--window 0", "--window: expected a whole number from 1 to 1000000, got '0'"),
           ("--horizon -1", "--horizon: expected a whole number"), ("--horizon 1000001", "--horizon: expected a whole number")]
CASES = {
    "text": TEXT + TEMPERATURES + [
        ("--data one_line.txt", "one_line.txt: expected 321 bytes or more, a tenth of them to validate with, got 4"),
        ("--prompt Zug", "--prompt: the model does not know 'Z'"), ("--cell gru --hidden 64", "128"), ("--hidden nan", "--hidden"),
        ("--prompt caf\u00e9s\x1b[2J\u00e9", "--prompt: the model does not know '\u00e9', '\\x1b', '[', '2', 'J'"),
        ("--prompt=", "--prompt: "),
    ],
    "sentiment": TEXT + [
        ("--data one_line.txt", "one_line.txt: expected lines of label<TAB>text, got 1 columns"),
        ("--data columns.tsv", "columns.tsv: expected lines of label<TAB>text, got 3 columns"),
        ("--data one_label.tsv", "one_label.tsv: expected two labels, got 1, the first 'good'"),
        ("--negative empty", "--data"),
        ("--data one_line.txt --negative blank.txt", "blank.txt: expected a review a line, got no line with a word"),
    ],
    "seq2seq": TEXT + [
        ("--data one_line.txt", "one_line.txt: line 1: expected source and target, got 'once'"),
        ("--data no_target.txt", "no_target.txt: line 2: expected source and target, got 'xyz'"),
        ("--beam 0", "--beam"), ("--beam 101", "--beam"), ("--beam nan", "--beam"),
        ("--length-penalty nan", "--length-penalty: expected a finite number from 0 to 1000, got 'nan'"),
        ("--length-penalty -1", "--length-penalty: "), ("--length-penalty inf", "--length-penalty: "),
        ("--say caf\u00e9?", "--say: the model does not know '\u00e9', '?'"),
    ],
    "host_audio": TEXT[3:] + [
        ("--data missing", "cannot read missing: No such file or directory"),
        ("--data empty", "empty: expected a WAV file"),
        ("--data short.wav", "short.wav: it has no samples"),
        ("--data cut.wav", "cut.wav: a chunk of 4294967295 bytes, but only 0 follow"),
        ("--data law.wav", "law.wav: expected samples of 8, 16, 24 or 32 bits, floats or doubles, got format 7 (mu-law)"),
        ("--data rifx.wav", "rifx.wav: expected a WAV file of little-endian numbers, got RIFX"),
        ("--data no_channels.wav", "no_channels.wav: expected samples of"),
        ("--data nan.wav", "nan.wav: sample 0 is not finite"),
        ("--load model.nam", "model.nam: "),
        ("--block 0", "--block"),
    ],
    "host_service": TEXT[3:] + [("--sessions 0", "--sessions"), ("--workers 0", "--workers"), ("--requests 0", "--requests"),
                                ("--data missing", "--data"), ("--sessions 1.5", "--sessions"), ("--workers", "--workers")],
    "words": TEXT + TEMPERATURES + [
        ("--data one_line.txt", "one_line.txt: expected 1000 words or more, got 1"), ("--top-p 0", "top_p"),
        ("--top-p nan", "--top-p: expected a finite number from 0 to 1, got 'nan'"), ("--top-p 1.5", "--top-p: expected"),
        ("--prompt caf\u00e9", "--prompt: the model does not know 'caf\u00e9'"),
    ],
    "pronounce": TEXT[3:] + [("--data missing", "--data"), ("--model missing", "cannot read missing: No such file"),
                             ("--model model.safetensors", "model.safetensors: "),
                             ("--model a --load model.safetensors", "--model: nothing is trained"),
                             ("--model a --epochs 2", "--model: nothing is trained")],
    "vad": TEXT[3:] + [("--data missing", "--data"), ("--model missing", "cannot read missing: No such file"),
                       ("--model model.safetensors", "model.safetensors: "), ("--audio missing", "cannot read missing: No such file"),
                       ("--audio short.wav", "short.wav: it has no samples"), ("--threshold 1.5", "--threshold: expected"),
                       ("--silence -1", "--silence: expected"), ("--model a --epochs 2", "--model: nothing is trained")],
    "speech": TEXT[3:] + [("--data missing", "--data"), ("--audio missing", "cannot read missing: No such file"),
                          ("--audio short.wav", "short.wav: it has no samples"), ("--beam 0", "--beam: expected"),
                          ("--sentences 0", "--sentences: expected a whole number from 1 to 100000, got '0'")],
    "attention": TEXT + [("--data one_label.tsv", "one_label.tsv: expected two labels")],
    "cells": [case for case in TEXT if "--load" not in case[0]]
             + [("--load model", "--only"), ("--only lstm --load model.safetensors", "model."),
                ("--data one_line.txt", "one_line.txt: expected 200 bytes or more, got 4"),
                ("--sentence caf\u00e9", "--sentence: the model does not know 'f', '\u00e9'")],
    "architectures": [(told.format(one="--column level", none="--column height"), answer) for told, answer in SERIES]
                     + [("--save model", "--only"), ("--noise nan", "--noise: expected a finite number from 0 to 1e+06, got 'nan'"),
                        ("--noise -1", "--noise: expected"), ("--persistence 1.5", "--persistence: expected"),
                        ("--persistence nan", "--persistence: expected"),
                        ("--data series.csv --column level", "series.csv: column 'level': expected 200 rows or more, got 40")],
    "series": [(told.format(one="--column level", none="--column height"), answer) for told, answer in SERIES]
              + WINDOWS + [("--data series.csv --column level --window 50", "series.csv: a window of 50"),
                           ("--season -1", "--season: expected a whole number from 0 to 1000000, got '-1'"),
                           ("--quantiles 0.9,0.5,0.1", "--quantiles: expected three levels in increasing order"),
                           ("--quantiles 0.5 --distribution student", "--quantiles: At least 3 required but received 1"),
                           ("--quantiles 0.1,0.5,1.5", "--quantiles: expected"),
                           ("--quantiles 0.1,0.5,0.9 --distribution student", "expected one of them"),
                           ("--distribution cauchy", "--distribution: cauchy not in"),
                           ("--distribution gaussian --horizon 2", "expected --horizon 1, got 2")],
    "multivariate": [(told.format(one="--columns day,level", none="--columns day,height"), answer)
                     for told, answer in SERIES]
                    + WINDOWS + [("--data series.csv --columns day,level --window 50", "series.csv: a window of 50")],
}

CONTROL = "[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff]"
SAYS = {
    "text": [("--data control.txt --length 300 --prompt a --temperature 1", r"temperature 1:\na.*\\x")],
    "seq2seq": [("--data control_pairs.txt --beam 1 --say ab1", r"\nab1 -> (b|a|\d|\\x1b)*\n")],
}

failed = 0
with tempfile.TemporaryDirectory() as folder:
    for file, content in FILES.items():
        (pathlib.Path(folder) / file).write_bytes(content)
    cases = EVERY + CASES[name]
    for told, answer in cases:
        run = subprocess.run([pathlib.Path(program).resolve(), *told.split(" ")], cwd=folder, text=True,
                             stdin=subprocess.DEVNULL, capture_output=True)
        said = run.stderr.strip()
        if run.returncode != 2 or answer not in said or not said.isprintable() or not said.startswith(name + ": ") or \
                "epoch 1" in run.stdout:
            print(f"{name} {told}: expected '{name}: ... {answer} ...' and 2, got {run.returncode} and:\n{run.stderr}")
            failed += 1
    # What an untrained model says of data with control characters: symbols that it knows, escaped.
    for told, answer in SAYS.get(name, []):
        cases.append(told)
        run = subprocess.run([pathlib.Path(program).resolve(), "--epochs", "0", *told.split(" ")], cwd=folder,
                             capture_output=True, stdin=subprocess.DEVNULL, env=os.environ | {"PATH": folder})
        said = run.stdout.decode()
        if run.returncode != 0 or not re.search(answer, said) or re.search(CONTROL, said):
            print(f"{name} {told}: expected {answer} and 0, got {run.returncode} and:\n{said}{run.stderr.decode()}")
            failed += 1
    with open("/dev/full", "w") as full:
        run = subprocess.run([pathlib.Path(program).resolve(), "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    if run.returncode != 2 or "cannot write to the standard output" not in run.stderr:
        print(f"{name} --help >/dev/full: got {run.returncode} and:\n{run.stderr}")
        failed += 1
# examples/run, which refuses options before it builds, knows all that the program has.
source = pathlib.Path(__file__).resolve().parents[2]
text = subprocess.run([pathlib.Path(program).resolve(), "--help"], text=True, capture_output=True).stdout
told = [word for option in re.findall(r"^ +(?:-\w,)?(--[\w-]+)", text, re.M) if option != "--help"
        for word in (option, "README.md")]
run = subprocess.run(["examples/run", name, *told, "--no-such-option"], cwd=source, text=True, capture_output=True)
if len(told) < 10 or f"{name} has no option --no-such-option" not in run.stderr:
    print(f"examples/run {name} {' '.join(told)}: {run.stderr}")
    failed += 1
print(f"{len(cases) - failed} of {len(cases)} answers are as expected")
sys.exit(failed > 0)
