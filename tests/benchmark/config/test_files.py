"""YAML from anywhere: keys once, and no difference between the two loaders."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.config import files
from benchmark.config.files import parse_yaml, read_yaml
from benchmark.errors import UserError


@pytest.mark.parametrize("most", [0, 1000])
def test_a_key_that_stands_twice_is_refused(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_MARKS", most)  # 0 is Python's loader for everything with a bracket
    with pytest.raises(ValueError, match="the key 'lengths' stands twice, again at line 3"):
        parse_yaml("lengths: [24]\nseeds: 1\nlengths: [36]")
    with pytest.raises(ValueError, match="the key 'a' stands twice"):
        parse_yaml("x: [{a: 1, a: 2}]")
    assert parse_yaml("x: &x {a: 1, b: [2]}\ny: {<<: *x, a: 3}\n1: one\n'1': text") == {
        "x": {"a": 1, "b": [2]},
        "y": {"a": 3, "b": [2]},
        1: "one",
        "1": "text",
    }


def test_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text("seeds: 1\nseeds: 2\n")
    with pytest.raises(
        UserError, match=rf"in the file '{path}' the key 'seeds' stands twice, again at line 2; remove one"
    ):
        read_yaml(path)
