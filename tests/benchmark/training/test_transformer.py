"""The cache of keys and values."""

import torch

from benchmark.training.transformer import KeyValueCache


def test_the_cache_selects_rows():
    cache = KeyValueCache(blocks=2, positions=3)
    key = torch.arange(3.0).view(3, 1, 1, 1)
    cache.extend(0, key, -key)
    cache.select(torch.tensor([2, 2, 0]))
    keys, values = cache.extend(0, key + 5, key + 7)
    assert keys.flatten(1).tolist() == [[2, 5], [2, 6], [0, 7]]
    assert values.flatten(1).tolist() == [[-2, 7], [-2, 8], [0, 9]]
