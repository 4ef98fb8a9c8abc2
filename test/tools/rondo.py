#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the program rondo says of files, good and bad: rondo.py PROGRAM."""
import json, pathlib, struct, subprocess, sys, tempfile

program = pathlib.Path(sys.argv[1]).resolve()
CORPUS = pathlib.Path(__file__).resolve().parents[1] / "fuzz" / "corpus"
DATA = pathlib.Path(__file__).resolve().parents[1] / "io" / "data"


def safetensors(tensors, metadata=None, dtype="F32", size=4):
    header, data = ({"__metadata__": metadata} if metadata else {}), 0
    for name, shape in tensors.items():
        counts = name.endswith("num_batches_tracked") and dtype != "I32"
        count = 8 if counts else size
        for extent in shape:
            count *= extent
        header[name] = {"dtype": "I64" if counts else dtype, "shape": shape, "data_offsets": [data, data + count]}
        data += count
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(data)


def in_int8(name, rows, columns, scales):
    """A LinearWithoutBias in integers, all of them 2, with so many scales, all of them 0.5."""
    data = bytes([2] * rows * columns) + struct.pack("<f", 0.5) * scales
    header = {f"{name}.weight": {"dtype": "I8", "shape": [rows, columns], "data_offsets": [0, rows * columns]}}
    if scales:
        header[f"{name}.weight.scale"] = {"dtype": "F32", "shape": [scales], "data_offsets": [rows * columns, len(data)]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def recurrent(prefix, gates, sizes, hidden, both_ways=False, projection=None):
    """Of each layer its input's size."""
    all = {}
    for layer, size in enumerate(sizes):
        for after in [f"_l{layer}"] + ([f"_l{layer}_reverse"] if both_ways else []):
            all |= {f"{prefix}weight_ih{after}": [gates * hidden, size], f"{prefix}bias_ih{after}": [gates * hidden],
                    f"{prefix}weight_hh{after}": [gates * hidden, projection or hidden],
                    f"{prefix}bias_hh{after}": [gates * hidden]}
            if projection:
                all[f"{prefix}weight_hr{after}"] = [projection, hidden]
    return all


def linear(name, size, out):
    return {name + ".weight": [out, size], name + ".bias": [out]}


def batch_norm(name, size, affine=True):
    return ({name + ".weight": [size], name + ".bias": [size]} if affine else {}) | {
        name + ".running_mean": [size], name + ".running_var": [size], name + ".num_batches_tracked": []}


def lists(*shape):
    return [lists(*shape[1:]) for _ in range(shape[0])] if shape else 0.5


def rtneural(*layers):
    return json.dumps({"in_shape": [None, None, 1], "layers": layers}).encode()


LSTM_JSON = {"type": "lstm", "activation": "", "shape": [None, None, 3], "weights": [lists(1, 12), lists(3, 12), lists(12)]}
DENSE_JSON = {"type": "dense", "activation": "tanh", "shape": [None, None, 1], "weights": [lists(3, 1), lists(1)]}
GUITARML = {"model_data": {"model": "SimpleRNN", "input_size": 1, "skip": 1, "output_size": 1, "unit_type": "GRU",
                           "num_layers": 1, "hidden_size": 5, "bias_fl": True},
            "state_dict": {"rec.weight_ih_l0": lists(15, 1), "rec.weight_hh_l0": lists(15, 5), "rec.bias_ih_l0": lists(15),
                           "rec.bias_hh_l0": lists(15), "lin.weight": lists(1, 5), "lin.bias": lists(1)}}
NAM = {"version": "0.5.0", "architecture": "LSTM", "config": {"input_size": 1, "hidden_size": 3, "num_layers": 1},
       "weights": [0.5] * 70, "sample_rate": 48000}
AMP = recurrent("lstm.", 4, [1], 40) | linear("fc", 40, 1)

FILES = {
    "amp": safetensors(AMP),
    "char": safetensors({"embedding.weight": [28, 20]} | recurrent("lstm.", 4, [20, 33], 33) | linear("fc", 33, 28)),
    "both_ways": safetensors(recurrent("gru.", 3, [3, 10], 5, True) | linear("head", 10, 2)),
    "alone": safetensors(recurrent("", 1, [3], 5)),
    "before": safetensors(recurrent("", 3, [3], 5), {"reset_before": "weight_hh_l0"}),
    "relu": safetensors(recurrent("", 1, [3], 5), {"rondo.variants": "weight_hh_l0: candidate relu"}),
    "coupled": safetensors(recurrent("", 3, [3], 5) | {"weight_own_l0": [10]}, {"rondo.variants": "weight_hh_l0: coupled gates"}),
    "recorded_twice": safetensors(recurrent("", 1, [3], 5), {"rondo.variants": "weight_hh_l0: clip 1\nweight_hh_l0: clip 2"}),
    "long_record": safetensors(recurrent("", 1, [3], 5), {"rondo.variants": "weight_hh_l0: " + "a" * 9999}),
    "mine": safetensors(recurrent("", 1, [3], 5), {"variants": "weight_hh_l0: mine"}),
    "double": safetensors(linear("0", 3, 5) | linear("10", 7, 1) | linear("2", 5, 7), None, "F64", 8),
    "norm": safetensors(linear("0", 3, 5) | batch_norm("1", 5) | linear("2", 5, 4) | batch_norm("3", 4, False)),
    "norm_half": safetensors(batch_norm("a", 5), None, "BF16", 2),
    "norm_double": safetensors(batch_norm("a", 5), None, "F64", 8),
    "norm_whole": safetensors(batch_norm("a", 5), None, "I32", 4),
    "norm_old": safetensors({k: v for k, v in batch_norm("a", 5).items() if "num" not in k}),
    "norm_bias": safetensors({k: v for k, v in batch_norm("a", 5).items() if "weight" not in k}),
    "norm_mean": safetensors({k: v for k, v in batch_norm("a", 5).items() if "var" not in k}),
    "norm_size": safetensors(batch_norm("a", 5) | {"a.running_var": [4]}),
    "norm_count": safetensors(batch_norm("a", 5) | {"a.num_batches_tracked": [1]}),
    "norm_more": safetensors(batch_norm("a", 5) | {"a.more": [5]}),
    "norm_dict": json.dumps({"a.running_mean": [0.5] * 5, "a.running_var": [1] * 5, "a.num_batches_tracked": 7}).encode(),
    "half": safetensors(linear("a", 3, 5), None, "F16", 2),
    "int8": in_int8("a", 4, 8, 4),
    "int8_without_scales": in_int8("a", 4, 8, 0),
    "int8_of_few_scales": in_int8("a", 4, 8, 3),
    "whole": safetensors(linear("a", 3, 5), None, "I32", 4),
    "no_bias": safetensors({k: v for k, v in recurrent("a.", 3, [4, 8], 4, True).items() if "bias" not in k}),
    "no_bias_half": safetensors({k: v for k, v in recurrent("", 1, [2], 3).items() if "bias" not in k}, None, "BF16", 2),
    "shared": safetensors({"embedding.weight": [7, 5]} | recurrent("rnn.", 1, [5], 5),
                          {"out.weight": "embedding.weight", "format": "pt"}),
    "mark": b"\xef\xbb\xbf" + json.dumps(NAM).encode(),
    "checkpoint": safetensors({"model." + k: v for k, v in AMP.items()} | {"state.0": [0, 80]}, {"optimizer": "Adam"}),
    "guess": safetensors({"a.weight": [4, 7]}),
    "convolution": safetensors({"a.weight": [4, 4, 3]}),
    "projected": safetensors(recurrent("a.", 4, [3, 4], 5, True, 2) | linear("b", 4, 1)),
    "peepholes": safetensors(recurrent("a.", 4, [3], 5, False, 2) | {"a.weight_own_l0": [15]}),
    "projection": safetensors(recurrent("a.", 4, [4], 4) | {"a.weight_hr_l0": [2, 4]}),
    "projected_gru": safetensors(recurrent("a.", 3, [4], 4, False, 2)),
    "one_bias": safetensors({k: v for k, v in recurrent("a.", 4, [4], 4).items() if "bias_ih" not in k}),
    "stack": safetensors(recurrent("a.", 4, [4, 5], 4)),
    "gates": safetensors({k: [10] + v[1:] for k, v in recurrent("a.", 4, [4], 5).items()}),
    "branches": safetensors(linear("a", 4, 5) | linear("b", 4, 5)),
    "steps": safetensors(linear("0", 4, 5) | linear("1", 4, 5)),
    "odd": safetensors(linear('a\\"; int b', 4, 5)),
    "none": safetensors({}),
    "short": b"abc",
    "text": b"\n {]",
    "empty": b"",
    "rtneural": rtneural(LSTM_JSON, DENSE_JSON),
    "guitarml": json.dumps(GUITARML).encode(),
    "nam": json.dumps(NAM).encode(),
    "dict": json.dumps({"rec.weight_ih_l0": lists(20, 1), "rec.weight_hh_l0": lists(20, 5), "rec.bias_ih_l0": lists(20),
                        "rec.bias_hh_l0": lists(20)}).encode(),
    "model.onnx": (CORPUS / "onnx" / "lstm").read_bytes(),
    "reversed.onnx": (CORPUS / "onnx" / "reversed").read_bytes(),
    "cycle.onnx": (CORPUS / "onnx" / "cycle").read_bytes(),
    "states.onnx": (DATA / "onnx_pytorch.onnx").read_bytes(),
    "policy.onnx": (DATA / "onnx_policy_masked.onnx").read_bytes(),
    "half.onnx": (CORPUS / "onnx" / "half").read_bytes(),
    "variant.onnx": (CORPUS / "onnx" / "variant").read_bytes(),
    "external.onnx": (CORPUS / "onnx" / "external").read_bytes(),
    "d": bytes(16),  # which external.onnx names
    "escape": json.dumps({"layers": [{"type": "\x1b]0;a title\x07\u009b2J\r\n"}]}).encode(),
    "escape_names": safetensors(linear("a\x1b[2J\u202e\n", 1, 2), {"a key\x1b[31m": "a text\r\x7f"}),
    "mine.hpp": b"#pragma once\n",
    "wavenet": json.dumps(NAM | {"architecture": "WaveNet"}).encode(),
}
NO_TYPE = "\nNo type: "
# Of each file: parts of what inspect says.
INSPECTED = {
    "amp": ["lstm.weight_ih_l0  F32 [160,1]", "\nload(model, path);", "could run in 2 orders",
            'using Net = rondo::Sequential<rondo::Named<"lstm", rondo::LSTM<1, 40>>,\n    rondo::Named<"fc", rondo::Linear<40, 1>>>;'],
    "char": ['rondo::Sequential<rondo::Named<"embedding", rondo::Embedding<28, 20>>,\n    '
             'rondo::Named<"lstm", rondo::LSTM<20, 33, rondo::Stack{.layers = 2}>>,\n    rondo::Named<"fc", rondo::Linear<33, 28>>>;',
             "could as well be of rondo::LinearWithoutBias<20, 28>", "dropout between the layers"],
    "both_ways": ['rondo::Named<"gru", rondo::GRU<3, 5, rondo::Stack{.layers = 2, .bidirectional = true}>>',
                  "a GRUResetBefore of another program has the same tensors"],
    "alone": ["using Net = rondo::RNN<3, 5>;", "ReluRNN"],
    "before": ["using Net = rondo::GRUResetBefore<3, 5>;", '"reset_before": "weight_hh_l0"'],
    "relu": ["using Net = rondo::ReluRNN<3, 5>;"],
    "coupled": [NO_TYPE + "weight_hh_l0 is of a layer with coupled gates: a layer of rondo/layer/variant.hpp"],
    "recorded_twice": [NO_TYPE + 'metadata "rondo.variants": tensor weight_hh_l0 comes twice.'],
    "long_record": [NO_TYPE + "weight_hh_l0 is of a layer with " + "a" * 320 + "...: a layer of"],
    "mine": ["using Net = rondo::RNN<3, 5>;"],
    "double": ['rondo::Named<"0", rondo::Linear<3, 5>>,\n    rondo::Named<"2", rondo::Linear<5, 7>>,\n    '
               'rondo::Named<"10", rondo::Linear<7, 1>>', "F64 [5,3]", "{.convert = true}", "rondo::EigenBackend<double>"],
    "norm": ['rondo::Named<"0", rondo::Linear<3, 5>>,\n    rondo::Named<"1", rondo::BatchNorm1d<5>>,\n    '
             'rondo::Named<"2", rondo::Linear<5, 4>>,\n    '
             'rondo::Named<"3", rondo::BatchNorm1d<4, rondo::BatchNormOptions{.affine = false}>>>;',
             "1.num_batches_tracked  I64 []", "\nload(model, path);", "1: eps and momentum are not in the file"],
    "norm_half": ['rondo::Named<"a", rondo::BatchNorm1d<5>>', "\nload(model, path, {.convert = true});"],
    "norm_double": ['rondo::Named<"a", rondo::BatchNorm1d<5>>', "rondo::EigenBackend<double>"],
    "norm_whole": [NO_TYPE + "a.weight is of I32; expected F32, F64, F16 or BF16."],
    "norm_old": ['rondo::Named<"a", rondo::BatchNorm1d<5>>', "\nload(model, path);"],
    "norm_bias": [NO_TYPE + "a.weight is missing."],
    "norm_mean": [NO_TYPE + "a.running_var is missing."],
    "norm_size": [NO_TYPE + "a.running_var does not fit its running_mean."],
    "norm_count": [NO_TYPE + "a.num_batches_tracked does not fit its running_mean."],
    "norm_more": [NO_TYPE + "a.running_mean is beside tensors that are none of a batch normalization."],
    "norm_dict": ["rondo::BatchNorm1d<5, rondo::BatchNormOptions{.affine = false}>", "io::read_state_dict(path)"],
    "half": ['rondo::Sequential<rondo::Named<"a", rondo::Linear<3, 5>>>;', "\nload(model, path, {.convert = true});"],
    "whole": [NO_TYPE + "a.weight is of I32; expected F32, F64, F16 or BF16."],
    "int8": ['rondo::Named<"a", rondo::LinearWithoutBias<8, 4>>', "\nload(model, path, {.convert = true});",
             "std::int8_t> has these integers and scales"],
    "int8_without_scales": [NO_TYPE + "a.weight is of I8; expected a.weight.scale with it, F32 numbers for its rows."],
    "int8_of_few_scales": [NO_TYPE + "a.weight is of I8; expected a.weight.scale with it, F32 numbers for its rows."],
    "no_bias": ['rondo::Named<"a", rondo::GRU<4, 4, rondo::Stack{.layers = 2, .bidirectional = true, .bias = false}>>',
                "\nload(model, path);"],
    "no_bias_half": ["rondo::RNN<2, 3, rondo::Stack{.bias = false}>;", "\nload(model, path, {.convert = true});"],
    "shared": ['rondo::Named<"embedding", rondo::Embedding<7, 5>>', 'rondo::Named<"out", rondo::LinearWithoutBias<5, 7>>',
               "out.weight is embedding.weight", "\nload(model, path);"],
    "mark": ["io::read_nam(path)"],
    "checkpoint": ['rondo::Named<"lstm", rondo::LSTM<1, 40>>', "a checkpoint of a run", "state.0"],
    "guess": ['rondo::Named<"a", rondo::LinearWithoutBias<7, 4>>', "could as well be of rondo::Embedding<4, 7>"],
    "convolution": [NO_TYPE + "a.weight is not a tensor of Rondo's layers."],
    "projected": ['rondo::Named<"a", rondo::LSTM<3, 5, rondo::Stack{.layers = 2, .bidirectional = true, .projection = 2}>>,\n    '
                  'rondo::Named<"b", rondo::Linear<4, 1>>>;', "\nload(model, path);"],
    "peepholes": ['rondo::Named<"a", rondo::PeepholeLSTM<3, 5, rondo::Stack{.projection = 2}>>'],
    "projection": [NO_TYPE + "a.weight_hr_l0 F32 [2,4]: expected the projection of an LSTM, with fewer rows than columns, "
                   "as many as weight_hh has columns."],
    "projected_gru": [NO_TYPE + "a.weight_hr_l0 F32 [2,4]: expected the projection of an LSTM"],
    "one_bias": [NO_TYPE + "a.bias_ih_l0 is missing: Rondo's recurrent layers have both biases or none; zeros would do."],
    "stack": [NO_TYPE + "a.weight_ih_l1 is of another layer than the stack's first: LSTM 5 -> 4, not LSTM 4 -> 4."],
    "gates": [NO_TYPE + "a.weight_hh_l0 F32 [10,5]: these shapes are no RNN's, GRU's or LSTM's."],
    "branches": [NO_TYPE + "in no order does each layer take what the one before it gives"],
    "steps": [NO_TYPE + "what layer 0 gives, layer 1 cannot take."],
    "odd": [NO_TYPE + r'"a\\\"; int b" is not a name for a layer.'],
    "none": [NO_TYPE + "there is no tensor."],
    "rtneural": ["rtneural: RTNeural", "rondo::Sequential<rondo::LSTM<1, 3>,\n    rondo::Linear<3, 1>,\n    rondo::Tanh<1>>;",
                 "\nload(model, io::read_rtneural(path));"],
    "guitarml": ["rondo::Residual<rondo::Sequential<rondo::GRU<1, 5>,\n    rondo::Linear<5, 1>>>;", "io::read_guitarml(path)"],
    "nam": ["rondo::Sequential<rondo::LSTM<1, 3>,\n    rondo::Linear<3, 1>>;", "sample_rate: 48000",
            "load(model, first, io::read_nam(path)), then stream.reset(first);"],
    "variant.onnx": ["using Net = rondo::LSTMVariant<1, 1, rondo::cell::Variant{.gate = {rondo::cell::Function::hardsigmoid, {1, 5}, {1, 2}}, "
                     ".clip = {3, 2}, .coupled = true}, rondo::Stack{.bias = false}>;", "LSTM 1 -> 1, no bias, coupled, clip 1.5, gates"],
    "model.onnx": ["using Net = rondo::LSTM<1, 1>;", "\nload(model, io::read_onnx(path));"],
    "states.onnx --output y": ["rondo::LSTM<3, 5, rondo::Stack{.layers = 2}>,\n    rondo::Linear<5, 1>>;",
                               '\nload(model, io::read_onnx(path, {.output = "y"}));'],
    "reversed.onnx": ["using Net = rondo::Sequential<rondo::GRU<1, 1, rondo::Stack{.reversed = true}>,\n    rondo::FirstStep<1>>;"],
    "policy.onnx --output c_out": ["    rondo::FinalCellState<rondo::LSTM<8, 5>>>;"],
    "half.onnx": ["rondo::LinearWithoutBias<2, 1>", "\nload(model, io::read_onnx(path, {.convert = true}));"],
    "external.onnx": ["rondo::LinearWithoutBias<2, 1>", "\nload(model, io::read_onnx(path));"],
    "dict": ['rondo::Sequential<rondo::Named<"rec", rondo::LSTM<1, 5>>>;', "io::read_state_dict(path)"],
}
# What is called wrongly, and a part of the one sentence that says so.
MISUSED = [
    ("", "A subcommand is required"),
    ("inspect", "FILE is required"),
    ("inspect --nope amp", "--nope"),
    ("embed amp", "OUT is required"),
    ("embed amp a.hpp b.hpp", "b.hpp"),
    ("inspect amp --output y", "--output: expected an ONNX file, whose name ends in .onnx, got amp"),
    ("explain amp", "A subcommand is required"),
    ("embed amp 1a.hpp", "--name: expected a name for a C++ namespace, got '1a'"),
    ("embed amp a.hpp --name class", "--name: expected a name for a C++ namespace, got 'class'"),
]
# What is refused, in the same way.
REFUSED = [
    ("inspect missing", "cannot read missing: No such file or directory"),
    ("inspect .", "cannot read .: it is a folder"),
    ("inspect short", "short: the file has 3 bytes"),
    ("inspect empty", "empty: the file has 0 bytes"),
    ("inspect text", "text: byte "),
    ("inspect wavenet", "WaveNet"),
    ("inspect cycle.onnx", "cycle.onnx: "),
    ("inspect states.onnx", 'states.onnx: expected one output, got "y", "hn", "cn"; name one of them: --output NAME'),
    ("inspect states.onnx --output z", 'states.onnx: expected one output "z", got "y", "hn", "cn"'),
    ("inspect states.onnx --output hn", "no layer of Rondo hands on"),
    ("embed amp missing/a.hpp", "cannot write missing/a.hpp: No such file or directory"),
    ("embed half a.hpp", "half: tensor a.weight: expected F32 or F64, got F16"),
    ("embed int8 a.hpp", "int8: tensor a.weight: expected F32 or F64, got I8, which --convert converts"),
    ("embed half.onnx a.hpp", "half.onnx: node \"y\" (MatMul): tensor \"w\" is of FLOAT16; expected FLOAT or DOUBLE, or "
                              "OnnxOptions::convert, which converts it: --convert"),
    ("embed branches a.hpp", "branches: in no order"),
    ("embed missing a.hpp", "cannot read missing"),
    ("inspect escape", r"escape: "),
    # A file that embed has not written is not replaced, whichever way it is named.
    ("embed amp amp", "amp is there and was not written by rondo embed"),
    ("embed amp ./amp --name x", "./amp is there and was not written"),
    ("embed amp soft.hpp", "soft.hpp is there and was not written"),
    ("embed amp hard.hpp", "hard.hpp is there and was not written"),
    ("embed amp mine.hpp", "mine.hpp is there and was not written"),
    ("embed soft.hpp amp --name x", "amp is there and was not written"),
    ("embed model.onnx nam --name x", "nam is there and was not written"),
]

failed = 0


def expect(law, told, answer):
    global failed
    if not law:
        print(f"rondo {told}: {answer}")
        failed += 1


with tempfile.TemporaryDirectory() as folder:
    def run(told):
        return subprocess.run([program, *told.split()], cwd=folder, text=True, stdin=subprocess.DEVNULL, capture_output=True)

    for file, content in FILES.items():
        (pathlib.Path(folder) / file).write_bytes(content)
    (pathlib.Path(folder) / "soft.hpp").symlink_to("amp")
    (pathlib.Path(folder) / "hard.hpp").hardlink_to(pathlib.Path(folder) / "amp")
    for file, parts in INSPECTED.items():
        told = run("inspect " + file)
        for part in parts:
            expect(told.returncode == 0 and part in told.stdout and not told.stderr, "inspect " + file,
                   f"expected ... {part} ..., got {told.returncode} and:\n{told.stdout}{told.stderr}")
    for status, told, part in [(2, *case) for case in MISUSED] + [(1, *case) for case in REFUSED]:
        ran = run(told)
        said = ran.stderr.strip()
        expect(ran.returncode == status and part in said and "\n" not in said and said.startswith("rondo: "), told,
               f"expected 'rondo: ... {part} ...' and {status}, got {ran.returncode} and:\n{ran.stderr}")
        expect(said.isprintable(), told, f"control characters in {said!r}")
    for file, content in FILES.items():
        expect((pathlib.Path(folder) / file).read_bytes() == content, "embed", f"a refused one changed {file}")

    # Several files: each one's own, and those that are refused are said to be; no control characters of any.
    several = run("inspect amp missing escape_names nam")
    expect(several.returncode == 1 and several.stderr.startswith("rondo: cannot read missing") and
           "LSTM<1, 40>" in several.stdout and "LSTM<1, 3>" in several.stdout, "inspect of several", several.stdout + several.stderr)
    expect(r"a\x1b[2J\u202e\n" in several.stdout and several.stdout.replace("\n", "").isprintable(), "inspect escape_names",
           repr(several.stdout))

    # What cannot be said is an error.
    for told in ("inspect amp", "--help", "--version", "embed amp full.hpp"):
        with open("/dev/full", "w") as full:
            ran = subprocess.run([program, *told.split()], cwd=folder, text=True, stdin=subprocess.DEVNULL, stdout=full,
                                 stderr=subprocess.PIPE)
        expect(ran.returncode == 1 and "cannot write to the standard output: " in ran.stderr, told + " >/dev/full",
               f"{ran.returncode} {ran.stderr}")
    expect(not (pathlib.Path(folder) / "a.hpp").exists(), "embed", "a refused file left a header")

    nam = run("embed nam nam.hpp --name tiny_amp")
    header = (pathlib.Path(folder) / "nam.hpp").read_text()
    for part in ["namespace tiny_amp {", "size = 128;", "State<Net>::size == 32", "float first_state[32]{\n    0.5f, 0.5f, 0.5f, 0.f,"]:
        expect(part in header, "embed nam", f"expected ... {part} ..., got:\n{header}")
    half = run("embed half.onnx half.hpp --convert")
    expect(half.returncode == 0 and "half::parameters" in half.stdout, "embed --convert", half.stdout + half.stderr)
    whole = run("embed int8 whole.hpp --convert")
    expect(whole.returncode == 0 and "32 numbers as whole::parameters" in whole.stdout, "embed --convert",
           whole.stdout + whole.stderr)
    written = (pathlib.Path(folder) / "whole.hpp").read_text()
    expect("    1.f, 1.f, 1.f, 1.f" in written, "embed --convert of integers", written)
    half = run("embed no_bias_half half.hpp --convert")
    expect(half.returncode == 0 and "32 numbers as half::parameters" in half.stdout, "embed --convert",
           half.stdout + half.stderr)
    for norm in ("norm_old", "norm_double", "norm_dict"):  # with and without a count
        told = run(f"embed {norm} norm.hpp --name norm")
        size = 48 if norm == "norm_dict" else 80
        expect(told.returncode == 0 and f"{size} numbers as norm::parameters" in told.stdout, "embed " + norm,
               told.stdout + told.stderr)
    first = run("embed amp amp.hpp"), run("embed amp amp.hpp")
    expect(all(r.returncode == 0 for r in (nam, *first)), "embed", "did not end well")
    for told in ("--help", "--version", "inspect --help"):
        expect(run(told).returncode == 0, told, "did not end well")

print(f"{failed} answers are not as expected")
sys.exit(failed > 0)
