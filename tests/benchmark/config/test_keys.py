"""Keys of YAML files: each has a sentence, and paths do not depend on the current folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from benchmark.config.budgets import BudgetSpec
from benchmark.config.generators import GeneratorSpec, Overlay
from benchmark.config.suites import SuiteSpec, Variant, load_suite
from benchmark.data import DatasetSpec, Recipe
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request


@pytest.mark.parametrize("model", [BudgetSpec, DatasetSpec, GeneratorSpec, Overlay, Recipe, SuiteSpec, Variant])
def test_every_key_has_one_sentence(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        text = field.description or ""
        assert text.endswith("."), f"{model.__name__}.{name}"
        assert len(text.split()) >= 3


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("suites", "data/files", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    rows = "a\n" + "".join(f"{i * i % 7}\n" for i in range(60))
    (tmp_path / "data/files/plant.csv").write_text(rows)
    (tmp_path / "suites/bare.csv").write_text(rows)
    (tmp_path / "data/plant.yaml").write_text("file: files/plant.csv\n")
    (tmp_path / "suites/twin.yaml").write_text("extends: copy\ntitle: Twin\n")
    (tmp_path / "suites/more.yaml").write_text("datasets: [sines]\ngenerators: [copy]\n")
    (tmp_path / "suites/mine.yaml").write_text(
        "budget: smoke\ndatasets: [../data/plant.yaml, bare.csv]\ngenerators: [copy, twin.yaml]\ninclude: [more.yaml]\n"
    )
    monkeypatch.chdir(tmp_path / "elsewhere")
    cells = make_plan(load_suite("../suites/mine.yaml"), Request()).cells
    assert {(cell.dataset.id, cell.generator) for cell in cells} == {
        ("sines", "copy"), ("plant", "copy"), ("plant", "twin"), ("bare", "copy"), ("bare", "twin"),
    }  # fmt: skip
    monkeypatch.chdir(tmp_path)
    again = make_plan(load_suite("suites/mine.yaml"), Request()).cells
    assert [cell.key for cell in again] == [cell.key for cell in cells]
