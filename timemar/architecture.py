"""The published model put together from its parts: windows (T, D) and sizes in, modules out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from timemar.codebook import Codebook
from timemar.convolution import Decoder, Encoder
from timemar.decomposition import CoarseSeasonal, MovingAverageMixture, default_kernels
from timemar.frequency import FrequencyAttention
from timemar.fusion import Fusion, LatentSplit
from timemar.guidance import CoarseGuidance
from timemar.quantizer import MultiScaleQuantizer
from timemar.scaling import Scaling
from timemar.transformer import TokenTransformer
from timemar.vqvae import DualPathVQVAE


@dataclass(frozen=True)
class TokenizerSizes:
    """Sizes of stage 1; `kernels` None means widths that grow with T."""

    vocab_size: int
    z_channels: int
    ch: int
    ch_mult: tuple[int, ...]
    blocks: int
    middle_blocks: int
    patch_nums: tuple[int, ...]
    kernels: tuple[int, ...] | None
    coarse_factor: int
    beta: float


@dataclass(frozen=True)
class TransformerSizes:
    """Sizes of stage 2."""

    embed_dim: int
    layers: int
    heads: int
    fc_rate: int
    dropout: float


def latent_length(length: int, ch_mult: tuple[int, ...]) -> int:
    """L = T / 2^(levels − 1) for T=`length`."""
    return length // 2 ** (len(ch_mult) - 1)


def make_tokenizer(length: int, features: int, sizes: TokenizerSizes) -> DualPathVQVAE:
    """The dual-path VQ-VAE for windows (T=length, D=features)."""
    latent = latent_length(length, sizes.ch_mult)
    channels = sizes.z_channels
    shape = (features, sizes.ch, sizes.ch_mult, sizes.blocks, sizes.middle_blocks, channels)
    codebook = Codebook(sizes.vocab_size, channels)
    return DualPathVQVAE(
        scaling=Scaling(features),
        decomposition=MovingAverageMixture(sizes.kernels or default_kernels(length)),
        coarse=CoarseSeasonal(length, sizes.coarse_factor),
        coarse_encoder=Encoder(*shape),
        fine_encoder=Encoder(*shape),
        frequency=FrequencyAttention(length, features, channels),
        fusion=Fusion(channels),
        quantizer=MultiScaleQuantizer(codebook, channels, sizes.patch_nums, sizes.beta),
        split=LatentSplit(channels),
        coarse_decoder=Decoder(*shape),
        fine_decoder=Decoder(*shape),
        guidance=CoarseGuidance(length, latent, features, channels),
    )


def make_transformer(vocab_size: int, patch_nums: tuple[int, ...], sizes: TransformerSizes) -> TokenTransformer:
    """The token transformer for the scales `patch_nums`."""
    return TokenTransformer(
        vocab_size,
        patch_nums,
        width=sizes.embed_dim,
        layers=sizes.layers,
        heads=sizes.heads,
        fc_rate=sizes.fc_rate,
        dropout=sizes.dropout,
    )


def parameters_by_part(tokenizer: nn.Module, transformer: nn.Module) -> Mapping[str, int]:
    """Learned numbers of every direct part of both stages; parts without any are left out."""
    counts = {
        f"{stage}.{name}": sum(parameter.numel() for parameter in part.parameters())
        for stage, whole in (("tokenizer", tokenizer), ("transformer", transformer))
        for name, part in whole.named_children()
    }
    return {name: count for name, count in counts.items() if count}
