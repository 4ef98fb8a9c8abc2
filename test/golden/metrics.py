# SPDX-License-Identifier: MIT
"""Metrics of `evaluate`: PyTorch's functions where it has them, else their definitions in NumPy."""

import numpy as np
import torch
from torch.nn import functional

from store import File


def metrics():
    file = File("metrics")
    for case, weighted in (("classes", False), ("classes_weighted", True)):
        file.case(case)
        # Class 4 is never a target, class 5 neither a target nor an output, class 6 is never an output.
        x, target = torch.randn(5, 4, 7), torch.randint(4, (5, 4))
        x[..., 5:] -= 10
        target[0, 0] = target[1, 1] = 6
        target[2, 2] = target[3, 1] = -100
        weight = torch.rand(5, 4) if weighted else torch.ones(5, 4)
        weight[4, 0] = 0 if weighted else 1
        known = (target != -100).flatten()
        y, t, w = x.flatten(0, 1)[known], target.flatten()[known], weight.flatten()[known]
        predicted = y.argmax(-1)
        confusion = np.zeros((7, 7))
        np.add.at(confusion, (t.numpy(), predicted.numpy()), w.numpy())
        values = {"accuracy": ((predicted == t) * w).sum() / w.sum(),
                  "top_3": ((y.topk(3).indices == t[:, None]).any(-1) * w).sum() / w.sum(),
                  "perplexity": ((functional.cross_entropy(y, t, reduction="none") * w).sum() / w.sum()).exp()}
        values |= averages(np.diag(confusion), confusion.sum(0), confusion.sum(1))
        add(file, case, x, target, weight, values, {"confusion": torch.from_numpy(confusion)})
    file.case("labels")  # several of 0 and 1 for each step
    x, target = torch.randn(5, 4, 3), torch.randint(2, (5, 4, 3)).double()
    x[..., 1], target[..., 2] = -1, 0
    y, t = x.numpy() > 0, target.numpy() > 0
    values = {"accuracy": (y == t).mean()}
    values |= averages(*((both.sum((0, 1)).astype(float)) for both in (y & t, y, t)))
    add(file, "labels", x, target, torch.ones(5, 4), values, {})
    file.case("numbers")
    x, target, weight = torch.randn(5, 4, 2), 1e3 + torch.randn(5, 4, 2), torch.rand(5, 4)
    x += target
    w = weight[..., None].expand_as(x)
    mean = (w * target).sum((0, 1)) / w.sum((0, 1))
    residual, total = (w * (x - target) ** 2).sum((0, 1)), (w * (target - mean) ** 2).sum((0, 1))
    values = {"mse": (w * (x - target) ** 2).sum() / w.sum(), "mae": (w * (x - target).abs()).sum() / w.sum(),
              "r2": (1 - residual / total).mean()}
    add(file, "numbers", x, target, weight, values, {})
    return file


def averages(both, predicted, actual):
    """Precision, recall and F1 over the classes that occur; a class without outputs or targets has 0."""
    def ratio(a, b):
        return np.divide(a, b, out=np.zeros_like(a), where=b > 0)

    occurs = predicted + actual > 0
    each = {"precision": lambda b, p, a: ratio(b, p), "recall": lambda b, p, a: ratio(b, a),
            "f1": lambda b, p, a: ratio(2 * b, p + a)}
    macro = {f"{name}_macro": of(both, predicted, actual)[occurs].mean() for name, of in each.items()}
    sums = [np.asarray([part.sum()]) for part in (both, predicted, actual)]
    return macro | {f"{name}_micro": of(*sums)[0] for name, of in each.items()}


def add(file, case, x, target, weight, values, tensors):
    file.add(case, {"x": x, "target": target, "weight": weight} | tensors |
             {name: torch.as_tensor(value, dtype=torch.float64).reshape(1) for name, value in values.items()})
