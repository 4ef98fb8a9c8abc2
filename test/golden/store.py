# SPDX-License-Identifier: MIT
"""Golden files: named tensors with the seed of each case, and the gradients that fill them."""

import json

import safetensors.numpy
import torch


class File:
    """One golden file, filled case by case."""

    def __init__(self, name):
        self.name, self.tensors, self.metadata = name, {}, {"torch": torch.__version__}

    def case(self, name):
        """Starts a case: the n-th of a file draws from seed n."""
        seed = 1 + sum(key.startswith("seed/") for key in self.metadata)
        self.metadata[f"seed/{name}"] = str(seed)
        torch.manual_seed(seed)

    def add(self, prefix, tensors):
        """Keeps floating-point tensors in F64 and all others in I32."""
        for name, tensor in tensors.items():
            path = f"{prefix}/{name}"
            assert path not in self.tensors, path
            kind = torch.float64 if tensor.is_floating_point() else torch.int32
            self.tensors[path] = tensor.detach().to(kind).clone().contiguous().numpy()

    def save(self, folder):
        """Writes with sorted metadata, since safetensors gives it no fixed order."""
        data = safetensors.numpy.save(self.tensors, self.metadata)
        end = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:end])
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        (folder / f"{self.name}.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data[end:])


def leaf(*shape):
    """A random tensor that takes a gradient."""
    return torch.randn(*shape, requires_grad=True)


def parameters(module):
    """The leaves of a module, by the names of their gradients."""
    return {f"grad/{name}": parameter for name, parameter in module.named_parameters()}


def gradients(outputs, upstream, leaves):
    """Gradients of sum(output * gradient), summed over the outputs, by the names of the leaves."""
    total = sum((output * gradient).sum() for output, gradient in zip(outputs, upstream, strict=True))
    return dict(zip(leaves, torch.autograd.grad(total, list(leaves.values())), strict=True))
