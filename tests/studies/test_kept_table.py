"""The table of all generators that is kept under results/ says what the scores kept beside it say."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

from benchmark.files import read_json
from metrics.registry import load
from tests.studies.record import MEASURED

FOLDER = MEASURED / "generators_fast"


def rows() -> list[dict[str, str]]:
    with (FOLDER / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cells() -> dict[tuple[str, str, str], dict[str, object]]:
    """Kept scores by data set, title and score, of every cell in the frame."""
    found = {}
    for row in rows():
        path = FOLDER / f"{row['dataset']}-{row['length']}-{row['generator']}.scores.json"
        found[row["dataset"], row["title"], row["metric"]] = read_json(path)[row["metric"]]
    return found


def lines(path: Path) -> dict[tuple[str, str], list[str]]:
    """Entries of a Markdown table by score and row, without their marks."""
    found, block = {}, ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and not line.startswith("| score"):
            first, title, *entries = (cell.strip() for cell in line.strip("|").split("|"))
            block = first or block
            plain = [entry.replace("*", "").replace("<u>", "").replace("</u>", "") for entry in entries]
            found[block.rstrip(" ↓↑"), title.strip("*")] = plain
    return found


def test_the_frame_holds_the_kept_scores() -> None:
    key = lambda row: (row["dataset"], row["title"], row["metric"])  # noqa: E731
    kept = cells()
    for place, group in itertools.groupby(sorted(rows(), key=key), key=key):
        values = sorted(group, key=lambda row: float(row["repetition"]))
        assert [float(row["value"]) for row in values] == kept[place]["repetitions"], place
        assert {row["status"] for row in values} == {"done"}


def test_the_table_shows_the_kept_scores() -> None:
    shown = lines(FOLDER / "table.md")
    datasets = list(dict.fromkeys(row["dataset"] for row in rows()))
    for (dataset, title, metric), entry in cells().items():
        info = load(metric).info
        text = shown[info.title, title][datasets.index(dataset)]
        mean, half_width = entry["mean"], entry["half_width"]
        spread = "" if half_width is None else f" ± {half_width:.{info.decimals}f}"
        assert text.startswith(f"{mean:.{info.decimals}f}{spread}"), (dataset, title, metric)
