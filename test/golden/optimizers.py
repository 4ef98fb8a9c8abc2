# SPDX-License-Identifier: MIT
"""Optimizers: parameters after each step, of PyTorch's, and of Lion by the equations of its paper."""

import torch

from store import File


class Lion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al."""

    def __init__(self, parameters, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            (b1, b2), rate = group["betas"], group["lr"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                p -= rate * ((b1 * m + (1 - b1) * p.grad).sign() + group["weight_decay"] * p)
                self.state[p]["m"] = b2 * m + (1 - b2) * p.grad


CASES = {
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1),
    "adagrad_decay": lambda p: torch.optim.Adagrad(p, lr=0.1, lr_decay=0.1, weight_decay=0.05,
                                                   initial_accumulator_value=0.5, eps=1e-3),
    "nadam": lambda p: torch.optim.NAdam(p, lr=0.05),
    "nadam_decay": lambda p: torch.optim.NAdam(p, lr=0.05, betas=(0.8, 0.9), weight_decay=0.05, momentum_decay=0.2),
    "radam": lambda p: torch.optim.RAdam(p, lr=0.05),
    "radam_decay": lambda p: torch.optim.RAdam(p, lr=0.05, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.05),
    "lion": lambda p: Lion(p, lr=0.05),
    "lion_decay": lambda p: Lion(p, lr=0.05, betas=(0.8, 0.95), weight_decay=0.1),
}


def optimizers():
    file = File("optimizers")
    for case, make in CASES.items():
        file.case(case)
        p, gradients, path = torch.nn.Parameter(torch.randn(5)), torch.randn(20, 5), []
        gradients[:, 4] = 0
        optimizer, first = make([p]), p.detach().clone()
        for gradient in gradients:
            p.grad = gradient.clone()
            optimizer.step()
            path.append(p.detach().clone())
        file.add(case, {"p": first, "gradients": gradients, "path": torch.stack(path)})
    return file
