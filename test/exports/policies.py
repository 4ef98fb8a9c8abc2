#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Recurrent policies as reinforcement-learning libraries export them: an observation and states in, an action and states
out. Writes the files of the test io/onnx_policies, with random weights, and what PyTorch computes over 50 steps.

    python -B test/exports/policies.py test/io/data

Needs torch, onnx, onnxscript and safetensors.
"""

import logging
import pathlib
import sys
import warnings

import onnx
import torch
from safetensors.torch import save_file
from torch import nn

STEPS, AGENTS, OBSERVATIONS, ENCODED, HIDDEN, ACTIONS = 50, 3, 6, 8, 5, 3
warnings.filterwarnings("ignore")
logging.disable(logging.ERROR)


def mlp(*sizes, activation):
    layers = [part for a, b in zip(sizes, sizes[1:]) for part in (nn.Linear(a, b), activation())]
    return nn.Sequential(*layers)


class Policy(nn.Module):
    """states: their shape, without the axis of agents, and where that axis is."""

    states, agents = (1, HIDDEN), 1

    def inputs(self, agents, components=2):
        shape = [*self.states]
        shape.insert(self.agents, agents)
        return torch.randn(agents, OBSERVATIONS), *(torch.randn(shape) for _ in range(components))


class Normalized(Policy):
    """As rsl_rl's exporter: a normalizer, two LSTM layers, an actor with ELU."""

    states = (2, HIDDEN)

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.randn(1, OBSERVATIONS))
        self.register_buffer("std", torch.rand(1, OBSERVATIONS) + 0.5)
        self.rnn = nn.LSTM(OBSERVATIONS, HIDDEN, 2)
        self.actor = nn.Sequential(*mlp(HIDDEN, ENCODED, ENCODED, activation=nn.ELU), nn.Linear(ENCODED, ACTIONS))

    def forward(self, obs, h, c):
        x = (obs - self.mean) / (self.std + 1e-2)
        y, (h, c) = self.rnn(x.unsqueeze(0), (h, c))
        return self.actor(y.squeeze(0)), h, c


class Masked(Policy):
    """As CleanRL's agent: an encoder with tanh; states are multiplied by 1 - done; an actor and a critic."""

    def __init__(self):
        super().__init__()
        self.network = mlp(OBSERVATIONS, ENCODED, ENCODED, activation=nn.Tanh)
        self.lstm, self.actor, self.critic = nn.LSTM(ENCODED, HIDDEN), nn.Linear(HIDDEN, ACTIONS), nn.Linear(HIDDEN, 1)

    def forward(self, obs, h, c, done):
        x = self.network(obs).reshape((-1, h.shape[1], ENCODED))
        keep = (1.0 - done).view(1, -1, 1)
        y, (h, c) = self.lstm(x, (keep * h, keep * c))
        y = torch.flatten(y, 0, 1)
        return self.actor(y), self.critic(y), h, c

    def inputs(self, agents):
        return *super().inputs(agents), torch.zeros(agents)


class TwoStacks(Policy):
    """As sb3-contrib's policy behind VecNormalize: a clipped normalizer; LSTMs of the actor and of the critic."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.randn(OBSERVATIONS))
        self.register_buffer("var", torch.rand(OBSERVATIONS) + 0.01)
        self.lstm_actor, self.lstm_critic = nn.LSTM(OBSERVATIONS, HIDDEN), nn.LSTM(OBSERVATIONS, HIDDEN)
        self.pi, self.vf = mlp(HIDDEN, ENCODED, activation=nn.Tanh), mlp(HIDDEN, ENCODED, activation=nn.Tanh)
        self.action, self.value = nn.Linear(ENCODED, ACTIONS), nn.Linear(ENCODED, 1)
        self.log_std = nn.Parameter(torch.randn(ACTIONS))

    def forward(self, obs, h, c, h_critic, c_critic):
        x = torch.clamp((obs - self.mean) / torch.sqrt(self.var + 1e-8), -2, 2).reshape(1, -1, OBSERVATIONS)
        y, (h, c) = self.lstm_actor(x, (h, c))
        v, (h_critic, c_critic) = self.lstm_critic(x, (h_critic, c_critic))
        y, v = (torch.flatten(each.transpose(0, 1), 0, 1) for each in (y, v))
        action = self.action(self.pi(y))
        return action, self.value(self.vf(v)), self.log_std.exp().expand_as(action), h, c, h_critic, c_critic

    def inputs(self, agents):
        return super().inputs(agents, 4)


class Gated(Policy):
    """A GRU whose state has no axis of layers; SiLU; actions scaled after tanh."""

    states, agents = (HIDDEN,), 0

    def __init__(self):
        super().__init__()
        self.encoder = mlp(OBSERVATIONS, ENCODED, activation=nn.SiLU)
        self.rnn, self.head = nn.GRU(ENCODED, HIDDEN, batch_first=True), nn.Linear(HIDDEN, ACTIONS)
        self.register_buffer("scale", torch.rand(ACTIONS) + 0.5)

    def forward(self, obs, h):
        y, h = self.rnn(self.encoder(obs).unsqueeze(1), h.unsqueeze(0))
        return torch.tanh(self.head(y.squeeze(1))) * self.scale + 0.25, h.squeeze(0)

    def inputs(self, agents):
        return super().inputs(agents, 1)


POLICIES = {  # the policy, the exporter, names of inputs and outputs
    "normalized": (Normalized, "legacy", ["obs", "h_in", "c_in"], ["actions", "h_out", "c_out"]),
    "masked": (Masked, "default", ["obs", "h_in", "c_in", "done"], ["actions", "value", "h_out", "c_out"]),
    "two_stacks": (TwoStacks, "legacy", ["obs", "h", "c", "h_critic", "c_critic"],
                   ["actions", "value", "std", "h_out", "c_out", "h_critic_out", "c_critic_out"]),
    "gated": (Gated, "dynamic", ["obs", "h_in"], ["actions", "h_out"]),
}


def export(policy, way, inputs, outputs, path):
    agents = 1 if way == "default" else AGENTS
    values = policy.inputs(agents)
    open_axes = [{axis: "batch" for axis, extent in enumerate(value.shape) if extent == agents and (axis == policy.agents
                  or value is values[0])} for value in values]
    if way == "legacy":
        torch.onnx.export(policy, values, str(path), input_names=inputs, output_names=outputs, dynamo=False,
                          dynamic_axes=dict(zip(inputs, open_axes)))
    else:
        shapes = tuple({axis: torch.export.Dim.DYNAMIC for axis in axes} for axes in open_axes)
        torch.onnx.export(policy, values, str(path), input_names=inputs, output_names=outputs, external_data=False,
                          dynamic_shapes=shapes if way == "dynamic" else None, verbose=False)
    model = onnx.load(path)
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output,
                 *model.graph.initializer):
        part.doc_string = ""
        if hasattr(part, "metadata_props"):
            del part.metadata_props[:]
    onnx.save(model, str(path))


def trace(policy, inputs, outputs):
    """50 steps of 3 agents, whose episodes begin anew here and there: states are those after the last step."""
    observations = 2 * torch.randn(STEPS, AGENTS, OBSERVATIONS)
    begins = (torch.rand(STEPS, AGENTS) < 0.1).int()
    begins[0] = 0  # the first episode goes on from the states given
    first = [value for name, value in zip(inputs, policy.inputs(AGENTS)) if name not in ("obs", "done")]
    states, data = first, {"obs": observations, "begins": begins, "actions": [], "value": []}
    for x, begin in zip(observations, begins):
        shape = [1] * states[0].dim()
        shape[policy.agents] = AGENTS
        states = [state * (1 - begin).reshape(shape) for state in states]
        result = dict(zip(outputs, policy(x, *states, *([torch.zeros(AGENTS)] if "done" in inputs else []))))
        for name in ("actions", "value"):
            if name in result:
                data[name].append(result[name])
        states = [result[name] for name in outputs if name[0] in "hc"]
    flat = lambda state: state.movedim(policy.agents, 0).reshape(AGENTS, -1)  # agent by agent
    data |= {f"first_{k}": flat(state) for k, state in enumerate(first)}
    data |= {f"last_{k}": flat(state) for k, state in enumerate(states)}
    return {name: torch.stack(value) if isinstance(value, list) else value for name, value in data.items() if len(value)}


def main(folder):
    for name, (make, way, inputs, outputs) in POLICIES.items():
        torch.manual_seed(4)
        policy = make().eval()
        for parameter in policy.parameters():
            parameter.data *= 1.5
        export(policy, way, inputs, outputs, folder / f"onnx_policy_{name}.onnx")
        with torch.no_grad():
            data = trace(policy, inputs, outputs)
        save_file({key: value.contiguous() for key, value in data.items()}, str(folder / f"onnx_policy_{name}.safetensors"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    main(pathlib.Path(sys.argv[1]))
