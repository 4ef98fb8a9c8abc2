#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns a PyTorch checkpoint into a safetensors file, or back.

    tools/convert.py model.pt model.safetensors
    tools/convert.py model.safetensors model.pt

A checkpoint is a state_dict, or a dict that holds one as "state_dict" or "model". Nothing but tensors is loaded from
it. Tied tensors become tensors of their own. Metadata of a safetensors file is not carried over to a checkpoint.
Needs the torch and safetensors packages.
"""
import argparse
import os
import pathlib
import sys
import tempfile
import warnings

CHECKPOINTS = (".pt", ".pth")
DTYPES = ("float16", "bfloat16", "float32", "float64")


class Refused(Exception):
    """A sentence that says what is wrong."""


def load_checkpoint(path):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception:  # whatever a broken or hostile pickle raises
        raise Refused(f"{path} is not a checkpoint of tensors alone; expected a saved model.state_dict()")
    for key in ("state_dict", "model"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
            break
    if not isinstance(found, dict):
        raise Refused(f"{path} holds a {type(found).__name__}; expected a state_dict")
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise Refused(f"{path} holds a {type(value).__name__} as {name!r}; expected tensors by name")
        if name == "__metadata__" or value.dtype == torch.complex128:
            raise Refused(f"{path}: safetensors has no tensor of the name {name} and the type {value.dtype}")
        if value.layout != torch.strided or value.is_quantized or value.is_meta:
            raise Refused(f"{path}: {name} is sparse, quantized or without data; expected a dense tensor")
    return dict(found)


def load_safetensors(path):
    try:
        return safetensors.torch.load_file(path)
    except safetensors.SafetensorError as error:
        raise Refused(f"{path} is not a safetensors file: {error}")


def rename(tensors, new_name):
    renamed = {}
    for name, tensor in tensors.items():
        if new_name(name) in renamed:
            raise Refused(f"two tensors would be named {new_name(name)}")
        renamed[new_name(name)] = tensor
    return renamed


def convert(source, target, prefix, dtype):
    kinds = ["checkpoint" if p.suffix in CHECKPOINTS else p.suffix for p in (source, target)]
    if sorted(kinds) != [".safetensors", "checkpoint"]:
        raise Refused(f"cannot turn {source} into {target}; expected one .pt or .pth and one .safetensors file")
    if target.exists() and target.samefile(source):
        raise Refused(f"{target} is {source} by another name; expected two files")
    to_safetensors = target.suffix == ".safetensors"

    try:
        tensors = load_checkpoint(source) if to_safetensors else load_safetensors(source)
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
    parser.add_argument("source", type=pathlib.Path, help="what to read: .pt, .pth or .safetensors")
    parser.add_argument("target", type=pathlib.Path, help="what to write: the other of the two")
    parser.add_argument("--prefix", default="", help="taken off the names towards safetensors, put before them back")
    parser.add_argument("--dtype", choices=DTYPES, help="of all floating-point tensors; as they are by default")
    arguments = parser.parse_args()
    try:
        global safetensors, torch
        try:
            import safetensors.torch
            import torch
        except ImportError as error:
            raise Refused(f"the package {error.name} is missing")
        convert(arguments.source, arguments.target, arguments.prefix, arguments.dtype)
    except Refused as refused:
        print(f"convert.py: {refused}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
