"""The stages of one cell in the worker: data, fit, sample, timing, scores. Each finished stage is recorded once."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.data import WindowSet, load_windows
from benchmark.data.generated import altered_caches
from benchmark.data.split import seed_of_split
from benchmark.errors import AlteredFileError, DivergedError, Interrupted
from benchmark.files import readable, replacing
from benchmark.interface import FitContext, Generator, Progress, checked_samples
from benchmark.plan.cell import Cell
from benchmark.plan.keys import make_metric, sample_key, sample_seed, score_key, score_seeds
from benchmark.plan.sampling_time import TIMING, timing_key
from benchmark.plan.score_name import ScoreName
from benchmark.plan.sizes import check_memory
from benchmark.run.clock import Clock, reset_peak, total
from benchmark.run.prepared import prepare_all
from benchmark.run.sampling_time import time_sampling
from benchmark.seeds import derive_seed
from benchmark.statistics import summarise
from benchmark.store import provenance
from benchmark.store.records import Machine, Provenance, ScoreRecord, Spent, StageRecord
from benchmark.store.samples import write_samples
from benchmark.store.shared_fit import find_fit
from benchmark.store.store import Store
from benchmark.validation import validate_parameters
from metrics.base import Blocks, ScoreContext


@dataclass
class CellRun:
    """One attempt at the unfinished stages of a cell, inside the worker process."""

    cell: Cell
    store: Store
    device: str
    data_dir: Path | None
    report: Callable[[Progress], None]
    stop_requested: Callable[[], bool]
    altered: Callable[[str], None] = lambda _: None
    """Called with a sentence on each file that was found altered and was set aside."""

    @cached_property
    def windows(self) -> WindowSet:
        """The data stage: cheap and deterministic, so it is computed where needed and never stored with the cell."""
        cell = self.cell
        for path in altered_caches(self.store.shared("data")):
            # Another worker may have done so in the meantime.
            with suppress(FileNotFoundError):
                self._set_aside(AlteredFileError(path))
        return load_windows(
            cell.dataset,
            cell.length,
            cell.protocol,
            view=cell.view,
            data_dir=self.data_dir,
            cache_dir=self.store.shared("data"),
            limit=cell.budget.max_windows,
            seed_for_split=self.split_seed,
        )

    @property
    def split_seed(self) -> int:
        """The seed of random splits and subsets of the data, equal for all generators."""
        return seed_of_split(self.cell.dataset.id, self.cell.length, self.cell.protocol)

    @cached_property
    def generator_class(self) -> type[Generator]:
        """The generator's class."""
        return self.cell.generator_class

    def run(self, stage: str) -> None:
        """Compute one stage; its record is the last thing written, after its files and its provenance."""
        if self.stop_requested():
            raise Interrupted("stopped between two stages")
        folder = self.store.cell(self.cell)
        folder.note(stage, "started")
        kind, _, name = stage.partition(":")
        if kind != "fit" or not self._take_fit():
            with self._measured(stage) as measurements:
                stages = {"fit": self._fit, "sample": self._sample, TIMING: self._time, "score": self._score}
                finalize = stages[kind](name, measurements)
            finalize()
        folder.note(stage, "finished")

    def _take_fit(self) -> bool:
        """Whether the fit was taken from another cell, which differs in parameters alone that sampling reads."""
        folder, sampling = self.store.cell(self.cell), self.generator_class.sampling_parameters
        other = None if folder.forced.exists() else find_fit(self.store, self.cell, sampling)
        if other is None:
            return False
        generator, params = self.generator_class.load(other.model), self._parameters
        for name in sampling:
            setattr(generator, name, params[name])
        self._save(generator)
        fit = other.provenance().stage("fit")
        fit = fit.model_copy(update={"fit_of": fit.fit_of or other.path.name})
        folder.write_provenance(self._provenance(), "fit", fit)
        self._finish_fit()
        return True

    def _fit(self, _: str, measurements: dict[str, Any]) -> Callable[[], None]:
        folder = self.store.cell(self.cell)
        folder.checkpoint.mkdir(exist_ok=True)
        cell, params = self.cell, self._parameters
        warnings: list[str] = []
        clock = Clock(folder.elapsed, folder.unfinished(), self.device, self.report)
        seed = derive_seed("fit", cell.generator, cell.dataset.id, cell.length, cell.protocol, cell.seed)
        measurements["seeds"] = {"training": (cell.seed,), "fit": (seed,), "split": (self.split_seed,)}
        context = FitContext(
            seed=seed,
            budget=cell.budget.for_generator(),
            device=self.device,
            checkpoint_dir=folder.checkpoint,
            validation=None if self.windows.validation is None else self.windows.validation.copy(),
            real_disjoint=self.windows.real_disjoint if cell.uses_real_disjoint else None,
            progress=clock,
            warn=warnings.append,
            stop_requested=self.stop_requested,
        )
        generator = self.generator_class(**params)
        check_memory(generator, cell.length, self.windows.train.shape[2], self.device)
        try:
            generator = self._fitted(params, context)
        except BaseException:
            # Whatever ended the fit is told, not that its cost could not be written.
            with suppress(OSError):
                clock.write()
            raise
        self._save(generator)
        measurements["warnings"] = list(dict.fromkeys(" ".join(sentence.split()) for sentence in warnings))
        measurements["parameters"] = int(generator.num_parameters)
        measurements["earlier"] = clock.earlier
        return self._finish_fit

    @property
    def _parameters(self) -> dict[str, Any]:
        return validate_parameters(self.generator_class, self.cell.params, owner=f"generator '{self.cell.generator}'")

    def _save(self, generator: Generator) -> None:
        with replacing(self.store.cell(self.cell).model) as part:
            part.mkdir()
            generator.save(part)
            readable(part)

    def _finish_fit(self) -> None:
        folder = self.store.cell(self.cell)
        folder.finish("fit", self.cell.key, [path for path in folder.model.rglob("*") if path.is_file()])
        shutil.rmtree(folder.checkpoint, ignore_errors=True)

    def _fitted(self, params: dict[str, Any], context: FitContext) -> Generator:
        """A generator that is fitted, from the unaltered files of its checkpoint."""
        while True:
            try:
                # A copy, because a generator that scales its windows in place would change the test windows too.
                return self.generator_class(**params).fit(self.windows.train.copy(), context)
            except AlteredFileError as error:
                self._set_aside(error)

    def _set_aside(self, error: AlteredFileError) -> None:
        self.store.set_aside(error.path)
        self.altered(str(error))

    def _sample(self, sampling_seed: str, measurements: dict[str, Any]) -> Callable[[], None]:
        folder, cell, draw = self.store.cell(self.cell), self.cell, int(sampling_seed or 0)
        self.report(Progress("sample", 0, 1))
        generator = self.generator_class.load(folder.model, device=self.device)
        n = len(self.windows.test)
        started = time.perf_counter()
        seed = sample_seed(cell, draw)
        measurements["seeds"] = {"sample": (seed,)}
        samples = generator.sample(n, seed)
        measurements["seconds_sampling_only"] = round(time.perf_counter() - started, 3)
        measurements["windows"] = n
        samples = checked_samples(samples, (n, *self.windows.test.shape[1:]))
        path = folder.samples_of(draw)
        write_samples(path, samples, self.windows.units)
        self.report(Progress("sample", 1, 1))
        return lambda: folder.finish(f"sample:{draw}" if draw else "sample", sample_key(cell, draw), [path])

    def _time(self, _: str, measurements: dict[str, Any]) -> Callable[[], None]:
        folder, cell = self.store.cell(self.cell), self.cell
        generator = self.generator_class.load(folder.model, device=self.device)
        # Cells that are timed at once on one machine would time each other.
        with self.store.lock(f"{TIMING}-{socket.gethostname()}", timeout=None):
            seed = derive_seed(TIMING, cell.generator, cell.seed)
            measurements["seeds"] = {"sample": (seed,)}
            measurements |= time_sampling(generator, seed, self._tick(TIMING))
        return lambda: folder.finish(TIMING, timing_key(cell), [])

    def _score(self, name: str, measurements: dict[str, Any]) -> Callable[[], None]:
        folder, cell = self.store.cell(self.cell), self.cell
        metric = make_metric(name, cell.budget)
        seeds = score_seeds(cell, metric)
        measurements["seeds"] = {"metric": tuple(seeds)}
        score = ScoreName.parse(name)
        with np.load(folder.samples_of(score.sampling_seed), allow_pickle=False) as archive:
            samples = archive["samples"]
        windows, chooses = self.windows, score.validation
        real = windows.validation if chooses else windows.test
        if real is None:
            raise ValueError(f"protocol {cell.protocol} has no validation windows for the score '{name}'")
        prepared = prepare_all(
            cell, name, real, self.store, self.device, self._tick(f"prepare:{name}"), self._set_aside
        )
        measurements["preparing_seconds"] = prepared.seconds
        context = ScoreContext(
            seeds=seeds,
            device=self.device,
            prepared=prepared.arrays,
            training=windows.train,
            # A score that chooses must not read the test windows, and has no third role to read instead.
            validation=None if chooses else windows.validation,
            blocks=None if chooses or not windows.blocks else _blocks(windows),
            progress=self._tick(f"score:{name}"),
        )
        computed = metric.compute(real, samples, context)
        if not np.isfinite(computed.values).all():
            raise DivergedError(f"the score {name} is not finite: {computed.values}")
        mean, half_width = summarise(computed.values)
        record = ScoreRecord(
            key=score_key(cell, name),
            version=metric.info.version,
            n_real=len(real),
            n_fake=len(samples),
            floor=metric.floor(min(len(real), len(samples))),
            repetitions=computed.values,
            mean=mean,
            half_width=half_width,
            details=computed.details,
        )
        return lambda: folder.write_score(name, record)

    def _tick(self, stage: str) -> Callable[[int, int], None]:
        """A progress callback for a score; it is also where a score can be stopped."""

        def tick(done: int, total: int) -> None:
            self.report(Progress(stage, done, total))
            if self.stop_requested():
                raise Interrupted(f"stopped in {stage}")

        return tick

    @contextmanager
    def _measured(self, stage: str) -> Iterator[dict[str, Any]]:
        """Measure what is inside and write it into the cell's provenance; the mapping takes more fields of the record."""
        wall, cpu = time.perf_counter(), time.process_time()
        reset_peak(self.device)
        started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        measurements: dict[str, Any] = {}
        yield measurements
        earlier: Spent | None = measurements.pop("earlier", None)
        spent = total(earlier or Spent(), time.perf_counter() - wall, time.process_time() - cpu, self.device)
        if earlier is not None:
            measurements |= {"earlier_seconds": earlier.wall_seconds, "sessions": spent.sessions}
        on_device = self.device != "cpu"
        record = StageRecord(
            started=started,
            wall_seconds=spent.wall_seconds,
            cpu_seconds=spent.cpu_seconds,
            device_seconds=spent.device_seconds if on_device else None,
            peak_memory_mib=spent.peak_memory_mib,
            peak_device_memory_mib=spent.peak_device_memory_mib if on_device else None,
            flags=provenance.flags(self.device),
            machine=Machine(**provenance.machine(self.device)),
            versions=provenance.versions(),
            **provenance.commit(),
            **measurements,
        )
        self.store.cell(self.cell).write_provenance(self._provenance(), stage, record)

    def _provenance(self) -> Provenance:
        """The cell's provenance so far."""
        cell = self.cell
        return Provenance(
            generator=cell.generator,
            dataset=cell.dataset.id,
            length=cell.length,
            budget=cell.budget.name,
            seed=cell.seed,
            data_sha256=cell.fingerprint,
            rows=self.windows.rows,
            windows=self.windows.counts,
            note=self.windows.note,
            stages=self.store.cell(cell).provenance().stages,
        )


def _blocks(windows: WindowSet) -> Blocks:
    return Blocks(windows.blocks["test"], windows.blocks["train"], windows.blocks["validation"])
