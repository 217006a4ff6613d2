from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from benchmark.config.suites import load_suite
from benchmark.files import write_json
from benchmark.html_report.command import Written
from benchmark.html_report.page import MOST_BYTES
from benchmark.html_report.pictures import read
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store
from tests.benchmark.html_report.frames import mixed
from tests.conftest import CommandLine


def test_the_page_of_a_store_with_one_failure(command: CommandLine, tmp_path: Path) -> None:
    store, cell = Store(tmp_path / "runs").create(), make_plan(load_suite("quick"), Request(budget="smoke")).cells[0]
    store.cell(cell).path.mkdir()
    write_json(
        store.cell(cell).path / "status.json", sealed({"state": "failed", "reason": "a reason & more", "stage": "fit"})
    )
    done = command("report", "--suite", "quick", "--budget", "smoke")
    assert done.returncode == 0, done.stderr
    path = tmp_path / "runs" / "suites" / "quick-paper-smoke" / "report.html"
    assert done.stdout.startswith("wrote runs/suites/quick-paper-smoke/report.html (0.")
    text = path.read_text(encoding="utf-8")
    assert "failed in fit: a reason &amp; more" in text
    assert cell.slug in text


def test_the_page_of_a_kept_frame_lies_beside_it(command: CommandLine, tmp_path: Path) -> None:
    mixed().to_csv(tmp_path / "results.csv", index=False)
    done = command("report", "--frame", "results.csv", "--json", "-")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    size = (tmp_path / "report.html").stat().st_size
    assert record == {"file": "report.html", "bytes": size, "picture_bytes": 0, "cells": 11}


def test_a_page_too_large_beside_its_pictures_says_so() -> None:
    path = Path("report.html")
    assert "--only" not in Written(path, MOST_BYTES + 10, 10, 200).text()
    told = Written(path, 2 * MOST_BYTES + 10, 10, 200).text().splitlines()[1]
    assert told == "The page weighs 6.0 MiB beside its pictures, more than 3 MiB; use --only for a page a data set."


def test_the_bytes_of_pictures_are_those_of_their_addresses(command: CommandLine, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs").create()
    cell = make_plan(load_suite("table8"), Request(budget="smoke")).cells[0]
    store.cell(cell).path.mkdir()
    write_json(store.cell(cell).path / "status.json", sealed({"state": "failed", "reason": "a reason", "stage": "fit"}))
    (folder := tmp_path / "runs" / "plots" / cell.slug).mkdir(parents=True)
    Image.new("RGB", (30, 20)).save(folder / "one.png")
    pages = [
        command("report", "--suite", "table8", "--budget", "smoke", "--json", "-", *more)
        for more in ((), ("--no-pictures",))
    ]
    with_one, without = (json.loads(done.stdout) for done in pages)
    picture = read(folder / "one.png")
    assert picture is not None
    assert with_one["picture_bytes"] == len(picture.address)
    assert without["picture_bytes"] == 0


def test_mistakes_are_one_sentence(command: CommandLine, tmp_path: Path) -> None:
    mixed().to_csv(tmp_path / "results.csv", index=False)
    for arguments, sentence in (
        (("--suite", "quick"), "error: there is no store 'runs'"),
        (("--frame", "nothing.csv"), "error: --frame 'nothing.csv' does not exist; give a results.csv."),
        (
            ("--frame", "results.csv", "--suite", "quick"),
            "error: --frame takes no --suite; leave out one or the other.",
        ),
        (("--frame", "results.csv", "--output", "no/where.html"), "error: --output 'no/where.html' cannot be written"),
    ):
        done = command("report", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(sentence)
        assert done.stderr.count("\n") == 1
