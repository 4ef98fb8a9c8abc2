#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns a PyTorch checkpoint, the weights of an ONNX file or NumPy's arrays into a safetensors file, or that into a
checkpoint.

    tools/convert.py model.pt model.safetensors
    tools/convert.py lightning.ckpt model.safetensors --prefix model.
    tools/convert.py model.onnx model.safetensors
    tools/convert.py model.npz model.safetensors
    tools/convert.py model.safetensors model.pt

A checkpoint is a state_dict, or a dict that holds one somewhere: as "state_dict", "model_state_dict", "model" and so
on. What else it holds is left out, and named. Nothing but tensors and containers is made of a file: other classes that
it names are neither imported nor called. Tied tensors become tensors of their own. Metadata of a safetensors file is
not carried over to a checkpoint.

The weights of an ONNX file are its floating-point initializers, and the floating-point arrays among the constants of its
nodes; in inner graphs (of If, Loop, Scan) and in functions, too. They keep the names and the layout that they have there.
--key selects one graph: the node that has it (by name, or its first output) and the attribute, as If_0/then_branch, or
the name of a function.

Arrays of an archive (.npz) keep their names and types; arrays of Python objects, which only unpickling would read, are
refused.

Needs the torch and safetensors packages, onnx for ONNX files and numpy for archives.
"""
import argparse
import collections
import os
import pathlib
import pickle
import sys
import tempfile
import warnings
import zipfile

CHECKPOINTS = (".pt", ".pth", ".ckpt", ".bin", ".tar")
DTYPES = ("float16", "bfloat16", "float32", "float64")
# Where a checkpoint holds its model, the first that is there.
KEYS = ("state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "weights", "params")


class Refused(Exception):
    """A sentence that says what is wrong."""


class Unknown(dict):
    """What a checkpoint holds of a class that is no tensor's: its name alone."""

    def __new__(cls, *args, **more):
        return super().__new__(cls)

    def __init__(self, *args, **more):
        super().__init__()

    def __call__(self, *args, **more):
        return Unknown()

    def ignore(self, *args):
        pass

    __setstate__ = append = extend = add = ignore


class Unpickler(pickle.Unpickler):
    """Makes tensors and containers; of any other class or function Unknown."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch._utils" and name in ("_rebuild_tensor", "_rebuild_tensor_v2"):
            return getattr(torch._utils, name)
        if module == "torch._utils" and name in ("_rebuild_parameter", "_rebuild_parameter_with_state"):
            return lambda tensor, *more: tensor
        if module == "torch._tensor" and name == "_rebuild_from_type_v2":
            return lambda rebuild, kind, arguments, state: rebuild(*arguments)
        if module == "torch.storage" and name in ("UntypedStorage", "TypedStorage"):
            return getattr(torch.storage, name)
        known = vars(torch).get(name) if module == "torch" else None
        if known is torch.Size or isinstance(known, torch.dtype):
            return known
        return type(name, (Unknown,), {"__module__": module})


class Pickle:
    """What torch.load wants of a pickle module."""

    __name__ = "pickle"
    Unpickler = Unpickler

    @staticmethod
    def load(file, **more):
        return Unpickler(file, **more).load()


def load_pickle(path):
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(name.endswith("/constants.pkl") for name in archive.namelist()):
                raise Refused(f"{path} is a TorchScript program; expected torch.jit.load(...).state_dict(), saved")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", pickle_module=Pickle, weights_only=False)
    except OSError:
        raise
    except Exception:  # whatever a broken or hostile pickle raises
        raise Refused(f"{path} is not a checkpoint of tensors; expected a saved model.state_dict()")


def is_state_dict(value):
    return isinstance(value, dict) and all(isinstance(name, str) for name in value) and \
        any(isinstance(tensor, torch.Tensor) for tensor in value.values())


def state_dicts(value, place=(), depth=4):
    """Every state_dict in a checkpoint, and the keys that lead to it."""
    if is_state_dict(value):
        yield place, value
    if isinstance(value, dict) and depth > 0:
        for key, inner in value.items():
            if isinstance(key, str):
                yield from state_dicts(inner, (*place, key), depth - 1)


def choose(path, found, key):
    """The state_dict of a checkpoint, and the keys that lead to it."""
    if isinstance(found, Unknown) and not found:
        raise Refused(f"{path} holds a {type(found).__name__}; expected a state_dict: torch.save(model.state_dict(), ...)")
    if not isinstance(found, dict):
        raise Refused(f"{path} holds a {type(found).__name__}; expected a state_dict")
    all = {"/".join(place): value for place, value in state_dicts(found)}
    if key is not None:
        if key not in all:
            raise Refused(f"{path} holds no state_dict as {key!r}; there are: {', '.join(map(repr, all)) or 'none'}")
        return key, all[key]
    if list(all) in ([], [""]):
        return "", found
    rank = {place: [KEYS.index(part) if part in KEYS else len(KEYS) for part in place.split("/")] for place in all}
    known = [place for place in all if len(KEYS) not in rank[place]] or list(all)
    best = min(known, key=rank.get)
    if sum(rank[place] == rank[best] for place in known) > 1:
        raise Refused(f"{path} holds several state_dicts; expected --key with one of {', '.join(map(repr, all))}")
    return best, all[best]


def load_checkpoint(path, key):
    found = load_pickle(path)
    place, state = choose(path, found, key)
    tensors, left_out = {}, []
    inside = found
    for part in place.split("/") if place else []:
        left_out += [name for name in inside if name != part]
        inside = inside[part]
    for name, value in state.items():
        if isinstance(value, Unknown) and "_rebuild" in type(value).__name__:
            raise Refused(f"{path}: {name} is sparse, quantized or of another kind; expected a dense tensor")
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            left_out.append(name)
            continue
        if name == "__metadata__" or value.dtype == torch.complex128:
            raise Refused(f"{path}: safetensors has no tensor of the name {name} and the type {value.dtype}")
        if value.layout != torch.strided or value.is_quantized or value.is_meta:
            raise Refused(f"{path}: {name} is sparse, quantized or without data; expected a dense tensor")
        tensors[name] = value
    if not tensors and state:
        raise Refused(f"{path} holds no tensor, but {', '.join(map(str, list(state)[:8]))}; expected a state_dict")
    if place:
        print(f"{path}: the state_dict is {place!r}")
    if left_out:
        print(f"{path}: left out: {', '.join(map(str, left_out))}")
    return tensors


def onnx_graphs(graph, place=""):
    """A graph, and those that its nodes have as attributes; each with the key that selects it."""
    yield place, graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])]:
                key = f"{node.name or ''.join(node.output[:1])}/{attribute.name}"
                yield from onnx_graphs(inner, f"{place}/{key}" if place else key)


def onnx_weights(graph):
    """Names and values of a graph's initializers, and of its nodes' constants that are arrays."""
    for tensor in getattr(graph, "initializer", ()):  # functions have none
        yield tensor.name, tensor
    for node in graph.node:
        for attribute in node.attribute if node.op_type == "Constant" and node.output else ():
            if attribute.name == "value" and attribute.t.dims:
                yield node.output[0], attribute.t
            elif attribute.name == "value_floats":
                yield node.output[0], onnx.helper.make_tensor("", onnx.TensorProto.FLOAT, [len(attribute.floats)],
                                                              attribute.floats)


def load_onnx(path, key):
    try:
        model = onnx.load(path)  # and the files of its folder that it names
    except OSError:
        raise
    except Exception as error:  # whatever a broken file raises
        raise Refused(f"{path} is not an ONNX file, or not a whole one: {' '.join(str(error).split())}")
    graphs = [*onnx_graphs(model.graph)]
    for function in model.functions:
        graphs += onnx_graphs(function, function.name)
    floats = {getattr(onnx.TensorProto, dtype): dtype for dtype in ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16")}
    found = [(place, name, tensor) for place, graph in graphs for name, tensor in onnx_weights(graph)]
    places = sorted({place for place, _, tensor in found if tensor.data_type in floats})
    if key is not None and key not in places:
        raise Refused(f"{path} has no graph {key!r} with weights; there are: {', '.join(map(repr, places)) or 'none'}")
    for _, graph in graphs:
        for tensor in getattr(graph, "sparse_initializer", ()):
            raise Refused(f"{path}: {tensor.values.name} is sparse; expected a dense tensor")
    tensors, left_out = {}, []
    for place, name, tensor in found:
        if key not in (None, place):
            continue
        if tensor.data_type not in floats:
            left_out.append(name)
            continue
        if name in tensors:
            raise Refused(f"{path} has several tensors {name}; expected --key with one of {', '.join(map(repr, places))}")
        try:
            value = onnx.numpy_helper.to_array(tensor)
        except Exception:  # whatever a broken tensor raises
            raise Refused(f"{path}: {name} is broken: its shape is {list(tensor.dims)}, its data are of another size")
        if floats[tensor.data_type] == "BFLOAT16":  # NumPy has no such type
            tensors[name] = torch.from_numpy(value.astype("float32")).to(torch.bfloat16)
        else:
            tensors[name] = torch.from_numpy(value.copy())
    if not tensors:
        raise Refused(f"{path} has no weights: neither floating-point initializers nor constants that are arrays")
    if left_out:
        print(f"{path}: left out, no floating point: {', '.join(left_out[:8])}"
              + (f" and {len(left_out) - 8} more" if len(left_out) > 8 else ""))
    return tensors


def load_archive(path, key):
    if key is not None:
        raise Refused(f"--key {key}: an archive holds no state_dicts to choose from")
    try:
        archive = numpy.load(path, allow_pickle=False)
    except OSError:
        raise
    except Exception:  # whatever a broken archive raises
        archive = None
    if not isinstance(archive, numpy.lib.npyio.NpzFile):
        raise Refused(f"{path} is not an archive of arrays; expected what numpy.savez writes")
    tensors, left_out = {}, []
    with archive:
        members = archive.zip.namelist()
        for member in members:
            name = member.removesuffix(".npy")
            if members.count(member) > 1 or name != member and name in members:
                raise Refused(f"{path} holds two arrays of the name {name}")
            if name == member:
                left_out.append(member)
            else:
                tensors[name] = array_of(archive, path, name)
    if not tensors:
        raise Refused(f"{path} holds no array{', but ' + ', '.join(left_out[:8]) if left_out else ''}")
    if left_out:
        print(f"{path}: left out, as no arrays: {', '.join(left_out)}")
    return tensors


def array_of(archive, path, name):
    try:
        array = archive[name]
    except Exception as error:
        raise Refused(f"{path}: {name} cannot be read: {error}")
    if not isinstance(array, numpy.ndarray):  # bytes, if they do not begin as an array's do
        raise Refused(f"{path}: {name} is not an array")
    try:
        # A copy, in C's order and the processor's byte order: what PyTorch takes.
        tensor = torch.from_numpy(numpy.array(array, array.dtype.newbyteorder("="), order="C"))
    except TypeError:
        tensor = None
    if name == "__metadata__" or tensor is None or tensor.is_complex():
        raise Refused(f"{path}: safetensors has no tensor of the name {name} and the type {array.dtype}")
    return tensor


def load_safetensors(path):
    try:
        return safetensors.torch.load_file(path)
    except safetensors.SafetensorError as error:
        raise Refused(f"{path} is not a safetensors file: {error}")


# Of what becomes a safetensors file.
LOADERS = {**dict.fromkeys(CHECKPOINTS, load_checkpoint), ".onnx": load_onnx, ".npz": load_archive}


def rename(tensors, new_name):
    renamed = {}
    for name, tensor in tensors.items():
        if new_name(name) in renamed:
            raise Refused(f"two tensors would be named {new_name(name)}")
        renamed[new_name(name)] = tensor
    return renamed


def convert(source, target, prefix, dtype, key):
    to_safetensors = target.suffix == ".safetensors"
    if not (source.suffix in LOADERS if to_safetensors else
            source.suffix == ".safetensors" and target.suffix in CHECKPOINTS):
        raise Refused(f"cannot turn {source} into {target}; expected one of {', '.join(LOADERS)} and a .safetensors file, "
                      f"or a .safetensors file and one of {', '.join(CHECKPOINTS)}")
    if source.exists() and target.exists() and target.samefile(source):
        raise Refused(f"{target} is {source} by another name; expected two files")
    if key is not None and not to_safetensors:
        raise Refused(f"--key {key}: a safetensors file holds no state_dicts to choose from")

    try:
        tensors = LOADERS[source.suffix](source, key) if to_safetensors else load_safetensors(source)
    except OSError as error:
        raise Refused(f"cannot read {source}: {error.strerror or 'no such file'}")
    if prefix and to_safetensors:
        if not any(name.startswith(prefix) for name in tensors):
            raise Refused(f"no tensor of {source} has a name that begins with {prefix}")
        tensors = rename(tensors, lambda name: name.removeprefix(prefix))
    elif prefix:
        tensors = rename(tensors, lambda name: prefix + name)

    for name, tensor in tensors.items():
        if dtype and tensor.is_floating_point():
            tensor = tensor.to(getattr(torch, dtype))
        # A clone each: the format has no tensors that share memory, nor strides.
        tensors[name] = tensor.detach().clone(memory_format=torch.contiguous_format)

    try:
        write(tensors, target.resolve(), to_safetensors)
    except OSError as error:
        raise Refused(f"cannot write {target}: {error.strerror or error}")
    print(f"{target}: {len(tensors)} tensors, {sum(t.numel() for t in tensors.values())} numbers")
    if to_safetensors:
        hint(target, tensors)


def hint(target, tensors):
    """What a model may not take as it is."""
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() and not name.endswith("num_batches_tracked"):
            print(f"{target}: {name} is of {str(tensor.dtype).removeprefix('torch.')}, no floating point")
    for prefix in ("module.", "_orig_mod.", "model."):  # of DataParallel, torch.compile and Lightning
        if tensors and all(name.startswith(prefix) for name in tensors):
            print(f"{target}: all names begin with {prefix}, which --prefix {prefix} would take off")


def write(tensors, target, to_safetensors):
    # Beside the target first, so that a failure leaves the old file.
    handle, beside = tempfile.mkstemp(prefix=".convert-", suffix=".tmp", dir=target.parent)
    os.close(handle)
    try:
        if to_safetensors:
            safetensors.torch.save_file(tensors, beside, metadata={"format": "pt"})
        else:
            torch.save(tensors, beside)
        os.chmod(beside, 0o666 & ~umask())
        os.replace(beside, target)
    except BaseException:
        pathlib.Path(beside).unlink(missing_ok=True)
        raise


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("source", type=pathlib.Path, help=f"what to read: {', '.join(LOADERS)} or .safetensors")
    parser.add_argument("target", type=pathlib.Path, help=f"what to write: .safetensors, or of it {', '.join(CHECKPOINTS)}")
    parser.add_argument("--prefix", default="", help="taken off the names towards safetensors, put before them back")
    parser.add_argument("--dtype", choices=DTYPES, help="of all floating-point tensors; as they are by default")
    parser.add_argument("--key", help="which state_dict of a checkpoint, its keys with a / between: ema/model; which graph of an "
                        "ONNX file: If_0/then_branch")
    arguments = parser.parse_args()
    try:
        global numpy, onnx, safetensors, torch
        try:
            import safetensors.torch
            import torch
            if arguments.source.suffix == ".onnx":
                import onnx.numpy_helper
            if arguments.source.suffix == ".npz":
                import numpy
        except ImportError as error:
            raise Refused(f"the package {error.name} is missing")
        convert(arguments.source, arguments.target, arguments.prefix, arguments.dtype, arguments.key)
    except Refused as refused:
        print(f"convert.py: {refused}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
