# SPDX-License-Identifier: MIT
"""PyTorch modules that compute what Rondo's layers do, for random_blocks.py."""

from torch import nn
from torch.nn import functional


class Recurrent(nn.Module):
    """The outputs of a recurrent layer, whose parameters keep their names."""

    def __init__(self, module):
        super().__init__()
        for name, parameter in module.named_parameters():
            self.register_parameter(name, parameter)
        self.module = [module]

    def _apply(self, fn, recurse=True):
        super()._apply(fn, recurse)
        for name, parameter in self.named_parameters():
            self.module[0]._parameters[name] = parameter
        if isinstance(self.module[0], nn.RNNBase):
            self.module[0]._flat_weights = [getattr(self.module[0], n) for n in self.module[0]._flat_weights_names]
        return self

    def forward(self, x):
        return self.module[0](x)[0]


class Last(nn.Module):
    def forward(self, x):
        return x[-1:]


class Residual(nn.Module):
    def __init__(self, body):
        super().__init__()
        for name, child in body.named_children():
            self.add_module(name, child)
        self.body = [body]

    def forward(self, x):
        return x + self.body[0](x)


class Frames(nn.Module):
    """TimeDistributed: each step, of `steps` features of one channel, as a sequence of its own."""

    def __init__(self, body, steps):
        super().__init__()
        for name, child in body.named_children():
            self.add_module(name, child)
        self.body, self.steps = [body], steps

    def forward(self, x):
        t, b, f = x.shape
        y = x.reshape(t * b, self.steps, f // self.steps).transpose(0, 1)
        return self.body[0](y).reshape(t, b, -1)


class Batch(nn.BatchNorm1d):
    """BatchNorm1d of (T, B, F); fixed: always by the running statistics."""

    def __init__(self, size, fixed, **options):
        super().__init__(size, **options)
        self.fixed = fixed
        if self.track_running_stats:
            self.running_mean.normal_()
            self.running_var.uniform_(0.5, 2)

    def forward(self, x):
        of_batch = not self.track_running_stats or (self.training and not self.fixed)
        mean, var = (None, None) if of_batch else (self.running_mean, self.running_var)
        y = functional.batch_norm(x.flatten(0, 1), mean, var, self.weight, self.bias, of_batch, 0.0, self.eps)
        return y.view_as(x)
