#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""host_audio reads the same samples from a WAV file of any kind: wav.py PROGRAM."""
import pathlib, struct, subprocess, sys, tempfile, wave

program = pathlib.Path(sys.argv[1]).resolve()
SAMPLES = [0.0, 0.5, -0.5, 0.25, -1.0, 0.125, -0.75, 0.0078125]  # every kind has them exactly
END = b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"


def chunk(name, content):
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def fmt(kind, channels, bits, width, more=b""):
    return chunk(b"fmt ", struct.pack("<HHIIHH", kind, channels, 8000, 8000 * channels * width, channels * width, bits) + more)


def whole(bits, width=None):
    width = width or bits // 8
    numbers = [int(x * 2 ** (8 * width - 1)) for x in SAMPLES]
    if width == 1:
        return bytes(number + 128 for number in numbers)
    return b"".join(number.to_bytes(width, "little", signed=True) for number in numbers)


def riff(*chunks):
    return b"RIFF" + struct.pack("<I", 4 + sum(map(len, chunks))) + b"WAVE" + b"".join(chunks)


floats, doubles = struct.pack("<8f", *SAMPLES), struct.pack("<8d", *SAMPLES)
FILES = {  # name: (channels, content)
    "16 bits": (1, riff(fmt(1, 1, 16, 2), chunk(b"data", whole(16)))),
    "8 bits": (1, riff(fmt(1, 1, 8, 1), chunk(b"data", whole(8)))),
    "24 bits": (1, riff(fmt(1, 1, 24, 3), chunk(b"data", whole(24)))),
    "32 bits": (1, riff(fmt(1, 1, 32, 4), chunk(b"data", whole(32)))),
    "20 of 24 bits": (1, riff(fmt(1, 1, 20, 3), chunk(b"data", whole(24)))),
    "floats": (1, riff(fmt(3, 1, 32, 4), chunk(b"data", floats))),
    "doubles": (1, riff(fmt(3, 1, 64, 8), chunk(b"data", doubles))),
    "stereo, 24 bits": (2, riff(fmt(1, 2, 24, 3), chunk(b"data", whole(24)))),
    "extensible, 24 bits": (2, riff(fmt(0xFFFE, 2, 24, 3, struct.pack("<HHIH", 22, 24, 3, 1) + END), chunk(b"data", whole(24)))),
    "extensible, 24 of 32 bits": (1, riff(fmt(0xFFFE, 1, 32, 4, struct.pack("<HHIH", 22, 24, 4, 1) + END), chunk(b"data", whole(32)))),
    "extensible, floats": (2, riff(fmt(0xFFFE, 2, 32, 4, struct.pack("<HHIH", 22, 32, 3, 3) + END), chunk(b"data", floats))),
    "other chunks of odd sizes": (1, riff(chunk(b"JUNK", b"abc"), fmt(1, 1, 16, 2, b"\0\0"), chunk(b"LIST", b"x"),
                                          chunk(b"data", whole(16)), chunk(b"id3 ", b"xyz"))),
    "half a frame at the end": (2, riff(fmt(1, 2, 16, 2), chunk(b"data", whole(16) + b"\1\2"))),
    "written to a pipe": (1, b"RIFF\xff\xff\xff\xffWAVE" + fmt(1, 1, 16, 2) + b"data\xff\xff\xff\xff" + whole(16)),
    "RF64": (1, b"RF64\xff\xff\xff\xffWAVE" + chunk(b"ds64", struct.pack("<QQQI", 84, 16, 8, 0)) + fmt(1, 1, 16, 2)
             + b"data\xff\xff\xff\xff" + whole(16) + chunk(b"LIST", b"more")),
}
failed = 0
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)

    def run(*told):
        return subprocess.run([program, "--out", folder, *told], cwd=folder, text=True, stdin=subprocess.DEVNULL, capture_output=True)

    model = folder / "model.safetensors"
    trained = run("--epochs", "0", "--save", model)
    dry, expected = folder / "host_audio-dry.wav", [int(abs(x) * 32767 + 0.5) * (1 if x > 0 else -1) for x in SAMPLES]
    for name, (channels, content) in FILES.items():
        (folder / "in.wav").write_bytes(content)
        dry.unlink(missing_ok=True)
        done = run("--data", "in.wav", "--load", model)
        found, there = None, (0, 0)
        if done.returncode == 0:
            with wave.open(str(dry)) as read:
                found = list(struct.unpack("<8h", read.readframes(100)))
                there = read.getnchannels(), read.getframerate()
        if found != expected or there != (channels, 8000):
            print(f"{name}: expected {expected} of {channels} channels, got {found} of {there[0]}\n{done.stderr}")
            failed += 1
    before = dry.read_bytes()
    done = run("--data", "./host_audio-dry.wav", "--load", model)
    if done.returncode != 2 or "would be overwritten" not in done.stderr or dry.read_bytes() != before:
        print(f"--data over itself: {done.returncode} {done.stderr}")
        failed += 1
print(f"{failed} of {len(FILES) + 1} files are not read as expected")
sys.exit(failed > 0)
