#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Spelling to sound: what examples/common/speller.hpp must compute, by NumPy and by the package g2p_en.

    python -B test/golden/pronounce.py --golden               writes pronounce.safetensors: random weights, and what
                                                              the equations give
    python -B test/golden/pronounce.py PROGRAM PACKAGE WORDS  compares 5,000 words with the package's predict;
                                                              PROGRAM is examples/pronounce.cpp, built, PACKAGE the
                                                              folder g2p_en of its wheel, WORDS a file of a word a line
"""

import importlib.util
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import unittest.mock

import numpy

HERE = pathlib.Path(__file__).resolve().parent
LETTERS, PHONEMES, BEGIN, END, LONGEST = 29, 74, 2, 3, 20


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def gru(x, h, weights, half):
    """PyTorch's GRU cell: r, z = s(W x + b + U h + c); n = tanh(W x + b + r (U h + c)); h' = (1 - z) n + z h."""
    given = weights[f"{half}_w_ih"] @ x + weights[f"{half}_b_ih"]
    before = weights[f"{half}_w_hh"] @ h + weights[f"{half}_b_hh"]
    (r, z, n), (hr, hz, hn) = numpy.split(given, 3), numpy.split(before, 3)
    r, z = sigmoid(r + hr), sigmoid(z + hz)
    return (1 - z) * numpy.tanh(n + r * hn) + z * h


def say(weights, letters):
    """The phonemes, and the scores at each step."""
    h = numpy.zeros(weights["enc_w_hh"].shape[1])
    for letter in letters:
        h = gru(weights["enc_emb"][letter], h, weights, "enc")
    said, scores = [BEGIN], []
    while len(said) <= LONGEST:
        h = gru(weights["dec_emb"][said[-1]], h, weights, "dec")
        scores.append(weights["fc_w"] @ h + weights["fc_b"])
        said.append(int(scores[-1].argmax()))
        if said[-1] == END:
            said.pop()
            break
    return said[1:], numpy.array(scores)


def tokens(word):
    return [ord(c) - ord("a") + 3 if "a" <= c <= "z" else 1 for c in word] + [2]


def golden(size=5, words=("rondo", "a", "", "Café", "zyxwvutsrqponmlkjihgfedcba", "it's", "tell", "told")):
    from safetensors.numpy import save
    draw = numpy.random.default_rng(5)
    shapes = {"enc_emb": (LETTERS, size), "dec_emb": (PHONEMES, size), "fc_w": (PHONEMES, size), "fc_b": (PHONEMES,)}
    for half in ("enc", "dec"):
        shapes |= {f"{half}_w_ih": (3 * size, size), f"{half}_w_hh": (3 * size, size), f"{half}_b_ih": (3 * size,),
                   f"{half}_b_hh": (3 * size,)}
    weights = {name: draw.normal(size=shape).astype("float32") for name, shape in sorted(shapes.items())}
    weights["fc_b"][END] += 2  # some words end, others are as long as they may be
    exact = {name: array.astype("float64") for name, array in weights.items()}
    expected = {word: say(exact, tokens(word)) for word in words}
    lengths = [len(said) for said, _ in expected.values()]
    assert LONGEST in lengths and 0 < min(lengths) < LONGEST, lengths
    for said, scores in expected.values():  # no phoneme that another rounding would change
        assert numpy.diff(numpy.sort(scores)[:, -2:]).min() > 1e-3
    text = ";".join(f"{word}={' '.join(map(str, said))}" for word, (said, _) in expected.items())
    (HERE / "pronounce.safetensors").write_bytes(save(weights, {"words": text}))  # one entry: several have no fixed order


def package(folder):
    """The package's class, made without its constructor; what only that wants is not imported."""
    for name in ("nltk", "nltk.corpus", "nltk.tokenize", "inflect"):
        sys.modules[name] = unittest.mock.MagicMock()
    spec = importlib.util.spec_from_file_location("g2p_en", folder / "__init__.py")
    sys.modules["g2p_en"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.G2p.__new__(module.G2p)
    source = (folder / "g2p.py").read_text()
    body = source[source.index("        self.graphemes ="):source.index("        self.cmu =")]
    exec("if True:\n" + body, {"self": made})  # the tables of its constructor
    made.load_variables()
    return made


def invented(count, known):
    """Words of letters as frequent as in the known ones, after one another; some with signs that are no letters."""
    draw, after, words = random.Random(1), {}, set()
    for word in known:
        for one, next in zip(" " + word, word + " "):
            after.setdefault(one, []).append(next)
    while len(words) < count:
        word = letter = draw.choice(after[" "])
        while (letter := draw.choice(after[letter])) != " " and len(word) < 20:
            word += letter
        if len(words) % 50 == 0:
            word = word[:3] + draw.choice("'-1éXñ") + word[3:]
        if word not in known:
            words.add(word)
    return sorted(words)


def check(program, folder, words):
    known = sorted({word for word in pathlib.Path(words).read_text().split() if word.isalpha() and word.islower()})
    chosen = random.Random(0).sample(known, 2500)
    made = invented(2500, set(known))
    model = package(pathlib.Path(folder).resolve())
    with tempfile.TemporaryDirectory() as place:
        converted = pathlib.Path(place) / "g2p_en.safetensors"
        subprocess.run([sys.executable, "-B", HERE.parent.parent / "tools" / "convert.py",
                        pathlib.Path(folder) / "checkpoint20.npz", converted], check=True)
        answer = subprocess.run([program, "--model", converted, *chosen, *made], check=True, capture_output=True,
                                text=True).stdout.splitlines()
    said = dict(line.split(" ->", 1) for line in answer if " ->" in line)
    start = time.perf_counter()
    expected = {word: model.predict(word) for word in chosen + made}
    seconds = time.perf_counter() - start
    for name, all in (("dictionary", chosen), ("invented", made)):
        same = sum(said.get(word, "").split() == expected[word] for word in all)
        print(f"{name} words: the same phonemes for {same} of {len(all)}")
    rondo = float(answer[-1].rpartition("seconds=")[2])
    print(f"Rondo {1e6 * rondo / len(expected):.0f} us a word, NumPy {1e6 * seconds / len(expected):.0f} us, "
          f"{seconds / rondo:.1f} times as long")
    return sum(said.get(word, "").split() != phonemes for word, phonemes in expected.items())


if __name__ == "__main__":
    if sys.argv[1:] == ["--golden"]:
        golden()
    elif len(sys.argv) == 4:
        sys.exit(check(*sys.argv[1:]) > 0)
    else:
        sys.exit(__doc__)
