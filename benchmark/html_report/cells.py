"""What a page tells of each cell: how it stands, its scores, its figures, and where its values come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.config.suites import plain_text
from benchmark.html_report.boards import number
from benchmark.html_report.pictures import Picture
from benchmark.plan.cell import Cell
from benchmark.plan.keys import score_info
from benchmark.report.fit_notes import LIKELIHOODS, likelihood_text
from benchmark.report.layouts import score_title
from benchmark.report.spread import spread_of
from benchmark.report.store_status import CellStatus
from benchmark.store.history import duration
from benchmark.store.records import Provenance, StageRecord, State

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Known:
    """What a store knows of a cell beyond its rows in the results frame."""

    cell: Cell
    status: CellStatus
    provenance: Provenance
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class ScoreLine:
    """One score of a cell; `values` are its repetitions, and `problem` says why there are none."""

    title: str
    mean: str
    values: str
    floor: str
    windows: str
    problem: str


@dataclass(frozen=True)
class Card:
    """One cell.

    Attributes:
        id: Its name in the page's links.
        slug: Its folder's name.
        facts: Provenance as names with values.
        stages: What each stage cost: name, start, seconds, CPU seconds, peak memory.
        problem: The stage and reason of a cell that is not done; empty for one that is.
        warning: What its generator reported of its own training; empty for nothing.
    """

    id: str
    slug: str
    title: str
    control: bool
    setting: str
    seed: int
    state: str
    stage: str
    problem: str
    warning: str
    scores: tuple[ScoreLine, ...]
    facts: tuple[tuple[str, str], ...]
    stages: tuple[tuple[str, ...], ...]
    pictures: tuple[Picture, ...]


def cards(
    frame: pd.DataFrame, known: Mapping[str, Known], settings: dict[tuple[str, int], str], prefix: str
) -> tuple[Card, ...]:
    """A card for each cell of a results frame, by setting; what only a store knows is in `known`, by slug."""
    found = [
        _card(f"{prefix}-cell-{index}", str(slug), part, known.get(str(slug)), settings)
        for index, (slug, part) in enumerate(frame.groupby("cell", sort=False), 1)
    ]
    order = list(settings.values())
    return tuple(sorted(found, key=lambda card: order.index(card.setting)))


def _card(name: str, slug: str, part: pd.DataFrame, known: Known | None, settings: dict[tuple[str, int], str]) -> Card:
    first = part.iloc[0]
    scores = tuple(_score(str(metric), rows) for metric, rows in part.groupby("metric", sort=False))
    state, stage, reason = _state(part) if known is None else _told(known.status)
    return Card(
        id=name,
        slug=slug,
        title=str(first["title"]),
        control=first["size_class"] == "control",
        setting=settings[str(first["dataset"]), int(first["length"])],
        seed=int(first["seed"]),
        state=state,
        stage=stage,
        problem="" if state == State.DONE else reason or _lacking(scores),
        warning=_text(first["warnings"]),
        scores=scores,
        facts=tuple((name, text) for name, text in _facts(first, known) if text),
        stages=() if known is None else tuple(_stage(*item) for item in known.provenance.stages.items()),
        pictures=() if known is None else known.pictures,
    )


def _state(part: pd.DataFrame) -> tuple[str, str, str]:
    """How a cell stands by its rows alone: as its first score that is not done."""
    bad = part[part["status"] != State.DONE]
    return ("done", "", "") if bad.empty else (str(bad["status"].iloc[0]), "", str(bad["reason"].iloc[0]))


def _told(status: CellStatus) -> tuple[str, str, str]:
    return str(status.state), status.stage, status.reason


def _lacking(scores: tuple[ScoreLine, ...]) -> str:
    missing = [score.title for score in scores if score.problem]
    return f"not computed: {', '.join(missing)}" if missing else "not computed"


def _score(name: str, rows: pd.DataFrame) -> ScoreLine:
    info, values = score_info(name), list(rows["value"].dropna())
    if not values:
        first = rows.iloc[0]
        return ScoreLine(
            score_title(info), "", "", "", "", ": ".join(filter(None, [str(first["status"]), str(first["reason"])]))
        )
    spread, digits = spread_of(rows.dropna(subset=["value"])), info.decimals + 1
    half_width = "" if spread.half_width is None else f" ± {number(spread.half_width, digits)}"
    floor, n = rows["floor"].dropna(), rows["n"].dropna()
    return ScoreLine(
        score_title(info),
        number(spread.mean, digits) + half_width,
        ", ".join(number(value, digits) for value in values),
        "" if floor.empty else number(float(floor.iloc[0]), digits),
        "" if n.empty else f"{int(n.iloc[0]):,}",
        "",
    )


def _facts(first: pd.Series[Any], known: Known | None) -> list[tuple[str, str]]:
    fit = StageRecord() if known is None else known.provenance.stage("fit")
    machine = fit.machine
    where = filter(
        None,
        [
            machine.system,
            machine.model or machine.processor,
            f"{machine.cores} cores" if machine.cores else "",
            machine.accelerator,
            f"driver {machine.driver}" if machine.driver else "",
        ],
    )
    changed = " with changed files" if str(first["dirty"]) == "True" else ""
    if fit.diff_sha256:
        changed += f", difference {fit.diff_sha256[:12]}"
    facts = [
        ("Commit", _text(first["commit"]) + (changed if _text(first["commit"]) else "")),
        ("Machine", ", ".join([*where, *([f"device {_text(first['device'])}"] if _text(first["device"]) else [])])),
        ("Settings", ", ".join(f"{name} {value}" for name, value in fit.flags.items())),
        ("Versions", ", ".join(f"{name} {version}" for name, version in fit.versions.items())),
        ("Data, SHA-256", _text(first["data_sha256"])),
        ("Trainable parameters", _number(first["parameters"], lambda value: f"{int(value):,}")),
        ("Training time", _number(first["fit_seconds"], duration)),
        ("Sampling time", _number(first["sample_seconds"], lambda value: f"{value:.2f} s")),
        ("Peak memory", _number(first["peak_memory_mib"], lambda value: f"{value:,.0f} MiB")),
        (
            "Likelihood, nats a window",
            _number(first["train_nats"], lambda _: likelihood_text(first[list(LIKELIHOODS)])),
        ),
        ("Altered parameters", _text(first["altered"])),
    ]
    if known is not None:
        facts.append(
            ("Parameters", ", ".join(f"{name}={plain_text(value)}" for name, value in known.cell.params.items()))
        )
        facts.append(("Data set's note", known.provenance.note))
        facts.append(("Windows", ", ".join(f"{count:,} {role}" for role, count in known.provenance.windows.items())))
    return facts


def _stage(name: str, record: StageRecord) -> tuple[str, ...]:
    return (
        name,
        record.started or "",
        f"{record.wall_seconds:.1f}",
        "" if record.cpu_seconds is None else f"{record.cpu_seconds:.1f}",
        "" if record.peak_memory_mib is None else f"{record.peak_memory_mib:,.0f}",
    )


def _text(value: Any) -> str:
    """A field of a frame as text; empty for a missing one, which pandas reads as NaN."""
    return "" if value is None or value != value else str(value)


def _number(value: Any, write: Any) -> str:
    return "" if value is None or value != value else str(write(float(value)))
