#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Models go from Rondo to PyTorch and back, and compute the same on both sides.

    python -B test/golden/exchange.py PROGRAM     the check; PROGRAM is exchange.cpp, built
    python -B test/golden/exchange.py --golden    writes exchange.safetensors, which test/io/exchange.cpp reads
"""

import contextlib
import importlib.util
import io
import pathlib
import pickle
import subprocess
import sys
import tempfile
import warnings
import zipfile

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
    "projected": (lambda: nn.LSTM(3, 20, num_layers=2, bidirectional=True, proj_size=5), lambda model, x: model(x)[0]),
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
        checkpoints(folder)
        onnx_files(folder)
        archives(folder)
        subprocess.run([program, "write", folder], check=True)
        for name, (build, run) in MODELS.items():
            to_torch(folder, name, build, run)
            from_torch(folder, name, build, run)
        sys.stdout.flush()
        return subprocess.run([program, "read", folder]).returncode


def converted(*arguments):
    """What convert.py answers, in this process: each of its own would import torch anew."""
    spec = importlib.util.spec_from_file_location("convert", CONVERT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    told, before = io.StringIO(), sys.argv
    sys.argv = ["convert.py", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            module.main()
        return 0, told.getvalue()
    except SystemExit as end:
        return end.code, told.getvalue()
    finally:
        sys.argv = before


class Marker:
    """What a checkpoint of somebody else may have in it: code."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


class Settings(dict):
    """As Lightning's hyperparameters: of a class that convert.py does not know."""


def with_attribute(tensor):
    """PyTorch writes a parameter that has attributes of its own in another way than one that has none."""
    parameter = nn.Parameter(tensor)
    parameter.note = Metric()
    return parameter


class Metric:
    def __init__(self):
        self.best = 0.5


def checkpoints(folder):
    """Checkpoints as trainers write them: the weights alone, whatever else is in there, none of which is executed."""
    state = Char(symbols=5, inner=3, hidden=4).state_dict()
    shared = dict(state) | {"tied.weight": state["fc.weight"], "steps": torch.tensor(7), "note": "a text"}
    optimizer = {"state": {0: {"exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
    ran = folder / "ran"
    good = {  # what is saved, and convert.py's options
        "model.pt": (state, []),
        "old.pth": (state, []),
        "epoch.pt": ({"epoch": 3, "loss": torch.tensor(0.5), "model_state_dict": state, "optimizer_state_dict": optimizer}, []),
        "named.pth": ({"state_dict": state, "best": 0.5}, []),
        "lightning.ckpt": ({"epoch": 1, "pytorch-lightning_version": "2.0", "hyper_parameters": Settings(lr=0.1),
                            "callbacks": {"best": Metric()}, "optimizer_states": [optimizer],
                            "state_dict": {"model." + k: v for k, v in state.items()}}, ["--prefix", "model."]),
        "pytorch_model.bin": (state, []),
        "attributes.pt": ({k: with_attribute(v) for k, v in state.items()}, []),
        "parallel.pth.tar": ({"model": {"module." + k: torch.nn.Parameter(v) for k, v in state.items()}}, ["--prefix", "module."]),
        "nested.pt": ({"a": {"net": {"state_dict": state}}, "code": Marker(ran)}, []),
        "two.pt": ({"ema": state, "raw": state, "last": {"model": {}}}, ["--key", "ema"]),
        "shared.pt": (shared, []),
    }
    for name, (content, options) in good.items():
        torch.save(content, folder / name, _use_new_zipfile_serialization=name != "old.pth")
        target = folder / "converted.safetensors"
        status, told = converted(folder / name, target, *options)
        assert status == 0, (name, told)
        found = safetensors.torch.load_file(target)
        expected = state if name != "shared.pt" else {k: v for k, v in shared.items() if k != "note"}
        assert found.keys() == expected.keys() and all(torch.equal(found[k], expected[k]) for k in found), (name, found.keys())
        for said in {"epoch.pt": ["the state_dict is 'model_state_dict'", "left out: epoch, loss, optimizer_state_dict"],
                     "shared.pt": ["left out: note", "steps is of int64"], "nested.pt": ["'a/net/state_dict'"]}.get(name, []):
            assert said in told, (name, told)
    bad = {
        "two.pt": ({"ema": state, "raw": state}, "several state_dicts; expected --key with one of 'ema', 'raw'"),
        "module.pt": (Metric(), "holds a Metric; expected a state_dict"),
        "list.pt": ([torch.ones(3)], "holds a list; expected a state_dict"),
        "sparse.pt": ({"a": torch.eye(3).to_sparse(), "b": torch.ones(1)}, "a is sparse, quantized or of another kind"),
        "none.pt": ({"epoch": 3}, "holds no tensor, but epoch; expected a state_dict"),
        "code.pt": (Marker(ran), "holds a open; expected a state_dict"),
    }
    for name, (content, reason) in bad.items():
        torch.save(content, folder / name)
        status, told = converted(folder / name, folder / "no.safetensors")
        assert status == 2 and reason in told, (name, told)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's newest calls it old
        torch.jit.script(nn.Linear(2, 3)).save(folder / "script.pt")
    (folder / "text.pt").write_text("hello")
    for name, reason in {"script.pt": "is a TorchScript program", "text.pt": "is not a checkpoint of tensors"}.items():
        status, told = converted(folder / name, folder / "no.safetensors")
        assert status == 2 and reason in told, (name, told)
    assert not ran.exists() and not (folder / "no.safetensors").exists()
    print(f"convert.py: {len(good)} checkpoints converted, {len(bad) + 2} refused")


def onnx_files(folder):
    """The weights of ONNX files: initializers and constants, of inner graphs, too."""
    try:
        import onnx
        from onnx import TensorProto, helper
    except ImportError:
        print("exchange: the package onnx is missing: the conversion of ONNX files is skipped")
        return

    def tensor(name, *numbers, kind=TensorProto.FLOAT, dims=None):
        return helper.make_tensor(name, kind, [len(numbers)] if dims is None else dims, numbers)

    def constant(name, value):
        return helper.make_node("Constant", [], [name], value=value)

    def node(name, **attributes):
        return helper.make_node("If", ["c"], ["y"], name=name, **attributes)

    def graph(nodes, initializers=(), **more):
        return helper.make_graph(nodes, "g", [], [], [*initializers], **more)

    def file(name, graph, **more):
        path = folder / name
        path.write_bytes(helper.make_model(graph, **more).SerializeToString())
        return path

    sizes = tensor("sizes", 1, 2, kind=TensorProto.INT64)
    one, other = (graph([constant("net.b", tensor("", *numbers)), constant("scale", tensor("", 9, dims=[])), constant("shape", sizes)])
                  for numbers in ((1, 2), (3, 4)))
    deep = graph([node("", then_branch=one)], [tensor("net.d", 7, kind=TensorProto.DOUBLE)])
    function = helper.make_function("local", "norm", [], ["f"], [constant("f", tensor("", 5, 6))], [helper.make_opsetid("", 18)])
    plain = file("plain.onnx", graph([constant("net.b", tensor("", 1, 2)), helper.make_node("Constant", [], ["net.c"], value_floats=[3.5]),
                                      helper.make_node("Constant", [], ["k"], value_float=1.0)],
                                     [tensor("net.w", 1, 2, 3, 4, dims=[2, 2]), sizes, tensor("net.s", 8, dims=[]),
                                      tensor("net.h", 1.5, kind=TensorProto.FLOAT16), tensor("net.l", 2.5, kind=TensorProto.BFLOAT16)]))
    branches = file("branches.onnx", graph([node("if", then_branch=one, else_branch=other)], [tensor("net.w", 1)]))
    nested = file("nested.onnx", graph([node("if", then_branch=deep)]), functions=[function])
    good = (  # the file, convert.py's options, what it holds
        (plain, ["--prefix", "net."], {"w": [[1, 2], [3, 4]], "b": [1, 2], "c": [3.5], "s": 8, "h": [1.5], "l": [2.5]}),
        (branches, ["--key", "if/then_branch"], {"net.b": [1, 2]}),
        (branches, ["--key", "if/else_branch"], {"net.b": [3, 4]}),
        (branches, ["--key", ""], {"net.w": [1]}),
        (nested, [], {"net.d": [7], "net.b": [1, 2], "f": [5, 6]}),
        (nested, ["--key", "if/then_branch/y/then_branch"], {"net.b": [1, 2]}),
        (nested, ["--key", "norm", "--dtype", "float64"], {"f": [5, 6]}),
    )
    target = folder / "converted.safetensors"
    for path, options, expected in good:
        status, told = converted(path, target, *options)
        assert status == 0, (path, options, told)
        found = safetensors.torch.load_file(target)
        assert {name: value.tolist() for name, value in found.items()} == expected, (path, options, found)
        assert ("left out, no floating point: " in told) == (path == plain or "then_branch" in str(options) or "else_branch" in str(options)
                                                             or (path == nested and not options)), told
    types = {"w": torch.float32, "h": torch.float16, "l": torch.bfloat16}
    converted(plain, target, "--prefix", "net.")
    found = safetensors.torch.load_file(target)
    assert types == {name: found[name].dtype for name in types}, found
    broken = tensor("net.w", 1, 2)
    broken.dims[0] = 3
    outside = tensor("net.w", 1)
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="missing.bin")
    sparse = helper.make_sparse_tensor(tensor("net.w", 1), tensor("", 1, kind=TensorProto.INT64), [4])
    (folder / "text.onnx").write_text("hello")
    bad = (
        (branches, [], "has several tensors net.b; expected --key with one of '', 'if/else_branch', 'if/then_branch'"),
        (branches, ["--key", "if"], "has no graph 'if' with weights; there are: '', 'if/else_branch', 'if/then_branch'"),
        (file("broken.onnx", graph([], [broken])), [], "net.w is broken: its shape is [3]"),
        (file("sparse.onnx", graph([], sparse_initializer=[sparse])), [], "net.w is sparse"),
        (file("outside.onnx", graph([], [outside])), [], "missing.bin"),
        (file("none.onnx", graph([constant("a", sizes)])), [], "has no weights"),
        (folder / "text.onnx", [], "is not an ONNX file"),
        (folder / "missing.onnx", [], "cannot read"),
    )
    for path, options, reason in bad:
        status, told = converted(path, folder / "no.safetensors", *options)
        assert status == 2 and reason in told, (path, options, told)
    status, told = converted(target, folder / "no.onnx")
    assert status == 2 and "cannot turn" in told, told
    assert not (folder / "no.safetensors").exists() and not (folder / "no.onnx").exists()
    print(f"convert.py: {len(good)} ONNX files converted, {len(bad) + 1} refused")


def archives(folder):
    """NumPy's archives: arrays of any type, order and rank keep their names and types; nothing is unpickled."""
    try:
        import numpy
    except ImportError:
        print("exchange: the package numpy is missing: archives are not converted")
        return
    source, target = folder / "arrays.npz", folder / "arrays.safetensors"
    float32 = numpy.arange(6, dtype="float32").reshape(2, 3)
    arrays = {"enc_w_ih": float32, "net/kernel:0": numpy.asfortranarray(float32), "big": float32.astype(">f8"),
              "reversed": float32[::-1, ::-1], "half": float32.astype("float16"), "count": numpy.int64(3),
              "bytes": numpy.arange(3, dtype="uint8"), "none": numpy.zeros((0, 4), "float32"),
              "flags": numpy.array([True, False])}
    for save in (numpy.savez, numpy.savez_compressed):
        save(source, **arrays)
        status, told = converted(source, target)
        assert status == 0 and "count is of int64" in told, told
        found = safetensors.torch.load_file(target)
        assert found.keys() == arrays.keys(), found.keys()
        for name, array in arrays.items():
            assert found[name].numpy().dtype == array.dtype.newbyteorder("="), name
            assert numpy.array_equal(found[name].numpy(), array), name
    numpy.savez(source, **{"net/w": float32, "net/b": float32[0]})
    assert converted(source, target, "--prefix", "net/", "--dtype", "float64")[0] == 0
    found = safetensors.torch.load_file(target)
    assert found.keys() == {"w", "b"} and found["w"].dtype == torch.float64
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("note.txt", "a text")
    status, told = converted(source, target)
    assert status == 0 and "left out, as no arrays: note.txt" in told, told

    target.unlink()
    ran = folder / "unpickled"
    good = source.read_bytes()
    bad = {  # what is in the file, and the reason
        "objects": (lambda: numpy.savez(source, a=float32, b=numpy.array([Marker(ran)], dtype=object)), "b cannot be read"),
        "pickle": (lambda: source.write_bytes(pickle.dumps(Marker(ran))), "is not an archive of arrays"),
        "text": (lambda: source.write_bytes(b"hello"), "is not an archive of arrays"),
        "empty": (lambda: source.write_bytes(b""), "is not an archive of arrays"),
        "cut": (lambda: source.write_bytes(good[:100]), "is not an archive of arrays"),
        "array": (lambda: source.write_bytes(npy(numpy, float32)), "is not an archive of arrays"),
        "complex": (lambda: numpy.savez(source, z=float32 * 1j), "the name z and the type complex64"),
        "strings": (lambda: numpy.savez(source, s=numpy.array(["a"])), "the name s and the type <U1"),
        "records": (lambda: numpy.savez(source, r=numpy.zeros(2, "f4,i4")), "the name r and the type"),
        "nothing": (lambda: numpy.savez(source), "holds no array"),
        "damaged": (lambda: zipped(source, {"a.npy": npy(numpy, float32)[:-4]}), "a cannot be read"),
        "huge": (lambda: zipped(source, {"a.npy": npy(numpy, float32).replace(b"(2, 3), }" + 20 * b" ",
                                                                             b"(9" + 20 * b"0" + b", 3), }")}), "a cannot be read"),
        "bytes": (lambda: zipped(source, {"a.npy": b"hello"}), "a is not an array"),
        "twice": (lambda: zipped(source, {"a.npy": npy(numpy, float32), "a": b""}), "two arrays of the name a"),
    }
    for name, (make, reason) in bad.items():
        make()
        status, told = converted(source, target)
        assert status == 2 and reason in told and len(told.splitlines()) == 1, (name, told)
    numpy.savez(source, a=float32)
    for arguments, reason in (((source, folder / "a.pt"), "expected one of"),
                              ((target, source), "expected one of"),
                              ((folder / "missing.npz", target), "cannot read"),
                              ((source, target, "--key", "a"), "an archive holds no state_dicts"),
                              ((source, target, "--prefix", "b"), "has a name that begins with b")):
        status, told = converted(*arguments)
        assert status == 2 and reason in told, told
    assert not ran.exists() and not target.exists()
    print(f"convert.py: archives converted, {len(bad) + 5} refused")


def npy(numpy, array):
    file = io.BytesIO()
    numpy.save(file, array)
    return file.getvalue()


def zipped(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


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
