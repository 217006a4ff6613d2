"""Adam in TensorFlow's form, on one flat tensor of parameters."""

from __future__ import annotations

import math

import torch
from torch import Tensor

LEARNING_RATE = 1e-3
BETAS = (0.9, 0.999)
EPSILON = 1e-8
"""TensorFlow's defaults, which the official scores train with."""


class TensorFlowAdam:
    """Adam whose bias correction multiplies the learning rate, so that ε is added to the uncorrected √v.

    Kingma and Ba 2015, the remark after Algorithm 1; `torch.optim.Adam` adds ε to the corrected √v instead. `parameters` is
    changed in place. Being elementwise, one flat tensor holds any number of networks.
    """

    def __init__(self, parameters: Tensor) -> None:
        self.parameters = parameters
        self.steps = 0
        self.mean = torch.zeros_like(parameters)
        self.square = torch.zeros_like(parameters)
        self._root = torch.empty_like(parameters)

    def step(self, gradient: Tensor) -> None:
        """One step down `gradient`, a tensor of the parameters' shape."""
        self.steps += 1
        first, second = BETAS
        step_size = LEARNING_RATE * math.sqrt(1 - second**self.steps) / (1 - first**self.steps)
        self.mean.lerp_(gradient, 1 - first)
        self.square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        torch.sqrt(self.square, out=self._root).add_(EPSILON)
        self.parameters.addcdiv_(self.mean, self._root, value=-step_size)
