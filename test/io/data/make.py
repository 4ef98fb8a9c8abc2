#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes python.safetensors with PyTorch and the safetensors package, beside this script."""
import pathlib

import torch
from safetensors.torch import save_file

tensors = {
    "rnn.weight_ih_l0": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4 - 1,
    "rnn.bias_ih_l0": torch.tensor([0.5, float("inf")], dtype=torch.float32),
    "half": torch.tensor([1.0, -2.0, 0.5], dtype=torch.float16),
    "brain": torch.tensor([1.0, -2.0], dtype=torch.bfloat16),
    "double": torch.tensor([[1.0 / 3.0]], dtype=torch.float64),
    "steps": torch.tensor(-7, dtype=torch.int64),
    "mask": torch.tensor([True, False, True]),
    "bytes": torch.tensor([0, 127, 255], dtype=torch.uint8),
    "nothing": torch.zeros((0, 4), dtype=torch.float32),
    'quote " \\ tab \t grüße 🎼': torch.tensor([1, -1], dtype=torch.int32),
}
save_file(tensors, pathlib.Path(__file__).with_name("python.safetensors"), metadata={"format": "pt"})
