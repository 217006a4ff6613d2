"""Changing the length of a sequence by a fixed matrix: area averaging down, linear interpolation up.

A matrix gives the same values as PyTorch's interpolation, is faster on lengths this short, and its gradient is a matrix
product, which is deterministic on every device.
"""

from __future__ import annotations

import torch
from torch import Tensor


def area_matrix(length: int, bins: int) -> Tensor:
    """Matrix (length, bins): column j averages positions floor(j·length/bins) .. ceil((j+1)·length/bins) − 1.

    The bins overlap where `bins` does not divide `length`, as in adaptive average pooling.
    """
    matrix = torch.zeros(length, bins)
    for j in range(bins):
        first, last = j * length // bins, -(-(j + 1) * length // bins)
        matrix[first:last, j] = 1 / (last - first)
    return matrix


def linear_matrix(points: int, length: int) -> Tensor:
    """Matrix (points, length): linear interpolation between the centres of `points` cells, flat beyond the outer ones."""
    matrix = torch.zeros(points, length)
    for t in range(length):
        position = min(max((t + 0.5) * points / length - 0.5, 0.0), points - 1.0)
        left = min(int(position), points - 1)
        right = min(left + 1, points - 1)
        share = position - left
        matrix[left, t] += 1 - share
        matrix[right, t] += share
    return matrix
