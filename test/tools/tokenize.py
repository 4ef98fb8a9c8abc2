#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files of tokens by the program rondo, read by their documented layout: tokenize.py PROGRAM."""
import pathlib, struct, subprocess, sys, tempfile

program = pathlib.Path(sys.argv[1]).resolve()
TEXT = b"The cat sat; the cat's mat.\nA dog - no cat -\n\n\xc3\xa9t\xc3\xa9" + bytes(range(256)) + b"the end"


def tokens(data):
    magic, version, width = struct.unpack_from("<8sII", data)
    count, vocabulary, _ = struct.unpack_from("<QII", data, len(data) - 16)
    assert (magic, version, len(data)) == (b"RONDOTOK", 1, 64 + count * width + -(-count * width // 65536) * 4 + 16)
    return vocabulary, list(struct.unpack_from(f"<{count}{'H' if width == 2 else 'I'}", data, 64))


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)

    def run(*arguments, code=0):
        done = subprocess.run([program, "tokenize", *arguments], cwd=folder, capture_output=True, text=True)
        assert done.returncode == code, (arguments, done)
        if code == 0:
            return done.stdout.splitlines(True)[-1]  # after five seconds a run also says how far it is
        return done.stdout + done.stderr

    (folder / "text").write_bytes(TEXT * 9000)  # over some pieces of a megabyte
    assert run("text", "out") == f"out: {len(TEXT) * 9000} tokens\n"
    assert tokens((folder / "out").read_bytes()) == (256, list(TEXT) * 9000)
    (folder / "words").write_text("<pad>\n<unk>\nthe\ncat\n\\n\n;\n-\ncat's\n")
    (folder / "short").write_bytes(b"The cat sat; the cat's mat.\nA dog - no cat -\n\nthe")
    assert run("short", "out", "--vocabulary", "words") == "out: 18 tokens\n"
    assert tokens((folder / "out").read_bytes()) == (8, [2, 3, 1, 5, 2, 7, 1, 1, 4, 1, 1, 6, 1, 3, 6, 4, 4, 2])
    refused = [(("none", "out"), 1, "cannot read none: No such file or directory"),
               ((".", "out"), 1, "it is a folder"),
               (("text", "text"), 1, "text is there and is no file of tokens"),
               (("text", "none/out"), 1, "cannot write none/out"),
               (("text", "out", "--vocabulary", "short"), 1, "<pad>"),
               (("text",), 2, "OUT is required"),
               (("text", "out", "--drop-punctuation"), 2, "--drop-punctuation requires --vocabulary")]
    for arguments, code, expected in refused:
        said = run(*arguments, code=code)
        assert expected in said, (arguments, said)
    assert not list(folder.glob("*.part"))
print("1 file of bytes, 1 of words,", len(refused), "refused")
