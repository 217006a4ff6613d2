"""Own data from the command line: three files as people have them, from the card to the figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import data_files
from tests.conftest import CommandLine

CHEAP = ("--suite", "cheap.yaml")
OPTIONS = {
    "river": ("--missing", "interpolate"),
    "machines": ("--time-column", "when", "--series-column", "machine", "--drop", "comment", "--one-hot", "state"),
    "short": (),
}
FEATURES = {
    "river": ["flow_m3s", "level_m", "temperature_c"],
    "machines": ["state=clean", "state=idle", "state=run", "temperature", "power"],
    "short": ["angle", "energy"],
}


def card(command: CommandLine, *arguments: str) -> dict[str, Any]:
    done = command("data", "show", *arguments, "--json", "-")
    facts = json.loads(done.stdout)
    # A file that cannot be used has a card, which says why, and status 1.
    assert done.returncode == (1 if facts["problem"] else 0), done.stderr
    return facts


def run(command: CommandLine, folder: Path, name: str) -> None:
    """Run a cheap cell on a file; its samples have one feature for each that the card names."""
    (folder / "cheap.yaml").write_text(
        "budget: smoke\ndatasets: [sines]\ngenerators: [gaussian]\nscores: [dcr_ratio]\n"
    )
    file = getattr(data_files, name)(folder).name
    facts = card(command, file, *OPTIONS[name])
    assert facts["problem"] is None
    assert facts["names"] == list(facts["ranges"]) == FEATURES[name]
    done = command("run", "--csv", file, *OPTIONS[name], *CHEAP, "--tracking", "none", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "| DCR ratio | *Gaussian* | " in done.stdout
    assert all(f"- {name}: {remark}." in done.stdout for remark in facts["remarks"])
    (cell,) = (folder / "runs" / "cells").iterdir()
    assert cell.name.startswith(f"{facts['id']}-24-gaussian")
    with np.load(cell / "samples.npz") as kept:
        assert kept["samples"].shape[1:] == (24, len(FEATURES[name]))


def test_machines_with_a_category_go_from_their_card_to_their_figures(
    command: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Few windows and few dots, because embedding and drawing them take most of the time.
    monkeypatch.setattr("benchmark.plots.embedding.MOST_WINDOWS", 50)
    monkeypatch.setattr("benchmark.plots.style.DPI", 40)
    run(command, tmp_path, "machines")
    done = command("plots", "--csv", "machines.csv", *OPTIONS["machines"], *CHEAP)
    assert done.returncode == 0, done.stderr
    assert "wrote 4 figures (PNG and PDF) under runs/suites/" in done.stdout
    assert len(list(tmp_path.glob("runs/suites/*/plots/*/*.png"))) == 4


@pytest.mark.parametrize("name", ["river", "short"])
def test_a_river_and_a_short_file_run(command: CommandLine, tmp_path: Path, name: str) -> None:
    run(command, tmp_path, name)


def test_the_river_s_card_says_what_the_maker_did(command: CommandLine, tmp_path: Path) -> None:
    file = data_files.river(tmp_path)
    with file.open() as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 900 - 7 - 31
    refused = card(command, file.name)["problem"]
    assert "(19 missing cells in 19 of 862 rows); `--missing drop`" in refused
    facts = card(command, file.name, "--missing", "interpolate")
    # Ten cells in runs of 1, 3, 4 and 2 rows are filled; the run of nine is not.
    assert facts["missing"] == {"rule": "interpolate", "cells": 19, "rows": 19, "filled": 10, "removed": 9}
    assert {key: facts["time"][key] for key in ("step", "gaps", "largest", "form")} == {
        "step": "1 d", "gaps": 2, "largest": "32 d", "form": "day first",
    }  # fmt: skip
    pieces = (120, 333 - 127, 500 - 342, 900 - 531)
    assert facts["rows"] == sum(pieces)
    assert facts["windows"]["64"] == sum(piece - 63 for piece in pieces)
    dropped = card(command, file.name, "--missing", "drop")
    assert dropped["missing"]["removed"] == 19
    assert dropped["windows"]["64"] < facts["windows"]["64"]


def test_a_yaml_says_the_same_as_the_options(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    data_files.machines(tmp_path / "data")
    (tmp_path / "data" / "plant.yaml").write_text(
        "file: machines.csv\nseries_column: machine\ndrop: [comment]\none_hot: [state]\ntime_column: when\n"
    )
    shown = ("features", "names", "ranges", "windows", "series", "time", "remarks")
    by_yaml = card(command, "data/plant.yaml")
    by_options = card(command, "data/machines.csv", *OPTIONS["machines"])
    # The YAML named the time column too, so nothing was guessed.
    assert {key: by_yaml[key] for key in shown} == {key: by_options[key] for key in shown}
    planned = command("run", "--csv", "data/plant.yaml", "--only", "generator=gaussian", "--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert "plant 24 gaussian: missing" in planned.stdout
    more = card(command, "data/plant.yaml", "--drop", "power")
    assert more["names"] == FEATURES["machines"][:-1], "columns to drop come beside those of the YAML"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "--drop", "comment"), "--drop describes one's own data, but none are named; add --csv FILE."),
        (("run", "--csv", "machines.csv"), "`--one-hot machine` makes each a feature"),
        (("run", "--csv", "machines.csv", "--mising", "drop"), "did you mean '--missing'?"),
        (("run", "--csv", "machines.csv", "--missing", "fill"), "'missing' is 'fill', but input should be"),
        (("data", "show", "stocks", "--drop", "Volume"), "write a YAML file with `extends: stocks`"),
        (("status", "--missing", "drop"), "--missing describes one's own data, but none are named; add --csv FILE."),
        (("status", "--length", "12"), "add --suite quick"),
        (("run", "--csv", "machines.csv", "--length", "1"), "--length is 1, but a window has at least 2 time steps."),
    ],
)
def test_mistakes_are_one_sentence(
    command: CommandLine, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    data_files.machines(tmp_path)
    (tmp_path / "runs" / "cells").mkdir(parents=True)
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("make", [data_files.river, data_files.machines, data_files.short])
def test_the_files_are_the_same_every_time(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    (tmp_path / "again").mkdir()
    assert make(tmp_path).read_bytes() == make(tmp_path / "again").read_bytes()
