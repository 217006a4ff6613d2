"""Likelihoods of token sequences, and how much of a model's probability lies on its training windows."""

import math

import numpy as np
import pytest
import torch

from benchmark.training import likelihood_measurements
from benchmark.training.likelihood import repetition_warnings

TOKENS = torch.tensor([[0, 1], [0, 1], [1, 0], [1, 1]])


def test_a_uniform_model_costs_ln_v_a_token_and_repeats_by_chance():
    found = likelihood_measurements(TOKENS, torch.full((4,), 2 * math.log(2), dtype=torch.float64))
    assert found["train_nll"] == pytest.approx(math.log(2))
    assert found["train_nats"] == pytest.approx(2 * math.log(2))
    assert found["uniform_nats"] == math.log(4)
    # Three of the four sequences are training windows, of which one occurs twice.
    assert found["repeated_share"] == pytest.approx(3 / 4)
    assert found["duplicate_share"] == 0.5
    assert set(found) == {"train_nll", "train_nats", "uniform_nats", "repeated_share", "duplicate_share"}


def test_drawing_from_the_training_windows_costs_ln_n_where_they_differ():
    tokens = torch.arange(50)[:, None]
    found = likelihood_measurements(tokens, torch.full((50,), math.log(50), dtype=torch.float64))
    assert found["train_nats"] == pytest.approx(found["uniform_nats"])
    assert found["repeated_share"] == pytest.approx(1)


def test_the_share_is_that_of_samples_whose_tokens_are_a_training_windows():
    rng = np.random.default_rng(1)
    first, second = np.array([0.7, 0.2, 0.1]), np.array([[0.9, 0.1, 0.0], [0.3, 0.3, 0.4], [0.2, 0.5, 0.3]])
    tokens = torch.tensor([[0, 0], [1, 2], [0, 0], [2, 1]])
    nats = torch.tensor([-math.log(first[a] * second[a, b]) for a, b in tokens.tolist()], dtype=torch.float64)
    drawn = rng.choice(3, size=40_000, p=first)
    pairs = [(a, rng.choice(3, p=second[a])) for a in drawn]
    known = {tuple(row) for row in tokens.tolist()}
    expected = np.mean([pair in known for pair in pairs])
    assert likelihood_measurements(tokens, nats)["repeated_share"] == pytest.approx(expected, abs=0.01)


def test_validation_windows_have_means_of_their_own():
    found = likelihood_measurements(TOKENS, torch.ones(4), torch.tensor([3.0, 5.0, 7.0]))
    assert found["validation_nats"] == 5
    assert found["validation_nll"] == 2.5


@pytest.mark.parametrize(
    ("share", "among", "count"), [(0.05, 0, 0), (0.051, 0, 1), (1.0, 0, 1), (0.3, 0.25, 0), (0.31, 0.25, 1)]
)
def test_repetition_is_warned_of_beyond_what_the_tokens_do_not_tell_apart(share, among, count):
    measured = {"repeated_share": share, "duplicate_share": among, "train_nats": 8.64, "uniform_nats": 8.21}
    found = repetition_warnings(measured)
    assert len(found) == count
    assert all(f"{share:.0%} of its samples" in text and "8.6 nats" in text and "8.2" in text for text in found)


def test_a_model_without_a_joint_distribution_is_not_warned_of():
    assert repetition_warnings({"train_nll": 0.1}) == []
