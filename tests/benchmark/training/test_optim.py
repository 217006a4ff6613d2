"""Trainings as flat dictionaries of tensors."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn

from benchmark.training.layers import build
from benchmark.training.network import seeded
from benchmark.training.optim import adamw, descend, restore_training, training_state


def trained(seed: int) -> tuple[nn.Sequential, torch.optim.AdamW]:
    """Two linear maps and their optimizer after one step."""
    network = build(lambda: nn.Sequential(*(nn.Linear(a, b) for a, b in pairwise((3, 4, 2)))), seeded(seed))
    optimizer = adamw(network.parameters(), 0.01)
    descend(optimizer, network(torch.ones(2, 3)).square().mean())
    return network, optimizer


def test_a_training_goes_on_with_its_moments() -> None:
    network, optimizer = trained(0)
    other, another = trained(1)
    restore_training(training_state(network, optimizer=optimizer), other, optimizer=another)
    for model, adam in ((network, optimizer), (other, another)):
        descend(adam, model(torch.ones(2, 3)).square().mean())
    for a, b in zip(network.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


def test_moments_of_another_shape_than_their_parameter_are_refused() -> None:
    network, optimizer = trained(0)
    state = training_state(network, optimizer=optimizer)
    a, b = (key for key in state if key.endswith("exp_avg") and state[key].dim() == 2)
    state[a], state[b] = state[b], state[a]
    with pytest.raises(ValueError, match=r"moments of parameter 0 of 'optimizer' do not have its shape \(4, 3\)"):
        restore_training(state, network, optimizer=optimizer)
