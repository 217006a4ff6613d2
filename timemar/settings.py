"""From validated constructor arguments to what the stages take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from timemar.architecture import TokenizerSizes, TransformerSizes
from timemar.losses import LossWeights
from timemar.schedule import Schedule, steps_of


def sizes_of(values: Mapping[str, Any]) -> tuple[TokenizerSizes, TransformerSizes]:
    """The sizes of both stages."""
    tokenizer = TokenizerSizes(**{name: values[name] for name in TokenizerSizes.__dataclass_fields__})
    transformer = TransformerSizes(**{name: values[name] for name in TransformerSizes.__dataclass_fields__})
    return tokenizer, transformer


def loss_weights(values: Mapping[str, Any]) -> LossWeights:
    """The λ of each term of stage 1."""
    return LossWeights(**{name: values[f"weight_{name}"] for name in LossWeights.__dataclass_fields__})


def schedule_of(values: Mapping[str, Any], stage: str, windows: int) -> Schedule:
    """The schedule of `stage` (stage1 or stage2) for training on `windows` windows; raises UserError."""
    steps, epochs, batch = (values[f"{stage}_{name}"] for name in ("steps", "epochs", "batch"))
    return Schedule(
        steps=steps_of(stage, steps, epochs, windows=windows, batch=batch),
        peak=values[f"{stage}_rate"],
        decay=values[f"{stage}_decay"],
        warmup=values[f"{stage}_warmup"],
    )
