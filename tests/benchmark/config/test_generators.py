from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from benchmark.config import generators as registry
from benchmark.config.suites import SuiteSpec
from benchmark.errors import UserError
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request

PLACE = {"dataset": "stocks", "features": 6, "length": 24, "budget": "smoke", "protocol": "paper"}


def write(folder: Path, text: str) -> str:
    path = folder / "mine.yaml"
    path.write_text("class: tests.benchmark.thing:Thing\n" + text)
    return str(path)


def test_overlays_apply_in_order_and_the_command_line_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from baselines.controls.copy import Copy

    class Thing(Copy):
        def __init__(self, width: int = 1, depth: int = 2, rate: float = 3.0, steps: int = 4) -> None:
            self.width, self.depth, self.rate, self.steps = width, depth, rate, steps

    monkeypatch.setattr(registry, "load_class", lambda spec: Thing)
    path = write(
        tmp_path,
        "params: {width: 10, depth: 10, rate: 10}\n"
        "overlays:\n"
        "  - when: {budget: [smoke, quick]}\n    params: {depth: 20, rate: 20}\n"
        "  - when: {budget: smoke, dataset: etth}\n    params: {width: 99}\n"
        "  - when: {length: 24}\n    params: {rate: 30}\n",
    )
    resolved = registry.resolve(registry.load_spec(path), PLACE, {"rate": 40})
    assert resolved.params == {"width": 10, "depth": 20, "rate": 40.0, "steps": 4}
    assert resolved.sources["width"] == path
    assert resolved.sources["depth"].endswith("mine.yaml, when budget=['smoke', 'quick']")
    assert resolved.sources["rate"] == "--set"
    assert resolved.sources["steps"] == "default of Thing"


def test_an_overlay_with_an_unknown_condition_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "overlays: [{when: {datset: etth}, params: {}}]\n")
    with pytest.raises(
        UserError,
        match="a condition must be one of dataset, length, budget, protocol, min_length, min_features, min_elements",
    ):
        registry.load_spec(path)
    path = write(tmp_path, "overlays: [{when: {min_length: [24, 64]}, params: {}}]\n")
    with pytest.raises(UserError, match="min_length must be a whole number"):
        registry.load_spec(path)


def test_a_condition_may_bound_length_features_and_their_product_from_below(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "overlays:\n"
        "  - {when: {min_length: 48}, params: {depth: 5}}\n"
        "  - {when: {min_length: 48, min_features: 10}, params: {depth: 6}}\n"
        "  - {when: {min_elements: 3200}, params: {depth: 7}}\n",
    )
    spec = registry.load_spec(path)

    def depth(length: int, features: int) -> object:
        layers = spec.layers({**PLACE, "length": length, "features": features})
        return [values["depth"] for _, values in layers if values][-1:]

    assert [depth(47, 10), depth(48, 9), depth(100, 9), depth(48, 10), depth(64, 49)] == [[], [5], [5], [6], [6]]
    assert [depth(64, 50), depth(40, 80)] == [[7], [7]]


def test_a_plug_in_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("copier", "baselines.controls.copy:Copy", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    assert "copier" in registry.generator_names()
    spec = registry.load_spec("copier")
    assert registry.load_class(spec).__name__ == "Copy"
    assert spec.summary == "Training windows, each sample an independent uniform draw."


def test_a_name_claimed_twice_names_both_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [EntryPoint("twin", f"package_{i}:Model", registry.ENTRY_POINTS) for i in (1, 2)]
    monkeypatch.setattr(registry, "entry_points", lambda group: entries)
    with pytest.raises(UserError, match=r"'twin' is claimed by .*package_1:Model.* and by .*package_2:Model"):
        registry.generator_names()


def test_every_shipped_generator_resolves_everywhere_at_24() -> None:
    for name in registry.generator_names():
        spec = registry.load_spec(name)
        assert spec.summary
        for dataset in ("sines", "stocks", "etth", "mujoco", "energy", "fmri"):
            for budget in ("smoke", "quick", "fast", "paper"):
                registry.resolve(spec, {**PLACE, "dataset": dataset, "budget": budget}, {})


def test_what_extends_another_generator_has_the_last_word(tmp_path: Path) -> None:
    (tmp_path / "variant.yaml").write_text(
        "extends: timemar_s\ntitle: Mine\nparams: {vocab_size: 16, drop: [coarse]}\n"
        "overlays: [{when: {length: 24}, params: {heads: 2}}]\n"
    )
    variant, whole = registry.load_spec(str(tmp_path / "variant.yaml")), registry.load_spec("timemar_s")
    assert (variant.class_, variant.title) == (whole.class_, "Mine")
    before, after = registry.resolve(whole, PLACE, {}), registry.resolve(variant, PLACE, {})
    changed = {"vocab_size": 16, "drop": ("coarse",), "heads": 2}
    assert before.params["vocab_size"] == 384  # an overlay of the extended generator
    assert after.params == {**before.params, **changed}
    assert {name for name in after.params if "variant.yaml" in after.sources[name]} == set(changed)
    assert after.sources["ch"] == "configs/generators/timemar_s.yaml"


def test_a_generator_in_the_same_folder_can_be_extended(tmp_path: Path) -> None:
    (tmp_path / "first.yaml").write_text("class: baselines.controls.copy:Copy\nsummary: one\n")
    (tmp_path / "second.yaml").write_text("extends: first.yaml\n")
    assert registry.load_spec(str(tmp_path / "second.yaml")).class_ == "baselines.controls.copy:Copy"


@pytest.mark.parametrize(
    ("parent", "message"),
    [
        ("second.yaml", "extends 'second.yaml', which extends another one itself"),
        ("timemar_s_no_coarse", "extends 'timemar_s_no_coarse', which extends another one itself"),
        ("timemar_x", r"unknown generator 'timemar_x'; did you mean 'timemar_"),
        ("nowhere.yaml", r"the file '.*nowhere\.yaml' does not exist; check the path"),
    ],
)
def test_extending_what_cannot_be_extended_is_one_sentence(tmp_path: Path, parent: str, message: str) -> None:
    (tmp_path / "second.yaml").write_text(f"extends: {parent}\n")
    with pytest.raises(UserError, match=message):
        registry.load_spec(str(tmp_path / "second.yaml"))


def test_all_generators_are_those_that_extend_no_other() -> None:
    names = registry.main_generator_names()
    assert {"timemar_s", "timemar_l", "copy"} <= set(names)
    assert "timemar_s_no_coarse" not in names
    assert set(names) < set(registry.generator_names())


def test_sources_are_shown_and_no_part_of_a_cells_identity(tmp_path: Path) -> None:
    reference = "reference: {paper: Somebody 2020, url: 'https://example.org', licence: MIT, page: mine.md}\n"
    keys = []
    for text in ("", reference):
        (tmp_path / "mine.yaml").write_text(f"class: baselines.controls.copy:Copy\n{text}")
        suite = SuiteSpec(name="s", datasets=("sines",), generators=(str(tmp_path / "mine.yaml"),))
        (cell,) = make_plan(suite, Request()).cells
        keys.append(cell.key)
    assert registry.load_spec(str(tmp_path / "mine.yaml")).reference.paper == "Somebody 2020"
    assert keys[0] == keys[1]
    (tmp_path / "mine.yaml").write_text("class: baselines.controls.copy:Copy\nreference: {url: 'http://example.org'}\n")
    with pytest.raises(UserError, match=r"'reference.url' is 'http://example.org'"):
        registry.load_spec(str(tmp_path / "mine.yaml"))
