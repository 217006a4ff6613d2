"""The generator under examination: its class and parameters, windows to learn from, and the fits that checks share."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import Interrupted
from benchmark.interface import FitContext, Generator, Progress, Windows

FIT_SEED = 11
SAMPLE_SEED = 5
SAMPLES = 12
FEW = 3  # windows, fewer than any batch
DISJOINT = 64  # real windows disjoint from the training ones, for generators that ask for them


class Violation(Exception):  # noqa: N818 - a finding about somebody's code, not an error of this program's
    """A promise that is not kept: one sentence."""


@dataclass
class Trace:
    """What a fit did that can be seen from outside: the steps it reported and how often it asked whether to stop."""

    steps: int = 0
    polls: int = 0

    def report(self, progress: Progress) -> None:
        """Take note of a report."""
        self.steps = max(self.steps, progress.total)

    def stop_after(self, polls: int | None) -> bool:
        """Count a question whether to stop; yes after `polls` of them, never for None."""
        self.polls += 1
        return polls is not None and self.polls > polls


@dataclass
class Probe:
    """One generator class with parameters, windows (N=`count`, T=`length`, D=`features`), and a scratch folder of the checks'."""

    cls: type[Generator]
    params: dict[str, Any]
    folder: Path
    length: int = 24
    features: int = 5
    count: int = 48
    _folders: int = field(default=0, init=False)
    _drawn: dict[int, Any] = field(default_factory=dict, init=False)

    @property
    def name(self) -> str:
        """The class's name."""
        return self.cls.__name__

    def new(self) -> Generator:
        """An unfitted generator."""
        return self.cls(**self.params)

    def empty_folder(self) -> Path:
        """A folder that no check has used yet."""
        self._folders += 1
        made = self.folder / str(self._folders)
        made.mkdir(parents=True)
        return made

    def windows(self, count: int, features: int, seed: int = 0) -> Windows:
        """Sines of random frequency and phase with a little noise, float32 (N=`count`, T, D=`features`) in [0, 1]."""
        rng = np.random.default_rng((seed, count, features))
        rate, phase = rng.uniform(0.05, 0.2, (count, 1, features)), rng.uniform(0, 1, (count, 1, features))
        waves = np.sin(2 * np.pi * (rate * np.arange(self.length)[:, None] + phase))
        noisy = 0.5 + 0.4 * waves + 0.02 * rng.standard_normal(waves.shape)
        return np.clip(noisy, 0.0, 1.0).astype(np.float32)

    def context(
        self, features: int, *, trace: Trace, folder: Path | None, stop_after: int | None = None, validated: bool = True
    ) -> FitContext:
        """What a fit on windows of D=`features` is given: everything that it may ask for, on the CPU, budget smoke."""
        return FitContext(
            seed=FIT_SEED,
            checkpoint_dir=folder,
            validation=self.windows(8, features, seed=1) if validated else None,
            real_disjoint=self.windows(DISJOINT, features, seed=2) if self.cls.uses_real_disjoint else None,
            progress=trace.report,
            stop_requested=lambda: trace.stop_after(stop_after),
        )

    def fit(self, windows: Windows, *, validated: bool = True, checkpoints: bool = True) -> Generator:
        """A new generator fitted to a copy of `windows`, in an empty checkpoint folder or without one."""
        features = windows.shape[-1] if windows.ndim else 1
        folder = self.empty_folder() if checkpoints else None
        context = self.context(features, trace=Trace(), folder=folder, validated=validated)
        return self.new().fit(windows.copy(), context)

    @cached_property
    def _base(self) -> tuple[Generator, Trace]:
        trace, folder = Trace(), self.empty_folder()
        fitted = self.new().fit(
            self.windows(self.count, self.features), self.context(self.features, trace=trace, folder=folder)
        )
        shutil.rmtree(folder)  # as after every finished fit: nothing may be read from there again
        return fitted, trace

    @cached_property
    def smallest(self) -> Generator | None:
        """The cheapest fitted generator there is: one of `FEW` windows, else `fitted`; None where neither fit ends."""
        for windows in (self.windows(FEW, self.features), self.windows(self.count, self.features)):
            with contextlib.suppress(Exception, Interrupted, SystemExit):  # other checks say what came of a fit
                folder = self.empty_folder()
                found = self.new().fit(windows, self.context(self.features, trace=Trace(), folder=folder))
                shutil.rmtree(folder)  # as after every finished fit: nothing may be read from there again
                if isinstance(found, self.cls):
                    return found
        return None

    @property
    def fitted(self) -> Generator:
        """The generator that most checks look at, fitted once."""
        return self._base[0]

    @cached_property
    def fitted_again(self) -> Generator:
        """Another generator fitted with the same seed to the same windows."""
        return self.fit(self.windows(self.count, self.features))

    def fit_again(self) -> Generator:
        """Make `fitted_again` now, even if it was made before, for a check that watches the fit itself."""
        vars(self).pop("fitted_again", None)
        return self.fitted_again

    def depends_on(self, *, validated: bool = True, checkpoints: bool = True) -> bool:
        """Whether a fit without validation windows or checkpoint folder samples other bytes, though one with them does not."""
        made = self.fit(self.windows(self.count, self.features), validated=validated, checkpoints=checkpoints)
        again, other = (one.sample(SAMPLES, SAMPLE_SEED).tobytes() for one in (self.fitted_again, made))
        return bool(again == self.samples.tobytes() != other)

    @property
    def trace(self) -> Trace:
        """What that fit did."""
        return self._base[1]

    def draw(self, n: int) -> Any:
        """What the fitted generator returns when asked for `n` windows, asked once; nothing about it is known yet."""
        if n not in self._drawn:
            self._drawn[n] = self.fitted.sample(n, SAMPLE_SEED)
        return self._drawn[n]

    @property
    def samples(self) -> Any:
        """What it returns when asked for `SAMPLES` windows."""
        return self.draw(SAMPLES)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of windows to ask for: some, one, and more than there were to learn from."""
        return SAMPLES, 1, self.count + 1

    @cached_property
    def saved(self) -> Path:
        """A folder into which the fitted generator was saved."""
        folder = self.empty_folder()
        self.fitted.save(folder)
        return folder

    @cached_property
    def halfway(self) -> tuple[bool, Path]:
        """Whether a fit that is asked to stop halfway raises Interrupted, and the checkpoint folder it leaves."""
        folder = self.empty_folder()
        context = self.context(self.features, trace=Trace(), folder=folder, stop_after=self.trace.polls // 2)
        try:
            self.new().fit(self.windows(self.count, self.features), context)
        except Interrupted:
            return True, folder
        return False, folder
