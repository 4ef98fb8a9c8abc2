# SPDX-License-Identifier: MIT
"""Layers without memory."""

import torch
from torch import nn
from torch.nn import functional

from store import File, gradients, leaf, parameters


def add_layer(file, case, module, x):
    """A map from x to y; x has a gradient unless it is tokens."""
    y = module(x)
    dy = torch.randn_like(y)
    leaves = ({"dx": x} if x.requires_grad else {}) | parameters(module)
    file.add(case, {f"parameters/{name}": parameter for name, parameter in module.named_parameters()})
    file.add(case, {"x": x, "dy": dy, "y": y} | gradients([y], [dy], leaves))


def padded_tokens():
    tokens = torch.randint(7, (3, 4))
    tokens[0, 1] = tokens[2, 3] = 2
    return tokens


class OverTime(nn.Module):
    """The mean or the maximum of (T, B, F) over T."""

    def __init__(self, maximum):
        super().__init__()
        self.maximum = maximum

    def forward(self, x):
        return (x.amax(0) if self.maximum else x.mean(0))[None]


class Flatten(nn.Module):
    """(T, B, F) as (1, B, T F), or (1, B, F T) with the features first."""

    def __init__(self, features_first):
        super().__init__()
        self.features_first = features_first

    def forward(self, x):
        return x.permute((1, 2, 0) if self.features_first else (1, 0, 2)).flatten(1)[None]


class Hardsigmoid(nn.Module):
    """nn.Hardsigmoid, whose gradient has the factor 1/6 in single precision."""

    def forward(self, x):
        return (x / 6 + 0.5).clamp(0, 1)


class LastFeatures(nn.Module):
    """A module of (N, F, ...), applied to (T, B, F); its parameters have the names of the module's."""

    def __init__(self, module):
        super().__init__()
        self.weight = module.weight
        self.apply_to = [module]  # not a submodule

    def forward(self, x):
        return self.apply_to[0](x.flatten(0, 1)).view_as(x)


def further_layers(features):
    return {
        "leaky_relu": nn.LeakyReLU,
        "elu": nn.ELU,
        "gelu": nn.GELU,
        "gelu_tanh": lambda: nn.GELU("tanh"),
        "silu": nn.SiLU,
        "hardsigmoid": Hardsigmoid,
        "hardtanh": nn.Hardtanh,
        "softsign": nn.Softsign,
        "prelu": nn.PReLU,
        "prelu_each": lambda: LastFeatures(nn.PReLU(features)),
        "log_softmax": lambda: nn.LogSoftmax(-1),
        "layer_norm": lambda: nn.LayerNorm(features),
        "layer_norm_plain": lambda: nn.LayerNorm(features, eps=1e-2, elementwise_affine=False),
        "rms_norm": lambda: nn.RMSNorm(features),
        "mean": lambda: OverTime(False),
        "max": lambda: OverTime(True),
        "flatten": lambda: Flatten(False),
        "flatten_features": lambda: Flatten(True),
    }


def layers():
    file = File("layers")
    for inputs, outputs in ((33, 20), (1, 1)):
        case = f"linear_{inputs}_{outputs}"
        file.case(case)
        add_layer(file, case, nn.Linear(inputs, outputs), leaf(3, 4, inputs))
    file.case("embedding_7_5")
    add_layer(file, "embedding_7_5", nn.Embedding(7, 5, padding_idx=2), padded_tokens())
    maps = {"relu": nn.ReLU(), "tanh": nn.Tanh(), "sigmoid": nn.Sigmoid(), "softmax": nn.Softmax(-1)}
    for features in (5, 33):
        for name, module in maps.items():
            file.case(f"{name}_{features}")
            add_layer(file, f"{name}_{features}", module, leaf(3, 4, features))
    file.case("linear_5_3_no_bias")
    add_layer(file, "linear_5_3_no_bias", nn.Linear(5, 3, bias=False), leaf(3, 4, 5))
    return file


def maps():
    """Further layers of one input and one output."""
    file = File("maps")
    cases = [(features, *one) for features in (5, 33) for one in further_layers(features).items()]
    later = {"softplus": nn.Softplus, "threshold": lambda: nn.Threshold(0.5, 0.0)}
    cases += [(features, *one) for features in (5, 33) for one in later.items()]
    for features, name, make in cases:
        case = f"{name}_{features}"
        file.case(case)
        module = make()
        with torch.no_grad():  # not the initial ones and zeros
            for parameter in module.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
        add_layer(file, case, module, leaf(2, 3, features))
    return file


class OverSteps(nn.Module):
    """A convolution of (B, F, T), applied to (T, B, F) after padding its steps; its parameters have its names."""

    def __init__(self, inputs, outputs, kernel, left=0, right=0, mode="constant", **options):
        super().__init__()
        conv = nn.Conv1d(inputs, outputs, kernel, **options)
        self.weight, self.bias = conv.weight, conv.bias
        self.conv, self.padding, self.mode = [conv], (left, right), mode  # not a submodule

    def forward(self, x):
        return self.conv[0](functional.pad(x.permute(1, 2, 0), self.padding, self.mode)).permute(2, 0, 1)


class Pool(nn.Module):
    """A pool of (B, F, T), applied to (T, B, F) after padding its steps by `value`."""

    def __init__(self, pool, left=0, right=0, value=0.0):
        super().__init__()
        self.pool, self.padding, self.value = pool, (left, right), value

    def forward(self, x):
        return self.pool(functional.pad(x.permute(1, 2, 0), self.padding, value=self.value)).permute(2, 0, 1)


class Voice(nn.Module):
    """The voice detector of examples/common/voice_network.hpp: (T, B, samples of a frame) to (T, B, 1)."""

    class Frame(nn.Module):
        def __init__(self, context, window, wide, narrow):
            super().__init__()
            self.context, self.bins = context, window // 2 + 1
            self.stft = nn.Conv1d(1, 2 * self.bins, window, stride=window // 2, bias=False)
            self.conv0 = nn.Conv1d(self.bins, wide, 3, padding=1)
            self.conv1 = nn.Conv1d(wide, narrow, 3, stride=2, padding=1)
            self.conv2 = nn.Conv1d(narrow, narrow, 3, stride=2, padding=1)
            self.conv3 = nn.Conv1d(narrow, wide, 3, padding=1)

        def forward(self, x):
            x = self.stft(functional.pad(x[:, None], (0, self.context), "reflect"))
            x = (x[:, : self.bins] ** 2 + x[:, self.bins :] ** 2).sqrt()
            for conv in (self.conv0, self.conv1, self.conv2, self.conv3):
                x = conv(x).relu()
            return x[..., 0]

    def __init__(self, context=4, window=16, wide=10, narrow=5, hidden=7):
        super().__init__()
        self.frame = self.Frame(context, window, wide, narrow)
        self.lstm = nn.LSTM(wide, hidden)
        self.head = nn.Conv1d(hidden, 1, 1)

    def forward(self, x):
        y = self.lstm(self.frame(x.flatten(0, 1)).unflatten(0, x.shape[:2]))[0].relu()
        return self.head(y.permute(1, 2, 0)).permute(2, 0, 1)


def convolutions():
    """Convolutions and pools over 11 steps of 3 sequences, and a network of them over 6 frames of 3 sounds."""
    file = File("convolutions")
    for name, make in {
        "plain": lambda: OverSteps(3, 5, 3),
        "causal_dilated": lambda: OverSteps(5, 20, 3, left=4, dilation=2),
        "strided_groups": lambda: OverSteps(4, 6, 3, left=1, right=1, stride=2, groups=2),
        "depthwise": lambda: OverSteps(33, 33, 5, left=2, right=2, groups=33),
        "same_even": lambda: OverSteps(3, 4, 4, left=1, right=2, bias=False),
        "reflect": lambda: OverSteps(1, 16, 5, left=2, right=4, mode="reflect", stride=3),
        "one": lambda: OverSteps(20, 1, 1),
    }.items():
        file.case(name)
        module = make()
        add_layer(file, name, module, leaf(11, 3, module.conv[0].in_channels))
    file.case("voice")
    add_layer(file, "voice", Voice(), leaf(6, 3, 36))
    for name, features, pool in (
        ("max", 33, Pool(nn.MaxPool1d(2))),
        ("max_overlapping", 20, Pool(nn.MaxPool1d(3, stride=2, padding=1))),
        ("max_dilated", 5, Pool(nn.MaxPool1d(3, stride=1, dilation=2), left=4, value=-torch.inf)),
        ("max_ties", 3, Pool(nn.MaxPool1d(9, stride=1, padding=4))),
        ("mean", 1, Pool(nn.AvgPool1d(3))),
        ("mean_padded", 5, Pool(nn.AvgPool1d(4, stride=2, padding=2))),
        ("mean_uneven", 20, Pool(nn.AvgPool1d(4, stride=3), left=3, right=1)),
        ("mean_of_steps", 33, Pool(nn.AvgPool1d(3, stride=1, padding=1, count_include_pad=False))),
    ):
        file.case(name)
        x = leaf(11, 3, features)
        add_layer(file, name, pool, x.detach().round().requires_grad_() if name == "max_ties" else x)
    return file


def batch_norms():
    """Batch normalization over the valid steps of three sequences: three training steps, then evaluation."""
    file = File("batch_norm")
    for name, features, options in (
        ("plain", 5, {}),
        ("equal_weights", 33, {"momentum": None, "eps": 0.01}),
        ("without_weight", 1, {"momentum": 0.25, "affine": False}),
        ("without_statistics", 5, {"track_running_stats": False}),
        ("kept", 5, {"momentum": 0.0}),
    ):
        file.case(name)
        module = nn.BatchNorm1d(features, **options)
        for parameter in module.parameters():
            nn.init.normal_(parameter)
        lengths = torch.tensor([4, 2, 3])
        valid = torch.arange(4)[:, None] < lengths
        x = torch.where(valid[..., None], 3 + 2 * torch.randn(4, 3, features), torch.tensor(1e30))
        dy = torch.randn(4, 3, features)
        file.add(name, {f"parameters/{key}": value for key, value in module.state_dict().items()})
        file.add(name, {"x": x, "dy": dy, "lengths": lengths})
        for step in ("first", "second", "third", "fixed"):
            module.train(step != "fixed")
            leaves = {"dx": x[valid].requires_grad_()} | parameters(module)
            y = module(leaves["dx"])
            file.add(f"{name}/{step}", {"y": y} | gradients([y], [dy[valid]], leaves))
            file.add(f"{name}/{step}", {f"parameters/{key}": value for key, value in module.state_dict().items()})
    return file
