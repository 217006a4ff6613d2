"""The published model put together from its parts: windows (T, D) and sizes in, modules out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import nn

from benchmark.training import build
from benchmark.training.transformer import TransformerSizes
from timemar.ablation import FineFusion, FineSplit, NoCoarsePart, NoFrequencies, NoGuidance, SilentDecoder, WholeSeries
from timemar.codebook import Codebook
from timemar.config import Drop, TokenizerSizes
from timemar.convolution import Decoder, Encoder
from timemar.decomposition import CoarseSeasonal, MovingAverageMixture, default_kernels
from timemar.frequency import FrequencyAttention
from timemar.fusion import Fusion, LatentSplit
from timemar.guidance import CoarseGuidance
from timemar.output_noise import NoOutputNoise, OutputNoise
from timemar.quantizer import MultiScaleQuantizer
from timemar.scaling import Scaling
from timemar.transformer import TokenTransformer
from timemar.vqvae import DualPathVQVAE

Factory = Callable[[], nn.Module]


def whole_tokenizer(length: int, features: int, sizes: TokenizerSizes) -> DualPathVQVAE:
    """The dual-path VQ-VAE for windows (T=length, D=features) with every part, also those that `sizes.drop` names."""
    latent = sizes.latent_length(length)
    channels = sizes.z_channels
    return DualPathVQVAE(
        scaling=Scaling(features),
        decomposition=MovingAverageMixture(sizes.kernels or default_kernels(length)),
        coarse=CoarseSeasonal(length, sizes.coarse_factor),
        coarse_encoder=Encoder(features, sizes),
        fine_encoder=Encoder(features, sizes),
        frequency=FrequencyAttention(length, features, channels),
        fusion=Fusion(channels),
        quantizer=_quantizer(sizes, sizes.patch_nums),
        split=LatentSplit(channels),
        coarse_decoder=Decoder(features, sizes),
        fine_decoder=Decoder(features, sizes),
        guidance=CoarseGuidance(length, latent, features, channels),
    )


def _quantizer(sizes: TokenizerSizes, patch_nums: tuple[int, ...]) -> MultiScaleQuantizer:
    return MultiScaleQuantizer(Codebook(sizes.vocab_size, sizes.z_channels), sizes.z_channels, patch_nums, sizes.beta)


# The stand-ins of each ablation (Table 3), by the part that they replace.
_STAND_INS: Mapping[Drop, Callable[[int, int, TokenizerSizes], Mapping[str, Factory]]] = {
    "frequency": lambda length, features, sizes: {"frequency": NoFrequencies},
    "decompose": lambda length, features, sizes: {
        "decomposition": WholeSeries,
        "coarse": NoCoarsePart,
        "coarse_encoder": nn.Identity,
        "fusion": lambda: FineFusion(sizes.z_channels),
        "split": lambda: FineSplit(sizes.z_channels),
        "coarse_decoder": lambda: SilentDecoder(length, features),
        "guidance": NoGuidance,
    },
    "multiscale": lambda length, features, sizes: {"quantizer": lambda: _quantizer(sizes, sizes.patch_nums[-1:])},
    "coarse": lambda length, features, sizes: {"guidance": NoGuidance},
}


class Stages(nn.Module):
    """The whole model: the tokenizer of stage 1, the token transformer of stage 2 and the noise on decoded windows."""

    def __init__(
        self, tokenizer: DualPathVQVAE, transformer: TokenTransformer, noise: OutputNoise | NoOutputNoise
    ) -> None:
        super().__init__()
        self.tokenizer, self.transformer, self.noise = tokenizer, transformer, noise


def assemble_tokenizer(
    length: int, features: int, sizes: TokenizerSizes, realize: Callable[[Factory], nn.Module]
) -> DualPathVQVAE:
    """The whole tokenizer with stand-ins for what `sizes.drop` names; `realize` turns a factory into a module.

    The whole model is made first, so that the parts that stay have the initial values that they have without an ablation.
    """
    tokenizer = cast(DualPathVQVAE, realize(lambda: whole_tokenizer(length, features, sizes)))
    for name in sizes.drop:
        for part, factory in _STAND_INS[name](length, features, sizes).items():
            setattr(tokenizer, part, realize(factory))
    return tokenizer


def make_tokenizer(
    length: int, features: int, sizes: TokenizerSizes, rng: torch.Generator, device: str = "cpu"
) -> DualPathVQVAE:
    """The VQ-VAE for windows (T=length, D=features), its initial values drawn from `rng`."""
    return assemble_tokenizer(length, features, sizes, lambda factory: build(factory, rng)).to(device)


def make_noise(length: int, features: int, *, noisy: bool) -> OutputNoise | NoOutputNoise:
    """The noise on decoded windows (T=length, D=features), or its stand-in."""
    return OutputNoise(length, features) if noisy else NoOutputNoise()


def assemble(
    length: int, features: int, tokenizer_sizes: TokenizerSizes, transformer_sizes: TransformerSizes, *, noisy: bool
) -> Stages:
    """Both stages for windows (T=length, D=features), their values not set yet; `noisy` with noise on decoded windows."""
    tokenizer = assemble_tokenizer(length, features, tokenizer_sizes, lambda factory: factory())
    transformer = TokenTransformer(tokenizer_sizes.vocab_size, tokenizer.quantizer.patch_nums, transformer_sizes)
    return Stages(tokenizer, transformer, make_noise(length, features, noisy=noisy))


def parameters_by_part(stages: Stages) -> Mapping[str, int]:
    """Trainable parameters of every direct part of both stages; parts without any are left out."""
    counts = {
        f"{stage}.{name}": sum(parameter.numel() for parameter in part.parameters())
        for stage, whole in stages.named_children()
        for name, part in whole.named_children()
    }
    return {name: count for name, count in counts.items() if count}
