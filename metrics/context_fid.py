"""Context-FID: the Fréchet distance between real and generated windows in a TS2Vec representation of the real ones."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from metrics.base import DEFAULT_CONTEXT, Metric, MetricInfo, Prepared, ProgressCallback, Score, ScoreContext, Windows
from metrics.common.checks import check_count, check_pair, check_windows
from metrics.common.frechet import frechet_distance, moments

_PREFIX = "encoder."


class ContextFID(Metric):
    """Fréchet distance of TS2Vec representations; a fresh encoder of the real windows per repetition.

    `steps` are the encoder's training steps, None for the published number. The encoder depends on the real windows and the
    seed only, so `prepare` makes it and every generator shares it. The value of a perfect generator falls as 1/n: compare at
    equal numbers of windows, which the details give.
    """

    info: ClassVar[MetricInfo] = MetricInfo(
        name="context_fid",
        title="Context-FID",
        symbol="C-FID",
        summary="Fréchet distance between real and generated windows in a TS2Vec representation",
        higher_is_better=False,
        range=(0.0, float("inf")),
        ideal=0.0,
        cost="training",
        version=2,
        source="Jeha et al. 2022 (PSA-GAN), as evaluated by Diffusion-TS (Yuan and Qiao 2024); encoder Yue et al. 2022",
        decimals=4,
        log_scale=True,
    )
    shared: ClassVar[bool] = True

    def __init__(self, steps: int | None = None) -> None:
        self.steps = steps

    def prepare(self, real: Windows, seed: int = 0, device: str = "cpu") -> dict[str, NDArray[Any]]:
        """The weights as `encoder.*`, and the mean `mu` (C,) and covariance `cov` (C, C) of the encoded real windows."""
        return self._prepare(_check_real(real), seed, device, None)

    def _prepare(
        self, real: Windows, seed: int, device: str, progress: ProgressCallback | None
    ) -> dict[str, NDArray[Any]]:
        from metrics.nets.ts2vec import fit_encoder
        from metrics.nets.ts2vec_encoder import encode

        weights = fit_encoder(real, seed, self._steps(real), device, progress)
        mean, covariance = moments(encode(weights, real, device))
        return {**{_PREFIX + name: value for name, value in weights.items()}, "mu": mean, "cov": covariance}

    def _steps(self, real: Windows) -> int:
        from metrics.nets.ts2vec import steps_for

        return steps_for(real) if self.steps is None else check_count(self.info.name, "steps", self.steps)

    def compute(self, real: Windows, fake: Windows, context: ScoreContext = DEFAULT_CONTEXT) -> Score:
        """See `Metric.compute`; at least two windows per set, of at least two steps."""
        real, fake = check_pair(_check_real(real), fake, at_least=2)
        steps, total = self._steps(real), self._steps(real) * len(context.seeds)
        values = []
        for number, seed in enumerate(context.seeds):

            def report(done: int, _: int, before: int = number * steps) -> None:
                context.progress(before + done, total)

            prepared = (
                context.prepared[number] if context.prepared else self._prepare(real, seed, context.device, report)
            )
            report(steps, steps)
            values.append(self._distance(prepared, fake, context.device))
        return Score(tuple(values), {"real_windows": len(real), "generated_windows": len(fake), "steps": steps})

    def _distance(self, prepared: Prepared, fake: Windows, device: str) -> float:
        from metrics.nets.ts2vec_encoder import encode

        mean, covariance = moments(encode(encoder_weights(prepared, fake), fake, device))
        return frechet_distance(np.asarray(prepared["mu"]), np.asarray(prepared["cov"]), mean, covariance)


def encoder_weights(prepared: Prepared, windows: Windows) -> dict[str, NDArray[Any]]:
    """The weights of a prepared encoder by name; raises ValueError where it was trained on another number of features."""
    weights = {name.removeprefix(_PREFIX): array for name, array in prepared.items() if name.startswith(_PREFIX)}
    features = weights["input.weight"].shape[0]
    if features != windows.shape[2]:
        raise ValueError(
            f"the prepared encoder reads {features} features and the windows have {windows.shape[2]}; prepare anew."
        )
    return weights


def _check_real(real: Windows) -> Windows:
    real = check_windows("real", real, at_least=2)
    if real.shape[1] < 2:
        raise ValueError(f"the windows have {real.shape[1]} step; Context-FID needs at least 2.")
    return real
