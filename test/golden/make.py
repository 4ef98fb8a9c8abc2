# SPDX-License-Identifier: MIT
"""Writes the golden files of this folder with PyTorch: python -B make.py [folder]. README.md says what they hold."""

import pathlib
import sys

import torch

import attention
import ctc
import layers
import linear
import losses
import metrics
import optimizers
import recurrent
import traces
import variants


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    print(f"loop against nn.GRU: {recurrent.check_loop():.1e} at most")
    print(f"variants without options against PyTorch: {variants.check_variant():.1e} at most")
    files = [recurrent.layers(name, build) for name, build in recurrent.KINDS.items()]
    files += [recurrent.cells(), layers.layers(), layers.maps(), layers.convolutions(), layers.batch_norms()]
    files += [losses.losses(), ctc.ctc(), metrics.metrics(), optimizers.optimizers()]
    files += [attention.attention(), traces.traces(), variants.variants(),
              variants.variants("projections", variants.PROJECTED), linear.linear()]
    for file in files:
        file.save(folder)
        print(f"{file.name}.safetensors: {len(file.tensors)} tensors")


if __name__ == "__main__":
    main()
