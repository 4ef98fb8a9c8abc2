# SPDX-License-Identifier: MIT
"""CTC: PyTorch's loss and gradient in random cases, one after the other in the same tensors."""

import torch
from torch.nn import functional

from store import File

CASES = 200


def ctc():
    """Steps, classes and labels of all sizes; labels that repeat, none at all, or more than fit into the steps."""
    file = File("ctc")
    file.case("random")
    all_of = {name: [] for name in ("shape", "x", "steps", "labels", "target", "each", "loss", "loss_zero", "dx")}
    for case in range(CASES):
        steps, batch, classes, most = (number(1, limit) for limit in (12, 3, 6, 5))
        if case == 0:
            steps, batch, classes, most = 64, 2, 33, 20
        classes = max(classes, 2)
        blank = number(0, classes - 1)
        x = torch.randn(steps, batch, classes) * (1, 1, 10, 100)[case % 4]
        lengths = torch.tensor([number(1, steps) for _ in range(batch)])
        lengths[0] = steps
        counts = torch.tensor([number(0, most) for _ in range(batch)])
        target = torch.tensor([[other(blank, classes) for _ in range(batch)] for _ in range(most)])
        if case % 3 == 0:
            target[:] = target[:1]  # every label is repeated
        x.requires_grad_()

        def loss(x, reduction, zero_infinity=False):
            return functional.ctc_loss(x.log_softmax(-1), target.t(), lengths, counts, blank, reduction, zero_infinity)
        zero = loss(x, "mean", True)
        dx, = torch.autograd.grad(zero, x)
        for name, value in (("shape", torch.tensor([steps, batch, classes, most, blank])), ("x", x),
                            ("steps", lengths), ("labels", counts), ("target", target), ("each", loss(x, "none")),
                            ("loss", loss(x, "mean")), ("loss_zero", zero), ("dx", dx)):
            all_of[name].append(value.flatten())
    file.add("random", {name: torch.cat(values) for name, values in all_of.items()})
    misfits = torch.cat(all_of["each"]).isinf().sum()
    print(f"ctc: {misfits} of {len(torch.cat(all_of['each']))} sequences have labels that do not fit")
    return file


def number(least, most):
    return int(torch.randint(least, most + 1, ()))


def other(blank, classes):
    """A class that is not the blank."""
    k = number(0, classes - 2)
    return k + (k >= blank)
