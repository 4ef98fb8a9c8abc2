# SPDX-License-Identifier: MIT
"""Prints the learning rates that PyTorch's schedulers give a base rate of 1, for test/optimizer/schedule.cpp."""
import warnings

import torch
from torch.optim import lr_scheduler as schedulers

warnings.filterwarnings("ignore", message="The epoch parameter in `scheduler.step", category=UserWarning)


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def show(name, rates):
    print(name)
    for first in range(0, len(rates), 5):
        print("    " + " ".join(f"{rate!r}," for rate in rates[first : first + 5]))


def by_step(make, steps):
    sgd = optimizer()
    schedule = make(sgd)
    rates = []
    for _ in range(steps):
        rates.append(float(sgd.param_groups[0]["lr"]))
        sgd.step()
        schedule.step()
    return rates


def by_value(values, **settings):
    sgd = optimizer()
    schedule = schedulers.ReduceLROnPlateau(sgd, mode="min", threshold_mode="rel", cooldown=0, eps=0, **settings)
    rates = []
    for value in values:
        schedule.step(value)
        rates.append(float(sgd.param_groups[0]["lr"]))
    return rates


def warm_cosine(sgd):
    rise = schedulers.LinearLR(sgd, start_factor=0.1, total_iters=4)
    return schedulers.SequentialLR(sgd, [rise, schedulers.CosineAnnealingLR(sgd, T_max=6, eta_min=0.2)], milestones=[4])


show("step", by_step(lambda sgd: schedulers.StepLR(sgd, step_size=3, gamma=0.7), 15))
show("cosine", by_step(lambda sgd: schedulers.CosineAnnealingLR(sgd, T_max=7, eta_min=0.05), 20))
show("warm up", by_step(lambda sgd: schedulers.LinearLR(sgd, total_iters=5), 10))
show("warm up, cosine", by_step(warm_cosine, 10))
values = [1.0, 0.9, 0.9, 0.899, 0.95, 0.85, 0.86, float("nan"), 0.8499, 0.84, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9,
          float("inf"), 0.1, -1.0, -0.9995, -1.1, -1.0, -1.0]
show("plateau", by_value(values, patience=2, factor=0.5, threshold=0.01, min_lr=0.1))
show("plateau, patience 0", by_value([3.0, 2.0, 2.0, 1.9999, 1.9, 5.0], patience=0))
show("one cycle", by_step(lambda sgd: schedulers.OneCycleLR(sgd, max_lr=1.0, total_steps=12), 12))
show("one cycle, other", by_step(lambda sgd: schedulers.OneCycleLR(
    sgd, max_lr=1.0, total_steps=10, pct_start=0.5, div_factor=10, final_div_factor=2), 10))
show("polynomial", by_step(lambda sgd: schedulers.PolynomialLR(sgd, total_iters=5, power=2.5), 8))
show("warm restarts", by_step(lambda sgd: schedulers.CosineAnnealingWarmRestarts(sgd, T_0=2, T_mult=2, eta_min=0.1), 16))
show("warm restarts, equal", by_step(lambda sgd: schedulers.CosineAnnealingWarmRestarts(sgd, T_0=3), 8))
