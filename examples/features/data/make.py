#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the files beside this script: a small model of PyTorch's, as safetensors and as ONNX; a policy of the tests."""
import pathlib
import shutil

import onnx
import torch
from safetensors.torch import save_file
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent


class Amp(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 8)
        self.fc = nn.Linear(8, 1)

    def forward(self, x):
        return self.fc(self.lstm(x)[0])


torch.manual_seed(1)
model = Amp().eval()
save_file(model.state_dict(), HERE / "amp.safetensors")
torch.onnx.export(model, (torch.zeros(4, 1, 1),), HERE / "amp.onnx", dynamo=False)
file = onnx.load(HERE / "amp.onnx")
for node in file.graph.node:
    node.ClearField("doc_string")
onnx.save(file, HERE / "amp.onnx")
shutil.copy(HERE.parents[2] / "test/io/data/onnx_policy_masked.onnx", HERE / "policy.onnx")  # test/exports/policies.py
