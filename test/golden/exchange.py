#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Models go from Rondo to PyTorch and back, and compute the same on both sides.

    python -B test/golden/exchange.py PROGRAM     the check; PROGRAM is exchange.cpp, built
    python -B test/golden/exchange.py --golden    writes exchange.safetensors, which test/io/exchange.cpp reads
"""

import pathlib
import subprocess
import sys
import tempfile

try:
    import safetensors.torch
    import torch
    from torch import nn
except ImportError as error:
    print(f"exchange: the package {error.name} is missing: the exchange with PyTorch is skipped")
    sys.exit(0)

HERE = pathlib.Path(__file__).resolve().parent
CONVERT = HERE.parent.parent / "tools" / "convert.py"


class Char(nn.Module):
    def __init__(self, symbols=28, inner=20, hidden=33):
        super().__init__()
        self.embedding = nn.Embedding(symbols, inner)
        self.lstm = nn.LSTM(inner, hidden, num_layers=2)
        self.fc = nn.Linear(hidden, symbols)

    def forward(self, x):
        return self.fc(self.lstm(self.embedding(x))[0])


MODELS = {  # the model, and how it takes Rondo's (T, B, features)
    "char": (Char, lambda model, x: model(x[..., 0])),
    "gru": (lambda: nn.GRU(3, 5, num_layers=2, bidirectional=True), lambda model, x: model(x)[0]),
    "rnn": (lambda: nn.RNN(1, 20), lambda model, x: model(x)[0]),
}


def convert(*paths):
    subprocess.run([sys.executable, "-B", CONVERT, *paths], check=True, stdout=subprocess.DEVNULL)


def to_torch(folder, name, build, run):
    """What Rondo wrote, straight and by way of a .pt file: strictly loaded."""
    data = safetensors.torch.load_file(folder / f"{name}.rondo.data")
    straight = folder / f"{name}.rondo.safetensors"
    convert(straight, folder / f"{name}.rondo.pt")
    for file in (straight, folder / f"{name}.rondo.pt"):
        model = build()
        state = torch.load(file, weights_only=True) if file.suffix == ".pt" else safetensors.torch.load_file(file)
        model.load_state_dict(state, strict=True)
        apart = (run(model, data["x"]) - data["y"]).abs().max().item()
        print(f"torch reads {file.name}: {len(state)} tensors, apart by {apart:.1e} at most")
        assert apart < 1e-5, apart


def from_torch(folder, name, build, run):
    model = build()
    x = torch.randint(28, (5, 3, 1), dtype=torch.int32) if name == "char" else torch.randn(5, 3, model.input_size)
    safetensors.torch.save_file(model.state_dict(), folder / f"{name}.torch.safetensors")
    torch.save(model.state_dict(), folder / f"{name}.torch.pt")
    convert(folder / f"{name}.torch.pt", folder / f"{name}.converted.safetensors")
    safetensors.torch.save_file({"x": x, "y": run(model, x).contiguous()}, folder / f"{name}.torch.data")


def check(program):
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        subprocess.run([program, "write", folder], check=True)
        for name, (build, run) in MODELS.items():
            to_torch(folder, name, build, run)
            from_torch(folder, name, build, run)
        sys.stdout.flush()
        return subprocess.run([program, "read", folder]).returncode


def golden():
    """A state_dict as PyTorch writes it; what it computes is told by the metadata, so that the tensors are the model's."""
    model = Char(symbols=7, inner=3, hidden=5)
    x = torch.randint(7, (5, 3), dtype=torch.int32)
    text = [" ".join(repr(number) for number in tensor.flatten().tolist()) for tensor in (x, model(x))]
    # One entry only: safetensors gives several no fixed order.
    (HERE / "exchange.safetensors").write_bytes(safetensors.torch.save(model.state_dict(), {"x;y": ";".join(text)}))


if __name__ == "__main__":
    torch.manual_seed(1)
    torch.set_num_threads(1)
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with torch.no_grad():
        sys.exit(golden() if sys.argv[1] == "--golden" else check(sys.argv[1]))
