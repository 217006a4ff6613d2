"""The state of a cell: one answer for the runner, previews, tables, figures and ablations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark.plan.cell import Cell
from benchmark.plan.keys import sample_key, score_key
from benchmark.plan.sampling_time import STAGE_SCORES, StageScore
from benchmark.plan.score_name import ScoreName
from benchmark.store.cell_folder import CellFolder
from benchmark.store.records import Ending, Provenance, ScoreRecord, StageRecord, State, Status, most_severe

COMPUTE_AGAIN = "run the suite again to compute it"
METRIC_STAGE = "score:"
"""Before a metric's name: its stage."""


@dataclass(frozen=True)
class CellState:
    """How a cell stands for some scores.

    `missing` are the stages still to run, in order. `status.state` is DONE exactly where none is missing. `scores` are the
    finished, intact scores among those asked for. `problems` are sentences on what was altered; none of it is used.
    """

    missing: tuple[str, ...]
    status: Status
    scores: Mapping[str, ScoreRecord]
    altered: tuple[str, ...]
    provenance: Provenance
    problems: tuple[str, ...] = ()

    def of_score(self, name: str) -> Status:
        """How one score stands; that of an unfinished cell where nothing else is known."""
        if name in self.altered:
            reason = f"its record was altered after it was written, and is not used; {COMPUTE_AGAIN}"
            return Status(state=State.ALTERED, reason=reason, stage=stage_of(name))
        if name in self.scores:
            return Status(state=State.DONE)
        stage, status = stage_of(name), self.status
        if (ending := status.ending(stage)) is not None:
            return Status(state=ending.state, reason=ending.reason, stage=stage)
        # How another score ended says nothing of this one.
        of_another = status.stage.startswith(METRIC_STAGE) and Ending(state=status.state).is_final
        return Status() if of_another else status


def status_for(folder: CellFolder, scores: Iterable[str]) -> Status:
    """How a cell stands for some scores by its records alone; what was done for other scores says nothing of these."""
    status, provenance, scores = folder.status(), folder.provenance(), tuple(scores)
    before = status.state is not State.DONE and (status.stage == "fit" or status.stage.startswith("sample"))
    if before or status.state is State.MISSING:
        return status
    known = all_scores(folder, provenance)
    if all(name in known for name in scores):
        return Status(state=State.DONE, warnings=status.warnings)
    if status.state is State.DONE:
        status = Status(warnings=status.warnings, endings=status.endings)
    found = CellState((), status, known, (), provenance)
    lacking = {stage_of(name): found.of_score(name) for name in scores if name not in known}
    stage, ending = most_severe({name: Ending(state=one.state, reason=one.reason) for name, one in lacking.items()})
    return Status(state=ending.state, reason=ending.reason, stage=stage, warnings=status.warnings)


def stage_of(score: str) -> str:
    """The stage that computes a score."""
    return STAGE_SCORES[score].stage if score in STAGE_SCORES else f"{METRIC_STAGE}{score}"


def sample_stages(scores: Iterable[str]) -> dict[str, int]:
    """The stages that draw the samples which some scores judge, each with its sampling seed; the first draw always."""
    seeds = sorted({0, *(ScoreName.parse(name).sampling_seed for name in scores)})
    return {f"sample:{seed}" if seed else "sample": seed for seed in seeds}


def all_stages(scores: tuple[str, ...]) -> tuple[str, ...]:
    """Every stage of a cell, in the order in which they run; stages that measure precede metrics."""
    own = sorted(map(stage_of, scores), key=lambda stage: stage.startswith(METRIC_STAGE))
    return ("fit", *sample_stages(scores), *own)


def cell_state(folder: CellFolder, cell: Cell, scores: tuple[str, ...], *, verify: bool) -> CellState:
    """The state of a cell from its folder; each file is hashed once."""
    recorded, provenance = folder.status(), folder.provenance()
    if folder.has_results() and folder.record() is None:
        reason = f"'{folder.path.name}/cell.json' is altered or of another cell; {COMPUTE_AGAIN}"
        status = Status(state=State.ALTERED, reason=reason)
        told = "cell.json is altered or of another cell"
        return CellState(all_stages(scores), status, {}, (), provenance, (told,))
    altered_scores = folder.altered_scores()
    missing, altered_files = _unfinished(folder, cell, scores, verify=verify)
    found = _finished_scores(folder, cell, scores, provenance)
    missing = (*missing, *(stage_of(name) for name in scores if name not in found and stage_of(name) not in missing))
    problems = [f"the record of score {name} was altered after it was written" for name in altered_scores]
    problems += [f"{name} is missing or was altered after it was written" for name in altered_files]
    records = folder.altered_records() if verify else []
    problems += [
        f"{name} was altered after it was written" for name in records if name != "scores.json" or not altered_scores
    ]
    status = _status(cell, recorded, missing)
    # Scores stay valid when lost samples are drawn again, but are shown only beside their samples.
    drawn = {seed for stage, seed in sample_stages(scores).items() if stage not in missing}
    shown = {name: record for name, record in found.items() if ScoreName.parse(name).sampling_seed in drawn}
    return CellState(missing, status, shown, tuple(altered_scores), provenance, tuple(problems))


def _status(cell: Cell, recorded: Status, missing: tuple[str, ...]) -> Status:
    if not missing:
        return Status(state=State.DONE, warnings=recorded.warnings)
    if cell.skip:
        return Status(state=State.SKIPPED, reason=cell.skip, stage="data")
    if recorded.state is State.DONE:
        return Status(warnings=recorded.warnings, endings=recorded.endings)
    return recorded


def _unfinished(
    folder: CellFolder, cell: Cell, scores: tuple[str, ...], *, verify: bool
) -> tuple[tuple[str, ...], list[str]]:
    """The unfinished stages before the scores, and the files of finished stages that were altered."""
    keys = {stage: sample_key(cell, seed) for stage, seed in sample_stages(scores).items()}
    keys |= {STAGE_SCORES[name].stage: STAGE_SCORES[name].key(cell) for name in scores if name in STAGE_SCORES}
    altered: dict[str, list[str]] = {}

    def is_finished(stage: str, key: str) -> bool:
        finish = folder.finished(stage)
        if finish.key != key or finish.files is None:
            return False
        altered[stage] = folder.altered_files(finish)
        return not altered[stage]

    missing = [stage for stage, key in keys.items() if not is_finished(stage, key)]
    # A model is needed only to sample from it.
    if (missing or verify) and not is_finished("fit", cell.key) and (missing or "fit" in folder.finished_stages()):
        missing.insert(0, "fit")
    if verify:
        for stage in folder.finished_stages():
            finish = folder.finished(stage)
            if stage not in altered:
                altered[stage] = folder.altered_files(finish)
    return tuple(missing), [name for names in altered.values() for name in names]


def _finished_scores(
    folder: CellFolder, cell: Cell, scores: tuple[str, ...], provenance: Provenance
) -> dict[str, ScoreRecord]:
    known = all_scores(folder, provenance)
    return {name: known[name] for name in scores if name in known and known[name].key == score_key(cell, name)}


def all_scores(folder: CellFolder, provenance: Provenance) -> dict[str, ScoreRecord]:
    """Every intact score of a cell: those of metrics, and those that finished stages left in the provenance."""
    measured = {name: _measured(folder, own, provenance.stage(own.stage)) for name, own in STAGE_SCORES.items()}
    return folder.scores() | {name: record for name, record in measured.items() if record is not None}


def _measured(folder: CellFolder, own: StageScore, stage: StageRecord) -> ScoreRecord | None:
    """The median of what a stage measured; None where it is not finished or its provenance was lost."""
    key, n, median = folder.finished(own.stage).key, stage.windows, stage.median_seconds
    if not folder.is_finished(own.stage, key) or n is None or median is None:
        return None
    return ScoreRecord(
        key=key, version=own.info.version, n_real=n, n_fake=n, floor=None,
        repetitions=(median,), mean=median, half_width=None,
    )  # fmt: skip
