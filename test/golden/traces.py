# SPDX-License-Identifier: MIT
"""Training traces: small models, twenty steps each. A model takes (x, lengths) to what its loss takes."""

import json
from fnmatch import fnmatch

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from losses import cross_entropy
from recurrent import ResetBeforeGRU, run
from store import File

STEPS = 20


class Char(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(28, 20)
        self.lstm = nn.LSTM(20, 20, num_layers=2)
        self.fc = nn.Linear(20, 28)

    def forward(self, x, lengths):
        return self.fc(run(self.lstm, self.embedding(x))[0])


class Forecast(nn.Module):
    def __init__(self, gru=nn.GRU):
        super().__init__()
        self.gru = gru(1, 20)
        self.fc = nn.Linear(20, 1)

    def forward(self, x, lengths):
        return self.fc(run(self.gru, x)[0][-1])


class Sentiment(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 5, padding_idx=0)
        self.lstm = nn.LSTM(5, 5, num_layers=2, bidirectional=True)
        self.fc1 = nn.Linear(10, 5)
        self.fc2 = nn.Linear(5, 1)

    def forward(self, x, lengths):
        h_n = run(self.lstm, self.embedding(x), lengths=lengths)[1][0]
        return self.fc2(torch.relu(self.fc1(torch.cat([h_n[-2], h_n[-1]], -1))))


class ReluRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(3, 5, nonlinearity="relu")
        self.fc = nn.Linear(5, 2)

    def forward(self, x, lengths):
        return self.fc(run(self.rnn, x)[0])


def text():
    tokens = (28 * torch.rand(STEPS, 11, 3) ** 4).long()  # skewed as letters are: the gradient's norm passes 0.5
    return {"x": tokens[:, :-1], "target": tokens[:, 1:]}


def series():
    return {"x": torch.randn(STEPS, 8, 3, 1), "target": torch.randn(STEPS, 3, 1)}


def reviews():
    lengths = torch.randint(1, 7, (STEPS, 4))
    past = torch.arange(6)[None, :, None] >= lengths[:, None, :]
    tokens = torch.randint(1, 11, (STEPS, 6, 4)).masked_fill(past, 0)
    return {"x": tokens, "target": torch.randint(2, (STEPS, 4, 1)).double(), "lengths": lengths}


def vectors():
    return {"x": torch.randn(STEPS, 6, 3, 3), "target": torch.randn(STEPS, 6, 3, 2)}


TASKS = {
    "char": (Char, text, cross_entropy),
    "forecast": (Forecast, series, mse_loss),
    "sentiment": (Sentiment, reviews, binary_cross_entropy_with_logits),
    "relu_rnn": (ReluRNN, vectors, mse_loss),
    "reset_before": (lambda: Forecast(ResetBeforeGRU), series, mse_loss),
}
ADAM = {"lr": 1e-2, "betas": (0.9, 0.999), "eps": 1e-8}
RMSPROP = {"lr": 1e-3, "alpha": 0.99, "eps": 1e-8}
TRACES = {  # task, optimizer, its settings, what surrounds it
    "char": ("char", "Adam", ADAM, {"clip_grad_norm": 0.5}),
    "char_schedule": ("char", "Adam", ADAM, {"cosine_annealing_T_max": STEPS}),
    "forecast": ("forecast", "SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}, {}),
    "forecast_rmsprop": ("forecast", "RMSprop", RMSPROP, {}),
    "forecast_rmsprop_momentum": ("forecast", "RMSprop", {**RMSPROP, "momentum": 0.9, "centered": True}, {}),
    "sentiment": ("sentiment", "AdamW", {**ADAM, "weight_decay": 0.01}, {}),
    "relu_rnn": ("relu_rnn", "SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-3}, {"clip_grad_value": 0.02}),
    "reset_before": ("reset_before", "Adam", {**ADAM, "weight_decay": 0.01}, {}),
    "sentiment_groups": ("sentiment", "AdamW", {**ADAM, "weight_decay": 0.5},
                         {"clip_grad_norm": 0.2, "groups": [{"names": "embedding.*", "frozen": True},
                                                            {"names": "*bias*", "weight_decay": 0.0},
                                                            {"names": "fc*", "lr": 3.0}]}),
    "relu_rnn_groups": ("relu_rnn", "SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-3},
                        {"groups": [{"names": "rnn.weight_hh_l0", "frozen": True},
                                    {"names": "fc.*", "lr": 0.5, "weight_decay": 0.1}]}),
    "forecast_average": ("forecast", "SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}, {"average_decay": 0.8}),
}


def grouped(model, settings, groups):
    """A group for each parameter that is not frozen, with the settings of all groups that it is in."""
    for name, parameter in model.named_parameters():
        own = dict(settings)
        for group in groups:
            if fnmatch(name, group["names"]):
                own["lr"] *= group.get("lr", 1)
                own["weight_decay"] = group.get("weight_decay", own["weight_decay"])
                parameter.requires_grad_(parameter.requires_grad and not group.get("frozen", False))
        if parameter.requires_grad:
            yield {"params": [parameter], **own}


def clip(parameters, around):
    """Whether clipping changed a gradient."""
    parameters = [parameter for parameter in parameters if parameter.requires_grad]
    before = [parameter.grad.clone() for parameter in parameters]
    if "clip_grad_norm" in around:
        clip_grad_norm_(parameters, around["clip_grad_norm"])
    if "clip_grad_value" in around:
        clip_grad_value_(parameters, around["clip_grad_value"])
    return any(not torch.equal(old, parameter.grad) for old, parameter in zip(before, parameters, strict=True))


def scheduler(optimizer, around):
    if "cosine_annealing_T_max" in around:
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=around["cosine_annealing_T_max"])
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)


def train(model, data, loss, optimizer, around, average):
    """The loss of each batch before its step, and the learning rate of that step."""
    schedule = scheduler(optimizer, around)
    losses, rates, clipped = [], [], 0
    for step in range(STEPS):
        optimizer.zero_grad()
        value = loss(model(data["x"][step], data["lengths"][step] if "lengths" in data else None), data["target"][step])
        value.backward()
        clipped += clip(list(model.parameters()), around)
        losses.append(value.detach())
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
        if average:
            average.update_parameters(model)
    assert (clipped > 0) == any(name.startswith("clip") for name in around), "clipping is idle"
    return {"losses": torch.stack(losses), "learning_rates": torch.tensor(rates)}


def traces():
    file = File("traces")
    for name, (task, kind, settings, around) in TRACES.items():
        build, draw, loss = TASKS[task]
        file.case(name)
        model, data = build(), draw()
        file.add(f"{name}/initial", model.state_dict())
        parameters = list(grouped(model, settings, around["groups"])) if "groups" in around else model.parameters()
        optimizer = getattr(torch.optim, kind)(parameters, **settings)
        decay = around.get("average_decay")
        average = decay and AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
        file.add(name, data | train(model, data, loss, optimizer, around, average))
        file.add(f"{name}/final", model.state_dict())
        if average:
            file.add(f"{name}/averaged", average.module.state_dict())
        file.metadata[f"settings/{name}"] = json.dumps({"optimizer": kind, **settings, **around})
    return file
