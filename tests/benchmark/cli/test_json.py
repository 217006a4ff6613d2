"""`--json`: every command that answers has it, and what the answers hold."""

from __future__ import annotations

import hashlib
import io
import json
from email.message import Message
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmark.files import sha256
from benchmark.report.frame import COLUMNS
from tests.benchmark.cli.commands import commands
from tests.benchmark.report.table_frames import rows
from tests.conftest import CommandLine

SUITE = "budget: smoke\ndatasets: [sines]\ngenerators: [copy, gaussian]\nscores: [dcr_ratio]\n"


def answer(command: CommandLine, *arguments: str) -> Any:
    """The JSON that a command prints, and nothing beside it."""
    done = command(*arguments, "--json", "-")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_command_that_ends_by_itself_has_it() -> None:
    without = [path for path, one in commands().items() if "--json" not in [o for p in one.params for o in p.opts]]
    assert without == ["ui"]


def test_a_suite_from_its_run_to_its_archive(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "cheap.yaml").write_text(SUITE)
    ran = answer(command, "run", "--suite", "cheap.yaml", "--device", "cpu")
    shown = answer(command, "tables", "--suite", "cheap.yaml", "--output", "table.tex")
    assert shown == {**ran, "files": ["table.tex"]}
    assert r"\documentclass" in (tmp_path / "table.tex").read_text()
    assert answer(command, "tables", "--suite", "cheap.yaml") == {**ran, "files": []}
    score = shown["cells"][1]["scores"]["dcr_ratio"]
    assert score["mean"] == pytest.approx(sum(score["repetitions"]) / len(score["repetitions"]))
    slugs = [cell["cell"] for cell in shown["cells"]]
    one = answer(command, "run", "--suite", "cheap.yaml", "--cell", slugs[0])
    assert one == {"cells": [{"cell": slugs[0], "state": "done", "reason": "", "stage": ""}]}
    archive = answer(command, "store", "export", "all.tar")
    file = tmp_path / "all.tar"
    assert archive == {
        "store": "runs", "path": "all.tar", "cells": sorted(slugs), "bytes": file.stat().st_size, "sha256": sha256(file),
        "left_out": [],
    }  # fmt: skip


def test_tables_of_a_kept_frame_have_the_layout_of_a_suite(command: CommandLine, tmp_path: Path) -> None:
    made = [
        *rows("alpha", "stocks", [1.0, 2.0, 3.0], floor=0.5),
        *rows("alpha, variant", "stocks", [1.0, 2.0, 3.0], cell="alpha-stocks"),
        *rows("beta", "stocks", [float("nan")], status="failed", reason="a reason", n=None),
    ]
    pd.DataFrame(made, columns=list(COLUMNS)).to_csv(tmp_path / "results.csv", index=False)
    record = answer(command, "tables", "--frame", "results.csv")
    assert (record["suite"], record["files"]) == (None, [])
    first, second, failed = record["cells"]
    assert (first["cell"], first["generator"], first["seed"]) == ("alpha-stocks", "alpha", 0)
    assert first["scores"]["context_fid"] == {
        "mean": 2.0, "half_width": pytest.approx(4.302653 / 3**0.5), "floor": 0.5, "repetitions": [1.0, 2.0, 3.0],
        "status": "done",
    }  # fmt: skip
    assert (second["cell"], second["generator"]) == ("alpha-stocks", "alpha, variant")
    assert second["scores"]["context_fid"]["repetitions"] == [1.0, 2.0, 3.0]
    assert failed["reason"] == "a reason"
    assert failed["scores"]["context_fid"] == {
        "mean": None, "half_width": None, "floor": None, "repetitions": [], "status": "failed",
    }  # fmt: skip


def test_what_was_fetched_and_what_was_there(
    command: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Response(io.BytesIO):
        headers = Message()

    body = b"a,b\n1,2\n"
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *_, **__: Response(body))
    digest = hashlib.sha256(body).hexdigest()
    (tmp_path / "own.yaml").write_text(f"file: own.csv\nurl: https://example.org/own.csv\nsha256: {digest}\n")
    fetch = ("data", "fetch", "own.yaml", "--data-dir", "data")
    for downloaded in (True, False):
        record = {"id": "own", "path": "data/own.csv", "sha256": digest, "downloaded": downloaded}
        assert answer(command, *fetch) == [record]
        assert (tmp_path / "data" / "own.csv").read_bytes() == body
    done = command(*fetch)
    assert (done.stdout, done.stderr) == ("own: data/own.csv\n", "own: already there\n")
