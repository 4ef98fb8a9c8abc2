# SPDX-License-Identifier: MIT
"""Losses: PyTorch's where it has them, else the equations of the papers, differentiated by PyTorch."""

import math

import torch
from torch.nn import functional

from store import File, gradients


def cross_entropy(x, target):
    """The mean over all valid steps of (T, B, V); a target of -100 is none."""
    return functional.cross_entropy(x.flatten(0, 1), target.flatten().long(), ignore_index=-100)


def add_loss(file, case, loss, x, target, **weights):
    x.requires_grad_()
    value = loss(x, target)
    file.add(case, {"x": x, "target": target, "loss": value[None]} | weights | gradients([value], [1.0], {"dx": x}))


def some(*shape):
    return torch.rand(*shape) < 0.3


def logits(*shape, extreme):
    """Random logits, some of them drawn out to +-extreme."""
    x = torch.randn(*shape)
    return torch.where(some(*shape), extreme * x.sign(), x) if extreme else x


def losses():
    file = File("losses")
    for classes in (5, 33):
        for suffix, extreme in (("", 0), ("_extreme", 1e3)):
            case = f"cross_entropy_{classes}{suffix}"
            file.case(case)
            target = torch.randint(classes, (3, 4)).masked_fill(some(3, 4), -100)
            add_loss(file, case, cross_entropy, logits(3, 4, classes, extreme=extreme), target)
    file.case("mse")
    add_loss(file, "mse", functional.mse_loss, torch.randn(3, 4, 5), torch.randn(3, 4, 5))
    for case, extreme in (("bce", 0), ("bce_extreme", 100)):
        file.case(case)
        target = torch.randint(2, (3, 4, 5)).double()
        add_loss(file, case, functional.binary_cross_entropy_with_logits, logits(3, 4, 5, extreme=extreme), target)
    regression(file)
    likelihoods(file)
    margins(file)
    weighted(file)
    return file


def regression(file):
    for case, loss in (("mae", functional.l1_loss), ("huber", lambda x, y: functional.huber_loss(x, y, delta=0.7)),
                       ("smooth_l1", lambda x, y: functional.smooth_l1_loss(x, y, beta=0.7))):
        file.case(case)
        add_loss(file, case, loss, torch.randn(3, 4, 5), torch.randn(3, 4, 5))
    file.case("quantile")
    add_loss(file, "quantile", lambda x, y: pinball(x, y, (0.1, 0.5, 0.9)), torch.randn(3, 4, 6), torch.randn(3, 4, 2))
    for name, loss in (("mse", functional.mse_loss), ("quantile", lambda x, y: pinball(x, y, (0.1, 0.5, 0.9)))):
        case = f"{name}_ignored"
        file.case(case)
        target = torch.randn(3, 4, 2).masked_fill(some(3, 4, 2), math.nan)

        def known(x, y, loss=loss):
            given = ~y.isnan()
            each = [output[given] for output in x.chunk(x.shape[-1] // y.shape[-1], -1)]
            return loss(torch.cat([output[:, None] for output in each], -1), y[given][:, None])
        add_loss(file, case, known, torch.randn(3, 4, 2 if name == "mse" else 6), target)


def pinball(x, target, levels):
    """The pinball loss of Koenker & Bassett, the first quantile of all targets first."""
    errors = [(level, target - output) for level, output in zip(levels, x.chunk(len(levels), -1), strict=True)]
    return torch.stack([torch.maximum(level * error, (level - 1) * error) for level, error in errors]).mean()


def likelihoods(file):
    file.case("gaussian")
    x = torch.randn(3, 4, 10)
    x[0, :, 5:] = -20  # a variance below the least
    x[1, 0, 5:] = 300
    add_loss(file, "gaussian", lambda x, y: functional.gaussian_nll_loss(
        x[..., :5], y, x[..., 5:].exp(), full=True, eps=1e-6), x, torch.randn(3, 4, 5))
    file.case("student")
    add_loss(file, "student", student, 2 * torch.randn(3, 4, 15), 3 * torch.randn(3, 4, 5))
    file.case("student_many")  # degrees of freedom
    x = torch.randn(3, 4, 15)
    x[..., 10:] = 10 ** (3 * torch.rand(3, 4, 5))
    add_loss(file, "student_many", student, x, torch.randn(3, 4, 5))
    file.case("poisson")
    target = torch.poisson(4 * torch.rand(3, 4, 5))
    add_loss(file, "poisson", lambda x, y: functional.poisson_nll_loss(x, y) + torch.lgamma(y + 1).mean(),
             torch.randn(3, 4, 5), target)


def student(x, target):
    location, scale, degrees = x.chunk(3, -1)
    distribution = torch.distributions.StudentT(2 + functional.softplus(degrees), location, scale.exp())
    return -distribution.log_prob(target).mean()


def margins(file):
    file.case("hinge")
    sign = 2.0 * torch.randint(2, (3, 4, 5)) - 1
    add_loss(file, "hinge", lambda x, y: (0.8 - y * x).clamp(min=0).mean(), torch.randn(3, 4, 5), sign)
    file.case("multi_margin")
    add_loss(file, "multi_margin", lambda x, y: functional.multi_margin_loss(
        x.flatten(0, 1)[y.flatten() != -100], y.flatten()[y.flatten() != -100].long(), margin=0.8),
        torch.randn(3, 4, 5), classes_of(5))
    for gamma in (2, 0.5, 0):
        case = f"focal_{gamma}"
        file.case(case)
        add_loss(file, case, lambda x, y, gamma=gamma: weighted_mean(focal(x, y, gamma), (y != -100).double()),
                 logits(3, 4, 5, extreme=30), classes_of(5))
    for gamma, alpha in ((2, 0.25), (0.5, -1), (0, 0.75)):
        case = f"binary_focal_{gamma}"
        file.case(case)
        add_loss(file, case, lambda x, y, gamma=gamma, alpha=alpha: binary_focal(x, y, gamma, alpha),
                 logits(3, 4, 5, extreme=30), torch.randint(2, (3, 4, 5)).double())


def classes_of(count):
    return torch.randint(count, (3, 4)).masked_fill(some(3, 4), -100)


def focal(x, target, gamma):
    """Eq. (4) of Lin et al., of each target; of an ignored one any number."""
    log_p = functional.log_softmax(x, -1)
    chosen = functional.one_hot(target.clamp(min=0).long(), x.shape[-1]).bool()
    rest = log_p.masked_fill(chosen, -math.inf).logsumexp(-1).exp()  # 1 - p
    return -rest ** gamma * log_p[chosen].reshape(target.shape)


def binary_focal(x, target, gamma, alpha):
    """torchvision.ops.sigmoid_focal_loss with the mean."""
    entropy = functional.binary_cross_entropy_with_logits(x, target, reduction="none")
    q = target * torch.sigmoid(-x) + (1 - target) * torch.sigmoid(x)
    a = alpha * target + (1 - alpha) * (1 - target) if alpha >= 0 else 1
    return (a * q ** gamma * entropy).mean()


def weighted_mean(losses, weights):
    """By weights, of which a loss of weight 0 may be anything."""
    return torch.where(weights > 0, weights * losses, 0).sum() / weights.sum()


def weighted(file):
    """Weights of classes (class_weights) and of columns (weight), and label smoothing."""
    for count in (5, 33):
        for suffix, extreme in (("", 0), ("_extreme", 1e3)):
            for smoothing in (0.0, 0.2):
                case = f"cross_entropy_{count}_weights_{smoothing}{suffix}"
                file.case(case)
                weights = 2 * torch.rand(count)
                add_loss(file, case, lambda x, y, smoothing=smoothing, weights=weights: functional.cross_entropy(
                    x.flatten(0, 1), y.flatten().long(), weights, ignore_index=-100, label_smoothing=smoothing),
                    logits(3, 4, count, extreme=extreme), classes_of(count), class_weights=weights)
        case = f"cross_entropy_{count}_smoothing"
        file.case(case)
        add_loss(file, case, lambda x, y: functional.cross_entropy(
            x.flatten(0, 1), y.flatten().long(), ignore_index=-100, label_smoothing=0.1),
            logits(3, 4, count, extreme=0), classes_of(count))
    for name, each in (("focal", lambda x, y: focal(x, y, 2)), ("multi_margin", lambda x, y: functional.multi_margin_loss(
            x.flatten(0, 1), y.flatten().clamp(min=0).long(), margin=0.8, reduction="none").reshape(y.shape))):
        case = f"{name}_weights"
        file.case(case)
        weights = 2 * torch.rand(5)
        add_loss(file, case, lambda x, y, each=each, weights=weights: weighted_mean(
            each(x, y), weights[y.clamp(min=0).long()] * (y != -100)), torch.randn(3, 4, 5), classes_of(5),
            class_weights=weights)
    file.case("bce_positive")
    add_loss(file, "bce_positive", lambda x, y: functional.binary_cross_entropy_with_logits(
        x, y, pos_weight=torch.tensor(3.0)), logits(3, 4, 5, extreme=100), torch.rand(3, 4, 5))
    for case, smoothing in (("samples_cross_entropy", 0.0), ("samples_smoothing", 0.1)):
        file.case(case)
        weight, target, of_classes = of_columns(), torch.randint(5, (3, 4)), 2 * torch.rand(5)
        add_loss(file, case, lambda x, y, weight=weight, smoothing=smoothing, of_classes=of_classes: (
            weight.flatten() * functional.cross_entropy(x.flatten(0, 1), y.flatten().long(), of_classes,
                                                        reduction="none", label_smoothing=smoothing)
            ).sum() / (weight * of_classes[y]).sum(), torch.randn(3, 4, 5), target, class_weights=of_classes,
            weight=weight)
    for case, each in (("samples_huber", lambda x, y: functional.huber_loss(x, y, reduction="none", delta=0.7)),
                       ("samples_bce", lambda x, y: functional.binary_cross_entropy_with_logits(
                           x, y, reduction="none"))):
        file.case(case)
        weight = of_columns()
        add_loss(file, case, lambda x, y, each=each, weight=weight: weighted_mean(
            each(x, y), weight[..., None].expand(3, 4, 5)), torch.randn(3, 4, 5), torch.rand(3, 4, 5), weight=weight)


def of_columns():
    return (2 * torch.rand(3, 4)).masked_fill(some(3, 4), 0)
