"""The records of a cell, field by field; they are written to JSON files and read from them through these models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from benchmark.store.sealed_record import Record


class State(StrEnum):
    """How a cell or a score stands."""

    DONE = "done"
    MISSING = "missing"
    """Not computed yet."""
    RUNNING = "running"
    SKIPPED = "skipped"
    """Not possible with these data."""
    FAILED = "failed"
    DIVERGED = "diverged"
    """A loss, a sample or a score is not finite."""
    INTERRUPTED = "interrupted"
    KILLED = "killed"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out of memory"
    STORAGE = "storage"
    """The disk refused a file."""
    BUSY = "busy"
    """Another runner on the same store is computing the cell."""
    ALTERED = "altered"
    """A record or file was altered after it was written."""


PERMANENT_FAILURES = (State.FAILED, State.DIVERGED)
"""States that another attempt would repeat. Every other failure came from outside, and the next run tries again."""


class Ending(BaseModel):
    """How a stage ended that has no result."""

    model_config = ConfigDict(frozen=True)

    state: State
    reason: str = ""

    @property
    def is_final(self) -> bool:
        """Whether another attempt would end in the same way."""
        return self.state is State.SKIPPED or self.state in PERMANENT_FAILURES


def most_severe(endings: Mapping[str, Ending]) -> tuple[str, Ending]:
    """The stage whose ending says most: interrupted, then what another attempt may mend, then failed, then skipped."""

    def gravity(ending: Ending) -> int:
        if ending.state is State.INTERRUPTED:
            return 3
        return 2 if not ending.is_final else 0 if ending.state is State.SKIPPED else 1

    return max(endings.items(), key=lambda item: gravity(item[1]))


class Status(Record):
    """How the last attempt at a cell ended: `status.json`."""

    state: State = State.MISSING
    reason: str = ""
    """Why it ended so, in one line."""
    stage: str = ""
    """The stage in which it ended."""
    warnings: tuple[str, ...] = ()
    """What the generator reported of its own training."""
    endings: dict[str, Ending] = Field(default_factory=dict)
    """How each stage of a score ended that has no result, in this attempt or an earlier one."""

    def ending(self, stage: str) -> Ending | None:
        """How a stage ended; None where it was not tried, or has a result."""
        # The record of a crash says this of the stage in which it happened.
        return self.endings.get(stage) or (
            Ending(state=self.state, reason=self.reason) if self.stage == stage else None
        )


class Note(Record):
    """A line of `journal.jsonl`: an event of a stage."""

    time: float
    """Seconds since 1970."""
    pid: int
    stage: str
    event: str
    """`started`, `finished`, or the state in which the stage ended otherwise."""

    @classmethod
    def parse_line(cls, line: str) -> Self | None:
        """A line as a record; None where it is not one."""
        try:
            return cls.parse(json.loads(line))
        except (ValueError, RecursionError):
            return None


class ScoreRecord(Record):
    """One score of a cell: an entry of `scores.json`."""

    key: str
    """Identifies the samples, the metric with its parameters, and the seeds."""
    version: int
    """The metric's version."""
    n_real: int
    n_fake: int
    """Windows on either side."""
    floor: float | None
    """What a perfect generator scores on average at this n; None where only a control can tell."""
    repetitions: tuple[float, ...]
    """One value a repetition of the metric."""
    mean: float
    half_width: float | None
    """Of the 95 % t-interval over repetitions; None for one repetition."""
    details: dict[str, Any] = Field(default_factory=dict)
    """What the metric reports beside its value."""


class Machine(Record):
    """The machine that computed a stage."""

    system: str | None = None
    processor: str | None = None
    """The architecture, such as x86_64."""
    model: str | None = None
    """The processor by name."""
    cores: int | None = None
    device: str | None = None
    accelerator: str | None = None
    cuda: str | None = None
    driver: str | None = None
    """The version of the accelerator's driver."""


class Spent(Record):
    """What an unfinished fit has cost in all its sessions: `checkpoint/elapsed`."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    device_seconds: float = 0.0
    peak_memory_mib: float = 0.0
    peak_device_memory_mib: float = 0.0
    sessions: int = 0


class StageRecord(Record):
    """What one stage cost, and where and by which code it was computed; fields of other kinds of stages are None."""

    started: str | None = None
    """ISO 8601, with the offset from UTC."""
    wall_seconds: float = 0.0
    cpu_seconds: float | None = None
    device_seconds: float | None = None
    """Wall-clock seconds for which the stage had an accelerator; None on the CPU."""
    sessions: int | None = None
    """Fit: the processes that it took; seconds are their sums, and memory is the most that one of them held."""
    peak_memory_mib: float | None = None
    """Of the whole process, up to the stage's end."""
    peak_device_memory_mib: float | None = None
    """Of PyTorch's tensors on the accelerator."""
    seeds: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Every seed that the stage was given, by what it is for."""
    flags: dict[str, bool | str] = Field(default_factory=dict)
    """Settings that results or their bytes depend on: TF32, deterministic algorithms, the processor's vector instructions."""
    machine: Machine = Machine()
    versions: dict[str, str] = Field(default_factory=dict)
    """Python and packages."""
    commit: str | None = None
    dirty: bool | None = None
    """Whether tracked files differ from the commit."""
    diff_sha256: str | None = None
    """Of the difference from the commit and of Python and YAML files that are not tracked; None where there is no difference."""

    warnings: tuple[str, ...] = ()
    """Fit: what the generator reported of its own training."""
    parameters: int | None = None
    """Fit: trainable parameters."""
    earlier_seconds: float | None = None
    """Fit: seconds of earlier, interrupted sessions."""
    fit_of: str | None = None
    """Fit: the folder of the cell that it was computed for; None for the cell's own."""

    seconds_sampling_only: float | None = None
    """Sample: without loading the model and writing the file."""
    windows: int | None = None
    """Sample and timing: windows drawn."""

    seconds: tuple[float, ...] | None = None
    median_seconds: float | None = None
    warm_up_seconds: float | None = None
    """Timing: seconds by repetition, their median, and the first, uncounted repetition."""
    load: float | None = None
    """Timing: load average of the machine at the start."""

    preparing_seconds: float | None = None
    """Score: seconds of what other cells on the same data use too; not part of later estimates."""

    @property
    def own_seconds(self) -> float:
        """Wall-clock seconds that this cell took for it: none for the fit of another."""
        return 0.0 if self.fit_of else self.wall_seconds

    def to_json(self) -> dict[str, Any]:
        """The record without fields of other kinds of stages."""
        return self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


class Provenance(Record):
    """Where a cell's results come from: `provenance.json`."""

    generator: str = ""
    dataset: str = ""
    length: int = 0
    budget: str = ""
    seed: int = 0
    """The training seed."""
    data_sha256: str = ""
    """Of the data set's content."""
    rows: int | None = None
    """Of the data's file, or windows where it holds windows; None for generated data."""
    windows: dict[str, int] = Field(default_factory=dict)
    """The number of windows by role: train, validation, test."""
    note: str = ""
    """What the data set reports of its windows."""
    stages: Mapping[str, StageRecord] = {}
    """By stage: fit, sample, timing, score:NAME."""

    def stage(self, name: str) -> StageRecord:
        """The record of a stage; one with default values where the stage has not run."""
        return self.stages.get(name, StageRecord())

    def with_stage(self, name: str, record: StageRecord) -> Provenance:
        """This provenance with one stage added or replaced."""
        return self.model_copy(update={"stages": {**self.stages, name: record}})

    def to_json(self) -> dict[str, Any]:
        """As `provenance.json` holds it: of each stage what is known."""
        stages = {name: stage.to_json() for name, stage in self.stages.items()}
        return {**self.model_dump(mode="json", exclude={"stages"}), "stages": stages}


class Finish(Record):
    """A finished stage: `stages/NAME.json`, the last file that a stage writes."""

    key: str = ""
    files: dict[str, str] | None = None
    """SHA-256 by path in the cell's folder; None where the record cannot be read."""

    @field_validator("files")
    @classmethod
    def _inside(cls, files: dict[str, str] | None) -> dict[str, str] | None:
        for name in files or {}:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise ValueError("a file lies outside the cell's folder")
        return files
