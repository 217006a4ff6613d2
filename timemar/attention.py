"""Cross-attention between two sequences, as the frequency module and the coarse guidance use it."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from benchmark.training.kernels import Linear


class CrossAttention(nn.Module):
    """softmax(P_q(H) P_k(S)ᵀ / √d_k) P_v(S), one head (paper section 4.3)."""

    def __init__(self, channels: int, source_channels: int) -> None:
        super().__init__()
        self.query = Linear(channels, channels)
        self.key = Linear(source_channels, channels)
        self.value = Linear(source_channels, channels)

    def forward(self, x: Tensor, source: Tensor) -> Tensor:
        """What x (B, L, C) reads from `source` (B, S, C'): (B, L, C)."""
        return functional.scaled_dot_product_attention(self.query(x), self.key(source), self.value(source))
