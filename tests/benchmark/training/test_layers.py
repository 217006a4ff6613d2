from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmark.training import SeededDropout, build, set_dropout_rng, warmup_cosine, warmup_halving


def test_equal_seeds_build_equal_modules_and_others_do_not() -> None:
    def made(seed: int) -> torch.Tensor:
        return build(lambda: nn.Linear(4, 4), torch.Generator().manual_seed(seed)).weight

    assert torch.equal(made(1), made(1))
    assert not torch.equal(made(1), made(2))


def test_initial_law_is_pytorchs() -> None:
    weight = build(lambda: nn.Linear(400, 500), torch.Generator().manual_seed(0)).weight
    bound = 400**-0.5
    assert weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)


def test_a_module_with_values_of_its_own_must_say_how_to_set_them() -> None:
    class Bare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.zeros(3))

    with pytest.raises(TypeError, match="give it a method seeded_reset"):
        build(Bare, torch.Generator())


def test_dropout_keeps_the_mean_and_sleeps_in_evaluation() -> None:
    drop = SeededDropout(0.25)
    set_dropout_rng(drop, torch.Generator().manual_seed(3))
    x = torch.ones(200, 500)
    y = drop(x)
    assert (y == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert y.mean().item() == pytest.approx(1.0, abs=0.01)
    assert torch.equal(drop.eval()(x), x)


def test_rates() -> None:
    assert [warmup_cosine(s, 110, 1.0, warmup=10) for s in (0, 9, 10, 60, 110)] == pytest.approx([0.1, 1, 1, 0.5, 0])
    assert [warmup_halving(s, 8.0, every=5) for s in (0, 4, 5, 14)] == [8, 8, 4, 2]
