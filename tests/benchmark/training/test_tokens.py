"""Token sequences: the shifted input and the inverse of the distribution function."""

import torch

from benchmark.training.tokens import invert, shift_right, token_nats


def test_input_starts_with_the_extra_symbol():
    tokens = torch.tensor([[3, 1, 4, 1, 5, 9, 2]])
    assert shift_right(tokens, 11).tolist() == [[11, 3, 1, 4, 1, 5, 9]]


def test_each_token_costs_the_nats_of_its_own_distribution():
    shares = torch.tensor([[[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]]])
    nats = token_nats(shares.log() + 3, torch.tensor([[1, 2]]))
    torch.testing.assert_close(nats, -torch.tensor([[0.25, 0.75]]).log())


def test_inverse_follows_the_distribution_and_never_draws_the_impossible():
    shares = torch.tensor([[0.0, 0.25, 0.5, 0.25, 0.0]], dtype=torch.float64)
    cases = {0.0: 1, 0.2: 1, 0.25: 2, 0.7: 2, 0.75: 3, 1 - 2**-53: 3}
    for uniform, token in cases.items():
        assert invert(shares, torch.tensor([uniform], dtype=torch.float64)).item() == token


def test_inverse_of_many_positions_at_once():
    shares = torch.tensor([[[0.2, 0.0, 0.8]] * 2] * 2, dtype=torch.float64)
    uniforms = torch.tensor([[0.0, 0.199], [0.2001, 1 - 1e-16]], dtype=torch.float64)
    assert invert(shares, uniforms).tolist() == [[0, 0], [2, 2]]
