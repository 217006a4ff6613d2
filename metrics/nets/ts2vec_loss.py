"""The hierarchical contrastive loss of TS2Vec and its gradient, written out by hand."""

from __future__ import annotations

import torch
from torch import Tensor


def contrastive_loss(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """The contrastive loss of groups of vectors (G, 2M, C), in which i and i + M are a pair, and its gradient.

    The mean over all vectors of −log softmax of the partner's dot product among those with all others in the group. One pair
    alone in its group costs nothing.
    """
    G, both, _ = vectors.shape
    pair = both // 2
    products = torch.bmm(vectors, vectors.transpose(1, 2))
    products.diagonal(dim1=1, dim2=2).fill_(-torch.inf)
    log_shares = torch.log_softmax(products, dim=2)
    above, below = (log_shares.diagonal(offset, 1, 2) for offset in (pair, -pair))
    loss = (above.sum() + below.sum()) / (-G * both)
    grad = log_shares.exp_()
    for offset in (pair, -pair):
        grad.diagonal(offset, 1, 2).sub_(1)
    return loss, torch.bmm((grad + grad.transpose(1, 2)).div_(G * both), vectors)


def instance_loss(views: Tensor) -> tuple[Tensor, Tensor]:
    """Two views (2, T, B, C): at each time step, a window against the other windows; the loss and its gradient."""
    _, T, B, C = views.shape
    loss, grad = contrastive_loss(views.transpose(0, 1).reshape(T, 2 * B, C))
    return loss, grad.view(T, 2, B, C).transpose(0, 1)


def temporal_loss(views: Tensor) -> tuple[Tensor, Tensor]:
    """Two views (2, T, B, C): in each window, a time step against the other time steps; the loss and its gradient."""
    _, T, B, C = views.shape
    loss, grad = contrastive_loss(views.permute(2, 0, 1, 3).reshape(B, 2 * T, C))
    return loss, grad.view(B, 2, T, C).permute(1, 2, 0, 3)


def hierarchical_loss(views: Tensor) -> tuple[Tensor, Tensor]:
    """The loss of two views (2, T, B, C) of the same time steps, and its gradient (2, T, B, C).

    ½ instance + ½ temporal contrast at every level, time being max-pooled by two from one level to the next; at length one
    only ½ instance. The mean over the levels (Yue et al. 2022, TS2Vec, equations 1 to 3 and Algorithm 1).
    """
    levels = [views]
    while levels[-1].shape[1] > 1:
        levels.append(_pairs(levels[-1]).amax(dim=2))
    loss, gradient = instance_loss(levels[-1])
    for level in reversed(levels[:-1]):
        across, grad = instance_loss(level)
        along, more = temporal_loss(level)
        loss = loss + across + along
        gradient = grad.add_(more).add_(_unpool(level, gradient))
    share = 0.5 / len(levels)
    return loss * share, gradient * share


def _pairs(level: Tensor) -> Tensor:
    """(2, T, B, C) as (2, T // 2, 2, B, C); an odd last step is left out."""
    half = level.shape[1] // 2
    pairs: Tensor = level[:, : 2 * half].unflatten(1, (half, 2))
    return pairs


def _unpool(level: Tensor, grad: Tensor) -> Tensor:
    """The grad (2, T // 2, B, C) of a max-pooled level, led back to where the maximum was (the earlier one in a tie)."""
    out = torch.zeros_like(level)
    first, second = _pairs(level).unbind(2)
    earlier = first >= second
    into = _pairs(out)
    torch.mul(grad, earlier, out=into[:, :, 0])
    torch.mul(grad, ~earlier, out=into[:, :, 1])
    return out
