"""Context-FID: the Fréchet distance between real and generated windows as a TS2Vec encoder of the real ones sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from metrics.base import (
    DataSheet,
    Metric,
    Prepared,
    ProgressCallback,
    Score,
    Windows,
    check_count,
    check_pair,
    check_seeds,
    check_windows,
)
from metrics.common.frechet import frechet_distance, moments

_PREFIX = "encoder."


class ContextFID(Metric):
    """Fréchet distance of TS2Vec representations; a fresh encoder of the real windows a repetition.

    `steps` are the encoder's training steps, None for the published number. The encoder depends on the real windows and the
    seed only, so `prepare` makes it and every generator shares it. The value of an honest generator falls as 1/n: compare at
    equal numbers of windows, which the details give.
    """

    sheet: ClassVar[DataSheet] = DataSheet(
        name="context_fid",
        title="Context-FID",
        symbol="C-FID",
        summary="Fréchet distance between real and generated windows in a TS2Vec representation",
        higher_is_better=False,
        range=(0.0, float("inf")),
        ideal=0.0,
        cost="training",
        version=1,
        source="Jeha et al. 2022 (PSA-GAN), as evaluated by Diffusion-TS (Yuan and Qiao 2024); encoder Yue et al. 2022",
        decimals=4,
    )
    shared: ClassVar[bool] = True

    def __init__(self, steps: int | None = None) -> None:
        self.steps = steps

    def prepare(self, real: Windows, seed: int, device: str = "cpu") -> dict[str, NDArray[Any]]:
        """The encoder's weights as `encoder.*`, and the mean `mu` and covariance `cov` (float64) of the encoded real windows."""
        return self._prepare(_checked(real), seed, device, None)

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

        return steps_for(real) if self.steps is None else check_count("context_fid", "steps", self.steps)

    def compute(
        self,
        real: Windows,
        fake: Windows,
        seeds: Sequence[int],
        device: str = "cpu",
        prepared: Sequence[Prepared] = (),
        training: Windows | None = None,
        progress: ProgressCallback | None = None,
    ) -> Score:
        """See `Metric.compute`; at least two windows a side, of at least two steps."""
        del training
        real, fake = check_pair(_checked(real), fake, at_least=2)
        seeds = check_seeds(seeds)
        if prepared and len(prepared) != len(seeds):
            raise ValueError(f"{len(prepared)} encoders are prepared for {len(seeds)} seeds; give one a seed, or none.")
        steps = self._steps(real)
        values = []
        for number, seed in enumerate(seeds):

            def report(done: int, _: int, before: int = number * steps) -> None:
                if progress is not None:
                    progress(before + done, len(seeds) * steps)

            shared = prepared[number] if prepared else self._prepare(real, seed, device, report)
            report(steps, steps)
            values.append(self._distance(shared, fake, device))
        return Score(tuple(values), {"real_windows": len(real), "generated_windows": len(fake), "steps": steps})

    def _distance(self, shared: Prepared, fake: Windows, device: str) -> float:
        from metrics.nets.ts2vec_encoder import encode

        weights = {name.removeprefix(_PREFIX): value for name, value in shared.items() if name.startswith(_PREFIX)}
        trained_on = weights["input.weight"].shape[0]
        if trained_on != fake.shape[2]:
            raise ValueError(
                f"the prepared encoder reads {trained_on} features and the windows have {fake.shape[2]}; prepare anew."
            )
        mean, covariance = moments(encode(weights, fake, device))
        return frechet_distance(np.asarray(shared["mu"]), np.asarray(shared["cov"]), mean, covariance)


def _checked(real: Windows) -> Windows:
    real = check_windows("real", real, at_least=2)
    if real.shape[1] < 2:
        raise ValueError(f"the windows have {real.shape[1]} step; Context-FID needs at least 2.")
    return real
