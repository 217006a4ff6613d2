"""What cannot work is refused in one sentence, before anything is trained."""

from __future__ import annotations

from itertools import pairwise

from benchmark.errors import UserError
from benchmark.training.transformer import TransformerSizes
from timemar.config import TokenizerSizes


def check_sizes(length: int, tokenizer: TokenizerSizes, transformer: TransformerSizes) -> None:
    """Raise UserError for sizes that do not fit windows of T=`length` or one another."""
    shrink = 2 ** (len(tokenizer.ch_mult) - 1)
    if length % shrink:
        raise UserError(
            f"TimeMAR cannot halve windows of T = {length} steps {len(tokenizer.ch_mult) - 1} times; choose a length "
            f"divisible by {shrink}, or a ch_mult of fewer levels than {len(tokenizer.ch_mult)}."
        )
    latent = tokenizer.latent_length(length)
    patch_nums = tokenizer.patch_nums
    if patch_nums[-1] != latent:
        fitting = [*(scale for scale in patch_nums if scale < latent), latent]
        raise UserError(
            f"TimeMAR's patch_nums {patch_nums} must end at the latent length L = {latent} (T = {length} halved "
            f"{len(tokenizer.ch_mult) - 1} times), not at {patch_nums[-1]}; set patch_nums, such as {fitting}."
        )
    if any(small >= large for small, large in pairwise(patch_nums)):
        raise UserError(
            f"TimeMAR's patch_nums {patch_nums} must increase from scale to scale; sort them and drop repeats."
        )
    for width in tokenizer.kernels or ():
        if not 2 <= width <= length:
            raise UserError(f"TimeMAR's kernels hold {width}; choose widths from 2 to the window's T = {length}.")
    if tokenizer.attention > tokenizer.middle_blocks:
        raise UserError(
            f"TimeMAR's attention {tokenizer.attention} is more than its {tokenizer.middle_blocks} middle blocks, each of "
            "which one self-attention can follow; lower attention or raise middle_blocks."
        )
    if transformer.embed_dim % transformer.heads:
        raise UserError(
            f"TimeMAR's embed_dim {transformer.embed_dim} is not divisible by its {transformer.heads} heads; change one."
        )
