# SPDX-License-Identifier: MIT
"""An export, its inputs, and how its axes lie: what Rondo's are compared with."""

import dataclasses
import pathlib


@dataclasses.dataclass
class Case:
    path: pathlib.Path
    inputs: dict  # by the graph's names
    batch_first: bool = False
    output: str = "y"
